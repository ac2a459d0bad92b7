"""A study without annotations, as the guide has it: from normal volumes to a detection limit."""

import csv
import json
from pathlib import Path

import polars as pl
import yaml

from support.projects import copy_project
from support.small_studies import normal_study

PATIENTS = 6


def test_normal_volumes_alone_reach_a_detection_limit(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    settings = normal_study(project, PATIENTS)
    folder = project.folder / "my_data"
    before = {path.stem: path.read_bytes() for path in folder.iterdir()}
    planned = project.planned("--configfile", "my_study.yaml")
    assert planned["insert_findings"] >= 1
    assert planned["gather_insertions"] == planned["detection_limit"] == 1
    target = "results/my_study/insertion/detection_limit.html"
    project.snakemake("--configfile", "my_study.yaml", "--", target)
    results = project.folder / "results/my_study"
    assert {name: (folder / f"{name}.dcm").read_bytes() for name in before} == before
    account = json.loads((results / "insertion/detection_limit.json").read_text())
    search = account["stages"][0]["all"]
    assert search["objects"] >= 10
    assert search["recall"]["value"] > search["chance"]["value"]
    with (results / "insertion/truth.tsv").open() as handle:
        truth = list(csv.DictReader(handle, delimiter="\t"))
    calcifications = [row for row in truth if row["kind"] == "calcification"]
    annotated = (results / "insertion/annotations.tsv").read_text().splitlines()[1:]
    assert len(annotated) == len(calcifications) == search["objects"]
    assert "Contrast is relative" in (results / "insertion/detection_limit.html").read_text()
    project.snakemake("--configfile", "my_study.yaml", "--", "export_insertions")
    exported = "results/my_study/insertion/dicom"
    sheets = {key: f"{exported}/{key}.tsv" for key in ("volumes", "annotations")}
    back = settings | {"insertion": {"enabled": False}}
    back["pathvars"] = {"results": "results/back", "logs": "logs/back"}
    back["volumes"] = {
        "sheet": sheets["volumes"],
        "annotations": sheets["annotations"],
        "data_root": exported,
    }
    (project.folder / "back.yaml").write_text(yaml.safe_dump(back))
    assert json.loads((results / "dataset/quality.json").read_text())["source"] == "inserted"
    merged = "results/back/dataset/candidates.parquet"
    project.snakemake("--configfile", "back.yaml", "--", merged)
    first = pl.read_parquet(results / "dataset/candidates.parquet")
    assert first.equals(pl.read_parquet(project.folder / merged))
