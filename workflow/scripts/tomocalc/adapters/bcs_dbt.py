"""BCS-DBT (Duke, TCIA): tomosynthesis volumes, or exported slices of them, with lesion boxes.

Buda et al., JAMA Network Open 4 (2021) e2119100; doi 10.7937/E4WT-CD02. A volume is known by
patient, study and view. Its boxes outline biopsied masses and architectural distortions, never
calcifications: they become annotations of those kinds, which label nothing as a calcification.
The side in a header is unreliable: the view of the tables decides, and an image that shows the
other side is turned by 180° when it is read with ``image.side_mismatch: repair``; the boxes hold
in the turned image.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tomocalc.adapters.sheets import (
    Sheets,
    Tree,
    files_of,
    find_one,
    image_size,
    layout_error,
    name_of,
    patient_of,
    read_csv,
    single_image,
    told_once,
    whole,
)

KEY = ("PatientID", "StudyUID", "View")
PLACE = ("X", "Y", "Width", "Height", "Class", "AD")
SPACING_MM = (0.085, 1.0)
"""In the plane and between slices: the headers have none, the data set's authors give these."""

VIEW = re.compile(r"(?P<side>[lr])(?P<view>[a-z]+?)(?P<repeat>\d*)")
SEEN = re.compile(r"(?P<side>[LR])(?P<view>)")
"""The side that an exported slice shows, where the table has no view: a normal volume."""

OUTCOMES = {"benign": "benign", "cancer": "malignant"}
KINDS = {"0": "mass", "1": "distortion"}
SITE = "BCS-DBT"

Key = tuple[str, str, str]


def bcs_dbt(folder: Path) -> Sheets:
    """Return the sheets of a folder with the data set's tables and its images.

    With ``*file-paths*.csv`` every row of it is a volume (paths below the folder, in either of
    the published layouts). Without it ``manifest.csv`` lists exported slices: file, Slice, the
    key, and the box on that slice; every slice is then a volume of one slice.

    Raises
    ------
    TomocalcError
        ``E603`` when the folder holds neither table, or a table is not as published.
    """
    sheets = Sheets()
    rows = _rows(folder, "*file-paths*.csv", KEY)
    if rows:
        boxes, tree = _boxes(folder, sheets), Tree(folder)
        told_once(rows, _key)
        for row in rows:
            _place_volume(sheets, tree, row, boxes)
        for key in boxes.keys() - {_key(row) for row in rows}:
            what = f"{len(boxes[key])} boxes of {' '.join(key)}"
            sheets.leave_out(what, "no table of files has this volume")
        return sheets
    for table in find_one(folder, "manifest.csv", "table of files (file-paths or manifest)"):
        _place_slices(sheets, table)
    return sheets


def _rows(folder: Path, pattern: str, columns: Sequence[str]) -> list[dict[str, str]]:
    """Return the rows of all tables of a name, each with the path of its own as ``where``."""
    tables = files_of(folder, pattern)
    return [row | {"where": str(table)} for table in tables for row in read_csv(table, columns)]


def _boxes(folder: Path, sheets: Sheets) -> dict[Key, list[dict[str, str]]]:
    rows = _rows(folder, "*boxes*.csv", (*KEY, "Slice", *PLACE))
    if not rows:
        sheets.remark("no table of boxes (*boxes*.csv) is in the folder: no finding is known")
    told_once(rows, _key)
    found: dict[Key, list[dict[str, str]]] = {}
    for row in rows:
        found.setdefault(_key(row), []).append(row)
    return found


def _key(row: Mapping[str, str]) -> Key:
    return row["PatientID"], row["StudyUID"], row["View"].lower()


