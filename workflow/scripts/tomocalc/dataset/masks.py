"""Annotations in their place: slices as the volume has them, masks on the slices they belong to."""

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from skimage.measure import label as connected

from tomocalc.accounts.manifest import SliceSource, VolumeManifest
from tomocalc.cells import LINE
from tomocalc.errors import fault
from tomocalc.readers.masks import MaskFrame, MaskStack, bad_mask, open_mask
from tomocalc.readers.plane import source_key
from tomocalc.sections import Finding

Mask = Mapping[int | None, NDArray[np.bool_]]
"""Slice to its mask, (row, column); None stands for every slice."""

read_mask = functools.lru_cache(maxsize=8)(open_mask)


@dataclass(frozen=True)
class Opened:
    """What must be known of a volume to place annotations in it, before it is measured."""

    volume_id: str
    slices: int
    slice_spacing_mm: float
    turned: bool
    sources: tuple[SliceSource, ...]


Located = VolumeManifest | Opened


@dataclass(frozen=True)
class PlacedMask:
    """A mask on the slices of its volume; its pixels stay in its file."""

    path: str
    places: tuple[tuple[int | None, int], ...]
    """Slice (None for every slice) and number of the mask's frame."""
    turned: bool
    """The volume is turned against its stored images."""
    axes: tuple[float, ...] | None
    """Orientation of the volume's images in the patient, where it is known."""

    def slices(self) -> Mask:
        """Return the mask of every slice that has one; frames of one slice are joined."""
        frames = read_mask(self.path, self.axes).frames
        mask: dict[int | None, NDArray[np.bool_]] = {}
        for index, number in self.places:
            frame = frames[number]
            # A segmentation refers to the stored image, a picture was drawn on what was shown.
            image = frame.image[::-1, ::-1] if self.turned and frame.stored else frame.image
            mask[index] = mask[index] | image if index in mask else image
        return mask


def placed(annotations: Iterable[Finding], volumes: Iterable[Located]) -> list[Finding]:
    """Return *annotations* with slices as the volumes count them and masks in their place.

    A sheet names the slices of one file as that file stores them; the volume has them in the
    order of their positions. A row with a mask becomes one row per finding in it, each with its
    bounding box in x, y, width and height, its ``mask_shape`` (rows, columns), its ``mask_share``
    of the image, the ``mask_pages`` that a stack has, the grey level from which on pixels are set
    in ``mask_soft``, how many ``mask_areas`` lie apart, and the `PlacedMask` itself. The slice of
    a mask that says its own is the middle one, where the sheet names none.

    Parameters
    ----------
    volumes
        Manifests.

    Raises
    ------
    TomocalcError
        ``E303`` where a mask does not say on which slices it lies, or an annotated frame is no
        slice of the volume; for the files of masks see `open_mask`.
    """
    known = {volume.volume_id: volume for volume in volumes}
    owners = {
        source.source: volume.volume_id
        for volume in known.values()
        for source in volume.sources
        if source.source
    }
    return [place for row in annotations for place in _placed(row, known[row["volume_id"]], owners)]


def _check_owner(
    row: Finding, stack: MaskStack, volume: Located, owners: Mapping[str, str]
) -> None:
    """Refuse a segmentation that names the images of another volume and none of its own."""
    named = {source_key(uid) for frame in stack.frames for uid, _ in frame.sources}
    others = sorted({owners[key] for key in named if key in owners})
    if others and named.isdisjoint(source.source for source in volume.sources):
        why = f"it is of the images of {others[0]}, and the sheet gives it to {row['volume_id']}"
        raise bad_mask(row["mask"], why, fix="correct its path, or the volume_id of its line")


def _placed(row: Finding, volume: Located, owners: Mapping[str, str]) -> list[Finding]:
    found: Finding = {**row, "slice": _slice(row, volume)}
    if not row.get("mask"):
        return [found]
    stack = read_mask(row["mask"], _axes(volume))
    _check_owner(row, stack, volume, owners)
    places: dict[int, list[tuple[int | None, int]]] = {}
    for number, frame in enumerate(stack.frames):
        for index in _slices(frame, found, stack, volume):
            places.setdefault(frame.label, []).append((index, number))
    if not places:
        raise bad_mask(
            row["mask"], f"nothing is set on slice {row['slice']}, which the sheet names"
        )
    return [_boxed(found, tuple(places[label]), stack, volume) for label in sorted(places)]


