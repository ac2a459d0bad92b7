"""NIfTI, NRRD and MetaImage, through SimpleITK: one file holds all slices and says how they lie.

The picture is that of the patient's axes, whatever the order and direction in which the file
stores them: columns run to the left, rows to the back, slices to the head (LPS, as in DICOM), or
along whichever axis differs in spacing from the two others, which is the depth of tomosynthesis;
where none differs, along one that has by far the fewest samples. An image without a direction is
read as it is stored: array (slice, row, column).
"""

import functools
import math
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tomocalc.accounts.doubts import Doubt
from tomocalc.errors import TomocalcError, fault
from tomocalc.readers.colour import unsigned
from tomocalc.readers.geometry import depth_axis
from tomocalc.readers.itk_header import Claim, check_claim, read_claim, type_of
from tomocalc.readers.plane import (
    Decoded,
    Facts,
    Plane,
    Stack,
    damaged,
    left_over,
    named,
    unsupported,
)
from tomocalc.readers.sniff import Kind, sniff

PIECE = 1 << 20
GZIP = b"\x1f\x8b"
DOING = "an image cannot be read by SimpleITK"
ROUNDING = 1e-3
Axes = tuple[float, ...] | None
Steps = tuple[float | None, float | None, float | None]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How the stored array (k, j, i) becomes (slice, row, column)."""

    order: tuple[int, int, int]
    """Stored axis of slice, row and column."""
    flipped: tuple[bool, bool, bool]
    """Of the result's axes."""
    spacing: Steps
    """Of slice, row and column in mm; None where the file has none."""
    first_mm: float | None = None
    """Where the first slice lies along the normal of the volume that a mask belongs to."""

    @property
    def turned(self) -> bool:
        """Whether the picture is not the array as it is stored."""
        return self.order != (0, 1, 2) or any(self.flipped)

    def position_mm(self, index: int) -> float | None:
        """Return where a slice lies along the normal; None where nothing says."""
        known = self.first_mm is not None and self.spacing[0] is not None
        return self.first_mm + index * self.spacing[0] if known else None  # type: ignore[operator]


def itk_stack(path: Path, kind: Kind, axes: Axes = None) -> Stack:
    """Read the header of a NIfTI, NRRD or MetaImage file.

    Parameters
    ----------
    axes
        Directions along a row and down a column of the picture that is wanted, in the patient
        (LPS): those of the DICOM volume that a mask belongs to.

    Raises
    ------
    TomocalcError
        ``E202`` for a damaged header or too few data, ``E203`` for colours, more than three axes
        or data in several files, ``E204`` for more than `MAX_BYTES`.
    """
    where = str(path)
    with named(where, doing="an image header cannot be read"):
        claim = read_claim(path, kind)
        check_claim(claim, where)
        shape, dtype, layout = _information(path, where, claim.steps, axes)
    slices, rows, columns = (shape[axis] for axis in layout.order)
    planes: list[Plane | TomocalcError] = [
        Plane(
            where=where if slices == 1 else f"{where}, slice {index}",
            path=path,
            rows=rows,
            columns=columns,
            dtype={"int8": "uint8", "uint8": "uint8", "uint16": "uint16"}.get(dtype, dtype),
            bits=np.dtype(dtype).itemsize * 8,
            recipe=f"ITK {dtype} {layout.order} {layout.flipped}",
            decode=functools.partial(_decode, path, layout, index),
            spans=(),
            stored=index,
            position_mm=layout.position_mm(index),
        )
        for index in range(slices)
    ]
    depth, down, across = layout.spacing
    said = ("axes_turned", layout.turned), ("affine_contradicts", claim.contradiction)
    facts = Facts(
        spacing_mm=None if down is None or across is None else (down, across),
        spacing_source="affine" if down and across else "",
        slice_spacing_mm=depth,
        slice_spacing_source="affine" if depth else "",
        doubts=tuple(Doubt(code=code) for code, holds in said if holds),
    )
    return Stack(planes=planes, facts=facts)


