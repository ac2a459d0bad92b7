"""Small studies from several entries, for `make compare`: make studies INTO=folder.

Made at two states of the code, their folders say what a change of it changed in results: the demo
with a prediction and a detector, own volumes as PNG, findings put into own DICOM volumes, clusters,
and the paper's table where ``TOMOCALC_TEST_DATA`` names it.
"""

import os
import shutil
import sys
from pathlib import Path

import yaml

from support.guide_pages import blocks
from support.normal_volumes import normal_volume
from support.projects import ROOT, TINY, Project, copy_project
from support.volume_projects import ARGUMENTS, add_volumes

SMALL = {key: value for key, value in yaml.safe_load(TINY).items() if key != "phantom"}
MALIGNANCY = "phantom={patients: 24, rows: 240, columns: 160, slices: 8}"


def normal_study(project: Project, patients: int) -> dict[str, object]:
    """Write the guide's study without annotations, on small normal volumes; return its settings."""
    (study,) = blocks((ROOT / "docs/no_annotations.md").read_text(), "yaml")
    settings = yaml.safe_load(study) | SMALL
    settings["insertion"] |= {"fraction": 0.8}
    settings["volumes"]["sheet"] = "my_volumes.csv"  # as who has no folder of DICOM files writes it
    (project.folder / "my_study.yaml").write_text(yaml.safe_dump(settings))
    (project.folder / "my_data").mkdir()
    lines = ["volume_id,patient_id,laterality,view,path"]
    for number in range(patients):
        name = f"N{number}"
        normal_volume(project.folder / "my_data", name)
        lines.append(f"{name},{name},L,CC,my_data/{name}.dcm")
    (project.folder / "my_volumes.csv").write_text("\n".join(lines) + "\n")
    return settings


def under(name: str) -> str:
    """Return the setting that puts results under a name of their own."""
    return f"pathvars={{results: results/{name}, logs: logs/{name}}}"


def make(folder: Path) -> None:
    """Run every study in a copy of the project at *folder*."""
    project = add_volumes(copy_project(folder))
    tiny = ("--configfile", "tiny.yaml", "--config")
    project.snakemake("all", "predict", *tiny[:2])
    project.snakemake("results/comparison/detectors.html", *tiny, "detectors=[blob_dog]")
    measured = ("results/png/dataset/candidates.parquet", "results/png/qc/detection.json")
    project.snakemake(*measured, *ARGUMENTS, "--config", under("png"))
    normal_study(project, 8)
    insertion = "results/my_study/insertion/detection_limit.html"
    project.snakemake(insertion, "export_insertions", "--configfile", "my_study.yaml")
    quick = [f"{section}={values}" for section, values in SMALL.items() if section != "split"]
    clusters = ("--configfile", "config/malignancy.yaml", "--config", MALIGNANCY, *quick)
    project.snakemake("all", *clusters)
    table = Path(os.environ.get("TOMOCALC_TEST_DATA", "")) / "woods/mammography.csv"
    if table.is_file():
        paper = ("--configfile", "config/paper.yaml", "--config", f"table={{path: {table}}}")
        project.snakemake("all", "results/paper/reproduction.html", *paper, *quick)
    shutil.rmtree(folder / ".snakemake")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: small_studies.py FOLDER, which is not there yet")
    make(Path(sys.argv[1]).resolve())
