"""The protocols that are compared and audited: each has a folder of the same files.

Methods that take *wildcards* are input functions of rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tomocalc.comparison.catalogue import STEP_KEYS
from tomocalc.plan.checks import Cohort, check_split
from tomocalc.plan.reading import Config
from tomocalc.plan.wildcards import Wildcards, answering

FOLDER = "<results>/protocols"
SCORES = {
    "scores": "feature_models.parquet",
    "accounts": "feature_models.json",
    "lstm_scores": "lstm/scores.parquet",
    "lstm_cards": "lstm/model.json",
    "tree_scores": "trees/scores.parquet",
    "tree_accounts": "trees/trees.json",
}
"""Files of a protocol that a comparison reads."""
IMAGE_SCORES = {"image_scores": "parquet", "image_accounts": "json"}
"""Endings of the files of an image model that it reads too, where it has them."""


@dataclass(frozen=True)
class ProtocolPlan:
    """What the rules of splits and comparisons are asked for.

    Attributes
    ----------
    config
        The whole configuration, checked.
    cohort
        Who is in the run, as far as the sheets tell.
    """

    config: Config
    cohort: Cohort | None

    @property
    def names(self) -> list[str]:
        """The protocols that are compared and audited, the run's own first."""
        own = self.config["protocol"]
        user = ["own"] if self.config["audit"]["splits"] else []
        return [own, "paper" if own == "honest" else "honest", *user]

    @property
    def run_folder(self) -> str:
        """Folder of the run's own protocol."""
        return f"{FOLDER}/{self.config['protocol']}"

    @answering
    def split_inputs(self, wildcards: Wildcards) -> dict[str, str]:
        """Return what is split, and for protocol ``own`` the user's file.

        An honest split that the sheets show to be impossible is refused.
        """
        if wildcards.protocol == "honest" and self.cohort is not None:
            check_split(self.cohort, self.config["split"])
        own = {"own": self.config["audit"]["splits"]} if wildcards.protocol == "own" else {}
        return {"candidates": "<results>/dataset/candidates.parquet", **own}

    def network_inputs(self, wildcards: Wildcards) -> dict[str, str]:
        """Return what a network of the comparison reads, and the weights that it starts from."""
        if wildcards.network in STEP_KEYS:
            return {"candidates": "<results>/dataset/candidates.parquet"}
        weights = self.config["comparison"]["weights"].get(wildcards.network)
        patches = {"patches": "<results>/comparison/patches.parquet"}
        return patches if weights is None else {**patches, "weights": weights}

    def sequences(self, wildcards: Wildcards) -> dict[str, Any] | None:
        """Return how a network on sequences is made and trained; None for one on images."""
        if wildcards.network not in STEP_KEYS:
            return None
        sections = {key: self.config[key] for key in ("features", "sequence", "model")}
        return {**sections, "impute": self.config["dataset"]["impute"]}

    def compared_scores(self, wildcards: Wildcards) -> dict[str, list[str]]:
        """Return scores and accounts of all models under every protocol, in order of `names`.

        The comparison with image models has their scores too, all networks of one protocol after
        those of another.
        """
        found = {
            name: [f"{FOLDER}/{protocol}/{file}" for protocol in self.names]
            for name, file in SCORES.items()
        }
        if getattr(wildcards, "comparison", None) == "image_models":
            for name, end in IMAGE_SCORES.items():
                found[name] = [
                    f"{FOLDER}/{protocol}/{network}.{end}"
                    for protocol in self.names
                    for network in self.config["comparison"]["networks"]
                ]
        return found
