"""CBIS-DDSM calcification cases (TCIA): digitised film with a mask per finding.

Lee et al., Scientific Data 4 (2017) 170177. What its files are known for: one image and several
findings per row of the tables; names of files in the tables that the download does not use
(``000000.dcm`` where the file is ``1-1.dcm``); mask and cropped image exchanged in some rows, so
the mask is the file of the image's own size; and no pixel spacing.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tomocalc.adapters.sheets import (
    Sheets,
    Tree,
    files_of,
    find_one,
    layout_error,
    name_of,
    patient_of,
    read_csv,
    told_once,
)
from tomocalc.errors import TomocalcError
from tomocalc.readers.dicom_file import read_header

COLUMNS = (
    "patient_id",
    "left or right breast",
    "image view",
    "abnormality id",
    "abnormality type",
    "pathology",
    "calc type",
    "calc distribution",
    "assessment",
    "image file path",
    "cropped image file path",
    "ROI mask file path",
)
OUTCOMES = {"MALIGNANT": "malignant", "BENIGN": "benign", "BENIGN_WITHOUT_CALLBACK": "benign"}
SIDES = {"LEFT": "L", "RIGHT": "R"}
SITE = "CBIS-DDSM"

Size = tuple[int, int]


def cbis_ddsm(folder: Path, *, pixel_spacing_mm: float) -> Sheets:
    """Return the sheets of the calcification tables in *folder* and the images below it.

    Every image with a finding is a volume of one slice; every finding is a cluster outlined by
    its mask. A finding without its mask leaves its whole image out: candidates on it would
    otherwise be taken for something else.

    Parameters
    ----------
    pixel_spacing_mm
        Of all images; the headers do not know it.

    Raises
    ------
    TomocalcError
        ``E603`` when a table is missing or not as published.
    """
    tables = find_one(folder, "*calc_case_description*.csv", "calcification tables")
    every = [row | {"where": str(table)} for table in tables for row in read_csv(table, COLUMNS)]
    cases: dict[str, list[dict[str, str]]] = {}
    for row in every:
        cases.setdefault(_image_id(row, row["where"]), []).append(row)
    told_once(every, lambda row: (_image_id(row, row["where"]), row["abnormality id"]))
    sheets, sizes, tree = Sheets(), dict[Path, Size](), Tree(folder)
    for image_id, rows in sorted(cases.items()):
        reason = _place(sheets, tree, image_id, rows, sizes, pixel_spacing_mm)
        if reason:
            sheets.leave_out(image_id, reason)
    return sheets


def _image_id(row: Mapping[str, str], where: str) -> str:
    side, view = row["left or right breast"].upper(), row["image view"].upper()
    if side not in SIDES or not re.fullmatch(r"CC|MLO", view):
        why = f"a row has side `{side[:20]}` and view `{view[:20]}`"
        raise layout_error(where, why, "give the file as it was published")
    if row["abnormality type"] != "calcification" or row["pathology"] not in OUTCOMES:
        why = f"a row is `{row['abnormality type'][:20]}`, `{row['pathology'][:30]}`"
        raise layout_error(where, why, "give the tables of calcifications")
    return name_of(f"{row['patient_id']}_{side}_{view}")


def _place(
    sheets: Sheets,
    tree: Tree,
    image_id: str,
    rows: list[dict[str, str]],
    sizes: dict[Path, Size],
    pixel_spacing_mm: float,
) -> str | None:
    """Add an image and its findings; return why not, if so."""
    image = next(iter(_files(tree, rows[0]["image file path"])), None)
    if image is None:
        return "its image is not in the folder"
    try:
        size = _size(image, sizes)
        masks = [_mask(tree, row, size, sizes) for row in rows]
    except TomocalcError as error:
        return f"{error.where}: {error.why}"
    if None in masks:
        lacking = rows[masks.index(None)]["abnormality id"]
        return f"finding {lacking} has no mask of the image's size in the folder"
    first = rows[0]
    sheets.volumes.append(
        {
            "volume_id": image_id,
            "patient_id": patient_of(first["patient_id"], first["where"]),
            "laterality": SIDES[first["left or right breast"].upper()],
            "view": first["image view"].upper(),
            "path": image,
            "pixel_spacing_mm": pixel_spacing_mm,
            "slice_spacing_mm": 1.0,
            "site": SITE,
            "kind": "single image",
            "slices": 1,
            "rows": size[0],
            "columns": size[1],
        }
    )
    for row, mask in zip(rows, masks, strict=True):
        sheets.annotations.append(_annotation(image_id, row, mask))
    return None


def _annotation(image_id: str, row: dict[str, str], mask: Path | None) -> dict[str, Any]:
    return {
        "volume_id": image_id,
        "slice": 0,
        "mask": mask,
        "kind": "cluster",
        "pathology": OUTCOMES[row["pathology"]],
        "morphology": row["calc type"],
        "distribution": row["calc distribution"],
        "birads": row["assessment"],
    }


def _mask(tree: Tree, row: dict[str, str], size: Size, sizes: dict[Path, Size]) -> Path | None:
    """Return the file of a finding that has the image's size: mask and crop are mixed up."""
    named = (row["ROI mask file path"], row["cropped image file path"])
    found = [path for name in named for path in _files(tree, name)]
    for path in dict.fromkeys(found):
        if _size(path, sizes) == size:
            return path
    return None


def _size(path: Path, sizes: dict[Path, Size]) -> Size:
    if path not in sizes:
        header = read_header(path)
        sizes[path] = header.rows, header.columns
    return sizes[path]


def _files(tree: Tree, name: str) -> list[Path]:
    """Return the file that a table names, or else every DICOM file in the folder it names.

    Its series may lie anywhere; below its case, the first part, folders may be called otherwise.
    """
    path = Path(name)
    found = tree.find(name)
    if found is not None and found.is_file():
        return [found]
    for place in (path.parent, Path(path.parent.name), Path(*path.parts[:1])):
        held = tree.find(str(place)) if place.parts else None
        files = files_of(held, "*.dcm") if held is not None else []
        if files:
            return files
    return []
