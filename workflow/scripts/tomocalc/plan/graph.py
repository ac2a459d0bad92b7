"""The plan of one run: all that the graph of jobs is made of, by protocol."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tomocalc.comparison.catalogue import STEP_KEYS
from tomocalc.config import Schema
from tomocalc.errors import fault
from tomocalc.plan.checks import Cohort, check_split
from tomocalc.plan.named import check_contents, check_named_files
from tomocalc.plan.pages import PagePlan
from tomocalc.plan.prediction import PredictionPlan
from tomocalc.plan.reading import Config, read_sheets, table_file
from tomocalc.plan.search import SearchPlan
from tomocalc.plan.volumes import SUBGROUPS, VolumePlan
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


@dataclass(frozen=True, repr=False)
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
        """Return what is split, and for protocol ``own`` the user's file and the table it is about.

        An honest split that the sheets show to be impossible is refused.
        """
        if wildcards.protocol == "honest" and self.cohort is not None:
            put_in = self.config["insertion"]
            raisable = put_in["enabled"] and put_in["fraction"] < 1
            check_split(self.cohort, self.config["split"], raisable=raisable)
        found = {"candidates": "<results>/dataset/candidates.parquet"}
        if wildcards.protocol == "own":
            found["own"] = self.config["audit"]["splits"]
            if self.config["source"] == "table":
                found["table"] = table_file(self.config)
        return found

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


@dataclass(frozen=True, repr=False)
class Plan:
    """The parts of a plan.

    No part has a representation: Snakemake makes a text of every function that it unpacks, and
    the text of a method holds that of its object, all sheets included.
    """

    volumes: VolumePlan
    search: SearchPlan
    prediction: PredictionPlan
    protocols: ProtocolPlan
    pages: PagePlan

    @answering
    def detectors(self, _: Wildcards) -> dict[str, list[str]]:
        """Return marks and accounts of every detector that is asked for."""
        if not self.protocols.config["detectors"]:
            raise fault("no_detectors", "configuration key detectors", "it names none")
        return {"marks": self.detector_files("parquet"), "accounts": self.detector_files("json")}

    def detector_files(self, ending: str) -> list[str]:
        """Return the file with that ending of every detector that is asked for."""
        names = self.protocols.config["detectors"]
        return [f"<results>/comparison/detectors/{name}.{ending}" for name in names]

    def left_for_others(self, wildcards: Wildcards) -> list[str]:
        """Return what jobs made for other jobs: accounts of batches, trials, scores of models.

        Snakemake deletes what a failed job wrote and does not miss it where results of an earlier
        run stand on it, unless it is asked for.
        """
        number = self.protocols.config["tuning"]["trials"]
        trials = [f"<results>/tuning/trials/{trial}.json" for trial in range(number)]
        scores = self.protocols.compared_scores(wildcards).values()
        return (
            self.volumes.batch_accounts(wildcards) + trials + [it for one in scores for it in one]
        )


def plan_run(config: Config, schemas: Mapping[str, Schema], *, look: bool) -> Plan:
    """Read the sheets that *config* names, and plan the run.

    *schemas* and *look* are those of `tomocalc.plan.reading.read_sheets`.

    Raises
    ------
    TomocalcError
        As `tomocalc.plan.reading.read_sheets`, `tomocalc.plan.named.check_named_files` and
        `tomocalc.plan.named.check_contents`; ``E101`` for detectors that this run cannot have.
    """
    if look:
        check_named_files(config)
    sheets = read_sheets(config, schemas, look=look)
    of_table = check_contents(config, sheets.volumes) if look else None
    columns = tuple(it for it in schemas["volumes"]["properties"] if it not in SUBGROUPS)
    volumes = VolumePlan(config, columns, sheets.volumes, sheets.masks)
    search = SearchPlan(config, volumes, sheets.annotated, sheets.malignant)
    return Plan(
        volumes=volumes,
        search=search,
        prediction=PredictionPlan(
            config, volumes, sheets.predicted, sheets.predicted_masks, search.in_use
        ),
        protocols=ProtocolPlan(config, sheets.cohort or of_table),
        pages=PagePlan(config),
    )
