"""The other two ways in: a finished table, and a folder of real images."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from support.projects import Project
from support.shared_figures import accounts, contradictions, shared

pytestmark = pytest.mark.data
QUICK = (
    "model={units: [8, 4], epochs: 2}",
    "tuning={trials: 1, epochs: 1}",
    "audit={permutations: 100}",
    "comparison={trials: 1, cross_validation: 0}",
    "volumes_per_job=20",
)


def test_the_paper_table_goes_to_an_evaluation_that_says_it_leaks(
    real_data: Path, project: Project
):
    """All of it as far as the split, whose test part is the paper's; then a fifth of its rows."""
    table = real_data / "woods/mammography.csv"
    paper = ("--configfile", "config/paper.yaml", "--config")
    splits = "results/paper/protocols/paper/splits.parquet"
    project.snakemake(splits, *paper, f"table={{path: {table}}}")
    test = pl.read_parquet(project.folder / splits).filter(pl.col("part") == "test")
    assert dict(test.group_by("label").len().iter_rows()) == {0: 1519, 1: 1519}
    lines = table.read_text().splitlines()
    of_each = [[line for line in lines if line.endswith(end)] for end in (",'1'", ",'-1'")]
    (project.folder / "fewer.csv").write_text("\n".join(of_each[0] + of_each[1][::5]))
    fewer = "table={path: fewer.csv, sha256: null}"
    project.snakemake(*("all", "results/paper/reproduction.html"), *paper, fewer, *QUICK)
    results = project.folder / "results/paper"
    metrics = json.loads((results / "evaluation/metrics.json").read_text())
    confusion = metrics["parts"]["test"]["confusion"]
    assert confusion["tn"] + confusion["fp"] == confusion["tp"] + confusion["fn"] > 100
    split = json.loads((results / "protocols/paper/split.json").read_text())
    (copies,) = (one for one in split["audit"]["checks"] if one["name"] == "copies")
    assert copies["positives"] == copies["of_positives"] > 0
    assert "leak" in (results / "index.html").read_text()
    assert not (project.folder / "results/index.html").exists()
    found = accounts(results, released="lstm", protocol="paper")
    assert contradictions(found) == []
    together = shared(found)
    for figure in ("auroc", "average_precision", "f1", "accuracy"):
        assert together[figure, "lstm", "honest"] >= {"card", "comparison", "paper"}


def test_a_folder_of_film_goes_to_an_evaluation(real_data: Path, project: Project):
    folder = project.folder / "film"
    folder.mkdir()
    info = real_data / "mini_mias/Info.txt"
    calcified = {line.split()[0] for line in info.read_text().splitlines() if " CALC " in line}
    images = sorted(info.parent.glob("mdb*.png"))
    with_them = [path for path in images if path.stem in calcified]
    without = [path for path in images if path.stem not in calcified]
    for path in (*with_them[:7], *without[:2]):
        shutil.copy(path, folder)
    shutil.copy(info, folder)
    project.snakemake("resources/mini_mias/volumes.tsv", "--config", "import={mini_mias: film}")
    project.snakemake(
        "--configfile",
        "config/mini_mias.yaml",
        "--config",
        "split={folds: 2, test_fraction: 0.4, validation_fraction: 0.3}",
        *QUICK,
    )
    results = project.folder / "results/mini_mias"
    predictions = pl.read_parquet(results / "evaluation/predictions.parquet")
    assert predictions["probability"].is_between(0, 1).all()
    assert predictions["label"].sum() > 0
    assert "in-silico" not in (results / "index.html").read_text()
    detection = json.loads((results / "qc/detection.json").read_text())
    assert set(detection["generators"]) == {"local"}  # the paper's chain only where asked for
