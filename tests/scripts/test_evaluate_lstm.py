"""evaluate_lstm on small volumes: overlooked findings, a patient without candidates, a table."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import train_lstm
from evaluate_lstm import main
from support.defaults import CONFIG
from support.manifests import manifest
from support.model_data import MODEL, make_candidates, make_splits, training
from tomocalc.evaluation.clusters import CLUSTERS
from tomocalc.evaluation.images import patient_parts
from tomocalc.files import read_json
from tomocalc.parquet import read_parquet, write_parquet
from tomocalc.study.seal import open_seal, part_of_rows

HEADER = "volume_id\tslice\tx\ty\tradius\tkind"
SPLIT = {"validation_fraction": 0.2, "test_fraction": 0.25, "folds": 3}
SETTINGS = CONFIG["evaluation"] | {"prevalences": [0.01, 0.1]}
OVERLOOKED = "q0"
"""A patient with a calcification of whom nothing was found: drawn into the test part."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Candidates with places, splits, annotations, manifests and a trained model.

    In every volume the calcifications lie in a row 1 mm apart, the others 20 mm apart; each
    volume has one more annotated calcification that no candidate lies on.
    """
    folder = tmp_path_factory.mktemp("run")
    candidates = make_candidates()
    number, label = pl.col("candidate_id").cast(pl.Float32), pl.col("label") == 1
    finding = pl.col("candidate_id") // 4 + 6 * pl.col("volume_id").str.slice(1).cast(pl.Int32)
    column = pl.when(label).then(number * 2.5).otherwise(200 + number * 200)
    candidates = candidates.with_columns(
        centroid_row=pl.lit(100.0, pl.Float32),
        centroid_col=column.cast(pl.Float32),
        row_mm=pl.lit(10.0, pl.Float32),
        col_mm=(column / 10).cast(pl.Float32),
        finding_id=pl.when(label).then(finding).cast(pl.Int32),
    )
    splits = make_splits(candidates)
    write_parquet(folder / "candidates.parquet", candidates)
    write_parquet(folder / "splits.parquet", splits)
    lines = [HEADER]
    for volume in range(6):
        lines += [f"v{volume}\t\t{10 * place}\t100\t2\tcalcification" for place in range(5)]
        lines.append(f"v{volume}\t\t3000\t3000\t2\tcalcification")
    lines.append("w0\t\t100\t100\t2\tcalcification")
    (folder / "annotations.tsv").write_text("\n".join(lines) + "\n")
    named = {f"v{volume}": f"p{volume}" for volume in range(6)} | {"w0": OVERLOOKED}
    for volume, patient in named.items():
        facts = manifest(volume, patient_id=patient, slices=5)
        facts.write(folder / f"features/{volume}/manifest.json")
    train_lstm.main(
        **training(folder, threshold="half", model=MODEL | {"epochs": 25, "patience": 0})
    )
    return folder


def seed(splits: pl.DataFrame) -> int:
    """A seed with which the overlooked patient comes into the test part."""
    for number in range(100):
        parts = patient_parts([OVERLOOKED], splits, split=SPLIT, seed=number)
        if parts == {OVERLOOKED: "test"}:
            return number
    raise AssertionError


def evaluate(folder: Path, out: Path, **changes: Any) -> dict[str, Any]:
    """Run the script and return its metrics."""
    given: dict[str, Any] = {
        "candidates": str(folder / "candidates.parquet"),
        "splits": str(folder / "splits.parquet"),
        "weights": str(folder / "model/model.safetensors"),
        "manifests": sorted(map(str, folder.glob("features/*/manifest.json"))),
        "annotations": str(folder / "annotations.tsv"),
        "source": "volumes",
        "protocol": "honest",
        "settings": SETTINGS,
        "split": SPLIT,
        "seed": seed(read_parquet(folder / "splits.parquet")),
    }
    tables = ("predictions", "clusters", "volumes", "patients")
    outputs: dict[str, Any] = {name: str(out / f"{name}.parquet") for name in tables}
    outputs |= {"metrics": str(out / "metrics.json"), "page": str(out / "report.html")}
    main(**given | changes | outputs)
    return read_json(out / "metrics.json")


def test_the_page_says_which_look_at_a_sealed_test_part_it_is(folder: Path, tmp_path: Path) -> None:
    seal = tmp_path / "study.seal"
    part = part_of_rows(
        pl.DataFrame({"label": [1.0], "patient": ["p5"]}), label="label", patient="patient"
    )
    part.write(tmp_path / "sealed.json")
    given: dict[str, Any] = {"sealed": str(tmp_path / "sealed.json")}
    once = evaluate(folder, tmp_path, **given, settings=SETTINGS | {"seal": str(seal)})
    assert once == evaluate(folder, tmp_path, **given, settings=SETTINGS | {"seal": str(seal)})
    assert (once["opened"]["number"], once["opened"]["total"]) == (1, 1)
    open_seal(seal, part, by="evaluation", key="of another model")
    evaluate(folder, tmp_path, **given, settings=SETTINGS | {"seal": str(seal)})
    page = (tmp_path / "report.html").read_text()
    assert "<dt>Sealed test part</dt><dd>opening 1 of 2</dd>" in page
    assert "was looked at 2 times by this evaluation" in page


def test_volumes_findings_and_patients_are_measured(folder: Path, tmp_path: Path) -> None:
    metrics = evaluate(folder, tmp_path)
    images = metrics["images"]
    # v5 is the test volume of the split, w0 the one of the overlooked patient
    assert (images["volumes"], images["patients"], images["patients_drawn"]) == (2, 2, 1)
    curve = images["froc"]["calcifications"]
    assert (curve["findings"], curve["with_candidate"]) == (7, 5)
    assert curve["curve"]["sensitivity"][-1] == pytest.approx(5 / 7, abs=1e-6)
    assert images["froc"]["clusters"]["findings"] == 1
    patients = read_parquet(tmp_path / "patients.parquet")
    overlooked = patients.row(by_predicate=pl.col("patient_id") == OVERLOOKED, named=True)
    assert (overlooked["part"], overlooked["score"], overlooked["findings"]) == ("test", 0, 1)
    assert patients.height == 7
    volumes = read_parquet(tmp_path / "volumes.parquet")
    best = read_parquet(tmp_path / "predictions.parquet").group_by("volume_id").max()
    joined = volumes.join(best, on="volume_id")
    assert joined["score"].to_list() == joined["probability"].to_list()
    assert metrics["parts"]["test"]["operating_points"]
    assert [line["prevalence"] for line in metrics["parts"]["test"]["predictive_values"]] == [
        0.01,
        0.1,
    ]


def test_the_page_shows_what_was_measured(folder: Path, tmp_path: Path) -> None:
    evaluate(folder, tmp_path)
    page = (tmp_path / "report.html").read_text()
    charts = re.findall(r'id="chart-([\w-]+)"', page)
    assert {"froc-calcifications", "froc-clusters", "ppv", "calibration"} <= set(charts)
    assert "7 annotated calcifications in 2 volumes, 5 of them within reach" in page
    assert "1 patient without any candidate" in page
    assert len(page) < 7e6


def test_candidates_outside_the_split_are_marks_too(folder: Path, tmp_path: Path) -> None:
    """Rows that the split drops as equal to others still are places that the model marks."""
    splits = read_parquet(folder / "splits.parquet")
    fewer = splits.filter((pl.col("volume_id") != "v5") | (pl.col("candidate_id") % 2 == 0))
    write_parquet(tmp_path / "splits.parquet", fewer)
    metrics = evaluate(folder, tmp_path, splits=str(tmp_path / "splits.parquet"))
    assert metrics["parts"]["test"]["n"] == 10
    volumes = read_parquet(tmp_path / "volumes.parquet")
    assert volumes.filter(volume_id="v5")["candidates"].item() == 20


def test_running_twice_gives_equal_files(folder: Path, tmp_path: Path) -> None:
    evaluate(folder, tmp_path / "first")
    evaluate(folder, tmp_path / "second")
    for path in sorted((tmp_path / "first").iterdir()):
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes(), path.name


def test_a_table_has_no_volumes_and_says_so(folder: Path, tmp_path: Path) -> None:
    metrics = evaluate(folder, tmp_path, source="table", manifests=[], annotations=None)
    assert (metrics["images"], metrics["no_images"]) == (None, "no_places")
    page = (tmp_path / "report.html").read_text()
    assert "nothing can be counted per volume or finding" in page
    assert "chart-froc" not in page
    clusters = read_parquet(tmp_path / "clusters.parquet")
    assert clusters.schema == {column.name: column.dtype for column in CLUSTERS}
    assert clusters.is_empty()
    patients = read_parquet(tmp_path / "patients.parquet")
    assert metrics["by_patient"]["n"] == patients.filter(part="test").height > 0
    assert "Patients of the test part" in page
    assert "Nor can patients" not in page


def test_a_split_by_rows_has_no_volume_figures(folder: Path, tmp_path: Path) -> None:
    splits = read_parquet(folder / "splits.parquet")
    part = np.where(np.arange(splits.height) % 3 == 0, "test", "train")
    write_parquet(tmp_path / "splits.parquet", splits.with_columns(part=pl.Series(part)))
    metrics = evaluate(
        folder, tmp_path, splits=str(tmp_path / "splits.parquet"), protocol="paper", seed=1
    )
    assert (metrics["images"], metrics["no_images"]) == (None, "not_by_patient")
    assert metrics["paper"]["accuracy"] == 0.9727
