"""A newcomer's study: what the first page of the guide has its reader write and run."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from support.guide_pages import blocks, follow, make_defaults_tiny
from support.guide_walks import AT_ONCE
from support.identifiers import identify
from support.image_slices import breast_slice
from support.projects import ROOT, Project, copy_project

OWN_VOLUMES = (ROOT / "docs/own_volumes.md").read_text()
WALK = AT_ONCE["test_own_volumes_reach_an_evaluation"]
SHAPE = (320, 208)
SLICES = 15
PAGES_POINT = (208, 151, 12)
"""Row, column and slice of the calcification that the page's example names."""
POINTS = (PAGES_POINT, (100, 60, 5), (150, 110, 8))
PHANTOM_VOLUMES = ("P001-LCC", "P002-LCC")
"""One with calcifications, and one without a line in the sheet of annotations."""
DOTS = ((70, 40), (130, 90), (180, 30), (230, 100), (250, 50))
"""Bright on all slices, so no calcifications: (row, column)."""


def write_slices(folder: Path, seed: int, points: Sequence[tuple[int, int, int]] = POINTS) -> None:
    """Write a breast as PNG slices, with calcifications that blur over depth, and with dots."""
    folder.mkdir(parents=True)
    row, col = np.mgrid[: SHAPE[0], : SHAPE[1]]
    rng = np.random.default_rng(seed)
    breast = breast_slice(seed, shape=SHAPE, spots=list(DOTS), height=1500)
    for index in range(SLICES):
        image = breast + 10 * rng.random(SHAPE)
        for y, x, focus in points:
            height = 1500 * np.exp(-((index - focus) ** 2) / 2)
            image += height * np.exp(-((row - y) ** 2 + (col - x) ** 2) / 4)
        Image.fromarray(image.astype(np.uint16)).save(folder / f"s{index}.png")


def write_study(project: Project, phantom: Path) -> None:
    """Write slices, sheets and configuration: the page's own lines, and more of their kind.

    Patients A to D are folders of PNG slices; the others are volumes of the phantom, as DICOM files
    whose headers name a patient wherever they can.
    """
    sheet, points = (block.splitlines() for block in blocks(OWN_VOLUMES, "csv"))
    sheet += [f"{name}-LCC,{name},L,CC,my_data/{name}-LCC,0.1,1.0" for name in "BCD"]
    places = [line.split(",") for line in sheet[1:]]
    y, x, focus = PAGES_POINT
    assert points[1:] == [f"A-LCC,{focus},{x},{y},3,calcification"]
    points += [
        f"{row[0]},{focus},{x},{y},3,calcification"
        for row in places
        for y, x, focus in POINTS
        if (row[0], y, x, focus) != ("A-LCC", *PAGES_POINT)
    ]
    for seed, row in enumerate(places):
        write_slices(project.folder / row[4], seed)
    for line in (phantom / "volumes.tsv").read_text().splitlines()[1:]:
        name, patient, side, view, path, *_ = line.split("\t")
        if name in PHANTOM_VOLUMES:
            identify(phantom / Path(path).name, project.folder / "my_data" / Path(path).name)
            sheet.append(f"{name},{patient},{side},{view},my_data/{Path(path).name},,")
    known = {line.split(",")[0] for line in sheet}
    found = (phantom / "annotations.tsv").read_text().splitlines()[1:]
    points += [line.replace("\t", ",") for line in found if line.split("\t")[0] in known]
    (project.folder / "my_volumes.csv").write_text("\n".join(sheet) + "\n")
    (project.folder / "my_points.csv").write_text("\n".join(points) + "\n")
    study, *_ = blocks(OWN_VOLUMES, "yaml")
    (project.folder / "my_study.yaml").write_text(study)


def run_study(folder: Path, finished: Project) -> Project:
    """Make the study, and follow the page's commands on it; keep what they print."""
    project = make_defaults_tiny(copy_project(folder))
    write_study(project, finished.folder / "resources/phantom")
    (folder / "said.json").write_text(json.dumps(follow(folder, WALK)))
    return project
