"""Score every candidate with the trained model, and report what the scores are worth."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
import polars as pl

from tomocalc.accounts.metrics import MetricsAccount, Part
from tomocalc.accounts.seal import FrozenPart, Opened
from tomocalc.dataset.annotations import read_findings
from tomocalc.dataset.feature_table import read_subgroups
from tomocalc.dataset.listing import listed_manifests
from tomocalc.evaluation.account import account
from tomocalc.evaluation.images import measure_images
from tomocalc.evaluation.outcomes import measure_outcomes, measure_table
from tomocalc.evaluation.subgroups import Known, subgroups_of
from tomocalc.evaluation.thresholds import operating_points
from tomocalc.experiments.paper import PAPER
from tomocalc.image.shards import read_manifest
from tomocalc.log import run
from tomocalc.model.release import ReleasedModel, load_model
from tomocalc.pages.evaluation import evaluation_page
from tomocalc.pages.frame import write_page
from tomocalc.parquet import read_parquet, write_parquet
from tomocalc.sections import PARTS, EvaluationSection, SplitSection
from tomocalc.study.seal import key_of, open_seal

log = logging.getLogger("tomocalc.evaluate_lstm")

KEY = ["volume_id", "candidate_id"]


def main(
    *,
    candidates: str,
    splits: str,
    weights: str,
    manifests: Sequence[str],
    annotations: str | None = None,
    source: str,
    protocol: str,
    settings: EvaluationSection,
    split: SplitSection,
    seed: int,
    predictions: str,
    clusters: str,
    volumes: str,
    patients: str,
    metrics: str,
    page: str,
    data_root: str | None = None,
    table: str | None = None,
    columns: Mapping[str, Any] | None = None,
    subgroups: Mapping[str, Mapping[str, str]] | None = None,
    words: Mapping[str, str] | None = None,
    sealed: str | None = None,
) -> None:
    """Write predictions, figures of merit and their page.

    Parameters
    ----------
    manifests, annotations
        Of all volumes, and the sheet of annotations; without volumes there are
        no manifests.
    source, protocol
        Of the data, for the page.
    settings, split
        The sections ``evaluation`` and ``split`` of the configuration.
    clusters, volumes, patients
        Tables that are written: clusters that the model marks, and scores; without rows where
        there are no volumes, or a table names no patients.
    data_root
        Folder that the masks of the annotations are in, or None.
    table, columns
        A finished table with columns that divide the figures, and ``header`` and ``subgroups`` of
        the configuration's section ``table``.
    subgroups
        Of a volume what its sheet says only to divide the figures.
    sealed
        The frozen test part, where ``settings["seal"]`` counts how often it is looked at.
    """
    model = load_model(weights)
    rows, parts = read_parquet(candidates), read_parquet(splits)
    if not manifests:
        rows = rows.join(parts.select(KEY).unique(), on=KEY, how="semi")
    probability = model.predict(rows).select(*KEY, "probability")
    scored = _scored(parts, probability)
    opened = _open(sealed, settings, scored, model) if sealed else None
    write_parquet(predictions, scored.drop("group"))
    facts = [read_manifest(path) for path in manifests]
    if annotations is None:
        images = measure_table(scored, threshold=model.threshold, settings=settings)
    else:
        known = read_findings(annotations, facts, data_root=data_root)
        scores = rows.join(probability, on=KEY, how="left")
        how: dict[str, Any] = {
            "threshold": model.threshold,
            "settings": settings,
            "split": split,
            "seed": seed,
        }
        if model.clusters:
            rule = model.clusters.rule
            images = measure_outcomes(scores, parts, facts, known, rule=rule, **how)
        else:
            images = measure_images(scores.filter("focus"), parts, facts, known, **how)
    write_parquet(clusters, images.clusters)
    write_parquet(volumes, images.volumes)
    write_parquet(patients, images.patients)
    found_subgroups = subgroups_of(
        _in_test(scored, rows),
        images.volumes.filter(pl.col("part") == "test"),
        Known(
            model.distributions,
            facts,
            subgroups or {},
            read_subgroups(table, columns["subgroups"], header=columns["header"])
            if table and columns
            else None,
        ),
        threshold=model.threshold,
        confidence=settings["confidence"],
    )
    found = MetricsAccount(
        protocol=protocol,
        source=source,
        released=model.released,
        threshold=model.threshold,
        confidence=settings["confidence"],
        parts=_parts(scored, model, settings, seed),
        images=images.facts,
        no_images=images.reason,
        by_patient=images.cases,
        subgroups=found_subgroups,
        opened=opened,
        paper=PAPER if protocol == "paper" else None,
    )
    found.write(metrics)
    write_page(
        page, evaluation_page(found, clusters=images.clusters, patients=images.patients), words
    )
    for name, figure in found.test.metrics.items():
        log.info("test %s %.4f", name, figure.value)


def _scored(splits: pl.DataFrame, probability: pl.DataFrame) -> pl.DataFrame:
    return (
        splits.join(probability, on=KEY, how="left")
        .select(*KEY, "patient_id", "group", "label", "part", "copy", "probability")
        .sort(*KEY, "copy")
    )


def _open(
    sealed: str, settings: EvaluationSection, scored: pl.DataFrame, model: ReleasedModel
) -> Opened:
    """Count this look at the test part; equal scores and threshold are no new one."""
    assert settings["seal"] is not None
    test = scored.filter(pl.col("part") == "test").select(*KEY, "label", "probability")
    return open_seal(
        settings["seal"],
        FrozenPart.read(sealed),
        by="evaluation",
        key=key_of(test.unique(), model.threshold),
    )


def _in_test(scored: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the test part with what is known of its candidates at best focus."""
    test = scored.filter(pl.col("part") == "test")
    focus = rows.filter("focus").drop("patient_id", "label")
    return test.join(focus, on=KEY, how="left", maintain_order="left")


def _parts(
    scored: pl.DataFrame, model: ReleasedModel, settings: EvaluationSection, seed: int
) -> dict[str, Part]:
    by_patient = bool((scored["patient_id"] != "").all())
    unit = "patient" if by_patient else "equal rows"
    rows = {part: scored.filter(pl.col("part") == part) for part in PARTS}
    parts = {part: _part(rows[part], model.threshold, settings, seed, unit) for part in PARTS}
    if parts["test"].metrics:
        points = operating_points(
            _labelled(rows["validation"]),
            (*_labelled(rows["test"]), rows["test"]["group"].to_numpy().astype(np.int32)),
            chosen=model.threshold,
            confidence=settings["confidence"],
        )
        parts["test"] = msgspec.structs.replace(parts["test"], operating_points=points)
    return parts


def _part(
    rows: pl.DataFrame, threshold: float, settings: EvaluationSection, seed: int, unit: str
) -> Part:
    return account(
        *_labelled(rows),
        rows["group"].to_numpy().astype(np.int32),
        threshold=threshold,
        confidence=settings["confidence"],
        seed=seed,
        prevalences=settings["prevalences"],
        unit=unit,
    )


def _labelled(rows: pl.DataFrame) -> tuple[Any, Any]:
    return rows["label"].to_numpy(), rows["probability"].to_numpy()


if __name__ == "__main__":
    run(
        main,
        snakemake,
        manifests=lambda: listed_manifests(snakemake.input.get("volumes")),
        volumes=snakemake.output.volumes,
    )
