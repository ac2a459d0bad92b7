"""Two vendors through the workflow: a drop that is planted in the images of one is on the page.

    python benchmarks/vendors.py MODEL [--patients 40]

MODEL is the folder of a release that was trained on phantoms, as of the demo. Fresh phantom
patients are simulated; every second one is of another maker by the header of her DICOM files, and
her slices are blurred. `validate_external` then measures the release on them: once with the vendors
of the headers, once with other names from the sheet, which come before those of headers.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pydicom
from measuring import row
from release import CONFIG, GRID, TABS, simulated
from scipy.ndimage import gaussian_filter

from support.projects import Project, copy_project
from tomocalc.accounts.external import ExternalAccount
from tomocalc.files import file_sha256
from tomocalc.phantom.cohort import phantom_volumes

SEED = 7001
SMALL = (192, 144, 10)
BLUR_PX = 1.5
WRITTEN = {0: "HOLOGIC, Inc.", 1: "SIEMENS Healthineers"}
"""In the headers of patients of even and odd number: the odd ones are blurred."""
NAMED = {0: "north", 1: "south"}
"""In the sheet."""


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--patients", type=int, default=40)
    options = parser.parse_args()
    before = {path.name: file_sha256(path) for path in sorted(options.model.iterdir())}
    with tempfile.TemporaryDirectory() as folder:
        project = copy_project(Path(folder) / "project")
        volumes = simulate(project.folder, options.patients)
        print("| vendor from | divided by | figure | lowest in | p after Holm |")
        print("|---|---|---|---|---|")
        for source, names in (("header", None), ("sheet", NAMED)):
            measure(project, volumes, names, model=options.model.resolve(), source=source)
    after = {path.name: file_sha256(path) for path in sorted(options.model.iterdir())}
    print(f"\nThe release's bytes are {'unchanged' if before == after else 'CHANGED'}.")


def simulate(folder: Path, patients: int) -> list[dict[str, Any]]:
    """Write the volumes and the sheet of their calcifications; return the rows of their sheet."""
    settings = CONFIG["phantom"] | dict(zip(GRID, SMALL, strict=True)) | {"patients": patients}
    rows = []
    for volume in phantom_volumes(settings, SEED):
        image = simulated(folder, volume, settings, SEED)
        odd = int(volume["patient_id"][1:]) % 2
        dataset = pydicom.dcmread(image)
        dataset.Manufacturer = WRITTEN[odd]
        if odd:
            blurred = gaussian_filter(dataset.pixel_array.astype(float), (0, BLUR_PX, BLUR_PX))
            dataset.PixelData = np.round(blurred).astype(dataset.pixel_array.dtype).tobytes()
        dataset.save_as(image)
        known = {name: volume[name] for name in ("volume_id", "patient_id", "laterality", "view")}
        rows.append(known | {"path": str(image)})
    tables = [pl.read_csv(folder / f"{one['volume_id']}.tsv", **TABS) for one in rows]
    pl.concat(tables).write_csv(folder / "annotations.tsv", separator="\t")
    return rows


def measure(
    project: Project,
    volumes: list[dict[str, Any]],
    names: dict[int, str] | None,
    *,
    model: Path,
    source: str,
) -> None:
    """Validate the release on *volumes* and print what differs by vendor."""
    sheet = project.folder / "volumes.tsv"
    rows = [
        one | ({"vendor": names[int(one["patient_id"][1:]) % 2]} if names else {})
        for one in volumes
    ]
    pl.DataFrame(rows).write_csv(sheet, separator="\t")
    annotations = project.folder / "annotations.tsv"
    given = f"predict={{model: {model}, volumes: {sheet}, annotations: {annotations}}}"
    project.snakemake("validate_external", "--config", given, "volumes_per_job=20")
    found = ExternalAccount.read(project.folder / "results/external/external.json")
    for division in found.subgroups:
        if division.by == "vendor":
            for test in division.interactions:
                p = "–" if test.adjusted is None else f"{test.adjusted:.4f}"
                print(row(source, division.unit, test.figure, test.lowest, p))
            for one in division.subgroups:
                auroc = one.figures.get("auroc")
                shown = "–" if auroc is None else f"{auroc.value:.3f}"
                print(row(source, division.unit, "auroc", one.name, shown))


if __name__ == "__main__":
    main()
