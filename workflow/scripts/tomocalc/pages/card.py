"""What a run knows of its model, gathered from the accounts of its stages for the model card."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tomocalc.accounts.external import ExternalAccount
from tomocalc.accounts.leakage import Counts, LeakageAccount, SplitAccount
from tomocalc.accounts.metrics import MetricsAccount, Part
from tomocalc.accounts.quality import QualityAccount
from tomocalc.accounts.study import Best
from tomocalc.model.card import ModelCard
from tomocalc.pages.audit_files import grounds_of, reasons_of
from tomocalc.pages.words import PARTS, audit_of

Account = Mapping[str, Any]

PROTOCOLS = {"honest": "honest", "paper": "paper's", "own": "your own split"}
KEY_FIGURES = {
    "AUROC": "auroc",
    "Average precision": "average_precision",
    "Sensitivity": "recall",
    "Specificity": "specificity",
}


@dataclass(frozen=True)
class Run:
    """The accounts of one run, and what follows from them.

    Attributes
    ----------
    quality, split, metrics, model, best, audit
        ``dataset/quality.json``, ``protocols/*/split.json``, ``evaluation/metrics.json``,
        ``model/model.json``, ``tuning/best.json``, ``audit/leakage.json`` where
        there is one.
    labels
        The ``labels`` section of the configuration.
    authors
        The ``card`` section of the configuration.
    seed
        Of the run.
    comparison
        Rows of ``comparison/comparison.parquet``.
    external
        ``external/external.json`` where there is one.
    malignancy
        Whether malignant is told from benign.
    """

    quality: QualityAccount
    split: SplitAccount
    metrics: MetricsAccount
    model: ModelCard
    best: Best
    labels: Account
    authors: Account
    seed: int
    audit: LeakageAccount | None = None
    comparison: Sequence[Account] = ()
    external: ExternalAccount | None = None
    malignancy: bool = False

    @property
    def simulated(self) -> bool:
        """Whether the data are in-silico."""
        return self.quality.source == "phantom"

    @property
    def from_images(self) -> bool:
        """Whether the candidates were found on images."""
        return self.quality.source != "table"

    @property
    def test(self) -> Part:
        """The account of the test part."""
        return self.metrics.test

    @property
    def elsewhere(self) -> ExternalAccount | None:
        """The validation on data of another site, of this model and no other."""
        found = self.external
        same = found is not None and found.weights_sha256 == self.model.weights_sha256
        return found if same else None

    @property
    def measured(self) -> bool:
        """Whether the test part has both classes, so that there are figures."""
        return bool(self.test.metrics)

    @property
    def protocol(self) -> str:
        """``honest`` or ``paper``."""
        return self.split.protocol

    @property
    def split_file(self) -> str:
        """Where the account of the split is."""
        return f"protocols/{self.protocol}/split.json"

    @property
    def verdict(self) -> str:
        """``clean``, ``caution`` or ``leaks``: the audit's where there is one."""
        return audit_of(self.split, self.audit).verdict

    @property
    def reasons(self) -> list[str]:
        """Why the verdict is what it is."""
        return reasons_of(audit_of(self.split, self.audit))

    @property
    def grounds(self) -> list[str]:
        """The same, and of a clean verdict what is not shared."""
        return grounds_of(audit_of(self.split, self.audit))

    @property
    def confidence(self) -> str:
        """Of the intervals: ``95 %``."""
        return f"{100 * self.metrics.confidence:g} %"

    @property
    def used(self) -> list[str]:
        """Names of the features that the model reads."""
        return self.model.reads

    def own(self, key: str) -> str:
        """Return a text of the authors, empty where they gave none."""
        return self.authors.get(key) or ""

    # ---- the data

    @property
    def parts(self) -> list[tuple[str, Counts]]:
        """Name and account of the parts of the split that have rows, the training part first."""
        names = ("train", "validation", "test")
        return [(PARTS[name], part) for name in names if (part := self.split.parts[name]).rows]

    # ---- the figures

    @property
    def miscalibrated(self) -> float | None:
        """The calibration error less its bias where it is more than chance explains, else None."""
        error = self.test.calibration_error
        if error and error.p_value < 1 - self.metrics.confidence:
            return error.debiased
        return None

    # ---- the comparison

    @property
    def others(self) -> list[Account]:
        """Measured rows of the comparison beside the released model under the run's protocol."""
        own = (self.metrics.released, self.protocol)
        rows = [row for row in self.comparison if row["measured"]]
        return [row for row in rows if (row["model"], row["protocol"]) != own]

    @property
    def standing(self) -> tuple[float | None, list[tuple[str, float]], int]:
        """How the released model stands among the others under the run's protocol.

        Its average precision (None where it was not compared), names and values of those that have
        a higher one (best first), and how many others there are.
        """
        rows = [row for row in self.comparison if row["auroc"] is not None]
        here = {
            row["model"]: (row["name"], row["average_precision"])
            for row in rows
            if row["protocol"] == self.protocol
        }
        if self.metrics.released not in here:
            return None, [], 0
        own = here.pop(self.metrics.released)[1]
        better = [(name, value) for name, value in here.values() if value > own]
        return own, sorted(better, key=lambda one: -one[1]), len(here)
