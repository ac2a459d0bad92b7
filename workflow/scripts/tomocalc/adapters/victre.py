"""VICTRE (FDA): simulated tomosynthesis with inserted lesions, as its two programs leave it.

Badano et al., JAMA Network Open 1 (2018) e185474. Layouts, from the sources of both:

* the pipeline (github.com/DIDSR/VICTRE_PIPELINE): ``<seed>/reconstruction<seed>.mhd`` and ``.raw``
  (64-bit floats, x fastest), ``.loc`` with a line ``x y z type`` per lesion, in voxels of the
  reconstruction from 0; type 1 is a cluster of calcifications, 2 a spiculated mass, a negative one
  a place that was left without a lesion;
* the trial (github.com/DIDSR/VICTRE): ``DBT_<density>_pcl_<seed>_recon.raw`` without a header
  (``pc`` for ``pcl`` where nothing was inserted), whose size goes with the density, and
  ``roi_SP_<seed>.loc`` with ``x y z number``: of eight lesions the first four are clusters.

Where only the voxels of the phantom are known (``pcl_<seed>.loc``: ``z x y type`` in voxels of
``pcl_<seed>.mhd``), they are converted as both programs do it: mirrored along y, x and y exchanged.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tomocalc.adapters.sheets import Sheets, files_of, layout_error
from tomocalc.files import write_text

SITE = "VICTRE (in silico)"
PIXEL_MM, SLICE_MM = 0.085, 1.0
"""Of the trial's reconstructions, and of its lesions' extents below."""
SIZES = {
    "dense": (1130, 477, 38),
    "hetero": (1148, 753, 47),
    "scattered": (1421, 1024, 57),
    "fatty": (1624, 1324, 62),
}
"""Voxels of the trial's reconstructions along x, y and z."""
KINDS = {1: ("cluster", 65, 5), 2: ("mass", 109, 9)}
"""Type to kind, and to the side in pixels and the slices of the region that holds a lesion."""
LESIONS = 8
"""Of a phantom of the trial, numbered through: the first half are clusters."""
BYTES = {"MET_DOUBLE": 8, "MET_FLOAT": 4}
SEED = r"(?P<seed>-?\d+)"
PIPELINE = re.compile(rf"reconstruction{SEED}\.raw")
TRIAL = re.compile(rf"DBT_(?P<density>[a-z]+)_(?P<kind>pcl?)_{SEED}(_crop)?_recon\.raw")
HEADER = """\
ObjectType = Image
NDims = 3
BinaryData = True
BinaryDataByteOrderMSB = False
CompressedData = False
DimSize = {size}
ElementSpacing = {spacing}
ElementType = {kind}
ElementDataFile = {data}
"""

Size = tuple[int, int, int]
Lesion = tuple[int, int, int, int]
"""x, y, z and type."""


@dataclass(frozen=True)
class Reconstruction:
    """One volume: its raw file, and what is known of it."""

    raw: Path
    seed: str
    size: Size
    spacing_mm: tuple[float, float, float]
    element: str


def victre(folder: Path, *, files: Path) -> Sheets:
    """Return the sheets of the reconstructions below *folder*.

    Parameters
    ----------
    files
        Folder for a header beside a link to each raw file, which the sheet then names.

    Raises
    ------
    TomocalcError
        ``E603`` when there is no reconstruction.
    """
    named = [
        raw
        for raw in files_of(folder, "*.raw")
        if PIPELINE.fullmatch(raw.name) or TRIAL.fullmatch(raw.name)
    ]
    if not named:
        fix = "give the folder with reconstruction<seed>.raw or DBT_<density>_pcl_<seed>_recon.raw"
        raise layout_error(str(folder), "it holds no reconstruction of VICTRE", fix)
    sheets = Sheets()
    for raw in named:
        what = raw.relative_to(folder).as_posix()
        found = _reconstruction(raw)
        if isinstance(found, str):
            sheets.leave_out(what, found)
            continue
        lesions = _lesions(folder, found)
        if lesions is None:
            sheets.leave_out(what, "no .loc file says where its lesions are")
            continue
        volume_id = f"victre-{found.seed.replace('-', 'n')}"  # seeds differ in their sign too
        sheets.volumes.append(_volume(volume_id, found, files))
        for lesion in lesions:
            if not all(0 <= at < end for at, end in zip(lesion, found.size, strict=False)):
                why = f"a lesion at {lesion[:3]} lies outside its {found.size} voxels"
                raise layout_error(str(raw), why, "give the locations of this reconstruction")
            sheets.annotations += _lines(volume_id, lesion, slices=found.size[2])
    return sheets


def _reconstruction(raw: Path) -> Reconstruction | str:
    """Return what is known of a raw file, or why it cannot be read."""
    if match := TRIAL.fullmatch(raw.name):
        if match["density"] not in SIZES:
            return f"the size of density {match['density'][:20]} is unknown"
        size, element = SIZES[match["density"]], "MET_DOUBLE"
        spacing = PIXEL_MM, PIXEL_MM, SLICE_MM
    else:
        match = PIPELINE.fullmatch(raw.name)
        header = _header(raw.with_suffix(".mhd"))
        if header is None:
            return "its .mhd is missing or lacks DimSize, ElementSpacing or ElementType"
        size, spacing, element = header
        if abs(spacing[0] - spacing[1]) > 1e-3 * spacing[0]:
            return "its pixels are not square"
    if element not in BYTES:
        return f"its values are {element[:20]}, and not {' or '.join(BYTES)}"
    wanted = size[0] * size[1] * size[2] * BYTES[element]
    if raw.stat().st_size != wanted:
        return f"it has {raw.stat().st_size} bytes, and its size makes {wanted}"
    assert match is not None
    return Reconstruction(raw, match["seed"], size, spacing, element)