def _information(
    path: Path, where: str, steps: tuple[float, ...], axes: Axes
) -> tuple[tuple[int, ...], str, Layout]:
    sitk = _library(where)
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    reader.ReadImageInformation()
    sizes, spacing = reader.GetSize(), list(reader.GetSpacing())
    for axis, step in enumerate(steps[: len(spacing)]):
        if math.isnan(step):  # the library makes 1 mm of what is unknown
            spacing[axis] = step
    fix = "save one grey volume of three axes"
    if reader.GetNumberOfComponents() != 1:
        raise unsupported(where, f"it has {reader.GetNumberOfComponents()} values per pixel", fix)
    if not 2 <= len(sizes) <= 4 or math.prod(sizes[3:]) != 1:
        raise unsupported(where, f"it has {len(sizes)} axes of {' × '.join(map(str, sizes))}", fix)
    dtype = type_of(sitk.GetPixelIDValueAsString(reader.GetPixelID()), where)
    shape = tuple(reversed((*sizes, 1)[:3]))
    if len(sizes) == 2:
        flat = (1.0, spacing[1], spacing[0])
        layout = Layout(order=(0, 1, 2), flipped=(False, False, False), spacing=_given(flat))
        return shape, dtype, layout
    dimensions = len(sizes)
    direction = np.reshape(reader.GetDirection(), (dimensions, dimensions))[:3, :3]
    if not np.isfinite(direction).all():
        raise damaged(where, "a direction in its header is no number or of no length")
    layout = _layout(direction, tuple(spacing[:3]), (*sizes, 1)[:3], axes)
    if axes is None or _is_nameless(direction, tuple(spacing[:3])):
        return shape, dtype, layout
    normal, depth = np.cross(axes[:3], axes[3:]), 2 - layout.order[0]
    back = (shape[layout.order[0]] - 1) * spacing[depth] if layout.flipped[0] else 0.0
    corner = np.array(reader.GetOrigin()[:3]) + direction[:, depth] * back
    return shape, dtype, replace(layout, first_mm=float(corner @ normal))


def _layout(
    direction: NDArray[Any], spacing: tuple[float, ...], sizes: tuple[int, ...], axes: Axes
) -> Layout:
    """Find which stored axis runs along each axis of the patient, and which of them is the depth.

    Column n of *direction* is that of image axis n (i, j, k) in the patient, LPS, as *spacing* and
    *sizes* are of i, j and k.
    """
    direction = np.asarray(direction, float)
    nameless = _is_nameless(direction, spacing)
    if nameless:
        direction = np.eye(3)
    if axes is not None and not nameless:
        # From the patient's axes to column, row and slice of the picture that is wanted.
        direction = np.stack([axes[:3], axes[3:], np.cross(axes[:3], axes[3:])]) @ direction
    left = np.abs(direction)
    along, sign = [0, 0, 0], [1.0, 1.0, 1.0]
    for _ in range(3):  # the clearest pair of axes first, as ITK does it
        world, axis = np.unravel_index(int(np.argmax(left)), left.shape)
        along[world], sign[world] = int(axis), float(np.sign(direction[world, axis]) or 1.0)
        left[world, :] = left[:, axis] = -1.0
    steps = [spacing[axis] for axis in along]
    depth = 2 if axes else depth_axis(steps, [sizes[axis] for axis in along])
    columns, rows = (world for world in range(3) if world != depth)
    worlds = (depth, rows, columns)
    # Stored axis i is the last of the array, k the first.
    order = tuple(2 - along[world] for world in worlds)
    flipped = tuple(sign[world] < 0 for world in worlds)
    found = tuple(steps[world] for world in worlds)
    return Layout(order=order, flipped=flipped, spacing=_given(found))  # type: ignore[arg-type]


def _is_nameless(direction: NDArray[Any], spacing: tuple[float, ...]) -> bool:
    """Return whether an affine is of ones and zeros, or none: it says nothing of the patient."""
    plain = np.abs(direction - np.eye(3)).max() < ROUNDING
    turned = np.abs(direction - np.diag([-1, -1, 1])).max() < ROUNDING
    return bool(plain or (turned and not any(_given(spacing))))


