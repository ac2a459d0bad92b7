"""One slice: prepare it, find its objects, measure candidates on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tomocalc.image.blobs import blob_scale
from tomocalc.image.breast import Breast, find_breast
from tomocalc.image.context import area_mm2, neighbours, skin_distance
from tomocalc.image.features import OBJECT_FEATURES
from tomocalc.image.generators import Found, equalise, local_objects, paper_objects
from tomocalc.image.grey import Scale, normalisation
from tomocalc.image.runs import Runs
from tomocalc.image.settings import Settings
from tomocalc.image.statistics import Grey, Statistics, measure

Spacing = tuple[float, float]
BOX = ("bbox_top", "bbox_left", "bbox_bottom", "bbox_right")


@dataclass(frozen=True, eq=False)
class Prepared:
    """A slice with its breast and its grey scale.

    Attributes
    ----------
    raw
        As read, shape (row, column).
    breast
        Where the breast is.
    scale
        From raw to grey values.
    grey
        The normalised slice.
    """

    raw: NDArray[np.unsignedinteger]
    breast: Breast
    scale: Scale
    grey: Grey


@dataclass(frozen=True, eq=False)
class Objects:
    """What the search found on one slice.

    Attributes
    ----------
    facts
        The slice's entry in the manifest.
    found
        Objects of each generator; empty for a slice without contrast.
    """

    facts: dict[str, Any]
    found: dict[str, Found]


def prepare(raw: NDArray[np.unsignedinteger], spacing_mm: Spacing) -> Prepared | None:
    """Find the breast and the grey scale; None for a slice without contrast."""
    breast = find_breast(raw, spacing_mm)
    scale = normalisation(breast.sample(raw))
    if scale is None:  # a regular sample can miss a regular pattern
        scale = normalisation(raw[breast.pixels((raw.shape[0], raw.shape[1]))])
    if scale is None:
        return None
    return Prepared(raw, breast, scale, Grey(raw, scale.table(np.iinfo(raw.dtype).max + 1)))


def find_objects(
    index: int, raw: NDArray[np.unsignedinteger], settings: Settings, spacing_mm: Spacing
) -> tuple[Objects, Prepared | None]:
    """Prepare a slice and run both generators on it."""
    prepared = prepare(raw, spacing_mm)
    if prepared is None:
        return Objects(slice_facts(index), {}), None
    breast, scale = prepared.breast, prepared.scale
    equalised = equalise(raw, scale, settings.blur_sigma_mm / max(spacing_mm))
    found = {
        "local": local_objects(raw, breast, scale, settings, spacing_mm),
        "paper": paper_objects(equalised, settings),
    }
    used = found[settings.generator]
    facts = slice_facts(
        index,
        otsu=equalised.otsu,
        threshold=used.threshold,
        mask_share=used.mask_share,
        breast_share=prepared.breast.share,
        objects=used.runs.count,
        qc_flag="capped" if used.capped else "ok",
    )
    return Objects(facts, found), prepared


def slice_facts(
    index: int,
    *,
    otsu: float = 0.0,
    threshold: float = 0.0,
    mask_share: float = 0.0,
    breast_share: float = 0.0,
    objects: int = 0,
    qc_flag: str = "constant",
) -> dict[str, Any]:
    """Return a slice's entry in the manifest; without more, that of a slice without contrast."""
    return {
        "slice": index,
        "otsu": round(otsu, 4),
        "threshold": round(threshold, 4),
        "mask_share": round(mask_share, 6),
        "breast_share": round(breast_share, 4),
        "objects": objects,
        "qc_flag": qc_flag,
    }


def measured_image(prepared: Prepared, settings: Settings, spacing_mm: Spacing) -> Grey:
    """Return the image on which features are measured."""
    if settings.measure_on == "normalised":
        return prepared.grey
    sigma = settings.blur_sigma_mm / max(spacing_mm)
    equalised = equalise(prepared.raw, prepared.scale, sigma)
    return Grey(equalised.levels, equalised.table)


def measure_rows(
    prepared: Prepared,
    masks: Runs,
    own: Runs,
    *,
    settings: Settings,
    spacing_mm: Spacing,
) -> pl.DataFrame:
    """Measure masks on a slice.

    Parameters
    ----------
    prepared
        The slice.
    masks
        One mask per row of the result.
    own
        All objects of the slice.

    Returns
    -------
    polars.DataFrame
        Place and features of every mask, without those that depend on other slices.
    """
    grey = measured_image(prepared, settings, spacing_mm)
    objects = measure(grey, masks, own.paint(grey.shape))
    row_mm, col_mm = objects.row * spacing_mm[0], objects.col * spacing_mm[1]
    box: dict[str, NDArray[np.int32]] = dict(zip(BOX, masks.boxes(), strict=True))
    return pl.DataFrame(
        {
            "centroid_row": objects.row,
            "centroid_col": objects.col,
            **box,
            "row_mm": row_mm,
            "col_mm": col_mm,
            "qc_flag": row_flags(objects, box, grey.shape),
            **{name: feature(objects) for name, feature in OBJECT_FEATURES.items()},
            "area_mm2": area_mm2(objects.area, spacing_mm),
            "blob_scale": blob_scale(prepared.raw, objects.row, objects.col, max(spacing_mm)),
            "skin_distance": skin_distance(
                prepared.breast, objects.row, objects.col, max(spacing_mm)
            ),
            "neighbours": neighbours(row_mm, col_mm),
        }
    )


def row_flags(
    objects: Statistics, box: dict[str, NDArray[np.int32]], shape: tuple[int, int]
) -> NDArray[np.str_]:
    """Say what is doubtful about a row: no_border, edge (it touches the image's), or ok."""
    edge = (box["bbox_top"] == 0) | (box["bbox_left"] == 0)
    edge |= (box["bbox_bottom"] == shape[0]) | (box["bbox_right"] == shape[1])
    return np.select([objects.border == 0, edge], ["no_border", "edge"], "ok")
