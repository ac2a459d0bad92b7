"""Structured report and segmentation of a scored volume."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tomocalc.dicom_output.identity import identity
from tomocalc.dicom_output.report import report_bytes
from tomocalc.dicom_output.segmentation import segmentation_bytes
from tomocalc.files import digest
from tomocalc.image.extraction import Extracted
from tomocalc.image.runs import Runs
from tomocalc.readers.volume import Volume

if TYPE_CHECKING:
    from tomocalc.prediction.scoring import Scored


def dicom_objects(
    scored: Scored, measured: Extracted, *, version: str, identifiers: str
) -> tuple[bytes, bytes]:
    """Return structured report and segmentation of a scored volume.

    Parameters
    ----------
    version
        Of the model.
    identifiers
        ``pseudonymous`` or ``source``.
    """
    flagged = scored.marks.filter("flagged")
    content = digest([version, scored.scores.threshold, flagged.to_dicts(), identifiers])
    files = _files(measured.stack) if identifiers == "source" else []
    who = identity(measured.manifest, files, identifiers=identifiers, content=content)
    report = report_bytes(
        identity=who,
        manifest=measured.manifest,
        marks=flagged.to_dicts(),
        clusters=[_outlined(row) for row in scored.clusters.iter_rows(named=True)],
        score=scored.scores.score,
        version=version,
    )
    masks = segmentation_bytes(
        identity=who,
        manifest=measured.manifest,
        objects=flagged_objects(measured, flagged["candidate_id"].to_numpy()),
        version=version,
    )
    return report, masks


def flagged_objects(measured: Extracted, candidates: Any) -> dict[int, Runs]:
    """Return the pixels of *candidates* on every slice where they have an object."""
    objects = {}
    for index, candidate in measured.found.candidates.of_object.items():
        mine = np.flatnonzero(np.isin(candidate, candidates))
        if mine.size:
            objects[index] = measured.found.runs[index].take(mine)
    return objects


def _outlined(cluster: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "cluster_id": cluster["cluster_id"],
        "slice": round(cluster["slice"]),
        "row": cluster["row"],
        "col": cluster["column"],
        "radius_mm": cluster["radius_mm"],
        "calcifications": cluster["count"],
        "probability": cluster["probability_max"],
    }


def _files(stack: Volume) -> list[Path]:
    """Return the file of every slice, or the one file of all."""
    paths = [stack.path(index) for index in range(len(stack))]
    return paths[:1] if len(set(paths)) == 1 else paths
