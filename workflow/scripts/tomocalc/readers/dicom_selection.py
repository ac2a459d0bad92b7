"""Which of the images in one place are slices of the volume, and in which order.

Decided from headers alone: Image Type, thickness, orientation, concatenation and position. What
is no slice is left out and listed; what cannot be decided is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tomocalc.errors import TomocalcError, fault
from tomocalc.readers.dicom_attributes import KIND_NAMES, LOCALIZER, PREFERRED, PROJECTION, SLAB
from tomocalc.readers.dicom_header import DicomHeader

THICKER = 1.5
"""A slice this many times as thick as another is no slice of the same volume."""
PARALLEL = 0.999
"""Least cosine of two image planes of one volume."""


@dataclass(frozen=True, eq=False)
class Item:
    """One frame of one file."""

    file: Path
    header: DicomHeader
    frame: int

    @property
    def kind(self) -> str:
        """A key of `KIND_NAMES`."""
        kinds = self.header.kinds
        return kinds[self.frame if len(kinds) > 1 else 0]

    @property
    def thickness(self) -> float | None:
        """In mm."""
        found = self.header.thickness
        return found[self.frame if len(found) > 1 else 0]

    @property
    def depth(self) -> float | None:
        """Position along the normal of the image plane, in mm."""
        axis, positions = normal(self.header), self.header.positions
        if axis is None or len(positions) != self.header.frames:
            return None
        position = positions[self.frame]
        return None if position is None else round(float(np.dot(axis, position)), 4)


def normal(header: DicomHeader) -> np.ndarray | None:
    """Return the unit normal of the image plane, None where the header has no usable one."""
    if header.orientation is None:
        return None
    axis = np.cross(header.orientation[:3], header.orientation[3:])
    length = float(np.linalg.norm(axis))
    return axis / length if length > 0.5 else None


def selected(headers: dict[Path, DicomHeader], where: str) -> tuple[list[Item], dict[Item, str]]:
    """Return the slices of the volume in order, and the other images with what they are.

    Raises
    ------
    TomocalcError
        ``E203`` where no image is a slice, ``E207`` for several volumes in one place, or where it
        cannot be told which images belong to the volume or in which order they are.
    """
    items = [
        Item(file, header, frame)
        for file, header in headers.items()
        for frame in range(header.frames)
    ]
    left: dict[Item, str] = {}
    items = _of_one_kind(items, left, where)
    words = {item.header.image_type for item in items}
    if len(words) > 1:
        raise _undecided(where, f"its images are of {len(words)} kinds by ImageType", len(items))
    items = _of_one_plane(items, left, where)
    items = _of_one_thickness(items, left, where)
    _check_one_volume({item.file: item.header for item in items}, where)
    return _ordered(items, where), left


def _of_one_kind(items: list[Item], left: dict[Item, str], where: str) -> list[Item]:
    kinds = {item.kind for item in items}
    chosen = next((kind for kind in PREFERRED if kind in kinds), None)
    if chosen is None:
        found = KIND_NAMES[PROJECTION if PROJECTION in kinds else LOCALIZER]
        raise fault(
            "image_no_slice", where, f"by its header it is {found}, not a slice of the breast"
        )
    left |= {item: KIND_NAMES[item.kind] for item in items if item.kind != chosen}
    return [item for item in items if item.kind == chosen]


def _of_one_plane(items: list[Item], left: dict[Item, str], where: str) -> list[Item]:
    """Leave out what lies across the other slices: a localiser that does not say so."""
    planes: list[tuple[np.ndarray, list[Item]]] = []
    for item in items:
        axis = normal(item.header)
        if axis is None:
            return items
        for other, members in planes:
            if float(np.dot(axis, other)) > PARALLEL:
                members.append(item)
                break
        else:
            planes.append((axis, [item]))
    largest = max((members for _, members in planes), key=len)
    if 2 * len(largest) <= len(items):
        raise _undecided(where, f"its images lie in {len(planes)} planes", len(items))
    if len(planes) > 1:
        left |= {item: KIND_NAMES[LOCALIZER] for item in items if item not in largest}
    return largest


def _of_one_thickness(items: list[Item], left: dict[Item, str], where: str) -> list[Item]:
    """Leave out slabs that do not say so: the thinner images, if these are most, are the slices."""
    known = [item.thickness for item in items if item.thickness is not None]
    if not known or (len(known) == len(items) and max(known) < THICKER * min(known)):
        return items
    if len(known) == len(items):
        slices = [item for item in items if (item.thickness or 0) < THICKER * min(known)]
        decided = 2 * len(slices) >= len(items)
    else:
        slices = [item for item in items if item.thickness is None]
        decided = 2 * len(slices) > len(items)
    if not decided or len(slices) < 2:
        raise _undecided(where, "its images differ in thickness", len(items))
    left |= {item: KIND_NAMES[SLAB] for item in items if item not in slices}
    return slices


def _check_one_volume(headers: dict[Path, DicomHeader], where: str) -> None:
    series = {header.series for header in headers.values()}
    if len(series) > 1:
        raise fault("volumes_mixed", where, f"its files belong to {len(series)} series")
    said = [(header.sop_class, header.laterality, header.view) for header in headers.values()]
    if any(len({*values}) > 1 for values in zip(*said, strict=True)):
        raise fault("volumes_mixed", where, "its files differ in kind of object, side or view")
    parts = [header.part for header in headers.values() if header.part is not None]
    if parts:
        _check_concatenation(headers, where)
    elif len(headers) > 1 and any(header.frames > 1 for header in headers.values()):
        raise fault("volumes_mixed", where, "it holds multi-frame files, each a volume of its own")


def _check_concatenation(headers: dict[Path, DicomHeader], where: str) -> None:
    parts = [header.part for header in headers.values()]
    uids = {part.uid if part else "" for part in parts}
    if len(uids) > 1:
        raise fault("volumes_mixed", where, f"its files are parts of {len(uids)} concatenations")
    numbers = sorted(part.number for part in parts if part)
    total = max((part.total or 0 for part in parts if part), default=0) or len(numbers)
    if len(numbers) == total == 1:
        return  # the one part of all, whatever number it has
    if numbers != [*range(1, total + 1)]:
        why = f"of the {total} parts of the concatenation {len(set(numbers))} are here"
        raise fault("parts_missing", where, why)


def _undecided(where: str, why: str, count: int) -> TomocalcError:
    why += f", and no word that is known in the headers of the {count} says what they are"
    return fault("slices_undecided", where, why)


def _ordered(items: list[Item], where: str) -> list[Item]:
    """Return slices by position along the normal, as one file stores them, by number or place."""
    parts = {item.file: item.header.part for item in items}
    one_file = len(parts) == 1 or None not in parts.values()
    if len(parts) > 1 and one_file:
        numbers = {file: part.number for file, part in parts.items() if part}
        items = sorted(items, key=lambda item: numbers[item.file])
    depths = [item.depth for item in items]
    if None not in depths and not (one_file and len(set(depths)) == 1):
        _check_distinct(depths, "ImagePositionPatient", where)
        return sorted(items, key=lambda item: item.depth or 0.0)
    if 0 < depths.count(None) < len(items):
        why = f"{depths.count(None)} of its {len(items)} images have no position"
        raise fault("headers_unordered", where, why)
    if one_file:
        return _by_stack_place(items)
    at: Sequence[float | None] = [item.header.instance for item in items]
    if None in at or len({*at}) < len(items):
        at = located(items) or at
    _check_distinct(at, "InstanceNumber", where)
    return [items[index] for index in sorted(range(len(at)), key=lambda index: at[index] or 0)]


def _by_stack_place(items: list[Item]) -> list[Item]:
    """Return frames without useful positions by their place in the stack, else as stored."""
    known = [len(item.header.stack_places) == item.header.frames for item in items]
    places = [item.header.stack_places[item.frame] for item in items] if all(known) else []
    if () in places or len(set(places)) < len(items):
        return items
    order = sorted(range(len(items)), key=lambda index: places[index])
    return [items[index] for index in order]


def _check_distinct(keys: Sequence[float | None], name: str, where: str) -> None:
    if None in keys or len({*keys}) < len(keys):
        why = f"{name} is missing in some images, or gives several one place"
        raise fault("headers_unordered", where, why)


def located(items: list[Item]) -> list[float]:
    """Return where single images lie by SliceLocation, or by the coordinate that moves most.

    Nothing where that does not tell all of them apart.
    """
    places = [(*item.header.stack_places, ())[0] for item in items]
    if () in places or len({*map(len, places)}) > 1:
        return []
    table = np.array(places)
    at = table[:, np.ptp(table, axis=0).argmax()].tolist()
    return at if len({*at}) == len(at) else []


def by_number(items: list[Item]) -> list[Item] | None:
    """Return slices of single-frame files by InstanceNumber, None where that orders nothing."""
    numbers = [item.header.instance for item in items]
    if None in numbers or len(set(numbers)) < len(items):
        return None
    return sorted(items, key=lambda item: item.header.instance or 0)
