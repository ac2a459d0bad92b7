"""The figures at every level that clinicians think in: candidate, finding, volume, patient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tomocalc.pages.merits import floor_rule, with_interval
from tomocalc.pages.words import counted_clusters

Figure = Mapping[str, Any]

FINDINGS = {"calcifications": "Calcification", "clusters": "Cluster"}
CASES = {"volumes": "Volume", "patients": "Patient"}
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


def levels(metrics: Mapping[str, Any]) -> list[Level]:
    """Return the levels that *metrics* (``metrics.json``) has figures of, the smallest first."""
    test, images = metrics["parts"]["test"], metrics.get("images", {})
    rows = [_case("Candidate", test)] if "metrics" in test else []
    rows += _findings(images.get("froc", {}))
    cases = images.get("cases", {})
    rows += [
        _case(name, cases[key]) for key, name in CASES.items() if "metrics" in cases.get(key, {})
    ]
    return rows


def level_notes(metrics: Mapping[str, Any]) -> list[str]:
    """Return what the table of the levels needs to be read rightly."""
    test, images = metrics["parts"]["test"], metrics.get("images", {})
    clusters = images.get("froc", {}).get("clusters", {})
    said = [NOTE]
    if clusters.get("formed"):
        count = counted_clusters(clusters["findings"], clusters["formed"], images["rule"])
        said.append(f"Clusters: {count}.")
    aurocs = [level.auroc for level in levels(metrics) if level.auroc]
    if "metrics" in test:
        said.append(floor_rule(aurocs, test["unit"]))
    return [text for text in said if text]


def missing_levels(metrics: Mapping[str, Any]) -> list[str]:
    """Return why levels are missing, in plain words."""
    test, images = metrics["parts"]["test"], metrics.get("images", {})
    reasons = [] if "metrics" in test else [_lacks("candidates", test)]
    if "absent" in images:
        return [*reasons, images["absent"]]
    reasons += [one["absent"] for one in images.get("froc", {}).values() if "absent" in one]
    cases = images.get("cases", {})
    reasons += [_lacks(key, one) for key, one in cases.items() if "metrics" not in one]
    return reasons


def _findings(froc: Mapping[str, Any]) -> Iterator[Level]:
    for key, name in FINDINGS.items():
        if "operating_point" in (one := froc.get(key, {})):
            point = one["operating_point"]
            yield Level(
                name,
                f"{one['findings']:,}",
                sensitivity=point["sensitivity"],
                false_marks=point["false_per_volume"],
            )


def _case(name: str, facts: Mapping[str, Any]) -> Level:
    figures = facts["metrics"]
    return Level(
        name,
        f"{facts['positives']:,} of {facts['n']:,}",
        auroc=figures.get("auroc"),
        sensitivity=figures.get("recall"),
        specificity=figures.get("specificity"),
    )


def _lacks(unit: str, facts: Mapping[str, Any]) -> str:
    return (
        f"{facts['positives']:,} positive {unit} among {facts['n']:,} in the test part: without "
        "both classes nothing can be measured."
    )
