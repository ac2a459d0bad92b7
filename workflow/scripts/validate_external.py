"""Measure what a released model, left as it is, is worth on labelled data of another site."""

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from tomocalc import sections
from tomocalc.accounts.external import ExternalAccount
from tomocalc.accounts.manifest import VolumeManifest, is_simulated
from tomocalc.accounts.metrics import Part
from tomocalc.dataset.annotations import read_findings
from tomocalc.dataset.feature_table import read_feature_table, read_subgroups
from tomocalc.dataset.quality import validate
from tomocalc.dataset.splits import usable_candidates
from tomocalc.dataset.volumes import merge_volumes
from tomocalc.errors import fault
from tomocalc.evaluation.account import account
from tomocalc.evaluation.images import Images, measure_images
from tomocalc.evaluation.outcomes import measure_outcomes, measure_table
from tomocalc.evaluation.subgroups import Known, subgroups_of
from tomocalc.evaluation.transfer import calibration_line, decision_curve, recalibrations
from tomocalc.image.shards import read_manifest
from tomocalc.log import run
from tomocalc.model.card import rows_seen
from tomocalc.model.release import ReleasedModel, load_model
from tomocalc.pages.evaluation import evaluation_page
from tomocalc.pages.frame import write_page
from tomocalc.parquet import write_parquet
from tomocalc.prediction.fit import check_fit, check_table_fit, drift

log = logging.getLogger("tomocalc.validate_external")

KEY = ["volume_id", "candidate_id"]
EMPTY_PART = Part(n=0, positives=0)
"""Of training and validation: nothing of these data is learnt from."""


def main(
    *,
    weights: str,
    manifests: Sequence[str] = (),
    annotations: str | None = None,
    table: str | None = None,
    columns: sections.TableSection,
    labels: sections.LabelsSection,
    dataset: sections.DatasetSection,
    image: sections.DoubtsSection,
    settings: sections.EvaluationSection,
    spacing_tolerance: float,
    seed: int,
    predictions: str,
    metrics: str,
    page: str,
    data_root: str | None = None,
    words: Mapping[str, str] | None = None,
    subgroups: Mapping[str, Mapping[str, str]] | None = None,
) -> None:
    """Write *predictions*, the account (*metrics*) and its *page*.

    Parameters
    ----------
    weights
        The released model's ``model.safetensors``, its card beside it; they are only read.
    manifests, annotations
        Of all volumes, and the sheet of annotations.
    table, columns
        A finished table and the ``table`` section of the configuration; used instead when given.
    labels, dataset, image, settings
        Sections ``labels``, ``dataset``, ``image`` (doubts alone) and ``evaluation`` of the
        configuration.
    spacing_tolerance
        Share by which a spacing may lie outside the training's.
    data_root
        Folder that the masks of the annotations are in, or None.
    words
        Section of the configuration: how pages call a row and the positive class.
    subgroups
        Of a volume what its sheet says only to divide the figures.

    Raises
    ------
    TomocalcError
        ``E602`` when the model does not fit the data, ``E302`` for the table, ``E303`` for the
        annotations, ``E301`` for what was measured of a volume.
    """
    model = load_model(weights)
    volumes = [read_manifest(path) for path in manifests]
    if table is not None:
        check_table_fit(model.card, table)
        rows = labelled_table(table, columns, model, unlabelled=labels["unlabelled"])
    else:
        assert annotations is not None
        for volume in volumes:
            check_fit(model.card, volume, tolerance=spacing_tolerance)
        rows = labelled_volumes(
            list(manifests),
            partial(read_findings, annotations, data_root=data_root),
            sheet=annotations,
            model=model,
            labels=labels,
            max_bad_fraction=dataset["max_bad_fraction"],
            image=image,
        )
    focus = usable_candidates(rows, used=model.features, duplicates=dataset["duplicates"])
    probability = model.predict(rows).select(*KEY, "probability")
    scored = focus.join(probability, on=KEY, how="left", maintain_order="left")
    write_parquet(
        predictions, scored.select(*KEY, "patient_id", "site", "group", "label", "probability")
    )
    tested = scored.with_columns(part=pl.lit("test"))
    images = measure_table(tested, threshold=model.threshold, settings=settings)
    if annotations is not None and table is None:
        findings = read_findings(annotations, volumes, data_root=data_root)
        scores = rows.join(probability, on=KEY, how="left")
        images = _images(scores, volumes, findings, model, settings, seed)
    divided = subgroups_of(
        scored,
        images.volumes,
        Known(model.domain.features, volumes, subgroups or {}, _columns(table, columns)),
        threshold=model.threshold,
        confidence=settings["confidence"],
    )
    test = _test(scored, model, settings, seed)
    label, score = scored["label"].to_numpy(), scored["probability"].to_numpy()
    group, confidence = scored["group"].to_numpy(), settings["confidence"]
    domain = model.domain
    contents = set(domain.extraction.contents if domain.extraction else ())
    same_rows, rows_asked = rows_seen(focus, domain)
    found = ExternalAccount(
        protocol=model.card.protocol or "honest",
        source=_source(table, volumes),
        released=model.released,
        threshold=model.threshold,
        confidence=confidence,
        parts={"train": EMPTY_PART, "validation": EMPTY_PART, "test": test},
        images=images.facts,
        no_images=images.reason,
        by_patient=images.cases,
        subgroups=divided,
        weights_sha256=model.card.weights_sha256,
        trained_on=domain.source,
        volumes=len(volumes),
        patients=len({volume.patient_id for volume in volumes} - {""})
        or scored.filter(pl.col("patient_id") != "")["patient_id"].n_unique(),
        removed_duplicates=rows.filter("focus").height - focus.height,
        line=calibration_line(label, score, group, confidence=confidence),
        recalibrations=recalibrations(label, score, group, seed=seed) if test.metrics else (),
        decision=decision_curve(label, score, group, confidence=confidence) if test.metrics else (),
        drift=tuple(drift(scored, domain)),
        same_pixels=tuple(one.volume_id for one in volumes if one.content in contents),
        same_rows=same_rows,
        rows_asked=rows_asked,
    )
    found.write(metrics)
    in_run = Path(weights).resolve().parents[1] == Path(page).resolve().parents[1]
    html = evaluation_page(found, clusters=images.clusters, patients=images.patients, in_run=in_run)
    write_page(page, html, words)
    for name, figure in found.test.metrics.items():
        log.info("external %s %.4f", name, figure.value)


