"""INbreast: full-field digital mammograms with contours of single calcifications and clusters.

Moreira et al., Academic Radiology 19 (2012) 236. As released: ``AllDICOMs`` holds
``<image>_<patient>_MG_<side>_<view>_ANON.dcm`` (every header names the same patient, the file names
the true one), ``AllXML`` holds ``<image>.xml``, a property list of OsiriX with the regions of the
image, their names and their ``Point_px`` as ``(column, row)``. Images without a file there have no
findings. A region named Calcification is a point or a contour around one calcification. Inside an
ellipse named Cluster the single ones are not outlined: it is an area, no finding, whose candidates
belong to neither class.
"""

import plistlib
import re
from collections import Counter
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

from tomocalc.adapters.sheets import Sheets, files_of, layout_error, name_of, read_csv, single_image

PIXEL_SPACING_MM = 0.07
"""Of the detector, a Siemens MammoNovation."""
SITE = "INbreast"
IMAGE = re.compile(
    r"(?P<image>\d+)_(?P<patient>\w+?)_MG_(?P<side>[LR])_(?P<view>CC|MLO?|FB|\w{2,3})_ANON\.dcm",
    re.IGNORECASE,
)
KINDS = {
    "calcification": "calcification",
    "calcifications": "calcification",
    "cluster": "area",
    "mass": "mass",
    "spiculated region": "mass",
    "espiculated region": "mass",
    "distortion": "distortion",
    "asymmetry": "area",
    "assymetry": "area",
}
POINT = re.compile(r"\(?\s*(-?\d+(?:\.\d+)?)\s*,\s*(-?\d+(?:\.\d+)?)\s*\)?")


def inbreast(folder: Path) -> Sheets:
    """Return the sheets of the images below *folder* and the regions beside them.

    Raises
    ------
    TomocalcError
        ``E603`` when no image is named as published, or the folder of regions is missing.
    """
    images = {path: IMAGE.fullmatch(path.name) for path in files_of(folder, "*.dcm")}
    named = {match["image"] for match in images.values() if match}
    if not named:
        fix = "give the folder of the release, with AllDICOMs and AllXML"
        why = "it holds no <image>_<patient>_MG_<side>_<view>_ANON.dcm"
        raise layout_error(str(folder), why, fix)
    regions: dict[str, Path] = {}
    sheets = Sheets()
    for path in files_of(folder, "*.xml"):
        if not path.stem.isdigit():
            muscle = path.stem.lower().endswith("_muscle")
            why = "it outlines a muscle, no finding" if muscle else "it is named after no image"
            sheets.leave_out(path.relative_to(folder).as_posix(), why)
        elif regions.setdefault(path.stem, path) != path:
            why = f"{regions[path.stem]} is named after the same image"
            raise layout_error(str(path), why, "keep one of them in the folder")
    if not regions:
        why = "no <image>.xml is in it: images would count as free of calcifications"
        raise layout_error(str(folder), why, "add the folder AllXML of the release")
    tables = files_of(folder, "INbreast.csv")
    rows = [row for table in tables for row in read_csv(table, ("File Name", "Bi-Rads"))]
    unlike = {row["File Name"].strip() for row in rows if row["Bi-Rads"].strip() != "1"}
    for path, match in images.items():
        where = path.relative_to(folder).as_posix()
        if match is None:
            sheets.leave_out(where, "its name is not as published")
        elif match["image"] in unlike - regions.keys():
            why = "INbreast.csv calls it no BI-RADS 1, and its <image>.xml is not in the folder"
            sheets.leave_out(where, why)
        else:
            sheets.volumes.append(_volume(match["image"], path, match))
            if match["image"] in regions:
                _annotate(sheets, match["image"], regions[match["image"]])
    if free := {row["volume_id"] for row in sheets.volumes} - regions.keys():
        sheets.remark(f"images without <image>.xml count as free: {len(free)}; of all 410 it is 67")
    for image in regions.keys() - named:
        sheets.leave_out(regions[image].name, "its image is not in the folder")
    return sheets


def _volume(volume_id: str, path: Path, match: re.Match[str]) -> dict[str, Any]:
    view = re.sub("ML$", "MLO", match["view"].upper())  # its oblique images are called ML
    return {
        "volume_id": volume_id,
        "patient_id": name_of(match["patient"]),
        "laterality": match["side"].upper(),
        "view": view,
        "path": path,
        "pixel_spacing_mm": PIXEL_SPACING_MM,
        "slice_spacing_mm": 1.0,
        "site": SITE,
        **single_image(path, "2D for presentation"),
    }


def _annotate(sheets: Sheets, volume_id: str, path: Path) -> None:
    """Add the regions of an image; the same region twice counts once."""
    left = Counter[str]()
    lines: dict[tuple[Any, ...], dict[str, Any]] = {}
    for region in _regions(path):
        points = [POINT.fullmatch(str(text).strip()) for text in region.get("Point_px", [])]
        places = [(float(point[1]), float(point[2])) for point in points if point]
        if not places or not len(places) == len(points) == region.get(
            "NumberOfPoints", len(points)
        ):
            left["no points, or fewer than it says"] += 1
            continue
        kind = KINDS.get(str(region.get("Name", "")).strip().lower())
        if kind is None:
            left["its name is unknown: what lies in it belongs to neither class"] += 1
        line = {"volume_id": volume_id, "slice": 0, "kind": kind or "area", **_shape(places)}
        lines.setdefault(tuple(line.values()), line)
    sheets.annotations += lines.values()
    for reason, count in left.items():
        sheets.leave_out(f"{count} regions of {path.name}", reason)


def _shape(places: list[tuple[float, float]]) -> dict[str, float]:
    """Return a point, or the box around a contour, whose points are the middles of pixels."""
    columns, rows = zip(*places, strict=True)
    if len(set(places)) == 1:
        return {"x": columns[0], "y": rows[0], "radius": 0}
    return {
        "x": min(columns),
        "y": min(rows),
        "width": max(columns) - min(columns) + 1,
        "height": max(rows) - min(rows) + 1,
    }


def _regions(path: Path) -> list[dict[str, Any]]:
    try:
        with path.open("rb") as handle:
            images = plistlib.load(handle, fmt=plistlib.FMT_XML)["Images"]
        found = [region for image in images for region in image.get("ROIs", [])]
        said = sum(image.get("NumberOfROIs", len(image.get("ROIs", []))) for image in images)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, ExpatError) as error:
        why = f"it is no property list with Images and ROIs ({type(error).__name__})"
        raise layout_error(str(path), why, "fetch it again") from None
    if len(found) != said:
        why = f"it says that it holds {said} regions, and holds {len(found)}"
        raise layout_error(str(path), why, "fetch it again")
    return found
