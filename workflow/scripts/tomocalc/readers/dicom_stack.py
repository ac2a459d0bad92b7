"""The order and spacing of a DICOM volume: one multi-frame file, its parts, or single slices."""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from tomocalc.accounts.doubts import Doubt
from tomocalc.errors import TomocalcError, fault
from tomocalc.readers.dicom_facts import volume_facts
from tomocalc.readers.dicom_file import read_header
from tomocalc.readers.dicom_header import DicomHeader
from tomocalc.readers.dicom_lists import LOSSY
from tomocalc.readers.dicom_pixels import (
    check_pixel_kind,
    modality_values,
    needed_bits,
    stored_values,
    value_type,
)
from tomocalc.readers.dicom_selection import Item, selected
from tomocalc.readers.frames import Spans, frame_spans
from tomocalc.readers.plane import Decoded, Facts, Plane, Stack, damaged, named


def dicom_stack(files: list[Path], faults: dict[Path, TomocalcError]) -> Stack:
    """Read the headers of a volume's *files*, but those with *faults*, and put its slices in order.

    Slices are sorted by their position along the normal of the image plane, ascending, however
    they are stored; without positions by InstanceNumber (by SliceLocation where numbers are missing
    or repeat), or as their one file stores them.

    Raises
    ------
    TomocalcError
        ``E207`` for several volumes in one place or an order that cannot be known; see `selected`.
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
    items, left = selected(headers, where)
    places = _stored_places(items, headers)
    spans, unusable = _spans(items)
    doubts = []
    if unusable:
        faults |= unusable
    else:
        items, doubts = _widened(items, spans, where)
    planes = _planes(items, spans, places, faults)
    if faults:
        planes = _with_faults(planes, items, files, faults, where)
    facts = volume_facts(items, places, complete=not faults)
    extra = (*doubts, *_of_others(left))
    listed = tuple(f"{_place(item)}: {kind}" for item, kind in left.items())
    return Stack(
        planes=planes, facts=replace(facts, doubts=(*facts.doubts, *extra), left_out=listed)
    )


def _place(item: Item) -> str:
    return str(item.file) if item.header.frames == 1 else f"{item.file}, slice {item.frame}"


def _stored_places(items: list[Item], headers: dict[Path, DicomHeader]) -> list[int]:
    """Return by which number annotations name each slice: its place as the files store it."""
    if len({item.file for item in items}) == len(items) and len(items) > 1:
        return [*range(len(items))]
    parts = [(header.part.number if header.part else 0, file) for file, header in headers.items()]
    first, count = {}, 0
    for _, file in sorted(parts):
        first[file] = count
        count += headers[file].frames if any(item.file == file for item in items) else 0
    return [first[item.file] + item.frame for item in items]


def _spans(items: list[Item]) -> tuple[dict[Path, list[Spans]], dict[Path, TomocalcError]]:
    """Return the place of every frame of every file; what concerns all its frames is one fault."""
    spans: dict[Path, list[Spans]] = {}
    faults: dict[Path, TomocalcError] = {}
    for file, header in {item.file: item.header for item in items}.items():
        try:
            check_pixel_kind(header, str(file))
            with named(str(file), doing="a DICOM file cannot be read"):
                spans[file] = frame_spans(file, header)
        except TomocalcError as error:
            faults[file] = error
    return spans, faults


def _widened(
    items: list[Item], spans: dict[Path, list[Spans]], where: str
) -> tuple[list[Item], list[Doubt]]:
    """Give the slices the bits that their values take, where a look at one shows more than said."""

    def bits_of(item: Item) -> int:
        parts = spans[item.file][item.frame]
        try:
            with named(_place(item), doing="an image cannot be decoded"):
                return needed_bits(item.file, item.header, parts, where)
        except TomocalcError:
            return item.header.bits_stored  # said again when the slice itself is read

    middle = items[len(items) // 2]
    if not spans[middle.file][middle.frame] or bits_of(middle) <= middle.header.bits_stored:
        return items, []
    bits = max(bits_of(item) for item in items if spans[item.file][item.frame])
    wide = {
        id(item.header): replace(item.header, bits_stored=bits, high_bit=bits - 1) for item in items
    }
    doubt = Doubt(
        code="bits_exceeded", values={"stored": middle.header.bits_stored, "needed": bits}
    )
    return [Item(item.file, wide[id(item.header)], item.frame) for item in items], [doubt]


def _planes(
    items: list[Item],
    spans: dict[Path, list[Spans]],
    places: list[int],
    faults: dict[Path, TomocalcError],
) -> list[Plane | TomocalcError]:
    # One rule for all is left out; rules that differ must be applied.
    rescaled = len({rule for item in items for rule in item.header.rescale}) > 1
    sizes = {file: file.stat().st_size for file in spans}
    planes: list[Plane | TomocalcError] = []
    for item, place in zip(items, places, strict=True):
        if item.file in faults:
            if not planes or planes[-1] is not faults[item.file]:
                planes.append(faults[item.file])
            continue
        parts = spans[item.file][item.frame]
        end = parts[-1][0] + parts[-1][1] if parts else math.inf
        if end <= sizes[item.file]:
            planes.append(_plane(item, parts, place=place, rescaled=rescaled))
        else:
            missing = "" if not parts else f"{end - sizes[item.file]} bytes "
            planes.append(damaged(_place(item), f"the file ends {missing}before this slice does"))
    return planes


def _plane(item: Item, parts: Spans, *, place: int, rescaled: bool) -> Plane:
    header, where = item.header, _place(item)
    slope, intercept = header.rescale[item.frame if len(header.rescale) > 1 else 0]
    recipe = (
        header.transfer_syntax,
        header.bits_allocated,
        header.bits_stored,
        header.high_bit,
        header.signed,
        header.overlay_bits,
        header.photometric,
        header.planar,
        header.padding,
        header.table,
        header.pixels.floats,
        (slope, intercept) if rescaled else slope < 0,
    )
    decode: Callable[[], Decoded]
    if rescaled:
        decode = partial(
            modality_values, item.file, header, parts, where, slope=slope, intercept=intercept
        )
    else:
        decode = partial(stored_values, item.file, header, parts, where)
    return Plane(
        where=where,
        path=item.file,
        rows=header.rows,
        columns=header.columns,
        dtype="float32" if rescaled else value_type(header),
        bits=header.table.bits if header.table else header.bits_stored,
        recipe=f"DICOM {recipe}",
        decode=decode,
        channels=header.samples,
        lossy=header.transfer_syntax in LOSSY,
        spans=parts,
        stored=place,
        source=header.uid,
        position_mm=item.depth,
        orientation=header.orientation,
    )


def _with_faults(
    planes: list[Plane | TomocalcError],
    items: list[Item],
    files: list[Path],
    faults: dict[Path, TomocalcError],
    where: str,
) -> list[Plane | TomocalcError]:
    """Put files without a readable header where their names put them, if names tell the order."""
    order = [item.file for item in items]
    lost = [file for file in files if file in faults and file not in set(order)]
    if not lost:
        return planes
    by_name = [file for file in files if file in set(order)]
    if order not in (by_name, by_name[::-1]):
        first = faults[lost[0]]
        why = f"its header cannot be read and the names do not follow the order ({first.why})"
        raise fault(
            "damaged_slice_lost", f"{where}; {len(lost)} damaged, the first {first.where}", why
        )
    by_file = dict(zip(order, planes, strict=True))
    found = [
        by_file.get(file, faults.get(file)) for file in files if file in by_file or file in faults
    ]
    return [plane for plane in (found if order == by_name else found[::-1]) if plane is not None]


def _of_others(left: dict[Item, str]) -> list[Doubt]:
    counts = Counter(item.kind for item in left)
    if not counts:
        return []
    return [Doubt(code="left_out", values={"count": counts.total()})]
