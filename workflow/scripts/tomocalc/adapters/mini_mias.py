"""mini-MIAS: digitised film, calcification clusters as circles in ``Info.txt``.

Source of the format: Suckling et al., Excerpta Medica 1069 (1994) 375, and ``Info.txt`` itself:
its circles outline clusters, and their origin is the bottom-left corner.
"""

import re
from pathlib import Path
from typing import Any

from tomocalc.adapters.sheets import Sheets, files_of, layout_error

IMAGE = re.compile(r"mdb\d{3}\.(png|pgm)", re.IGNORECASE)
PIXEL_SPACING_MM = 0.2
SIDE = 1024
SIZED = re.compile(rb"P[25]\s(#.*\n)*\s*1024\s+1024\s|\x89PNG[\s\S]{12}(\0\0\x04\0){2}")
"""How an image of this size begins."""
FINDING = re.compile(
    r"(?P<image>mdb(?P<number>\d{3}))\s+[FGD]\s+CALC\s+(?P<outcome>[BM])(?P<rest>.*)"
)
CIRCLE = re.compile(r"\s+(?P<x>\d+)\s+(?P<y>\d+)\s+(?P<radius>\d+)\s*$")
OUTCOMES = {"B": "benign", "M": "malignant"}


def mini_mias(truth: Path) -> Sheets:
    """Return the sheets for the images beside *truth* (``Info.txt``), or below its folder.

    Images whose calcifications are too widespread for a circle are left out, because neither
    class would be true of their candidates, and so are those that the list does not name.
    """
    folder, sheets, text = truth.parent, Sheets(), truth.read_text(encoding="latin-1")
    findings, unlocated = _findings(text)
    images = {path: path.stem.lower() for path in files_of(folder, "*") if IMAGE.match(path.name)}
    if not images:
        fix = "set import.mini_mias to the folder with the images and Info.txt"
        raise layout_error(str(folder), "it holds no mdb*.png or mdb*.pgm", fix)
    for path, name in images.items():
        if name in unlocated:
            reason = "its calcifications have no coordinates (note 3), so neither class is true"
            sheets.leave_out(path.name, reason)
        elif name not in text:
            sheets.leave_out(path.name, "Info.txt does not list it: was it cut short?")
        elif not SIZED.match(path.read_bytes()):
            sheets.leave_out(path.name, "it has not the 1024 x 1024 pixels that places refer to")
        else:
            sheets.volumes.append(_volume(path, name))
    present = {row["volume_id"] for row in sheets.volumes}
    sheets.annotations = [row for row in findings if row["volume_id"] in present]
    for name in sorted({row["volume_id"] for row in findings}.difference(images.values())):
        sheets.leave_out(name, "Info.txt lists calcifications, and the image is not in the folder")
    return sheets


def _volume(path: Path, name: str) -> dict[str, Any]:
    """Return an image's row; films are numbered in pairs, right breast odd, left even."""
    number = int(name[3:])
    return {
        "volume_id": name,
        "patient_id": f"mias{(number + 1) // 2:03d}",
        "laterality": "L" if number % 2 == 0 else "R",
        "view": "MLO",
        "path": path,
        "pixel_spacing_mm": PIXEL_SPACING_MM,
        "slice_spacing_mm": 1.0,
        "site": "MIAS",
        "kind": "single image",
        "slices": 1,
        "rows": SIDE,
        "columns": SIDE,
    }


def _findings(text: str) -> tuple[list[dict[str, Any]], set[str]]:
    """Return annotation rows, and the images that hold calcifications without coordinates."""
    rows, unlocated = [], set()
    for finding in FINDING.finditer(text):
        circle = CIRCLE.match(finding["rest"])
        if circle is None:
            unlocated.add(finding["image"])
            continue
        rows.append(
            {
                "volume_id": finding["image"],
                "slice": 0,
                "x": int(circle["x"]),
                "y": SIDE - 1 - int(circle["y"]),
                "radius": int(circle["radius"]),
                "kind": "cluster",
                "pathology": OUTCOMES[finding["outcome"]],
            }
        )
    return rows, unlocated
