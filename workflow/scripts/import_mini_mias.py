"""Turn a folder of the mini-MIAS data set into sheets of volumes and annotations.

Source of the format: Suckling et al., Excerpta Medica 1069 (1994) 375, and the data set's
own ``Info.txt``: its circles outline clusters, and their origin is the bottom-left corner.
"""

import logging
import re
from pathlib import Path
from typing import Any

from tomocalc.errors import TomocalcError
from tomocalc.files import sheet_text, write_text
from tomocalc.log import log_to

log = logging.getLogger("tomocalc.import_mini_mias")

VOLUME_COLUMNS = [
    "volume_id",
    "patient_id",
    "laterality",
    "view",
    "path",
    "pixel_spacing_mm",
    "slice_spacing_mm",
    "site",
]
ANNOTATION_COLUMNS = ["volume_id", "slice", "x", "y", "radius", "kind", "pathology"]
PIXEL_SPACING_MM = 0.2
SIDE = 1024
FINDING = re.compile(
    r"(?P<image>mdb(?P<number>\d{3}))\s+[FGD]\s+CALC\s+(?P<outcome>[BM])(?P<rest>.*)"
)
CIRCLE = re.compile(r"\s+(?P<x>\d+)\s+(?P<y>\d+)\s+(?P<radius>\d+)\s*$")
OUTCOMES = {"B": "benign", "M": "malignant"}


def main(*, truth: str, volumes: str, annotations: str) -> None:
    """Write the sheets for the images beside *truth* (``Info.txt``).

    Images whose calcifications are too widespread for a circle are left out, because neither
    class would be true of their candidates; they are named in the log.
    """
    folder = Path(truth).parent
    findings, unlocated = _findings(Path(truth).read_text(encoding="latin-1"))
    images = sorted(path for path in folder.iterdir() if _is_image(path))
    if not images:
        raise TomocalcError(
            "E104",
            what="images are missing",
            where=str(folder),
            why="it holds no mdb*.png or mdb*.pgm",
            fix="set import.mini_mias to the folder with the images and Info.txt",
        )
    used = [path for path in images if path.stem not in unlocated]
    for path in images:
        if path.stem in unlocated:
            log.warning("%s is left out: its calcifications have no coordinates", path.name)
    log.info("%d images, %d left out", len(used), len(images) - len(used))
    present = {path.stem for path in used}
    write_text(volumes, sheet_text(VOLUME_COLUMNS, [_volume(path) for path in used]))
    write_text(
        annotations,
        sheet_text(ANNOTATION_COLUMNS, [row for row in findings if row["volume_id"] in present]),
    )


def _is_image(path: Path) -> bool:
    return bool(re.fullmatch(r"mdb\d{3}\.(png|pgm)", path.name))


def _volume(path: Path) -> dict[str, Any]:
    """Return an image's row; films are numbered in pairs, right breast odd, left even."""
    number = int(path.stem[3:])
    return {
        "volume_id": path.stem,
        "patient_id": f"mias{(number + 1) // 2:03d}",
        "laterality": "L" if number % 2 == 0 else "R",
        "view": "MLO",
        "path": path,
        "pixel_spacing_mm": PIXEL_SPACING_MM,
        "slice_spacing_mm": 1.0,
        "site": "MIAS",
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


if __name__ == "__main__":
    log_to(snakemake.log[0])
    main(
        truth=snakemake.input.truth,
        volumes=snakemake.output.volumes,
        annotations=snakemake.output.annotations,
    )
