"""Volumes to predict, and the model that scores them.

Methods that take *wildcards* are input functions, or values of params, of rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tomocalc.cells import Row
from tomocalc.errors import fault
from tomocalc.plan.reading import Config, measured_slices
from tomocalc.plan.volumes import VolumePlan, subgroups_in
from tomocalc.plan.wildcards import Wildcards, answering, as_it_is, known_row
from tomocalc.readers.sources import source_names


@dataclass(frozen=True, repr=False)
class PredictionPlan:
    """What the rules of the prediction are asked for.

    Attributes
    ----------
    config
        The whole configuration, checked.
    own
        The volumes of this run.
    rows
        Of the volumes to predict, by their id: those of this run, or of a sheet of their own.
    masks
        Files that the annotations of a sheet of their own name.
    learned
        Whether this run's model has a search of its own beside it.
    """

    config: Config
    own: VolumePlan
    rows: Mapping[str, Row]
    masks: list[str]
    learned: bool

    @property
    def from_elsewhere(self) -> bool:
        """Whether the volumes to predict are measured for it.

        Those of a sheet of their own are, and those of this run where it has put calcifications
        into them: they are scored as they are stored.
        """
        return self._own_sheet or self.own.inserts

    @property
    def _own_sheet(self) -> bool:
        return self.config["predict"]["volumes"] is not None

    @property
    def of_the_phantom(self) -> bool:
        """Whether the volumes to predict are known to be simulated; of others their site tells."""
        return self.own.in_silico and not self.from_elsewhere

    def model_file(self, name: str) -> str:
        """Return a file of the model to predict with: this run's, or one that is named."""
        folder, results = self.config["predict"]["model"], Path(self.config["pathvars"]["results"])
        named = folder is not None
        return as_it_is(Path(folder) / name, results) if named else f"<results>/model/{name}"

    def _model(self) -> dict[str, Any]:
        files = {"weights": "model.safetensors", "card": "model.json"}
        return {name: self.model_file(file) for name, file in files.items()}

    def volume(self, wildcards: Wildcards) -> Row:
        """Return what the sheet says of a volume to predict, its path resolved."""
        name = wildcards.volume
        if not self._own_sheet:
            return self.own.row(name)
        return {column: self.rows[name].get(column) for column in self.own.columns}

    @answering
    def inputs(self, wildcards: Wildcards) -> dict[str, Any]:
        """Return the model, the files of a volume, and of one of this run what was measured."""
        name, model = wildcards.volume, self._model()
        row = known_row(self.rows, name)
        if self.from_elsewhere:
            if self.learned and self.config["predict"]["model"] is None:
                model["search"] = self.model_file("search.json")
            return {"files": source_names(row["path"]), **model}
        measured = f"<results>/batches/{self.own.batch_of[name]}.json"
        return {"files": self.own.files(name), "measured": measured, **model}

    def manifest(self, wildcards: Wildcards) -> str | None:
        """Return the manifest of a volume of this run; one from elsewhere is measured first."""
        if self.from_elsewhere:
            return None
        return f"{self._results}/features/{wildcards.volume}/manifest.json"

    @answering
    def labelled_inputs(self, _: Wildcards) -> dict[str, Any]:
        """Return the model and the labelled data of another site that it is validated on."""
        settings, model = self.config["predict"], self._model()
        if settings["table"] is not None and settings["annotations"] is None:
            return {"table": settings["table"], **model}
        if not self._own_sheet or settings["annotations"] is None or settings["table"]:
            where = "configuration keys predict.volumes, predict.annotations, predict.table"
            why = "labelled volumes need the first two, a labelled table the third alone"
            raise fault("validation_unclear", where, why)
        manifests = [f"<results>/predictions/{name}/features/manifest.json" for name in self.rows]
        return {
            "manifests": manifests,
            "annotations": settings["annotations"],
            "masks": self.masks,
            **model,
        }

    @property
    def subgroups(self) -> dict[str, dict[str, str]]:
        """What the sheet says of volumes only to divide the figures, by their id."""
        return subgroups_in(self.rows)

    @property
    def measuring(self) -> dict[str, Any] | None:
        """How a volume from elsewhere is measured; those of this run have been."""
        if not self.from_elsewhere:
            return None
        return {
            "candidates": self.config["candidates"],
            "sequence_slices": measured_slices(self.config),
        }

    @property
    def dicom_outputs(self) -> dict[str, str]:
        """DICOM objects that every predicted volume has, unless they are not wanted.

        ``cad.dcm`` is none of them: a volume whose side nobody says has none.
        """
        if self.config["predict"]["identifiers"] == "none":
            return {}
        return {
            name: f"<results>/predictions/{{volume}}/{name}.dcm"
            for name in ("report", "segmentation", "presentation")
        }

    def overlays(self, _: Wildcards) -> list[str]:
        """Return the pictures of all volumes to predict, in the order of their rows."""
        stage = "predictions" if self.from_elsewhere else "features"
        return [f"{self._results}/{stage}/{name}/overlay.png" for name in self.rows]

    @property
    def _results(self) -> str:
        """Folder of results among params, where Snakemake resolves no path."""
        return self.config["pathvars"]["results"]
