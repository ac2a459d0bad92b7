"""The comparison and the audit in real runs: with an own split, with images."""

import json

import polars as pl
import pytest

from support.defaults import CONFIG
from support.projects import Project
from tomocalc.accounts.findings import Detectors

TINY = ("--configfile", "tiny.yaml")


def test_an_own_split_reruns_only_what_it_touches(rerun: Project):
    splits = pl.read_parquet(rerun.folder / "results/protocols/honest/splits.parquet")
    part = pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.lit("train")).otherwise(pl.lit("test"))
    own = splits.select("volume_id", "candidate_id").with_columns(part=part)
    own.write_csv(rerun.folder / "my_split.csv")
    arguments = (*TINY, "--config", "audit={splits: my_split.csv}")
    assert rerun.planned("results/audit/leakage.json", *arguments) == {
        "split_dataset": 1,
        "fit_feature_models": 1,
        "train_lstm": 1,
        "grow_trees": 1,
        "audit_leakage": 1,
    }
    rerun.snakemake("results/audit/leakage.json", *arguments)
    audit = json.loads((rerun.folder / "results/audit/leakage.json").read_text())
    assert audit["audited"] == "own"
    assert audit["verdict"] == "leaks"
    (rerun.folder / "my_split.csv").unlink()
    run = rerun.snakemake("results/audit/leakage.json", *arguments, ok=False)
    assert "E104" in run.stdout + run.stderr


def test_image_models_are_planned_for_volumes_and_refused_for_tables(finished: Project):
    target = "results/comparison/image_models.html"
    planned = finished.planned(target, *TINY)
    assert planned["fit_image_model"] == 2 * len(CONFIG["comparison"]["networks"])
    assert planned["cut_patches"] == 1
    assert set(planned) == {"cut_patches", "fit_image_model", "compare_models"}
    path = finished.folder / "table.csv"
    path.write_text("a,label\n" + "".join(f"{row},{row % 2}\n" for row in range(20)))
    table = "{path: table.csv, features: {area: a}, label: label, positive: '1'}"
    config = ("source=table", f"table={table}", "features=[area]", "sequence={kind: single_step}")
    run = finished.snakemake("--dry-run", target, *TINY, "--config", *config, ok=False)
    path.unlink()
    assert "image models read image volumes" in run.stdout + run.stderr


def test_a_network_is_trained_on_patches_under_one_protocol(rerun: Project):
    few = "comparison={patch_px: 40, samples: 64, epochs: 1}"
    rerun.snakemake("results/protocols/honest/cnn.parquet", *TINY, "--config", few)
    scores = pl.read_parquet(rerun.folder / "results/protocols/honest/cnn.parquet")
    assert scores["cnn"].is_between(0, 1).all()


@pytest.mark.campaign
def test_image_models_go_to_their_page(rerun: Project):
    rerun.snakemake(
        "results/comparison/image_models.html",
        *TINY,
        "--config",
        "comparison={samples: 64, epochs: 1}",
    )
    folder = rerun.folder / "results/comparison"
    table = pl.read_parquet(folder / "image_models.parquet")
    assert set(CONFIG["comparison"]["networks"]) < set(table.filter("measured")["model"])


def test_detectors_stand_beside_candidates_and_model(rerun: Project):
    page = "results/comparison/detectors.html"
    refused = rerun.snakemake("--dry-run", page, *TINY, ok=False)
    assert "it names none" in refused.stdout + refused.stderr
    named = (*TINY, "--config", "detectors=[blob_dog]")
    assert rerun.planned(page, *named) == {"run_detector": 1, "compare_detectors": 1}
    rerun.snakemake(page, *named)
    folder = rerun.folder / "results/comparison"
    account = Detectors.read(folder / "detectors.json")
    assert [one.name for one in account.systems] == ["chain", "blob_dog"]
    parts = pl.read_parquet(rerun.folder / "results/protocols/honest/splits.parquet")
    taught = {patient for one in account.learned for patient in one.patients}
    assert taught <= set(parts.filter(pl.col("part") == "train")["patient_id"])
    assert "blob_dog" in (folder / "detectors.html").read_text(encoding="utf-8")
