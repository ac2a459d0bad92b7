"""What a run knows of its model, gathered from the accounts of its stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tomocalc.pages.words import ruling_of

Account = Mapping[str, Any]


@dataclass(frozen=True)
class Facts:
    """The accounts of one run.

    Attributes
    ----------
    quality, split, metrics, model, best, study
        ``dataset/quality.json``, ``protocols/*/split.json``, ``evaluation/metrics.json``,
        ``model/model.json``, ``tuning/best.json``, ``tuning/study.json``.
    labels
        The ``labels`` section of the configuration.
    authors
        The ``card`` section of the configuration.
    seed
        Of the run.
    audit, detection
        ``audit/leakage.json`` and ``qc/detection.json``, where there are any.
    comparison
        Rows of ``comparison/comparison.parquet``.
    """

    quality: Account
    split: Account
    metrics: Account
    model: Account
    best: Account
    study: Account
    labels: Account
    authors: Account
    seed: int
    audit: Account | None = None
    detection: Account | None = None
    comparison: Sequence[Account] = ()

    @property
    def simulated(self) -> bool:
        """Whether the data are in-silico."""
        return self.quality["source"] == "phantom"

    @property
    def from_images(self) -> bool:
        """Whether the candidates were found on images."""
        return self.quality["source"] != "table"

    @property
    def test(self) -> Account:
        """The account of the test part."""
        return self.metrics["parts"]["test"]

    @property
    def measured(self) -> bool:
        """Whether the test part has both classes, so that there are figures."""
        return "metrics" in self.test

    @property
    def protocol(self) -> str:
        """``honest`` or ``paper``."""
        return self.split["protocol"]

    @property
    def split_file(self) -> str:
        """Where the account of the split is."""
        return f"protocols/{self.protocol}/split.json"

    @property
    def ruling(self) -> tuple[str, list[str]]:
        """``clean``, ``caution`` or ``leaks``, and why: the audit's words where there is one."""
        return ruling_of(self.split, self.audit)

    @property
    def confidence(self) -> str:
        """Of the intervals: ``95 %``."""
        return f"{100 * self.metrics.get('confidence', 0.95):g} %"

    @property
    def used(self) -> list[str]:
        """Names of the features that the model reads."""
        return [feature["name"] for feature in self.model["features"]]

    def own(self, key: str) -> str:
        """Return a text of the authors, empty where they gave none."""
        return self.authors.get(key) or ""
