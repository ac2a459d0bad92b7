"""The order, spacing and side of a DICOM volume: one multi-frame file or a folder of slices."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tomocalc.accounts.doubts import Doubt
from tomocalc.errors import TomocalcError
from tomocalc.readers.dicom_file import read_header
from tomocalc.readers.dicom_header import DicomHeader
from tomocalc.readers.dicom_pixels import check_pixel_kind, modality_values, stored_values
from tomocalc.readers.frames import Spans, frame_spans
from tomocalc.readers.plane import Plane, damaged, named
from tomocalc.readers.stack import Facts, Stack

GAP = 1.5
"""A step this many times the usual one means that slices are missing."""


def dicom_stack(files: list[Path], faults: dict[Path, TomocalcError]) -> Stack:
    """Read the headers of a volume's *files*, but those with *faults*, and put them in order.

    A multi-frame file keeps its stored order. Single-frame files are sorted by their position
    along the normal of the image plane, ascending, or by InstanceNumber when one has no position.

    Raises
    ------
    TomocalcError
        ``E207`` for several volumes in one place or an order that cannot be known.
    """
    where = str(files[0] if len(files) == 1 else files[0].parent)
    headers: dict[Path, DicomHeader] = {}
    faults = dict(faults)
    for file in files:
        if file not in faults:
            try:
                headers[file] = read_header(file)
            except TomocalcError as error:
                faults[file] = error
    if not headers:
        return Stack(planes=[faults[file] for file in files], facts=Facts())
    if len(files) > 1:
        _check_one_volume(headers, where)
    order = files if len(files) == 1 else _ordered(headers, files, faults, where)
    # One rule for all is left out; rules that differ must be applied.
    rescaled = len({rule for header in headers.values() for rule in header.rescale}) > 1
    planes: list[Plane | TomocalcError] = []
    for file in order:
        if file in faults:
            planes.append(faults[file])
        else:
            planes += _planes(file, headers[file], rescaled=rescaled)
    sorted_headers = [headers[file] for file in order if file in headers]
    return Stack(planes=planes, facts=_facts(sorted_headers, where, complete=not faults))


def _planes(path: Path, header: DicomHeader, *, rescaled: bool) -> list[Plane | TomocalcError]:
    """Return a plane per frame; what concerns all frames of the file is one fault."""
    try:
        check_pixel_kind(header, str(path))
        with named(str(path), doing="a DICOM file cannot be read"):
            spans = frame_spans(path, header)
    except TomocalcError as error:
        return [error]
    size = path.stat().st_size
    planes: list[Plane | TomocalcError] = []
    for index, parts in enumerate(spans):
        where = str(path) if header.frames == 1 else f"{path}, slice {index}"
        end = parts[-1][0] + parts[-1][1] if parts else math.inf
        if end <= size:
            planes.append(_plane(path, header, parts, index=index, where=where, rescaled=rescaled))
        else:
            missing = "" if not parts else f"{end - size} bytes "
            planes.append(damaged(where, f"the file ends {missing}before this slice does"))
    return planes


def _plane(
    path: Path, header: DicomHeader, spans: Spans, *, index: int, where: str, rescaled: bool
) -> Plane:
    slope, intercept = header.rescale[index if len(header.rescale) > 1 else 0]
    recipe = (
        header.transfer_syntax,
        header.bits_allocated,
        header.bits_stored,
        header.high_bit,
        header.signed,
        header.overlay_bits,
        header.photometric,
        header.planar,
        (slope, intercept) if rescaled else slope < 0,
    )
    decode: Callable[[], NDArray[Any]]
    if rescaled:
        decode = partial(
            modality_values, path, header, spans, where, slope=slope, intercept=intercept
        )
    else:
        decode = partial(stored_values, path, header, spans, where)
    integers = "uint8" if header.bits_allocated == 8 else "uint16"
    return Plane(
        where=where,
        path=path,
        rows=header.rows,
        columns=header.columns,
        dtype="float32" if rescaled else integers,
        bits=header.bits_stored,
        recipe=f"DICOM {recipe}",
        decode=decode,
        spans=spans,
    )


def _check_one_volume(headers: dict[Path, DicomHeader], where: str) -> None:
    series = {header.series for header in headers.values()}
    if len(series) > 1:
        raise _mixed(where, f"its files belong to {len(series)} series")
    if any(header.frames > 1 for header in headers.values()):
        raise _mixed(where, "it holds multi-frame files, each a volume of its own")


def _mixed(where: str, why: str) -> TomocalcError:
    return TomocalcError(
        "E207",
        what="a folder holds more than one volume",
        where=where,
        why=why,
        fix="give each volume a row of its own in the sheet",
    )


def _ordered(
    headers: dict[Path, DicomHeader],
    files: list[Path],
    faults: dict[Path, TomocalcError],
    where: str,
) -> list[Path]:
    depths = {file: _depths([header]) for file, header in headers.items()}
    keys: dict[Path, float | None]
    if all(depths.values()):
        name = "ImagePositionPatient"
        keys = {file: round(found[0], 4) for file, found in depths.items() if found}
    else:
        name = "InstanceNumber"
        keys = {file: header.instance for file, header in headers.items()}
    if None in keys.values() or len(set(keys.values())) < len(keys):
        raise TomocalcError(
            "E207",
            what="the order of a volume's slices is unknown",
            where=where,
            why=f"{name} is missing in some files or the same in several",
            fix="remove the files that are there twice, or store the volume as one file",
        )
    order = sorted(keys, key=lambda file: keys[file] or 0.0)
    return _with_faults(order, files, faults, where)


def _with_faults(
    order: list[Path], files: list[Path], faults: dict[Path, TomocalcError], where: str
) -> list[Path]:
    """Put files without a readable header where their names put them, if names tell the order."""
    if not faults:
        return order
    by_name = [file for file in files if file not in faults]
    if order == by_name:
        return files
    if order == by_name[::-1]:
        return files[::-1]
    first = next(iter(faults.values()))
    raise TomocalcError(
        "E207",
        what="the place of a damaged slice in its volume is unknown",
        where=f"{where}; {len(faults)} damaged, the first {first.where}",
        why=f"its header cannot be read and the names do not follow the order ({first.why})",
        fix="copy the damaged files again from their source",
    )


def _normal(header: DicomHeader) -> np.ndarray | None:
    if header.orientation is None:
        return None
    normal = np.cross(header.orientation[:3], header.orientation[3:])
    length = float(np.linalg.norm(normal))
    return normal / length if length > 0.5 else None


def _depths(headers: list[DicomHeader]) -> list[float] | None:
    """Return the position of every slice along the normal, in mm, or None if one is unknown."""
    normal = _normal(headers[0])
    positions = [position for header in headers for position in header.positions]
    if normal is None or any(position is None for position in positions):
        return None
    return [float(np.dot(normal, position)) for position in positions if position is not None]


def _facts(headers: list[DicomHeader], where: str, *, complete: bool) -> Facts:
    first = headers[0]
    frames = first.frames if len(headers) == 1 else len(headers)
    doubts: list[Doubt] = []
    contradiction = None
    if len(headers) == 1 and first.per_frame_items not in (0, first.frames):
        counts = {"described": first.per_frame_items, "stored": first.frames}
        contradiction = Doubt(code="header_contradicts", values=counts)
    spacings = {header.spacing or header.imager_spacing for header in headers}
    if len(spacings) > 1:
        raise _mixed(where, "its files have different pixel spacings")
    spacing, source = first.spacing, "PixelSpacing"
    if spacing is None and first.imager_spacing is not None:
        spacing, source = first.imager_spacing, "ImagerPixelSpacing"
        doubts.append(Doubt(code="detector_spacing"))
    slice_spacing, slice_source = first.slice_spacing, "SpacingBetweenSlices"
    depths = _depths(headers)
    if depths is not None and len(depths) == frames > 1:
        steps = np.abs(np.diff(depths))
        usual = float(np.median(steps))
        if usual > 0:
            slice_spacing, slice_source = round(usual, 6), "ImagePositionPatient"
            gaps = np.flatnonzero(steps > GAP * usual) if complete else np.empty(0, int)
            if gaps.size:
                largest = {"mm": round(float(steps[gaps].max()), 6)}
                doubts.append(Doubt(code="gap", slices=tuple(gaps.tolist()), values=largest))
    if any(header.burned_in for header in headers):
        doubts.append(Doubt(code="burned_in"))
    return Facts(
        spacing_mm=spacing,
        spacing_source=source if spacing else "",
        slice_spacing_mm=slice_spacing,
        slice_spacing_source=slice_source if slice_spacing else "",
        laterality=first.laterality,
        view=first.view,
        contradiction=contradiction,
        doubts=tuple(doubts),
    )