def labelled_table(
    table: str, columns: sections.TableSection, model: ReleasedModel, *, unlabelled: str
) -> pl.DataFrame:
    """Return the rows of a finished table, as `read_feature_table` does."""
    features = {name: columns["features"].get(name, name) for name in model.features}
    read: sections.TableSection = {**columns, "features": features}
    needed = () if model.preprocessing.imputation else model.features
    rows, facts = read_feature_table(table, read, unlabelled=unlabelled, needed=needed)
    if facts.other_labels:
        log.warning("%d rows of other labels left out", facts.other_labels)
    return rows


def _columns(table: str | None, columns: sections.TableSection) -> pl.DataFrame | None:
    """Return the columns of a table that divide the figures."""
    if table is None or not columns["subgroups"]:
        return None
    return read_subgroups(table, columns["subgroups"], header=columns["header"])


def labelled_volumes(
    manifests: list[str],
    findings: Any,
    *,
    sheet: str,
    model: ReleasedModel,
    labels: sections.LabelsSection,
    max_bad_fraction: float,
    image: sections.DoubtsSection,
) -> pl.DataFrame:
    """Return the candidates, or clusters, of all volumes, labelled as those of a training are."""
    found: list[pl.DataFrame] = []

    def keep(rows: pl.DataFrame) -> None:
        validate(rows, needed=model.features, missing=model.preprocessing.imputation is not None)
        found.append(rows)

    merge_volumes(
        manifests,
        findings,
        sheet=sheet,
        others=partial(findings, others=True),
        labels=labels,
        max_bad_fraction=max_bad_fraction,
        image=image,
        append=keep,
        clusters=model.clusters,
    )
    rows = pl.concat(found)
    if not rows.height:
        raise fault("no_candidates", sheet, f"the search found nothing in {len(manifests)} volumes")
    return rows


def _images(
    scores: pl.DataFrame,
    volumes: Sequence[VolumeManifest],
    findings: Sequence[sections.Finding],
    model: ReleasedModel,
    settings: sections.EvaluationSection,
    seed: int,
) -> Images:
    """Measure volumes and patients; all of them, as nothing of them was learnt from."""
    patients = sorted({volume.patient_id for volume in volumes})
    everyone = pl.DataFrame({"patient_id": patients}).with_columns(part=pl.lit("test"))
    how: dict[str, Any] = {
        "threshold": model.threshold,
        "settings": settings,
        "split": {"validation_fraction": 0.0, "test_fraction": 1.0, "folds": 2},
        "seed": seed,
    }
    if model.clusters:
        rule = model.clusters.rule
        return measure_outcomes(scores, everyone, volumes, findings, rule=rule, **how)
    return measure_images(scores.filter("focus"), everyone, volumes, findings, **how)


def _test(
    scored: pl.DataFrame, model: ReleasedModel, settings: sections.EvaluationSection, seed: int
) -> Part:
    named = bool((scored["patient_id"] != "").all())
    return account(
        scored["label"].to_numpy(),
        scored["probability"].to_numpy(),
        scored["group"].to_numpy(),
        threshold=model.threshold,
        confidence=settings["confidence"],
        seed=seed,
        prevalences=settings["prevalences"],
        unit="patient" if named else "equal rows",
    )


def _source(table: str | None, volumes: Sequence[VolumeManifest]) -> str:
    if table is not None:
        return "table"
    simulated = all(is_simulated(volume.site, volume.vendor) for volume in volumes)
    return "phantom" if simulated else "volumes"


if __name__ == "__main__":
    run(main, snakemake)
