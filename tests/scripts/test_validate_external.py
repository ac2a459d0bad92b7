"""validate_external on tables and small volumes: what it says, what it refuses."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from msgspec.structs import replace

from support.defaults import CONFIG
from support.predictions import FEATURES, OF_CLUSTERS, changed, measured, released
from support.table_data import LABELS, MAP
from tomocalc.accounts.external import ExternalAccount
from tomocalc.errors import TomocalcError
from tomocalc.files import file_sha256, write_json
from tomocalc.image.shards import read_manifest
from tomocalc.model.card import fingerprints
from tomocalc.model.release import load_model
from tomocalc.pages.evaluation import _decision_chart
from validate_external import main

EVALUATION = CONFIG["evaluation"] | {"prevalences": [0.02]}
COLUMNS: dict[str, Any] = MAP | {
    "features": {},
    "label": "kind",
    "positive": "calcification",
    "patient_id": "patient",
    "subgroups": [],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A measured volume, and a release of which nothing is known but that it fits."""
    folder = tmp_path_factory.mktemp("external")
    released(folder)
    return folder


@pytest.fixture(scope="module")
def of_a_table(folder: Path) -> Path:
    """The same network as if it had been trained on a table."""
    weights, steps = folder / "model/model.safetensors", {"kind": "single_step", "slices": 1}
    return changed(
        weights, folder / "of_a_table", source="table", extraction=None, card={"sequence": steps}
    )


def write_table(path: Path, *, patients: int = 24, **columns: Any) -> Path:
    """Write a labelled table of patients with ten candidates each."""
    generator = np.random.default_rng(2)
    patient = np.repeat(np.arange(patients), 10)
    calcified = generator.random(len(patient)) < 0.3
    frame = {name: generator.normal(calcified + 1.0) for name in FEATURES}
    kind = np.where(calcified, "calcification", "other")
    pl.DataFrame(frame | {"kind": kind, "patient": patient} | columns).write_csv(path)
    return path


def of_volumes(folder: Path, out: Path, *findings: str, more: str = "") -> dict[str, Any]:
    """Write the findings of the measured volume; return the arguments that name it and them."""
    sheet = out / "annotations.tsv"
    head = f"volume_id\tslice\tx\ty\tradius\tkind{more}"
    sheet.write_text("\n".join([head, *findings]) + "\n")
    return {"manifests": [str(folder / "features/manifest.json")], "annotations": str(sheet)}


def validate(weights: Path, out: Path, **changes: Any) -> ExternalAccount:
    """Validate on a table or volumes, and return the account."""
    arguments: dict[str, Any] = {
        "weights": str(weights),
        "manifests": [],
        "annotations": None,
        "table": None,
        "columns": COLUMNS,
        "labels": LABELS,
        "dataset": {"duplicates": "drop", "max_bad_fraction": 0.01},
        "image": {"doubts": "report", "allowed_doubts": []},
        "settings": EVALUATION,
        "spacing_tolerance": 0.1,
        "seed": 1,
        "predictions": str(out / "predictions.parquet"),
        "metrics": str(out / "external.json"),
        "page": str(out / "external.html"),
    }
    main(**arguments | changes)
    return ExternalAccount.read(out / "external.json")


def test_a_table_of_another_site_has_every_figure_and_the_release_stays_as_it_is(
    of_a_table: Path, tmp_path: Path
) -> None:
    files = (of_a_table, of_a_table.with_suffix(".json"))
    before = [file_sha256(path) for path in files]
    table = write_table(tmp_path / "there.csv")
    lines = table.read_text().splitlines(keepends=True)
    table.write_text("".join([*lines, *lines[-2:]]))
    found = validate(of_a_table, tmp_path, table=str(table))
    assert "/index.html" not in (tmp_path / "external.html").read_text()  # of another run's model
    beside = of_a_table.parents[1] / "external"
    beside.mkdir()
    validate(of_a_table, beside, table=str(table))
    assert "/index.html" in (beside / "external.html").read_text()
    assert [file_sha256(path) for path in files] == before
    assert (found.by_patient.n, found.removed_duplicates) == (24, 2)
    assert found.weights_sha256 == before[0]
    assert (found.test.n, found.patients, found.source) == (240, 24, "table")
    assert {"auroc", "average_precision", "recall", "brier"} <= set(found.test.metrics)
    assert found.line.slope.low is not None
    assert [one.patients for one in found.recalibrations] == [10, 12]
    drawn = _decision_chart(found.decision).layout["yaxis"]["range"]
    assert (
        drawn[1]
        > max(one.model.high or 0 for one in found.decision)
        > 1.15 * found.decision[0].everything
    )
    assert {row.feature for row in found.drift} == set(FEATURES)
    page = (tmp_path / "external.html").read_text()
    assert "nothing was fitted to these data" in page
    assert "2 rows more equal an earlier one of the same patient" in page
    assert "12 patients, intercept fitted" in page
    assert "These figures leak" not in page
    once = (tmp_path / "external.json").read_bytes()
    validate(of_a_table, tmp_path, table=str(tmp_path / "there.csv"))
    assert (tmp_path / "external.json").read_bytes() == once


