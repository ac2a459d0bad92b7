"""Figures at every level that clinicians think in (candidate to patient), and by subgroup."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from tomocalc.accounts.figures import FEWEST, SHOWN, Division, Figure, Subgroup
from tomocalc.accounts.findings import ByFinding
from tomocalc.accounts.metrics import Cases, MetricsAccount, Part
from tomocalc.pages.charts import Chart, dots, label, row_layout
from tomocalc.pages.merits import (
    few_positive_cases,
    floor_rule,
    in_a_sentence,
    merit_name,
    with_interval,
)
from tomocalc.pages.palette import NEGATIVE, POSITIVE
from tomocalc.pages.words import NO_FINDINGS, counted_clusters, number

FINDINGS = ("calcifications", "clusters")
LEVEL_COLUMNS = (
    ("Level", "text"),
    ("Cases",),
    ("AUROC",),
    ("Sensitivity",),
    ("Specificity",),
    ("False per volume",),
)
NOTE = (
    "Sensitivity, specificity and false marks per volume at the model's threshold. Cases are the "
    "positive ones among all; of findings, all that are annotated, whether or not the search for "
    "candidates found them: their sensitivity is that of the whole chain."
)

NO_IMAGES = {
    "no_places": "The data are a feature table: its rows have no place in an image, so nothing can "
    "be counted per volume or finding.",
    "no_patients": "Nor can patients: the table does not name one for every row, or one is in "
    "several parts.",
    "not_by_patient": "The split is not by patient: candidates of one patient are in several "
    "parts. No volume is then wholly unseen, and what would be measured on volumes and patients "
    "would be wrong.",
}
"""Why nothing is measured on volumes and patients, by the code of ``metrics.json``."""


@dataclass(frozen=True)
class Level:
    """The figures of one level; None where a level has no such figure."""

    name: str
    cases: str
    auroc: Figure | None = None
    sensitivity: Figure | None = None
    specificity: Figure | None = None
    false_marks: float | None = None

    def row(self) -> list[str]:
        """Return the texts of the level in the order of `LEVEL_COLUMNS`."""
        figures = (self.auroc, self.sensitivity, self.specificity)
        false = "–" if self.false_marks is None else f"{self.false_marks:.2f}"
        return [self.name, self.cases, *(with_interval(figure) for figure in figures), false]


def levels(metrics: MetricsAccount) -> list[Level]:
    """Return the levels that *metrics* has figures of, the smallest first."""
    rows = [_case("Candidate", metrics.test)] if metrics.test.metrics else []
    if images := metrics.images:
        rows += _findings(images.froc) if images.froc else []
    names = {"volumes": "Volume", "patients": "Patient"}
    return rows + [_case(names[unit], one) for unit, one in metrics.cases.items() if one.metrics]


def level_notes(metrics: MetricsAccount) -> list[str]:
    """Return what the table of the levels needs to be read rightly."""
    said = [NOTE]
    images = metrics.images
    if images and images.froc and images.froc.clusters and images.froc.clusters.formed:
        clusters = images.froc.clusters
        count = counted_clusters(clusters.findings, clusters.formed, images.rule)
        said.append(f"Clusters: {count}.")
    known = [case for case in metrics.cases.values() if case.metrics]
    said.append(few_positive_cases(known) if known else "")
    aurocs = [level.auroc for level in levels(metrics) if level.auroc]
    if metrics.test.metrics:
        said.append(floor_rule(aurocs, metrics.test.unit))
    return [text for text in said if text]


def missing_levels(metrics: MetricsAccount) -> list[str]:
    """Return why levels are missing, in plain words."""
    reasons = [] if metrics.test.metrics else [_lacks("candidates", metrics.test)]
    reasons += without_places(metrics)
    curves = metrics.images and metrics.images.froc
    reasons += [NO_FINDINGS[kind] for kind in FINDINGS if curves and not getattr(curves, kind)]
    return reasons + [_lacks(unit, one) for unit, one in metrics.cases.items() if not one.metrics]


def without_places(metrics: MetricsAccount) -> list[str]:
    """Return why nothing is measured on volumes and findings, or on patients."""
    if metrics.no_images != "no_places" or metrics.by_patient:
        return [NO_IMAGES[metrics.no_images]] if metrics.no_images else []
    return [f"{NO_IMAGES['no_places']} {NO_IMAGES['no_patients']}"]


def _findings(froc: ByFinding) -> Iterator[Level]:
    for name, one in (("Calcification", froc.calcifications), ("Cluster", froc.clusters)):
        if one:
            point = one.operating_point
            yield Level(
                name,
                f"{one.findings:,}",
                sensitivity=point.sensitivity,
                false_marks=point.false_per_volume,
            )


def _case(name: str, facts: Part | Cases) -> Level:
    figures = facts.metrics
    return Level(
        name,
        f"{facts.positives:,} of {facts.n:,}",
        auroc=figures.get("auroc"),
        sensitivity=figures.get("recall"),
        specificity=figures.get("specificity"),
    )


def _lacks(unit: str, facts: Part | Cases) -> str:
    return (
        f"{facts.positives:,} positive {unit} among {facts.n:,} in the test part: without "
        "both classes nothing can be measured."
    )


COLOURS = {"candidates": POSITIVE, "volumes": NEGATIVE}
UNITS = {"size": "mm²", "contrast": "grey"}


class Difference(NamedTuple):
    """A figure that differs between subgroups by more than chance explains."""

    figure: str
    by: str
    unit: str
    lowest: str
    adjusted: float


def differences(divisions: Sequence[Division], confidence: float) -> list[Difference]:
    """Return what differs, after Holm, the surest first."""
    found = [
        Difference(in_a_sentence(test.figure), one.by, one.unit, test.lowest, test.adjusted)
        for one in divisions
        for test in one.interactions
        if test.adjusted is not None and test.adjusted < 1 - confidence
    ]
    return sorted(found, key=lambda one: one.adjusted)


def too_small(divisions: Sequence[Division]) -> int:
    """Return how many subgroups were listed and not measured."""
    return sum(not group.figures for one in divisions for group in one.subgroups)


def subgroup_values(divisions: Sequence[Division], confidence: float) -> dict[str, Any]:
    """Return what the section on subgroups shows; nothing where nothing divides the data."""
    if not divisions:
        return {"subgroups": None}
    measured = [(one, group) for one in divisions for group in one.subgroups if group.figures]
    return {
        "subgroups": {
            "by": list(dict.fromkeys(one.by for one in divisions)),
            "columns": [merit_name(name) for name in SHOWN] if measured else [],
            "rows": [
                _row(one, group)[: None if measured else 5]
                for one in divisions
                for group in one.subgroups
            ],
            "tests": [
                [
                    f"{one.by}, {one.unit}",
                    merit_name(test.figure),
                    test.lowest,
                    test.p_value,
                    test.adjusted,
                ]
                for one in divisions
                for test in one.interactions
            ],
            "unknown": [one for one in divisions if one.unknown],
            "cuts": [f"{one.by} {number(one.cut)} {UNITS[one.by]}" for one in divisions if one.cut],
            "differ": differences(divisions, confidence),
            "too_small": too_small(divisions),
            "fewest": FEWEST,
            "chart": _chart(measured) if measured else None,
        }
    }


def _row(one: Division, group: Subgroup) -> list[Any]:
    figures = [with_interval(group.figures.get(name)) for name in SHOWN]
    if not group.figures:
        figures = ["too small", *[""] * (len(SHOWN) - 1)]
    counts = [group.n, group.positives, group.rarer_groups]
    return [f"{one.by}: {group.name}", one.unit, *counts, *figures]


def _chart(measured: Sequence[tuple[Division, Subgroup]]) -> Chart:
    """Return the AUROC of every measured subgroup, of candidates and of volumes."""
    data = [
        dots(
            unit,
            [label(f"{one.by}: {group.name}") for one, group in measured if one.unit == unit],
            [group.figures["auroc"] for one, group in measured if one.unit == unit],
            colour=colour,
        )
        for unit, colour in COLOURS.items()
        if any(one.unit == unit for one, _ in measured)
    ]
    lines = len({(one.by, group.name) for one, group in measured})
    return Chart(data, row_layout(), height=max(220, 110 + 30 * lines))