def _given(spacing: tuple[float, ...]) -> Steps:
    """Return *spacing*, None where it is unknown or all are 1, as formats write it unasked."""
    if all(step == 1.0 for step in spacing if step > 0):
        return None, None, None
    # A NIfTI header holds them with seven digits.
    slices, rows, columns = (float(f"{step:.7g}") if step > 0 else None for step in spacing)
    return slices, rows, columns


def _decode(path: Path, layout: Layout, index: int) -> Decoded:
    stat = path.stat()
    with _ONE_AT_A_TIME:
        stored = _stored(path, (stat.st_size, stat.st_mtime_ns))
    array = _library(str(path)).GetArrayViewFromImage(stored)
    array = array.reshape(array.shape[-3:] if array.ndim >= 3 else (1, *array.shape))
    array = array.transpose(layout.order)
    array = array[tuple(slice(None, None, -1 if back else 1) for back in layout.flipped)]
    image = np.array(array[index], order="C")  # a copy: what is stored lives as long as it is used
    return Decoded(unsigned(image) if image.dtype == np.int8 else image)


def check_data(claim: Claim, where: str) -> None:
    """Look through the data once, in pieces: the library hides what is cut short or no number.

    Raises
    ------
    TomocalcError
        ``E202`` where compressed data end early or are damaged, ``E207`` where they go on behind
        the image, ``E206`` for floats that are NaN or infinite.
    """
    if not (claim.packed or claim.floats):
        return
    start = claim.skipped
    needed, found, bad = claim.bytes + start, 0, 0
    kind = np.dtype(claim.floats or np.uint8)
    kept = b""
    for piece in _pieces(claim, where):
        kept += piece[max(start - found, 0) :]
        found += len(piece)
        if found > needed + max(claim.one_slice, 16):
            raise left_over(where, needed - start, found - start)
        whole = len(kept) // kind.itemsize * kind.itemsize
        if claim.floats:
            bad += int(np.count_nonzero(~np.isfinite(np.frombuffer(kept[:whole], kind))))
        kept = kept[whole:]
    if found < needed:
        raise damaged(where, f"its data hold {found - start} of {needed - start} bytes")
    if bad:
        raise fault("values_not_numbers", where, f"{bad} values are NaN or infinite")


def _pieces(claim: Claim, where: str) -> Iterator[bytes]:
    """Yield the data, unpacked: gzip may hold several members one after the other."""
    with claim.data.open("rb") as handle:
        handle.seek(claim.offset)
        if not claim.packed:
            while piece := handle.read(PIECE):
                yield piece
            return
        unpacker = zlib.decompressobj(wbits=47)
        try:
            while piece := handle.read(PIECE):
                while piece and not (unpacker.eof and piece[:2] != GZIP):
                    if unpacker.eof:
                        unpacker = zlib.decompressobj(wbits=47)
                    yield unpacker.decompress(piece, PIECE)
                    piece = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
        except zlib.error as error:
            raise damaged(where, "its compressed data are damaged") from error
        if not unpacker.eof:
            raise damaged(where, "its compressed data are cut short")


_ONE_AT_A_TIME = threading.Lock()


@functools.lru_cache(maxsize=1)
def _stored(path: Path, stamp: tuple[int, int]) -> Any:
    """Return the image as SimpleITK holds it; the last file that was read stays in memory.

    *stamp* is its size and date: a changed file is read again.
    """
    del stamp
    with named(str(path), doing=DOING):
        check_data(read_claim(path, sniff(path)), str(path))
        return _library(str(path)).ReadImage(str(path))


def _library(where: str) -> Any:
    try:
        import SimpleITK
    except ImportError as error:
        raise fault(
            "simpleitk_missing", where, "NIfTI, NRRD and MetaImage are read with SimpleITK"
        ) from error
    SimpleITK.ProcessObject.SetGlobalWarningDisplay(False)
    return SimpleITK