def _header(path: Path) -> tuple[Size, tuple[float, float, float], str] | None:
    text = path.read_text(encoding="latin-1") if path.is_file() else ""
    values = dict(re.findall(r"^(\w+) *= *(.*?) *$", text, re.MULTILINE))
    try:
        x, y, z = (int(float(part)) for part in values["DimSize"].split())
        across, down, deep = (float(part) for part in values["ElementSpacing"].split())
        element = values["ElementType"]
    except (KeyError, ValueError):
        return None
    orders = {values.get(f"{key}ByteOrderMSB", "False") for key in ("BinaryData", "Element")}
    return (x, y, z), (across, down, deep), element if orders == {"False"} else "big-endian"


def _lesions(folder: Path, found: Reconstruction) -> list[Lesion] | None:
    """Return the lesions of a reconstruction; none where nothing was inserted; None if unknown."""
    trial = TRIAL.fullmatch(found.raw.name)
    if trial is not None and trial["kind"] == "pc":
        return []
    beside = found.raw.with_suffix(".loc")
    if trial is None and beside.is_file():
        return [(x, y, z, kind) for x, y, z, kind in _numbers(beside) if kind > 0]
    for place in files_of(folder, f"roi_SP_{found.seed}.loc"):
        rows = list(_numbers(place))
        if [number for *_, number in rows] != [*range(LESIONS)]:
            why = f"it does not name {LESIONS} lesions, numbered from 0"
            raise layout_error(str(place), why, "fetch it again")
        return [(x, y, z, 1 if number < LESIONS // 2 else 2) for x, y, z, number in rows]
    return _converted(folder, found)


def _converted(folder: Path, found: Reconstruction) -> list[Lesion] | None:
    """Return the lesions as the phantom's voxels give them, in those of the reconstruction."""
    across, down, deep = found.spacing_mm
    from_zero = 1 if TRIAL.fullmatch(found.raw.name) else 0  # the trial counts types from 0
    for name in (f"pcl_{found.seed}", f"pcl_{found.seed}_crop"):
        place = next(iter(files_of(folder, f"{name}.loc")), None)
        headers = [_header(path) for path in files_of(folder, f"pc*_{found.seed}*.mhd")]
        header = next((one for one in headers if one is not None), None)
        if place is None or header is None:
            continue
        voxel = header[1][0]
        return [
            # The phantom's x runs along the reconstruction's y; its y, mirrored, along x.
            (
                round(found.size[0] - y * voxel / across),
                round(x * voxel / down),
                round(z * voxel / deep),
                kind + from_zero,
            )
            for z, x, y, kind in _numbers(place)
            if kind + from_zero > 0
        ]
    return None


def _numbers(path: Path) -> Iterator[Lesion]:
    for number, line in enumerate(path.read_text(encoding="latin-1").splitlines(), 1):
        if not line.strip():
            continue
        try:
            x, y, z, kind = (int(float(part)) for part in re.split(r"[\s,]+", line.strip()))
        except ValueError:
            why = f"line {number} is not four numbers"
            raise layout_error(str(path), why, "fetch it again") from None
        yield x, y, z, kind


def _lines(volume_id: str, lesion: Lesion, *, slices: int) -> Iterator[dict[str, Any]]:
    """Yield a lesion's line for every slice of the region that holds it."""
    x, y, z, kind = lesion
    name, side, thick = KINDS.get(kind, KINDS[2])
    for index in range(max(z - thick // 2, 0), min(z + thick // 2 + 1, slices)):
        place = {"volume_id": volume_id, "slice": index, "x": x, "y": y}
        yield {**place, "radius": side // 2, "kind": name}


def _volume(volume_id: str, found: Reconstruction, files: Path) -> dict[str, Any]:
    """Return the row of a volume, and write a header that any reader of MetaImage understands."""
    link = files / f"{volume_id}.raw"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)  # of a second volume of this name, which is refused
    link.symlink_to(found.raw.resolve())
    text = HEADER.format(
        size=" ".join(map(str, found.size)),
        spacing=" ".join(map(str, found.spacing_mm)),
        kind=found.element,
        data=link.name,
    )
    write_text(files / f"{volume_id}.mhd", text)
    return {
        "volume_id": volume_id,
        "patient_id": volume_id,
        "laterality": "R",
        "view": "CC",
        "path": files / f"{volume_id}.mhd",
        "pixel_spacing_mm": found.spacing_mm[0],
        "slice_spacing_mm": found.spacing_mm[2],
        "site": SITE,
        "kind": "tomosynthesis",
        **dict(zip(("columns", "rows", "slices"), found.size, strict=True)),
    }