def test_labelled_volumes_are_measured_down_to_their_findings(folder: Path, tmp_path: Path) -> None:
    findings = ("v1\t1\t40\t70\t2\tcalcification", "v1\t2\t60\t90\t2\tcalcification")
    volumes = of_volumes(folder, tmp_path, *findings)
    found = validate(folder / "model/model.safetensors", tmp_path, **volumes)
    assert (found.volumes, found.patients, found.test.positives) == (1, 1, 2)
    froc = found.images.froc
    assert froc.calcifications.findings == 2
    assert found.recalibrations == ()  # one patient cannot be on both sides
    assert (
        "steep enough, and where all scores are equal" in (tmp_path / "external.html").read_text()
    )


def test_what_the_model_has_learned_from_is_told_under_any_name(
    folder: Path, of_a_table: Path, tmp_path: Path
) -> None:
    table = write_table(tmp_path / "there.csv")
    rows = pl.read_csv(table)
    learnt = tuple(sorted(fingerprints(rows[:5], FEATURES)))
    weights = changed(of_a_table, tmp_path / "a", rows=learnt)
    found = validate(weights, tmp_path, table=str(table))
    assert (found.same_rows, found.rows_asked) == (5, 240)
    page = (tmp_path / "external.html").read_text()
    assert "5 of 240 rows equal a row that the model has learned from" in page
    assert "of other people" not in page
    seen = read_manifest(str(folder / "features/manifest.json"))
    own = folder / "model/model.safetensors"
    how = load_model(own).domain.extraction
    weights = changed(own, tmp_path / "b", extraction=replace(how, contents=(seen.content,)))
    volumes = of_volumes(folder, tmp_path, "v1\t1\t40\t70\t2\tcalcification")
    assert validate(weights, tmp_path, **volumes).same_pixels == ("v1",)
    assert "1 volume of these data has the very pixels" in (tmp_path / "external.html").read_text()


def test_a_model_of_clusters_is_validated_on_clusters(folder: Path, tmp_path: Path) -> None:
    weights = changed(folder / "model/model.safetensors", tmp_path / "model", card=OF_CLUSTERS)
    benign = "v1\t1\t40\t70\t2\tcalcification\tbenign"
    malignant = "v1\t2\t60\t90\t2\tcalcification\tmalignant"
    volumes = of_volumes(folder, tmp_path, benign, malignant, more="\tpathology")
    found = validate(weights, tmp_path, **volumes)
    assert (found.test.n, found.test.positives) == (1, 1)  # the cluster that holds both
    assert found.images.froc is None  # the question is asked of what is found
    page = (tmp_path / "external.html").read_text()
    assert "add data of the missing one.<" in page
    heads = [
        re.findall("<th[^>]*>([^<]+)", head) for head in re.findall("(?s)<thead>.*?<tbody>", page)
    ]
    assert any({"Members", "Outcome"} <= {*names} for names in heads)
    assert "patients.parquet" not in page  # which an evaluation alone writes
    assert all(len(set(names)) == len(names) for names in heads)


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"features": {"contrast": "contraste"}}, "has no column `contraste`"),
        ({"positive": "malignant"}, "malignant"),
        ({"label": "diagnosis"}, "has no column `diagnosis`"),
        ({"site": "clinic"}, ", kind, patient."),
    ],
)
def test_a_table_that_does_not_fit_is_refused_by_name(
    of_a_table: Path, tmp_path: Path, columns: dict[str, Any], why: str
) -> None:
    table = write_table(tmp_path / "there.csv")
    with pytest.raises(TomocalcError, match="E302") as caught:
        validate(of_a_table, tmp_path, table=str(table), columns=COLUMNS | columns)
    assert why in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert not (tmp_path / "external.json").exists()


def test_a_third_label_is_refused_by_name(of_a_table: Path, tmp_path: Path) -> None:
    kinds = ["calcification", "other", "unsure"] * 80
    table = write_table(tmp_path / "there.csv", kind=kinds)
    with pytest.raises(TomocalcError, match="unsure"):
        validate(of_a_table, tmp_path, table=str(table))


def test_a_model_of_volumes_is_refused_for_a_table(folder: Path, tmp_path: Path) -> None:
    table = write_table(tmp_path / "there.csv")
    with pytest.raises(TomocalcError, match=r"E602.*trained on volumes"):
        validate(folder / "model/model.safetensors", tmp_path, table=str(table))


def test_volumes_that_were_measured_otherwise_are_refused_by_name(
    folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    measured(other, candidates={"threshold_k": 6.0})
    write_json(tmp_path / "external.json", {"an": "earlier result"})
    with pytest.raises(TomocalcError, match=r"E602.*v1.*threshold_k is 6"):
        validate(folder / "model/model.safetensors", tmp_path, **of_volumes(other, tmp_path))
    assert "earlier" in (tmp_path / "external.json").read_text()


def test_columns_of_a_table_divide_its_figures(of_a_table: Path, tmp_path: Path) -> None:
    density = np.repeat(["A", "B"], 120)
    table = write_table(tmp_path / "there.csv", density=density, age=np.arange(240))
    columns = COLUMNS | {"subgroups": ["density"]}
    found = validate(of_a_table, tmp_path, table=str(table), columns=columns)
    (division,) = (one for one in found.subgroups if one.by == "density")
    halves = {one.name: (one.n, one.rarer_groups) for one in division.subgroups}
    assert halves == dict.fromkeys("AB", (120, 12))
    assert "density: B" in (tmp_path / "external.html").read_text()
    columns = COLUMNS | {"subgroups": ["age"]}
    with pytest.raises(TomocalcError, match=r"E302.*240 values, too many for subgroups"):
        validate(of_a_table, tmp_path, table=str(table), columns=columns)
