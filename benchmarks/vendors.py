"""Two vendors through the workflow: a drop that is planted in the images of one is on the page.

    python benchmarks/vendors.py MODEL [--patients 40]
    python benchmarks/vendors.py MODEL --patients 160 --draws 100

MODEL is the folder of a release that was trained on phantoms, as of the demo. Fresh phantom
patients are simulated; every second one is of another maker by the header of her DICOM files, and
her slices are blurred. `validate_external` then measures the release on them: once with the vendors
of the headers, once with other names from the sheet, which come before those of headers.

With draws every patient is simulated and measured both ways, sharp and blurred, and scored by the
release. A draw takes some of the patients, half of whom are of maker B, and divides them by two
makers, three sites, two views and two sizes as `subgroups.py` does: once with those of B blurred,
once with all of them sharp, where nothing is to be told.
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
from numpy.typing import NDArray
from release import CONFIG, GRID, TABS, extracted, merged, simulated
from scipy.ndimage import gaussian_filter
from subgroups import CONFIDENCE, THRESHOLD, told

from support.projects import Project, copy_project
from tomocalc.accounts.external import ExternalAccount
from tomocalc.evaluation.subgroups import Rows
from tomocalc.files import file_sha256
from tomocalc.model.release import load_model
from tomocalc.parquet import read_parquet
from tomocalc.phantom.cohort import phantom_volumes

SEED = 7001
SMALL = (192, 144, 10)
BLUR_PX = 1.5
WRITTEN = {0: "HOLOGIC, Inc.", 1: "SIEMENS Healthineers"}
"""In the headers of patients of even and odd number: the odd ones are blurred."""
NAMED = {0: "north", 1: "south"}
"""In the sheet."""
DRAWN = 80
"""Patients of a draw."""


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--patients", type=int, default=40)
    parser.add_argument("--draws", type=int, default=0)
    options = parser.parse_args()
    if options.draws:
        with tempfile.TemporaryDirectory() as folder:
            rows = both_ways(Path(folder), options.patients, options.model)
        print_draws(rows, options.draws)
        return
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
            blur(dataset)
        dataset.save_as(image)
        known = {name: volume[name] for name in ("volume_id", "patient_id", "laterality", "view")}
        rows.append(known | {"path": str(image)})
    tables = [pl.read_csv(folder / f"{one['volume_id']}.tsv", **TABS) for one in rows]
    pl.concat(tables).write_csv(folder / "annotations.tsv", separator="\t")
    return rows


def blur(dataset: pydicom.Dataset) -> None:
    """Blur the slices of a volume."""
    blurred = gaussian_filter(dataset.pixel_array.astype(float), (0, BLUR_PX, BLUR_PX))
    dataset.PixelData = np.round(blurred).astype(dataset.pixel_array.dtype).tobytes()


def both_ways(folder: Path, patients: int, model: Path) -> list[pl.DataFrame]:
    """Return patient, label and probability of every candidate: of sharp and of blurred slices."""
    settings = CONFIG["phantom"] | dict(zip(GRID, SMALL, strict=True)) | {"patients": patients}
    ways = [folder / "sharp", folder / "blurred"]
    volumes = phantom_volumes(settings, SEED)
    for volume in volumes:
        image = simulated(folder, volume, settings, SEED)
        for way in ways:
            if way.name == "blurred":
                dataset = pydicom.dcmread(image)
                blur(dataset)
                dataset.save_as(image)
            extracted(way, volume, image, CONFIG["candidates"] | {"compare": "none"})
        image.unlink()
    released, names = load_model(model), [volume["volume_id"] for volume in volumes]
    found = []
    for way in ways:
        table = read_parquet(merged(way, names, folder))
        key = ["volume_id", "candidate_id"]
        one = table.filter("focus").select(*key, "patient_id", "label")
        found.append(one.join(released.predict(table), on=key))
    return found


def print_draws(rows: list[pl.DataFrame], draws: int) -> None:
    """Print in how many draws the blur is told of the right maker, and what else is told."""
    patients = rows[0]["patient_id"].unique().sort().to_numpy()
    found = other = false = 0
    for seed in range(draws):
        generator = np.random.default_rng([SEED, seed])
        drawn = generator.permutation(patients)[:DRAWN]
        of_b = drawn[: DRAWN // 2]
        said = told(*divided(rows, drawn, of_b, generator, blurred=True))
        found += ("vendor", "B") in said
        other += any(by != "vendor" for by, _ in said)
        false += bool(told(*divided(rows, drawn, of_b, generator, blurred=False)))
    print("| draws | maker B told as lowest | something else told | told, nothing blurred |")
    print("|---|---|---|---|")
    print(row(str(draws), str(found), str(other), str(false)))


def divided(
    rows: list[pl.DataFrame],
    drawn: NDArray[np.object_],
    of_b: NDArray[np.object_],
    generator: np.random.Generator,
    *,
    blurred: bool,
) -> tuple[Rows, dict[str, NDArray[np.str_]]]:
    """Return the rows of a draw, and what they are divided by."""
    in_b = pl.col("patient_id").is_in(of_b.tolist())
    sharp = rows[0].filter(pl.col("patient_id").is_in(drawn.tolist()) & ~in_b)
    table = pl.concat([sharp, rows[int(blurred)].filter(in_b)])
    _, patient = np.unique(table["patient_id"].to_numpy(), return_inverse=True)
    of_patient = generator.integers(0, 3, DRAWN)[patient]
    names = {
        "vendor": np.where(table.select(in_b).to_series().to_numpy(), "B", "A"),
        "site": np.array(["x", "y", "z"])[of_patient],
        "view": np.where(generator.random(len(table)) < 0.5, "CC", "MLO"),
        "size": np.where(generator.random(len(table)) < 0.5, "smaller", "larger"),
    }
    label, score = table["label"].cast(pl.Int8).to_numpy(), table["probability"].to_numpy()
    return Rows(label, score, patient.astype(np.int32), THRESHOLD, CONFIDENCE), names


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
