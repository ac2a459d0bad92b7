"""What is written of one scored volume beside its page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tomocalc.dicom_output.identity import identity
from tomocalc.dicom_output.report import report_bytes
from tomocalc.dicom_output.segmentation import segmentation_bytes
from tomocalc.files import digest, sheet_text
from tomocalc.image.linking import link
from tomocalc.image.looks import Looks
from tomocalc.image.objects import Search
from tomocalc.image.runs import Runs
from tomocalc.model.release import ReleasedModel
from tomocalc.prediction.scoring import Scored
from tomocalc.readers.volume import Volume


def marks_text(marks: pl.DataFrame) -> str:
    """Render the marks as a tab-separated sheet, numbers with seven digits."""
    rows = [
        {name: _cell(value) for name, value in row.items()} for row in marks.iter_rows(named=True)
    ]
    return sheet_text(marks.columns, rows)


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.7g}" if isinstance(value, float) else value


def flagged_objects(
    found: Search, manifest: Mapping[str, Any], marks: pl.DataFrame
) -> dict[int, Runs]:
    """Return the pixels of flagged candidates on every slice where they have an object."""
    row_mm, col_mm = manifest["pixel_spacing_mm"]
    linked = link(found.places((row_mm, col_mm)), manifest["settings"]["link_radius_mm"])
    wanted = marks.filter("flagged")["candidate_id"].to_numpy()
    objects = {}
    for index, candidate in linked.of_object.items():
        mine = np.flatnonzero(np.isin(candidate, wanted))
        if mine.size:
            objects[index] = found.runs[index].take(mine)
    return objects


def looked_at(stack: Volume, found: Search, manifest: Mapping[str, Any]) -> pl.DataFrame:
    """Return frames and crops of a volume that was extracted without them: decodes every slice."""
    looks = Looks(stack.header)
    row_mm, col_mm = manifest["pixel_spacing_mm"]
    linked = link(found.places((row_mm, col_mm)), manifest["settings"]["link_radius_mm"])
    looks.choose(found, linked)
    return looks.complete(stack.read, found, linked)


def dicom_objects(
    model: ReleasedModel,
    scored: Scored,
    *,
    manifest: Mapping[str, Any],
    found: Search,
    identifiers: str,
    stack: Volume | None,
) -> tuple[bytes, bytes]:
    """Return structured report and segmentation of a scored volume.

    Parameters
    ----------
    identifiers
        ``pseudonymous`` or ``source``.
    stack
        The opened volume, whose files the identifiers of ``source`` come from.
    """
    version = model.card["weights_sha256"][:16]
    flagged = scored.marks.filter("flagged")
    content = digest([version, scored.facts["threshold"], flagged.to_dicts(), identifiers])
    files = _files(stack) if stack is not None else []
    who = identity(manifest, files, identifiers=identifiers, content=content)
    report = report_bytes(
        identity=who,
        manifest=manifest,
        marks=flagged.to_dicts(),
        clusters=[_outlined(row) for row in scored.clusters.iter_rows(named=True)],
        score=scored.facts["score"],
        version=version,
    )
    masks = segmentation_bytes(
        identity=who,
        manifest=manifest,
        objects=flagged_objects(found, manifest, scored.marks),
        version=version,
    )
    return report, masks


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
