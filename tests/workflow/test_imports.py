"""Importing a folder: again when it has changed, and its volumes can be measured."""

import csv
from pathlib import Path

import numpy as np
import pydicom
from pydicom.uid import generate_uid

from support.image_files import write_dicom
from support.imports import bcs_dbt_folder, cbis_ddsm_folder
from support.projects import Project

IMPORT = ("resources/dicom_folder/volumes.tsv", "--config", "import={dicom_folder: disc}")


def rows(project: Project, name: str) -> list[dict[str, str]]:
    sheet = project.folder / f"resources/{name}/volumes.tsv"
    return list(csv.DictReader(sheet.read_text().splitlines(), delimiter="\t"))


def slice_of(series: int, number: int, path: Path, *, side: str = "L") -> None:
    pixels = np.zeros((64, 48), np.uint16)
    pixels[8:56, :30] = 400 + np.arange(30) + number
    place = [[0.0, 0.0, float(number)]]
    write_dicom(path, [pixels], spacing=(0.1, 0.1), positions=place)
    dataset = pydicom.dcmread(path)
    dataset.PatientID, dataset.ImageLaterality, dataset.ViewPosition = "1", side, "CC"
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.SOPInstanceUID, dataset.SeriesInstanceUID = generate_uid(), f"1.2.{series}"
    dataset.InstanceNumber = number
    dataset.save_as(path)


def test_a_flat_export_is_measured_and_a_new_series_is_taken_in(project: Project) -> None:
    disc = project.folder / "disc"
    disc.mkdir()
    for number in range(6):
        slice_of(number % 2, number, disc / f"{number}.dcm")
    project.snakemake(*IMPORT)
    sheets = project.folder / "resources/dicom_folder"
    assert (sheets / "unplaced.tsv").read_text().splitlines() == ["what\treason"]
    assert len((sheets / "volumes.tsv").read_text().splitlines()) == 3
    assert "Nothing to be done" in project.snakemake(*IMPORT).stderr
    for number in range(6, 8):
        slice_of(2, number, disc / f"{number}.dcm")
    project.snakemake(*IMPORT)
    names = [line.split("\t")[0] for line in (sheets / "volumes.tsv").read_text().splitlines()[1:]]
    assert len(names) == 3
    folder = "resources/dicom_folder"
    place = f"{{sheet: {folder}/volumes.tsv, annotations: {folder}/annotations.tsv}}"
    accounts = [f"results/batches/{name}.json" for name in names]
    project.snakemake(*accounts, "--config", "source=volumes", f"volumes={place}")
    assert all((project.folder / path).is_file() for path in accounts)


def test_published_sets_become_sheets(project: Project) -> None:
    bcs_dbt_folder(project.folder / "bcs")
    cbis_ddsm_folder(project.folder / "cbis")
    folders = "import={bcs_dbt: bcs, cbis_ddsm: cbis, cbis_ddsm_spacing_mm: 0.043}"
    targets = [f"resources/{name}/volumes.tsv" for name in ("bcs_dbt", "cbis_ddsm")]
    project.snakemake(*targets, "--config", folders)
    (case,) = rows(project, "cbis_ddsm")
    assert float(case["pixel_spacing_mm"]) == 0.043
    assert len(rows(project, "bcs_dbt")) == 2


def test_a_folder_says_what_its_headers_do_not(project: Project) -> None:
    disc = project.folder / "disc"
    disc.mkdir()
    for number in range(3):
        slice_of(1, number, disc / f"{number}.dcm", side="")
    more = "import={dicom_folder: disc, dicom_laterality: R, dicom_site: north}"
    project.snakemake(IMPORT[0], "--config", more)
    (row,) = rows(project, "dicom_folder")
    assert (row["laterality"], row["site"]) == ("R", "north")
