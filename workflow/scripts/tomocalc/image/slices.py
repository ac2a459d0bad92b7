"""One slice: prepare it, find its objects, measure candidates on it."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tomocalc.accounts.manifest import SliceFacts
from tomocalc.accounts.settings import Settings
from tomocalc.errors import fault
from tomocalc.image.breast import Breast, find_breast
from tomocalc.image.features import OBJECT_FEATURES, area_mm2, blob_scale, neighbours, skin_distance
from tomocalc.image.generators import SliceObjects, equalise, local_objects, paper_objects
from tomocalc.image.grey import Scale, normalisation, wrapped
from tomocalc.image.runs import Runs
from tomocalc.image.slice_doubts import blank_mm2, edge_share, top_share
from tomocalc.image.statistics import Grey, Statistics, measure
from tomocalc.image.texture import texture
from tomocalc.tables import TEXTURE, names

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
    """

    raw: NDArray[np.unsignedinteger]
    breast: Breast
    scale: Scale

    @cached_property
    def grey(self) -> Grey:
        """The normalised slice."""
        return Grey(self.raw, self.scale.table(np.iinfo(self.raw.dtype).max + 1))


def prepare(raw: NDArray[np.unsignedinteger], spacing_mm: Spacing) -> Prepared | None:
    """Find the breast and the grey scale; None for a slice without contrast.

    Raises
    ------
    TomocalcError
        ``E206`` for what is no (row, column) of ``uint8`` or ``uint16``.
    """
    raw = np.asarray(raw)
    if raw.ndim != 2 or not raw.size or raw.dtype.str[1:] not in ("u1", "u2"):
        raise fault("array_no_slice", "the slice", f"it is {raw.dtype} of shape {raw.shape}")
    breast = find_breast(raw, spacing_mm)
    scale = normalisation(breast.sample(raw))
    if scale is None:  # a regular sample can miss a regular pattern
        scale = normalisation(raw[breast.pixels((raw.shape[0], raw.shape[1]))])
    return None if scale is None else Prepared(raw, breast, scale)


class Search(Protocol):
    """A search that has learned, `tomocalc.learned.search.LearnedSearch`."""

    @property
    def key(self) -> str:
        """What tells it from every other one."""
        ...

    def objects(self, prepared: Prepared, settings: Settings, spacing_mm: Spacing) -> SliceObjects:
        """Return the objects of a slice that it keeps."""
        ...


def find_objects(
    prepared: Prepared,
    settings: Settings,
    spacing_mm: Spacing,
    generators: Collection[str],
    search: Search | None = None,
) -> dict[str, SliceObjects]:
    """Run *generators* on a slice and return the objects of each.

    Parameters
    ----------
    search
        Is the generator ``learned``.
    """
    found = {}
    if "learned" in generators:
        assert search is not None
        found["learned"] = search.objects(prepared, settings, spacing_mm)
    if "local" in generators:
        found["local"] = local_objects(
            prepared.raw, prepared.breast, prepared.scale, settings, spacing_mm
        )
    if "paper" in generators:
        sigma = settings.blur_sigma_mm / max(spacing_mm)
        found["paper"] = paper_objects(equalise(prepared.raw, prepared.scale, sigma), settings)
    return found


def slice_facts(
    index: int, used: SliceObjects, prepared: Prepared, spacing_mm: Spacing
) -> SliceFacts:
    """Return a slice's entry in the manifest; *used* are the objects of the generator in use."""
    raw = np.ascontiguousarray(prepared.raw)
    return SliceFacts(
        slice=index,
        threshold=round(used.threshold, 4),
        mask_share=round(used.mask_share, 6),
        breast_share=round(prepared.breast.share, 4),
        other_share=round(prepared.breast.other, 4),
        upright=round(prepared.breast.upright, 4),
        line_share=round(edge_share(raw, prepared.breast, prepared.scale), 4),
        top_share=round(top_share(raw, prepared.breast), 4),
        blank_mm2=round(blank_mm2(raw, prepared.breast, spacing_mm), 2),
        wrapped=wrapped(raw),
        objects=used.runs.count,
        qc_flag="capped" if used.capped else "ok",
        pixels="" if used.runs.count else hashlib.sha256(raw.data).hexdigest()[:16],
    )


def measured_image(prepared: Prepared, settings: Settings, spacing_mm: Spacing) -> Grey:
    """Return the image on which features are measured."""
    if settings.measure_on == "normalised":
        return prepared.grey
    sigma = settings.blur_sigma_mm / max(spacing_mm)
    equalised = equalise(prepared.raw, prepared.scale, sigma)
    return Grey(equalised.levels, equalised.table)


def measure_rows(
    prepared: Prepared, masks: Runs, own: Runs, *, settings: Settings, spacing_mm: Spacing
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
    around: Mapping[str, NDArray[np.float64] | None] = dict.fromkeys(names(TEXTURE))
    if settings.texture:
        around = texture(grey, objects.row, objects.col, max(spacing_mm))
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
            **around,
        }
    )


def row_flags(
    objects: Statistics, box: dict[str, NDArray[np.int32]], shape: tuple[int, int]
) -> NDArray[np.str_]:
    """Say what is doubtful about a row: no_border, edge (it touches the image's), or ok."""
    edge = (box["bbox_top"] == 0) | (box["bbox_left"] == 0)
    edge |= (box["bbox_bottom"] == shape[0]) | (box["bbox_right"] == shape[1])
    return np.select([objects.border == 0, edge], ["no_border", "edge"], "ok")
