"""The account of detection: findings covered, by kind, by visibility and by chance."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from tomocalc.image.detection import Finding, Found, mirrored, small
from tomocalc.image.outline import Outline
from tomocalc.intervals import wilson

EDGES = (0.0, 3.0, 5.0, 8.0)
"""Lower ends of the bins of contrast to noise."""

STRONG = 5.0
"""Contrast to noise from which a calcification is clearly visible (Rose criterion)."""

KINDS = ("calcification", "cluster")


class Account:
    """Counts over volumes for one generator."""

    def __init__(self) -> None:
        self._covered: defaultdict[str, list[bool]] = defaultdict(list)
        self._objects = self._small = self._slices = 0
        self._area_cm2 = 0.0

    def add_volume(self, objects: pl.DataFrame, facts: Mapping[str, Any]) -> None:
        """Count the objects of a volume.

        Parameters
        ----------
        objects
            All of the generator's, whatever their size.
        facts
            The manifest.
        """
        row_mm, col_mm = facts["pixel_spacing_mm"]
        breast = sum(entry["breast_share"] for entry in facts["slice_facts"])
        self._objects += objects.height
        self._small += small(objects, (row_mm, col_mm)).height
        self._slices += len(facts["slice_facts"])
        self._area_cm2 += breast * facts["rows"] * facts["columns"] * row_mm * col_mm / 100

    def add_findings(
        self, found: Found, findings: Sequence[Mapping[str, Any]], outline: Outline | None
    ) -> None:
        """Count annotated findings of a volume, and the places that mirror them."""
        places = [Finding.from_annotation(row) for row in findings]
        for row, place in zip(findings, places, strict=True):
            self._covered[row["kind"]].append(found.cover(place))
            mirrors = mirrored(place, outline, places) if outline else []
            self._covered[f"{row['kind']} by chance"] += map(found.cover, mirrors)

    def add_truth(self, found: Found, truth: Sequence[Mapping[str, Any]]) -> None:
        """Count what was put into an in-silico volume: kind, place, contrast_to_noise."""
        for row in truth:
            covered = found.cover(Finding.from_annotation(row))
            if row["kind"] != "calcification":
                self._covered[f"other {row['kind']}"].append(covered)
                continue
            ratio = row["contrast_to_noise"]
            self._covered[f"bin {max(bisect_right(EDGES, ratio) - 1, 0)}"].append(covered)
            if ratio >= STRONG:
                self._covered["strong"].append(covered)

    def facts(self) -> dict[str, Any]:
        """Return rates and densities."""
        slices = max(self._slices, 1)
        facts: dict[str, Any] = {
            "objects_per_slice": round(self._objects / slices, 2),
            "small_objects_per_slice": round(self._small / slices, 2),
            "small_objects_per_cm2_of_breast": round(self._small / max(self._area_cm2, 1e-9), 3),
        }
        for kind in KINDS:
            if kind in self._covered:
                facts[kind] = {**self._rate(kind), "by_chance": self._rate(f"{kind} by chance")}
        if "strong" in self._covered:
            facts[f"contrast_to_noise_of_at_least_{STRONG:g}"] = self._rate("strong")
        bins = {
            _bin_name(number): self._rate(f"bin {number}")
            for number in range(len(EDGES))
            if f"bin {number}" in self._covered
        }
        if bins:
            facts["by_contrast_to_noise"] = bins
        others = sorted(name for name in self._covered if name.startswith("other "))
        if others:
            facts["other_objects"] = {name.split()[1]: self._rate(name) for name in others}
        return facts

    def _rate(self, name: str) -> dict[str, Any]:
        return rate(sum(self._covered[name]), len(self._covered[name]))


def _bin_name(number: int) -> str:
    below = EDGES[number + 1 : number + 2]
    return f"from {EDGES[number]:g}" + (f" to {below[0]:g}" if below else "")


def rate(covered: int, findings: int) -> dict[str, Any]:
    """Return counts, recall and its 95 % Wilson interval; recall is None without findings."""
    facts: dict[str, Any] = {"findings": findings, "covered": covered, "recall": None}
    if not findings:
        return facts
    low, high = wilson(covered, findings)
    return {
        **facts,
        "recall": round(covered / findings, 4),
        "lower": round(low, 4),
        "upper": round(high, 4),
    }
