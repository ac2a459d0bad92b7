"""Set detectors beside the run's own candidates and model: one FROC on the same volumes."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from tomocalc.accounts.findings import DetectorAccount, Detectors
from tomocalc.dataset.annotations import read_findings
from tomocalc.dataset.listing import listed_manifests
from tomocalc.evaluation.detectors import CHAIN, labelled_marks, measure_systems
from tomocalc.evaluation.findings import gather_findings
from tomocalc.evaluation.images import patient_parts
from tomocalc.evaluation.responses import TestPart
from tomocalc.image.shards import read_manifest
from tomocalc.log import run
from tomocalc.neighbours import Rule
from tomocalc.pages.detection_limit import detectors_page
from tomocalc.pages.frame import write_page
from tomocalc.parquet import read_parquet
from tomocalc.sections import EvaluationSection, Finding, LabelsSection, SplitSection

KEY = ["volume_id", "candidate_id"]


def main(
    *,
    marks: Sequence[str],
    accounts: Sequence[str],
    manifests: Sequence[str],
    annotations: str,
    candidates: str,
    predictions: str,
    splits: str,
    split: SplitSection,
    labels: LabelsSection,
    settings: EvaluationSection,
    seed: int,
    source: str,
    account: str,
    page: str,
    data_root: str | None = None,
    words: Mapping[str, str] | None = None,
) -> None:
    """Write account and page.

    Parameters
    ----------
    marks, accounts
        Of every detector.
    candidates, predictions
        Of the run's own chain.
    """
    facts = [read_manifest(path) for path in manifests]
    patients = sorted({one.patient_id for one in facts})
    parts = patient_parts(patients, read_parquet(splits), split=split, seed=seed) or {}
    tested = sorted(
        (one for one in facts if parts.get(one.patient_id) == "test"), key=lambda v: v.volume_id
    )
    where: dict[str, Any] = {"data_root": data_root}
    known = read_findings(annotations, facts, **where)
    beside = read_findings(annotations, facts, others=True, **where)
    mine: defaultdict[str, list[Finding]] = defaultdict(list)
    other: defaultdict[str, list[Finding]] = defaultdict(list)
    for number, finding in enumerate(known):
        mine[finding["volume_id"]].append({**finding, "finding_id": number})
    for finding in beside:
        other[finding["volume_id"]].append(finding)
    rule = Rule.of(settings["cluster"])
    learned = [DetectorAccount.read(path) for path in accounts]
    systems = {CHAIN: _chain(candidates, predictions, tested)}
    for one, path in zip(learned, marks, strict=True):
        table = read_parquet(path)
        systems[one.detector] = pl.concat(
            labelled_marks(
                table.filter(pl.col("volume_id") == volume.volume_id),
                volume,
                mine[volume.volume_id],
                other[volume.volume_id],
                labels,
            )
            for volume in tested
        )
    test = TestPart.of(tested)
    found = gather_findings(known, {one.volume_id: one for one in facts}, rule)
    confidence = settings["confidence"]
    result = Detectors(
        confidence=confidence,
        volumes=len(tested),
        patients=len(set(test.patient)),
        patients_with_calcifications=len(
            {v.patient_id for v in tested if any(it["volume_id"] == v.volume_id for it in known)}
        ),
        systems=measure_systems(systems, found, test, rule=rule, confidence=confidence),
        learned=tuple(learned),
    )
    result.write(account)
    write_page(page, detectors_page(result, source=source), words)


def _chain(candidates: str, predictions: str, tested: Sequence[Any]) -> pl.DataFrame:
    """Return the candidates of the test part at best focus, with the released model's score."""
    spacing = {one.volume_id: one.slice_spacing_mm for one in tested}
    focus = read_parquet(candidates).filter("focus", pl.col("volume_id").is_in(list(spacing)))
    scores = read_parquet(predictions).select(*KEY, "probability").unique(KEY)
    depth = pl.col("volume_id").replace_strict(spacing, return_dtype=pl.Float64) * pl.col("slice")
    # Those that the split leaves out, equal to others, have no score and stay as the page says.
    return focus.join(scores, on=KEY, how="inner").with_columns(depth_mm=depth)


if __name__ == "__main__":
    run(main, snakemake, manifests=lambda: listed_manifests(snakemake.input.volumes))
