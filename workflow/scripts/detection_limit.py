"""Say which calcifications, of those put into the volumes, the chain finds."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from tomocalc.accounts.detection import AngleCount, DetectionLimit, LimitExample
from tomocalc.accounts.insertion import InsertionPlan, Insertions
from tomocalc.accounts.manifest import VolumeManifest
from tomocalc.accounts.metrics import MetricsAccount
from tomocalc.dataset.annotations import read_findings
from tomocalc.dataset.listing import listed_manifests
from tomocalc.evaluation.coverage import SmallObjects, read_objects, small
from tomocalc.evaluation.detection_limit import (
    Case,
    cases_of,
    examples,
    site_limits,
    stage_limit,
)
from tomocalc.image.shards import read_manifest
from tomocalc.insertion.layer import putting_in
from tomocalc.log import run
from tomocalc.pages.detection_limit import example_picture, limit_page
from tomocalc.pages.frame import write_page
from tomocalc.parquet import read_parquet
from tomocalc.readers.opening import open_row
from tomocalc.sections import Finding, ReadingSection


def main(
    *,
    manifests: Sequence[str],
    insertions: Sequence[str],
    candidates: str,
    predictions: str,
    metrics: str,
    volumes: Sequence[Mapping[str, Any]],
    image: ReadingSection,
    labels: Mapping[str, Any],
    account: str,
    page: str,
    words: Mapping[str, str] | None = None,
    annotations: str | None = None,
    data_root: str | None = None,
) -> None:
    """Write account and page.

    Parameters
    ----------
    manifests
        Of the volumes; each has its objects beside it.
    insertions
        Accounts of what is put in.
    candidates, predictions, metrics
        Of the data set and the evaluation.
    volumes
        Rows of the sheet: examples are shown from the images themselves.
    image, labels
        Sections of the configuration.
    annotations
        The user's own sheet, if there is one.
    """
    plans = Insertions.plans(insertions)
    measured = [read_manifest(path) for path in manifests]
    confidence, threshold = evaluated(metrics)
    known = annotated(annotations, measured, data_root)
    called = called_candidates(candidates, predictions, threshold)
    tested = set(read_parquet(predictions).filter(pl.col("part") == "test")["patient_id"])
    searched, scored = list[Case](), list[Case]()
    for path, manifest in zip(manifests, measured, strict=True):
        name, spacing = manifest.volume_id, manifest.pixel_spacing_mm
        table, outline = read_objects(Path(path).parent, manifest)
        used = table.filter(pl.col("generator") == manifest.settings.generator)
        whose: dict[str, Any] = {"patient_id": manifest.patient_id, "site": manifest.site}
        others = known.get(name, [])
        rule: dict[str, Any] = {
            "spacing_mm": spacing,
            "tolerance_mm": labels["tolerance_mm"],
            "slice_tolerance": labels["slice_tolerance"],
        }
        found = SmallObjects(small(used, spacing), **rule)
        searched += cases_of(plans[name], found, outline, others=others, **whose)
        if manifest.patient_id in tested:
            marks = SmallObjects(called.filter(pl.col("volume_id") == name), **rule)
            scored += cases_of(plans[name], marks, outline, others=others, **whose)
    result = DetectionLimit(
        volumes=len(measured),
        volumes_with_clusters=sum(map(_has_clusters, plans.values())),
        distractors=sum(
            one.kind != "calcification"
            for plan in plans.values()
            for group in plan.groups
            for one in group.objects
        ),
        linear=any(plan.linear for plan in plans.values()),
        confidence=confidence,
        tolerance_mm=labels["tolerance_mm"],
        slice_tolerance=labels["slice_tolerance"],
        stages=(
            stage_limit("search", searched, confidence),
            stage_limit("model", scored, confidence),
        ),
        sites=site_limits(searched, confidence),
        examples=examples(searched),
        angles=angle_counts(plans.values()),
    )
    result.write(account)
    rows = {row["volume_id"]: row for row in volumes}
    pictures = {
        one: picture(one, rows[one.volume_id], image, plans[one.volume_id])
        for one in result.examples
    }
    write_page(page, limit_page(result, pictures), words)


def _has_clusters(plan: InsertionPlan) -> bool:
    return any(one.kind == "calcification" for group in plan.groups for one in group.objects)


def evaluated(metrics: str) -> tuple[float, float]:
    """Return the confidence of intervals and the threshold of the evaluation."""
    account = MetricsAccount.read(metrics)
    return account.confidence, account.threshold


def annotated(
    sheet: str | None, volumes: Sequence[VolumeManifest], data_root: str | None
) -> dict[str, list[Finding]]:
    """Return the places of the user's own calcifications and clusters, by volume."""
    found: dict[str, list[Finding]] = {}
    if sheet is not None:
        for row in read_findings(sheet, volumes, data_root=data_root):
            found.setdefault(row["volume_id"], []).append(row)
    return found


def called_candidates(candidates: str, predictions: str, threshold: float) -> pl.DataFrame:
    """Return volume, slice, row and column of the candidates that the model calls."""
    keys = ["volume_id", "candidate_id"]
    scored = read_parquet(predictions).filter(pl.col("probability") >= threshold)
    focus = read_parquet(candidates).filter("focus")
    called = focus.join(scored.select(keys).unique(), on=keys, how="semi")
    return called.select(
        "volume_id", "slice", row=pl.col("centroid_row"), col=pl.col("centroid_col")
    )


def angle_counts(plans: Iterable[InsertionPlan]) -> tuple[AngleCount, ...]:
    """Count where the tube's angle comes from, and how often it is doubtful."""
    every = list(plans)
    sources = Counter(plan.motion.source for plan in every)
    doubtful = Counter(plan.motion.source for plan in every if plan.doubts)
    return tuple(
        AngleCount(source=source, volumes=sources[source], doubtful=doubtful[source])
        for source in sorted(sources)
    )


def picture(
    one: LimitExample, row: Mapping[str, Any], image: ReadingSection, plan: InsertionPlan
) -> str:
    """Return the picture of an example, from its volume's files."""
    volume = open_row(row["path"], row, image, putting_in(plan, one.volume_id))
    return example_picture(volume.read(one.slice), one, plan.pixel_spacing_mm)


if __name__ == "__main__":
    run(
        main,
        snakemake,
        manifests=lambda: listed_manifests(snakemake.input.volumes),
        volumes=snakemake.params.volumes,
    )