def _place_volume(
    sheets: Sheets, tree: Tree, row: dict[str, str], boxes: dict[Key, list[dict[str, str]]]
) -> None:
    key, what = _key(row), " ".join(row[name] for name in KEY)
    path, view = _file(tree, row), VIEW.fullmatch(key[2])
    if view is None:
        sheets.leave_out(what, f"its view `{row['View'][:20]}` is unknown")
    elif path is None:
        sheets.leave_out(what, "its file is not in the folder")
    else:
        volume_id = name_of("-".join(key))
        about = {"kind": "tomosynthesis", **image_size(path)}
        sheets.volumes.append(_volume(volume_id, row, view, path) | about)
        for box in boxes.get(key, []):
            on_slice = whole(box["Slice"], box["where"])
            sheets.annotations.append(_annotation(volume_id, on_slice, box))


def _file(tree: Tree, row: dict[str, str]) -> Path | None:
    """Return the file that a path of the table names, or the only one in the series' own folder.

    Downloaders call that by the identifier, or otherwise with its last five digits at the end.
    """
    names = [row[name] for name in ("descriptive_path", "classic_path") if row.get(name)]
    if not names:
        why = "it has no path column"
        raise layout_error(row["where"], why, "give the file as it was published")
    for path in filter(None, map(tree.find, names)):
        if path.is_file():
            return path
    series = Path(names[-1]).parent.name
    held = tree.find(series) or tree.find(row["PatientID"])
    files = files_of(held, "*.dcm") if held is not None else []
    files = [path for path in files if path.parent.name.endswith(series[-5:])]
    return files[0] if len(files) == 1 else None


def _place_slices(sheets: Sheets, table: Path) -> None:
    rows = read_csv(table, ("file", "Slice", *KEY, *PLACE))
    placed: set[str] = set()
    for row in [row | {"where": str(table)} for row in rows]:
        path, view = table.parent / row["file"], VIEW.fullmatch(row["View"])
        if Path(row["file"]).name != row["file"]:
            raise layout_error(str(table), "a file name leads elsewhere", "give bare file names")
        seen = SEEN.fullmatch(row.get("edge_lat", "")) if not row["View"] else None
        if view is None and seen is None:
            sheets.leave_out(row["file"], f"its view `{row['View'][:20]}` is unknown")
            continue
        if not path.is_file():
            sheets.leave_out(row["file"], "it is not beside the table")
            continue
        # A volume may have several exported slices, which its key does not tell apart.
        volume_id = name_of(path.stem)
        if volume_id not in placed:
            placed.add(volume_id)
            sheets.volumes.append(_volume(volume_id, row, view or seen, path) | single_image(path))
        if row["X"]:
            sheets.annotations.append(_annotation(volume_id, 0, row))
    listed = {row["file"] for row in rows}
    for path in sorted(table.parent.iterdir()):
        if path.suffix.lower() in {".jpg", ".jpeg", ".png"} and path.name not in listed:
            sheets.leave_out(path.name, "the table of files does not list it")


def _volume(
    volume_id: str, row: dict[str, str], view: re.Match[str] | None, path: Path
) -> dict[str, Any]:
    assert view is not None
    pixel_mm, slice_mm = SPACING_MM
    return {
        "volume_id": volume_id,
        "patient_id": patient_of(row["PatientID"], row["where"]),
        "laterality": view["side"].upper(),
        "view": view["view"].upper() or "unknown",
        "path": path,
        "pixel_spacing_mm": pixel_mm,
        "slice_spacing_mm": slice_mm,
        "site": SITE,
    }


def _annotation(volume_id: str, on_slice: int, box: dict[str, str]) -> dict[str, Any]:
    where = box["where"]
    x, y, width, height = (whole(box[name], where) for name in PLACE[:4])
    if box["AD"] not in KINDS or box["Class"].lower() not in OUTCOMES:
        why = f"a box has class `{box['Class'][:20]}` and AD `{box['AD'][:20]}`"
        raise layout_error(where, why, "give the file as it was published")
    return {
        "volume_id": volume_id,
        "slice": on_slice,
        "x": x,
        "y": y,
        "width": width,
        "height": height,
        "kind": KINDS[box["AD"]],
        "pathology": OUTCOMES[box["Class"].lower()],
    }