def _slice(row: Finding, volume: Located) -> int | None:
    """Return the slice that an annotation names; one beyond the volume is said elsewhere."""
    named = row["slice"]
    stored = [source.stored for source in volume.sources]
    if named is None or not stored:
        return named
    if named in stored:
        return stored.index(named)
    if named > max(stored):
        return max(named, volume.slices)
    why = f"frame {named} of {row['volume_id']} is no slice: it was left out"
    raise fault("frame_left_out", f"annotation sheet, line {row[LINE]}", why)


def _boxed(
    row: Finding, places: tuple[tuple[int | None, int], ...], stack: MaskStack, volume: Located
) -> Finding:
    drawn = PlacedMask(row["mask"], places, volume.turned, _axes(volume))
    mask = drawn.slices()
    union = np.logical_or.reduce(list(mask.values()))
    rows, columns = np.flatnonzero(union.any(axis=1)), np.flatnonzero(union.any(axis=0))
    slices = sorted({index for index, _ in places if index is not None})
    named = row["slice"]
    if named is None and slices:
        named = slices[len(slices) // 2]
    return {
        **row,
        "mask": drawn,
        "slice": named,
        "x": float(columns[0]),
        "y": float(rows[0]),
        "width": float(columns[-1] + 1 - columns[0]),
        "height": float(rows[-1] + 1 - rows[0]),
        "mask_shape": union.shape,
        "mask_share": max(float(image.mean()) for image in mask.values()),
        "mask_pages": stack.pages if any(frame.page is not None for frame in stack.frames) else 1,
        "mask_slices": slices,
        "mask_soft": stack.soft,
        "mask_outlines": stack.outlines,
        "mask_areas": int(np.asarray(connected(union, connectivity=2)).max()),
    }


def _slices(frame: MaskFrame, row: Finding, stack: MaskStack, volume: Located) -> list[int | None]:
    """Return the slices that a frame of a mask lies on."""
    sources = volume.sources
    if frame.page is not None:
        index: int | None = frame.page
        if sources and not frame.sorted:
            stored = [source.stored for source in sources]
            index = stored.index(frame.page) if frame.page in stored else volume.slices
        elif frame.position_mm is not None and _nearest(frame.position_mm, volume) != index:
            raise bad_mask(
                row["mask"],
                f"its page {index} lies {frame.position_mm:.4g} mm along the normal of the slices, "
                f"and slice {index} of {row['volume_id']} does not",
                fix="save it with the geometry of the volume's images, or with none",
            )
        return [index] if row["slice"] in (None, index) else []
    if frame.sources:
        by_key = {source.source: index for index, source in enumerate(sources) if source.source}
        if len(by_key) < len(sources):
            by_key = {}  # one image of several slices: its number tells nothing apart
        by_number = {source.stored: index for index, source in enumerate(sources)}
        by_number = by_number or {index: index for index in range(volume.slices)}
        found = {
            by_key.get(source_key(uid), None if number is None else by_number.get(number))
            for uid, number in frame.sources
        }
        if None not in found:
            return [*sorted(index for index in found if index is not None)]
    index = _nearest(frame.position_mm, volume)
    if index is not None:
        return [index]
    if stack.pages == 1 and not any(number is not None for _, number in frame.sources):
        return [row["slice"]]
    raise bad_mask(
        row["mask"],
        f"its frames lie on other images than those of {row['volume_id']}, by the identifiers, "
        "frame numbers and positions that they name",
    )


def _axes(volume: Located) -> tuple[float, ...] | None:
    """Return the orientation of slices that follow each other along the normal of their plane."""
    known = {source.orientation for source in volume.sources if source.position_mm is not None}
    return next(iter(known)) if len(known) == 1 and None not in known else None


def _nearest(position_mm: float | None, volume: Located) -> int | None:
    """Return the slice at a position, None where none is within half a step."""
    places = [source.position_mm for source in volume.sources]
    if position_mm is None or not places or None in places:
        return None
    distances = np.abs(np.asarray(places) - position_mm)
    nearest = int(np.argmin(distances))
    return nearest if distances[nearest] <= volume.slice_spacing_mm / 2 else None
