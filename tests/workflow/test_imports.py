"""Importing a folder: again when it has changed, and its volumes can be measured."""

from pathlib import Path

import numpy as np
import pydicom
from pydicom.uid import generate_uid

from image_files import write_dicom
from projects import Project

IMPORT = ("import_dicom_folder", "--config", "import={dicom_folder: disc}")


def slice_of(series: int, number: int, path: Path) -> None:
    pixels = np.zeros((64, 48), np.uint16)
    pixels[8:56, :30] = 400 + np.arange(30) + number
    place = [[0.0, 0.0, float(number)]]
    write_dicom(path, [pixels], spacing=(0.1, 0.1), positions=place)
    dataset = pydicom.dcmread(path)
    dataset.PatientID, dataset.ImageLaterality, dataset.ViewPosition = "1", "L", "CC"
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
    manifests = [f"results/features/{name}/manifest.json" for name in names]
    project.snakemake(*manifests, "--config", "source=volumes", f"volumes={place}")
    assert all((project.folder / path).is_file() for path in manifests)
