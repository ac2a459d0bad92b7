"""Join annotations to the candidates of one volume."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray


def label_candidates(
    rows: pl.DataFrame,
    annotations: list[dict[str, Any]],
    *,
    pixel_spacing_mm: tuple[float, float],
    tolerance_mm: float,
    slice_tolerance: int,
) -> tuple[pl.DataFrame, set[int]]:
    """Label every candidate of a volume by the annotation it lies in.

    A candidate is positive when the centre of one of its own objects lies inside an annotation
    widened by *tolerance_mm*, on a slice at most *slice_tolerance* away from the annotated one.
    Of several annotations it gets the one whose centre is closest.

    Parameters
    ----------
    rows
        Shard rows of the volume.
    annotations
        Rows of the annotation sheet for this volume, each with its ``finding_id``.
    pixel_spacing_mm
        (row, column).

    Returns
    -------
    rows, found
        *rows* with ``label`` and ``finding_id``, and the ``finding_id`` of every annotation
        that at least one candidate lies in.
    """
    own = rows.filter("detected")
    row, col = (
        own[name].to_numpy().astype(np.float64) for name in ("centroid_row", "centroid_col")
    )
    on_slice, candidate = own["slice"].to_numpy(), own["candidate_id"].to_numpy()
    nearest: dict[int, tuple[float, int]] = {}
    found: set[int] = set()
    for annotation in annotations:
        centre, inside = _inside(annotation, row, col, pixel_spacing_mm, tolerance_mm)
        if annotation["slice"] is not None:
            inside &= np.abs(on_slice - annotation["slice"]) <= slice_tolerance
        if inside.any():
            found.add(annotation["finding_id"])
        for index in np.flatnonzero(inside):
            match = (float(centre[index]), annotation["finding_id"])
            key = int(candidate[index])
            nearest[key] = min(nearest.get(key, match), match)
    labels = pl.DataFrame(
        {
            "candidate_id": list(nearest),
            "finding_id": [finding for _, finding in nearest.values()],
        },
        schema={"candidate_id": pl.Int32, "finding_id": pl.Int32},
    )
    labelled = rows.join(labels, on="candidate_id", how="left", maintain_order="left")
    return labelled.with_columns(label=pl.col("finding_id").is_not_null().cast(pl.Int8)), found


def _inside(
    annotation: dict[str, Any],
    row: NDArray[np.float64],
    col: NDArray[np.float64],
    spacing_mm: tuple[float, float],
    tolerance_mm: float,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return each point's distance (mm) to the annotation's centre, and whether it is inside."""
    x, y = annotation["x"], annotation["y"]
    if annotation["radius"] is not None:
        distance = np.hypot((row - y) * spacing_mm[0], (col - x) * spacing_mm[1])
        reach = annotation["radius"] * max(spacing_mm) + tolerance_mm
        return distance, distance <= reach
    half_height, half_width = annotation["height"] / 2, annotation["width"] / 2
    down = np.abs(row - (y + half_height)) * spacing_mm[0]
    across = np.abs(col - (x + half_width)) * spacing_mm[1]
    inside = (down <= half_height * spacing_mm[0] + tolerance_mm) & (
        across <= half_width * spacing_mm[1] + tolerance_mm
    )
    return np.hypot(down, across), inside
