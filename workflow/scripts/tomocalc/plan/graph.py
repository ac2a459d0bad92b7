"""The plan of one run: all that the graph of jobs is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tomocalc.config import Schema
from tomocalc.errors import TomocalcError
from tomocalc.plan.checks import check_detectors
from tomocalc.plan.named import check_contents, check_named_files
from tomocalc.plan.pages import PagePlan
from tomocalc.plan.prediction import PredictionPlan
from tomocalc.plan.protocols import ProtocolPlan
from tomocalc.plan.reading import Config, read_sheets
from tomocalc.plan.search import SearchPlan
from tomocalc.plan.volumes import SUBGROUPS, VolumePlan
from tomocalc.plan.wildcards import Wildcards, answering


@dataclass(frozen=True)
class Plan:
    """The parts of a plan."""

    volumes: VolumePlan
    search: SearchPlan
    prediction: PredictionPlan
    protocols: ProtocolPlan
    pages: PagePlan

    @answering
    def detectors(self, _: Wildcards) -> dict[str, list[str]]:
        """Return marks and accounts of every detector that is asked for."""
        if not self.protocols.config["detectors"]:
            raise TomocalcError(
                "E104",
                what="there are no detectors",
                where="configuration key detectors",
                why="it names none",
                fix="name some: --config detectors='[faster_rcnn, unet, blob_dog]'",
            )
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
    check_detectors(config)
    if look:
        check_named_files(config)
    sheets = read_sheets(config, schemas, look=look)
    if look:
        check_contents(config, sheets.volumes)
    columns = tuple(it for it in schemas["volumes"]["properties"] if it not in SUBGROUPS)
    volumes = VolumePlan(config, columns, sheets.volumes, sheets.masks)
    search = SearchPlan(config, volumes, sheets.annotated)
    return Plan(
        volumes=volumes,
        search=search,
        prediction=PredictionPlan(
            config, volumes, sheets.predicted, sheets.predicted_masks, search.in_use
        ),
        protocols=ProtocolPlan(config, sheets.cohort),
        pages=PagePlan(config),
    )
