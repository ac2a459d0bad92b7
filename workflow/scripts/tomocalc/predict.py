"""The one way to score a volume: from its files, or from what was measured of it before.

>>> from tomocalc import predict_volume
>>> prediction = predict_volume("breast.dcm", "results/model")
>>> print(prediction.scores.score, prediction.marks.head(), prediction.clusters)
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from tomocalc.accounts.base import Shown
from tomocalc.accounts.prediction import VolumeScores
from tomocalc.accounts.settings import Settings
from tomocalc.errors import fault
from tomocalc.files import digest, sheet_text, write_bytes, write_text
from tomocalc.image.extraction import Extracted, measure_volume, stored_volume
from tomocalc.learned.search import released_search
from tomocalc.model.release import ReleasedModel, load_model
from tomocalc.pages.frame import write_page
from tomocalc.pages.predictions import volume_page
from tomocalc.parquet import write_parquet
from tomocalc.prediction.attribution import explained
from tomocalc.prediction.fit import remarks_on, settings_of
from tomocalc.prediction.scoring import Scored, score_volume
from tomocalc.readers.volume import MAX_PIXELS, MIN_SIZE
from tomocalc.sections import ClusterSection, ReadingSection

IMAGE: ReadingSection = {
    "max_pixels": MAX_PIXELS,
    "min_size": MIN_SIZE,
    "on_bad_slice": "fail",
    "side_mismatch": "keep",
    "doubts": "report",
    "allowed_doubts": (),
}
"""How files are read where no configuration says otherwise."""

CLUSTER: ClusterSection = {"calcifications": 3, "distance_mm": 10.0}

FILES = {
    "marks.tsv": "one row per candidate, likeliest first",
    "marks.parquet": "the same, typed",
    "clusters.tsv": "one row per cluster",
    "scores.json": "scores of the volume and its clusters, drift and cautions",
    "report.dcm": "DICOM structured report of what is flagged (TID 1500)",
    "segmentation.dcm": "DICOM segmentation of their pixels",
    "presentation.dcm": "DICOM presentation state: circles over the images (GSPS)",
    "cad.dcm": "the same marks for CAD viewers (Mammography CAD SR, TID 4000)",
    "overlay.png": "picture with all candidates",
}
"""What is written of a volume, and what each file is."""


@dataclass(frozen=True, repr=False)
class Prediction(Shown):
    """What a model says of one volume.

    Attributes
    ----------
    scored
        Marks, clusters and scores.
    model
        That made them.
    measured
        What was found in the volume.
    explained
        Of the likeliest candidates, by id, what every feature adds to the log-odds.
    """

    scored: Scored
    model: ReleasedModel
    measured: Extracted
    explained: Mapping[int, Sequence[float]]

    def _facts(self) -> dict[str, object]:
        scores = self.scores
        return {
            "volume_id": scores.volume_id,
            "score": scores.score,
            "threshold": scores.threshold,
            "flagged": scores.flagged,
            "candidates": scores.candidates,
            "clusters": scores.clusters,
            "cautions": ", ".join(one.code for one in scores.cautions) or None,
            "doubts": ", ".join(one.code for one in scores.doubts) or None,
        }

    @property
    def marks(self) -> pl.DataFrame:
        """One row per candidate, likeliest first; columns `scoring.MARKS`."""
        return self.scored.marks

    @property
    def clusters(self) -> pl.DataFrame:
        """One row per cluster of flagged candidates."""
        return self.scored.clusters

    @property
    def scores(self) -> VolumeScores:
        """Score of the volume, counts, drift, and what to know before they are used."""
        return self.scored.scores

    def write_tables(self, folder: str | Path) -> None:
        """Write marks, clusters and scores to *folder*, under the names of `FILES`."""
        folder = Path(folder)
        write_text(folder / "marks.tsv", _sheet(self.marks))
        write_parquet(folder / "marks.parquet", self.marks)
        write_text(folder / "clusters.tsv", _sheet(self.clusters))
        self.scores.write(folder / "scores.json")

    def write_dicom(self, folder: str | Path, *, identifiers: str = "pseudonymous") -> None:
        """Write the DICOM objects of `FILES` to *folder*; see `dicom_output.identity`.

        Raises
        ------
        TomocalcError
            ``E105`` and ``E601`` for *identifiers*, as of `identity`.
        """
        # here: whoever wants no DICOM objects need not wait for what writes them
        from tomocalc.dicom_output.cad import cad_bytes
        from tomocalc.dicom_output.identity import identity
        from tomocalc.dicom_output.objects import ScoredVolume, report_bytes
        from tomocalc.dicom_output.presentation import presentation_bytes
        from tomocalc.dicom_output.segmentation import segmentation_bytes

        version, manifest = self.model.card.weights_sha256[:16], self.measured.manifest
        flagged = self.marks.filter("flagged")
        content = digest([version, self.scores.threshold, flagged.to_dicts(), identifiers])
        files = self.measured.files() if identifiers == "source" else []
        scored = ScoredVolume(
            identity=identity(manifest, files, identifiers=identifiers, content=content),
            manifest=manifest,
            marks=flagged.to_dicts(),
            clusters=self.clusters.to_dicts(),
            score=self.scores.score,
            remarks=remarks_on(self.scores),
            version=version,
            question=self.scores.question,
        )
        drawn = segmentation_bytes(
            identity=scored.identity,
            manifest=manifest,
            objects=self.measured.found.objects_of(flagged["candidate_id"].to_numpy()),
            version=version,
            question=scored.question,
        )
        made = {
            "report": report_bytes(scored),
            "segmentation": drawn,
            "presentation": presentation_bytes(scored),
        }
        if manifest.laterality:  # an image without a side has no place in a mammography report
            made["cad"] = cad_bytes(scored)
        for name, written in made.items():
            write_bytes(Path(folder) / f"{name}.dcm", written)

    def write_page(
        self, path: str | Path, *, files: Sequence[str] = (), home: str | None = None
    ) -> None:
        """Write the page of the volume.

        Parameters
        ----------
        files
            Names of `FILES` that stand beside it.
        home
            Address of the page of all volumes, seen from this one.
        """
        html = volume_page(
            self.scored,
            model=self.model,
            manifest=self.measured.manifest,
            previews=self.measured.previews,
            explained=self.explained,
            files=[(name, FILES[name]) for name in files],
            home=home,
        )
        write_page(path, html)


def predict_volume(
    source: str | Path,
    model: str | Path | ReleasedModel,
    *,
    laterality: str | None = None,
    view: str | None = None,
    volume_id: str = "volume",
    patient_id: str = "patient",
    site: str | None = None,
    pixel_spacing_mm: float | None = None,
    slice_spacing_mm: float | None = None,
    sha256: str | None = None,
    image: ReadingSection = IMAGE,
    settings: Settings | None = None,
    folder: str | Path | None = None,
    measured: bool = False,
    spacing_tolerance: float = 0.1,
    cluster: ClusterSection = CLUSTER,
    simulated: bool | None = None,
    threads: int = 1,
) -> Prediction:
    """Score one volume, measured with the settings that the model was trained with.

    Parameters
    ----------
    source
        File, folder or pattern.
    model
        A released model, the folder of one, or its ``model.safetensors``.
    laterality, view
        ``L`` or ``R``; ``CC``, ``MLO``, …; None: the header's, empty where it has none.
    site
        Of the volume; one with ``in silico`` in it is known to be simulated.
    pixel_spacing_mm, slice_spacing_mm
        Used where the header has none.
    sha256
        Of the volume's files, compared when given.
    image
        Section of the configuration: how files are read.
    settings
        How the volume is measured; None: as the model's training volumes were.
    folder
        Where shards and manifest are kept; what is current there is not measured again. None:
        nowhere.
    measured
        Whether *folder* holds a finished measurement that is used as it is.
    spacing_tolerance
        Share by which a spacing may lie outside the range of the training.
    cluster
        ``calcifications`` and ``distance_mm`` of the density rule.
    simulated
        Whether the volume is known to be; None where only its *site* can tell.
    threads
        Slices worked on at once.

    Raises
    ------
    TomocalcError
        ``E602`` when the model does not fit the volume, ``E404`` when it cannot be read; ``E1xx``
        and ``E2xx`` for arguments and the volume's files, ``E301`` for what was measured before.
    """
    if laterality not in ("L", "R", "", None):
        raise fault("argument_unknown", "laterality", f"it is {laterality!r}", known="L or R")
    model = model if isinstance(model, ReleasedModel) else load_model(model)
    row = {
        "volume_id": volume_id,
        "patient_id": patient_id,
        "laterality": laterality,
        "view": view,
        "site": site,
        "pixel_spacing_mm": pixel_spacing_mm,
        "slice_spacing_mm": slice_spacing_mm,
        "sha256": sha256,
    }
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch if folder is None else folder)
        if measured:
            found = stored_volume(place, source, row=row, image=image)
        else:
            settings = settings or settings_of(model.card)
            found = measure_volume(
                source,
                row=row,
                image=image,
                settings=settings,
                folder=place,
                keep=True,
                threads=threads,
                search=released_search(model.folder, model.search_key, settings),
            )
    scored = score_volume(
        model,
        found.rows,
        found.manifest,
        rule=cluster,
        tolerance=spacing_tolerance,
        simulated=simulated,
        own=measured,
    )
    return Prediction(scored, model, found, explained(model, scored.read, scored.marks))


def _sheet(table: pl.DataFrame) -> str:
    """Render *table* as a tab-separated sheet, numbers with seven digits."""
    rows = [{name: _cell(value) for name, value in row.items()} for row in table.to_dicts()]
    return sheet_text(table.columns, rows)


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.7g}" if isinstance(value, float) else value
