"""Score a volume from Python.

>>> from tomocalc.predict import predict_volume
>>> prediction = predict_volume("breast.dcm", model="results/model", laterality="L", view="CC")
>>> print(prediction.score, prediction.marks.head(), prediction.clusters)
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from tomocalc.dataset.shards import read_volume_rows
from tomocalc.errors import TomocalcError
from tomocalc.files import write_bytes
from tomocalc.image.extraction import extract
from tomocalc.image.objects import stored_search
from tomocalc.image.settings import Settings
from tomocalc.model.release import ReleasedModel, load_model
from tomocalc.pages.frame import write_page
from tomocalc.pages.volume.page import volume_page
from tomocalc.parquet import read_parquet
from tomocalc.prediction.attribution import explained
from tomocalc.prediction.outputs import dicom_objects
from tomocalc.prediction.scoring import Scored, score_volume
from tomocalc.readers.volume import Volume, open_volume

MAX_PIXELS, MIN_SIZE = 100_000_000, 16
CLUSTER: Mapping[str, Any] = {"calcifications": 3, "distance_mm": 10.0}


@dataclass(frozen=True)
class Prediction:
    """What a model says of one volume.

    Attributes
    ----------
    marks, clusters
        One row per candidate, likeliest first, and per cluster; see `scoring.Scored`.
    score
        Of the volume: the largest probability of a candidate.
    warnings
        What to know before the numbers are used.
    """

    marks: pl.DataFrame
    clusters: pl.DataFrame
    score: float
    warnings: list[str]
    _scored: Scored
    _model: ReleasedModel
    _manifest: Mapping[str, Any]
    _rows: pl.DataFrame
    _looks: pl.DataFrame
    _objects: Any
    _stack: Volume

    def write_page(self, path: str | Path) -> None:
        """Write the page of the volume to *path*."""
        html = volume_page(
            self._scored,
            card=self._model.card,
            manifest=self._manifest,
            looks=self._looks,
            explained=explained(self._model, self._rows, self._scored.marks),
            files=[],
            home=None,
        )
        write_page(path, html)

    def write_dicom(
        self, report: str | Path, segmentation: str | Path, *, identifiers: str = "pseudonymous"
    ) -> None:
        """Write structured report and segmentation; see `dicom_output.identity`."""
        contents = dicom_objects(
            self._model,
            self._scored,
            manifest=self._manifest,
            found=self._objects,
            stack=self._stack,
            identifiers=identifiers,
        )
        for path, content in zip((report, segmentation), contents, strict=True):
            write_bytes(path, content)


def predict_volume(
    source: str | Path,
    *,
    model: str | Path | ReleasedModel,
    laterality: str,
    view: str,
    volume_id: str = "volume",
    patient_id: str = "patient",
    site: str | None = None,
    pixel_spacing_mm: float | None = None,
    slice_spacing_mm: float | None = None,
    spacing_tolerance: float = 0.1,
    cluster: Mapping[str, Any] = CLUSTER,
    threads: int = 1,
) -> Prediction:
    """Score one volume, measured with the settings that the model was trained with.

    Parameters
    ----------
    source
        File, folder or pattern.
    model
        Folder of a released model, or a loaded one.
    laterality, view
        ``L`` or ``R``; ``CC``, ``MLO``, …
    site
        Of the volume; one with ``in silico`` in it is known to be simulated.
    pixel_spacing_mm, slice_spacing_mm
        Used where the header has none.
    spacing_tolerance
        Share by which a spacing may lie outside the range of the training.
    cluster
        ``calcifications`` and ``distance_mm`` of the density rule.
    threads
        Slices worked on at once.

    Raises
    ------
    TomocalcError
        ``E602`` when the model does not fit the volume; ``E1xx`` and ``E2xx`` for its files.
    """
    if not isinstance(model, ReleasedModel):
        model = load_model(model)
    how = (model.card.get("domain") or {}).get("extraction")
    if not how or not how["settings"]:
        raise TomocalcError(
            "E602",
            what="the model does not fit images",
            where="model.json, domain",
            why="its card does not say how the volumes of the training were measured",
            fix="use a model that was trained on volumes with this version",
        )
    stack = open_volume(
        source,
        pixel_spacing_mm=pixel_spacing_mm,
        slice_spacing_mm=slice_spacing_mm,
        laterality=laterality,
        max_pixels=MAX_PIXELS,
        min_size=MIN_SIZE,
    )
    row = {
        "volume_id": volume_id,
        "patient_id": patient_id,
        "laterality": laterality,
        "view": view,
        "site": site,
    }
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        manifest = extract(
            stack,
            Settings(**how["settings"]),
            row=row,
            manifest=folder / "manifest.json",
            objects=folder / "objects.parquet",
            overlay=None,
            looks=folder / "looks.parquet",
            threads=threads,
        )
        rows = read_volume_rows(folder / "manifest.json", manifest)
        looks = read_parquet(folder / "looks.parquet")
        found = stored_search(folder / "search.parquet", manifest["generator"])
    scored = score_volume(model, rows, manifest, rule=cluster, tolerance=spacing_tolerance)
    return Prediction(
        marks=scored.marks,
        clusters=scored.clusters,
        score=scored.facts["score"],
        warnings=scored.facts["warnings"],
        _scored=scored,
        _model=model,
        _manifest=manifest,
        _rows=rows,
        _looks=looks,
        _objects=found,
        _stack=stack,
    )
