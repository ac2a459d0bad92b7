"""How often the intervals of the pages hold the truth, on simulated cohorts.

    python benchmarks/coverage.py [COHORTS] [--confidence 0.95] [--keep FILE]

Every number of patients and every effect gets `ROUND` cohorts at a time. What was found is kept in
FILE, from where the next call goes on.

Patients have an effect of their own on the logit of every score, and 4 to 29 candidates in two
volumes; half of them have 2 to 8 calcifications, of which the search overlooks one in twelve. The
truth is what 100,000 such patients give, of whom exactly half have calcifications. Cohorts in
which fewer than two patients hold a class have no interval and are drawn again.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

import measuring  # noqa: F401
import numpy as np
import polars as pl
from coverage_cohorts import BIN, PREVALENCE, THRESHOLD, Cohort, Findings, cohort, findings

from tomocalc.accounts.figures import Figure, ends_of
from tomocalc.audit.gaps import protocol_gaps
from tomocalc.evaluation import jackknife
from tomocalc.evaluation.account import calibration
from tomocalc.evaluation.cases import case_account, patient_table, volume_table
from tomocalc.evaluation.dbtex import dbtex
from tomocalc.evaluation.froc import RATES as FALSE_RATES
from tomocalc.evaluation.froc import froc, sensitivity_leads
from tomocalc.evaluation.jackknife import RATES, blocks, share_of
from tomocalc.evaluation.thresholds import predictive_values
from tomocalc.evaluation.transfer import calibration_line, decision_curve
from tomocalc.evaluation.weighted import (
    LOWEST,
    WITHIN,
    figures_left_out,
    within_groups_left_out,
)
from tomocalc.sections import EvaluationSection

PATIENTS = (8, 20, 50, 120)
EFFECTS = (0.0, 0.35, 0.7)
EVERYONE, PARTS = 4_000, 25
LEAD_OF = ("auroc", "average_precision", "f1", "accuracy")
BENEFIT = 0.1
"""Threshold of the decision curve."""
ROUND = 50
ASKED = {False: (93.0, 97.0), True: (90.0, 100.0)}
"""Per cent that an interval should cover, and whether of 8 patients."""
OFTEN = 0.05
"""Share of the cohorts in which a figure is 0 or 1."""

Found = dict[str, tuple[float | None, float | None, float | None]]


def measured(one: Cohort, other: Cohort, marked: Findings, confidence: float) -> Found:
    """Return value, low and high of everything that pages show."""
    found: Found = {}
    for name, figure in _figures(one, other, marked, confidence):
        found[name] = ends_of(figure)
    return found


def _figures(
    one: Cohort, other: Cohort, marked: Findings, confidence: float
) -> Iterator[tuple[str, Any]]:
    at = {"threshold": THRESHOLD, "confidence": confidence}
    rows = one.label, one.score, one.patient
    found = figures_left_out(*rows, threshold=THRESHOLD)
    for name in found.values:
        lowest = LOWEST.get(name, 0.0)
        yield f"candidates: {name}", found.figure(name, confidence, lowest)
    rival = figures_left_out(one.label, one.other, one.patient, threshold=THRESHOLD)
    for name in LEAD_OF:
        yield f"lead in {name}", rival.lead_over(found, name, confidence)
    (values,) = predictive_values(*rows, [PREVALENCE], **at)
    yield from (("candidates: ppv", values.ppv), ("candidates: npv", values.npv))
    for one_bin in calibration(*rows, confidence=confidence):
        if BIN[0] <= one_bin.mean_predicted < BIN[1]:
            share = Figure(value=one_bin.observed, low=one_bin.low, high=one_bin.high)
            yield "candidates: share in a bin of probability", share
    within, _ = within_groups_left_out(*rows, blocks(one.patient))
    yield f"candidates: {WITHIN}", within.figure(WITHIN, confidence)
    if line := calibration_line(*rows, confidence=confidence):
        yield from (("calibration: intercept", line.intercept), ("calibration: slope", line.slope))
    for point in decision_curve(*rows, confidence=confidence):
        if point.threshold == BENEFIT:
            yield f"net benefit at {BENEFIT:g}", point.model
    yield from _of_protocols(one, other, confidence)
    yield from _of_cases(one, confidence)
    yield from _of_findings(one, marked, confidence)


def _of_protocols(one: Cohort, other: Cohort, confidence: float) -> Iterator[tuple[str, Any]]:
    parts = {
        name: pl.DataFrame({"label": rows.label, "group": rows.patient, "lstm": rows.score})
        for name, rows in (("honest", one), ("paper", other))
    }
    gaps = protocol_gaps(
        parts,
        {name: {"lstm": THRESHOLD} for name in parts},
        reference="honest",
        confidence=confidence,
    ).protocols["paper"]["lstm"]
    for name in LEAD_OF:
        yield f"gap of protocols: {name}", (gaps.gap or {})[name]


def _of_cases(one: Cohort, confidence: float) -> Iterator[tuple[str, Any]]:
    keys = {"volume_id": [f"{number:06d}" for number in range(2 * one.patients)]}
    ill = np.bincount(one.finding_volume, minlength=2 * one.patients)
    volumes = pl.DataFrame(
        keys
        | {
            "patient_id": [f"{number // 2:06d}" for number in range(2 * one.patients)],
            "part": "test",
            "clusters": 0,
            "findings": ill,
            "with_candidate": ill,
            "found": ill,
        }
    )
    candidates = pl.DataFrame(
        {"volume_id": [f"{number:06d}" for number in one.volume], "probability": one.score}
    )
    marks = candidates.rename({"probability": "rating"})
    cases = volume_table(volumes, candidates, marks, threshold=THRESHOLD)
    for unit, table in (("volumes", cases), ("patients", patient_table(cases))):
        found = case_account(
            table,
            threshold=THRESHOLD,
            settings=cast(
                "EvaluationSection", {"confidence": confidence, "prevalences": [PREVALENCE]}
            ),
        )
        for name, figure in found.metrics.items():
            yield f"{unit}: {name}", figure
        for line in found.predictive_values:
            yield from ((f"{unit}: ppv", line.ppv), (f"{unit}: npv", line.npv))


def _of_findings(one: Cohort, marked: Findings, confidence: float) -> Iterator[tuple[str, Any]]:
    for kind, response in (("calcifications", one.response), ("clusters", one.clusters)):
        curve = froc(response, threshold=THRESHOLD, confidence=confidence)
        yield f"{kind} found at the threshold", curve.operating_point.sensitivity
        for rate in curve.rates:
            found = Figure(value=rate.sensitivity, low=rate.low, high=rate.high)
            yield f"{kind} found at {rate.false_per_volume:g} false", found
    leads = sensitivity_leads(one.response, one.rated_by_other, confidence=confidence)
    yield "lead in calcifications found at 2 false", leads[FALSE_RATES.index(2.0)]
    marks, lesions = one.dbtex
    volumes = 2 * one.patients
    found = dbtex(
        marks,
        lesions,
        slices=[60] * volumes,
        patient=np.repeat(np.arange(one.patients), 2).tolist(),
        pixel_mm=[0.1] * volumes,
        confidence=confidence,
    ).rules.nearest
    yield "DBTex sensitivity at 2 false", found.sensitivity_at[1]
    yield "DBTex tie break", found.tie_break
    for name, hit in (("covered by the search", marked.hit), ("covered by chance", marked.chance)):
        yield f"findings {name}", share_of(hit, marked.patient, confidence)


def truth(effect: float) -> dict[str, float]:
    """Return the same figures of everyone; two equally good models differ by 0."""
    generator = np.random.default_rng(99)
    sums: dict[str, float] = defaultdict(float)
    for _ in range(PARTS):
        everyone = cohort(generator, EVERYONE, effect, even=True)
        marked = findings(generator, EVERYONE, effect)
        with patch.object(jackknife, "MOST", 20):  # no interval is needed
            found = measured(everyone, everyone, marked, 0.95)
        for name, (value, _, _) in found.items():
            sums[name] += (value or 0.0) / PARTS
    return dict(sums) | {name: 0.0 for name in sums if name.startswith(("lead", "gap"))}


def usable(one: Cohort) -> bool:
    """Return whether two patients at least hold either class, of candidates and of patients."""
    rows = min(len(np.unique(one.patient[one.label == kind])) for kind in (0, 1))
    ill = len(np.unique(one.finding_volume // 2))
    return rows >= 2 and 2 <= ill <= one.patients - 2


def add_round(
    hits: dict[str, dict[str, int]],
    right: Mapping[str, float],
    *,
    number: int,
    effect: float,
    patients: int,
    confidence: float,
) -> None:
    """Add `ROUND` cohorts to *hits*: of every interval how many have it, and hold the truth."""
    generator = np.random.default_rng([patients, int(100 * effect), number])
    done = 0
    while done < ROUND:
        one, other = (cohort(generator, patients, effect) for _ in range(2))
        marked = findings(generator, patients, effect)
        if not (usable(one) and usable(other)):
            continue
        done += 1
        for name, (value, low, high) in measured(one, other, marked, confidence).items():
            mine = hits.setdefault(name, {"known": 0, "held": 0, "at_end": 0, "above": 0})
            if low is not None and high is not None:
                mine["known"] += 1
                mine["held"] += low <= right[name] <= high
                mine["above"] += low > right[name]
                mine["at_end"] += value in (0.0, 1.0)


def main(cohorts: int, confidence: float, keep: Path | None) -> None:
    """Print a table: a row per figure, a column per number of patients and effect."""
    places = {f"{n}, {effect:g}": (n, effect) for n in PATIENTS for effect in EFFECTS}
    done: dict[str, Any] = {"rounds": dict.fromkeys(places, 0), "truth": {}, "hits": {}}
    if keep and keep.exists():
        done = json.loads(keep.read_text())
    for number in range(-(-cohorts // ROUND)):
        for place, (patients, effect) in places.items():
            if done["rounds"][place] > number:
                continue
            if f"{effect:g}" not in done["truth"]:
                done["truth"][f"{effect:g}"] = truth(effect)
            add_round(
                done["hits"].setdefault(place, {}),
                done["truth"][f"{effect:g}"],
                number=number,
                effect=effect,
                patients=patients,
                confidence=confidence,
            )
            done["rounds"][place] = number + 1
            if keep:
                keep.write_text(json.dumps(done))
    table(done["hits"])


def table(hits: Mapping[str, Mapping[str, Mapping[str, int]]]) -> None:
    """Print the shares, per cent; in bold what lies beyond `ASKED`.

    With a degree sign instead of bold what is covered more often where `OFTEN` cohorts have a
    figure of 0 or 1: all of their intervals hold the truth, or none.
    """
    print("| interval |", " | ".join(hits), "|")
    print("|---|" + "---:|" * len(hits))
    for name in dict.fromkeys(name for found in hits.values() for name in found):
        cells = []
        for place, found in hits.items():
            known, held = (found.get(name, {}).get(key, 0) for key in ("known", "held"))
            at_end = _at_end(found, name)
            low, high = ASKED[place.startswith("8,")]
            share = 100 * held / known if known else None
            shown = "–" if share is None else f"{share:.1f}"
            if share is not None and not low <= share <= high:
                ends = share > high and at_end >= OFTEN * known
                shown = f"{shown}°" if ends else f"**{shown}**"
            cells.append(shown)
        print(f"| {name} |", " | ".join(cells), "|")


def _at_end(found: Mapping[str, Mapping[str, int]], name: str) -> int:
    """Return in how many cohorts a figure, or a share that it is made of, is 0 or 1."""
    unit, _, figure = name.partition(": ")
    of_shares = figure in ("balanced_accuracy", "ppv", "npv")
    names = [f"{unit}: {share}" for share in RATES] if of_shares else [name]
    return sum(found.get(one, {}).get("at_end", 0) for one in names)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="How often intervals hold the truth.")
    parser.add_argument("cohorts", type=int, nargs="?", default=500)
    parser.add_argument("--confidence", type=float, default=0.95)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    main(given.cohorts, given.confidence, given.keep)
