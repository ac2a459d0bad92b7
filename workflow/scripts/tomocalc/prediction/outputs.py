"""Everything that is written of one scored volume."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tomocalc.files import digest, sheet_text
from tomocalc.image.linking import link
from tomocalc.image.looks import CROP_MM, Looks
from tomocalc.image.objects import Search
from tomocalc.image.runs import Runs
from tomocalc.model.release import ReleasedModel
from tomocalc.pages.volume import volume_page
from tomocalc.prediction.attribution import attributions
from tomocalc.prediction.scoring import Scored
from tomocalc.readers.volume import Volume

EXPLAINED = 200
"""Candidates that get attributions, the likeliest; the others only cost time."""


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


def explained(model: ReleasedModel, rows: pl.DataFrame, marks: pl.DataFrame) -> dict[int, Any]:
    """Return what each feature adds to the log-odds of the likeliest candidates, by id."""
    wanted = marks.head(EXPLAINED).select("candidate_id")
    if not wanted.height:
        return {}
    keys, parts = attributions(model, rows.join(wanted, on="candidate_id", how="semi"))
    return dict(zip(keys["candidate_id"].to_list(), parts.tolist(), strict=True))


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


def page(
    model: ReleasedModel,
    scored: Scored,
    *,
    rows: pl.DataFrame,
    manifest: Mapping[str, Any],
    looks: pl.DataFrame,
    files: Sequence[tuple[str, str]],
    home: str | None,
) -> str:
    """Return the page of a scored volume."""
    return volume_page(
        facts=scored.facts,
        manifest=manifest,
        marks=scored.marks,
        clusters=scored.clusters,
        looks=looks,
        explained=explained(model, rows, scored.marks),
        features=model.features,
        domain=model.card["domain"],
        files=files,
        home=home,
        crop_mm=CROP_MM,
    )


def dicom_objects(
    model: ReleasedModel,
    scored: Scored,
    *,
    manifest: Mapping[str, Any],
    found: Search,
    stack: Volume,
    identifiers: str,
) -> tuple[bytes, bytes]:
    """Return structured report and segmentation of a scored volume."""
    # highdicom is imported only where its objects are wanted
    from tomocalc.dicom_output.identity import identity
    from tomocalc.dicom_output.report import report_bytes
    from tomocalc.dicom_output.segmentation import segmentation_bytes

    version = model.card["weights_sha256"][:16]
    flagged = scored.marks.filter("flagged")
    content = digest([version, scored.facts["threshold"], flagged.to_dicts(), identifiers])
    slices = range(manifest["slices"])
    who = identity(manifest, _files(stack, slices), identifiers=identifiers, content=content)
    clusters = [
        {
            "cluster_id": row["cluster_id"],
            "slice": round(row["slice"]),
            "row": row["row"],
            "col": row["column"],
            "radius_mm": row["radius_mm"],
            "calcifications": row["count"],
            "probability": row["probability_max"],
        }
        for row in scored.clusters.iter_rows(named=True)
    ]
    report = report_bytes(
        identity=who,
        manifest=manifest,
        marks=flagged.to_dicts(),
        clusters=clusters,
        score=scored.facts["score"],
        turned=stack.header.turned,
        version=version,
    )
    masks = segmentation_bytes(
        identity=who,
        manifest=manifest,
        objects=flagged_objects(found, manifest, scored.marks),
        turned=stack.header.turned,
        version=version,
    )
    return report, masks


def _files(stack: Volume, slices: Sequence[int]) -> list[Path]:
    """Return the file of every slice, or the one file of all."""
    paths = [stack.path(index) for index in slices]
    return paths[:1] if len(set(paths)) == 1 else paths
