"""One slice: prepare it, find its objects, measure candidates on it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform

from tomocalc.accounts.manifest import SliceFacts
from tomocalc.accounts.settings import Settings
from tomocalc.image.breast import Breast, find_breast
from tomocalc.image.context import area_mm2, blob_scale, neighbours, skin_distance
from tomocalc.image.features import OBJECT_FEATURES
from tomocalc.image.generators import SliceObjects, equalise, local_objects, paper_objects
from tomocalc.image.grey import Scale, normalisation
from tomocalc.image.runs import Runs
from tomocalc.image.statistics import Grey, Statistics, measure
from tomocalc.image.texture import texture
from tomocalc.tables import TEXTURE, names

Spacing = tuple[float, float]
BOX = ("bbox_top", "bbox_left", "bbox_bottom", "bbox_right")

COARSE = 48
"""Blocks along the longer side of the views by which slices are compared."""
MANY = 12
"""Slices from which on the most alike ones are neighbours, whatever the volume shows."""
UNLIKE = 1.4
"""How much farther apart than the most alike slices neighbours are where the order is wrong: in
phantoms at most 1.05, and 1.5 to 6 once they are shuffled, interleaved, or sorted as text."""
EVERY_OTHER = 0.8
"""Largest share of the distance of neighbours that every other slice has where two volumes
interleave."""

BESIDE = 3
"""Pixels to each side of a column with which it is compared: a detector line is thinner."""
SAMPLED = 64
"""Rows at which columns are looked at."""
LEAST = 16
"""Of them in the breast, at least, for anything to be told."""
EDGE = 3 * 1.4826
"""Times the median difference, of any pixel, above which there is an edge: three deviations."""
FAINTEST = 2.0
"""The same in grey levels."""


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

    @property
    def turned(self) -> Prepared:
        """The slice with rows and columns exchanged."""
        breast = replace(self.breast, mask=self.breast.mask.T)
        return Prepared(self.raw.T, breast, self.scale)

    @cached_property
    def grey(self) -> Grey:
        """The normalised slice."""
        return Grey(self.raw, self.scale.table(np.iinfo(self.raw.dtype).max + 1))


def prepare(raw: NDArray[np.unsignedinteger], spacing_mm: Spacing) -> Prepared | None:
    """Find the breast and the grey scale; None for a slice without contrast."""
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


def slice_facts(index: int, used: SliceObjects, prepared: Prepared) -> SliceFacts:
    """Return a slice's entry in the manifest; *used* are the objects of the generator in use."""
    raw = np.ascontiguousarray(prepared.raw)
    return SliceFacts(
        slice=index,
        threshold=round(used.threshold, 4),
        mask_share=round(used.mask_share, 6),
        breast_share=round(prepared.breast.share, 4),
        other_share=round(prepared.breast.other, 4),
        line_share=round(max(_edges(prepared), _edges(prepared.turned)), 4),
        objects=used.runs.count,
        qc_flag="capped" if used.capped else "ok",
        pixels="" if used.runs.count else hashlib.sha256(raw.data).hexdigest()[:16],
    )


def _edges(prepared: Prepared) -> float:
    """Return the largest share of a column in the breast along which an edge runs, 0..1.

    What is anatomy bends. A line of the detector, a frame, and the border of padding or of
    collimation run along the columns of the image. Columns that hold less than half as much of the
    breast as the fullest say nothing: the skin touches them.
    """
    image, breast = prepared.raw, prepared.breast
    rows = np.arange(0, image.shape[0], max(1, image.shape[0] // SAMPLED))
    lines = image[rows].astype(np.float32)
    inner = slice(BESIDE, image.shape[1] - BESIDE)
    inside = np.repeat(breast.mask[rows // breast.block], breast.block, axis=1)[:, inner]
    # Column c against the mean of c - BESIDE and c + BESIDE, for every c that has both.
    step = lines[:, inner] - (lines[:, : -2 * BESIDE] + lines[:, 2 * BESIDE :]) / 2
    pixels = inside.sum(axis=0)
    told = pixels >= max(LEAST, int(pixels.max(initial=0)) / 2)
    if not told.any():
        return 0.0
    limit = max(EDGE * float(np.median(np.abs(step[inside]))), FAINTEST / prepared.scale.gain)
    brighter, darker = (((sign * step > limit) & inside).sum(axis=0) for sign in (1, -1))
    return float((np.maximum(brighter, darker)[told] / pixels[told]).max())


def unlikeness(views: Sequence[NDArray[np.float32]]) -> float:
    """Return how many times as far apart as the most alike slices neighbours are, where doubtful.

    Neighbouring slices of a volume are the most alike ones. They are not where the order is wrong,
    or where two volumes interleave: then every other slice is more alike.

    Parameters
    ----------
    views
        Of every slice in order its means over blocks.

    Returns
    -------
    float
        0 where nothing is doubtful.
    """
    if len(views) < 5:
        return 0.0
    apart = squareform(pdist(np.stack([image.ravel() for image in views])))
    beside, every_other = np.diagonal(apart, 1), np.diagonal(apart, 2)
    np.fill_diagonal(apart, np.inf)
    closest = float(apart.min(axis=1).mean())
    times = float(beside.mean()) / closest if closest > 0 else 0.0
    # Step k leads from slice k to k + 1; slice k and k + 2 lie on either side of two steps.
    two_steps = np.minimum(beside[:-1], beside[1:])
    interleaved = bool((every_other < EVERY_OTHER * two_steps).all())
    return times if interleaved or (len(views) >= MANY and times >= UNLIKE) else 0.0


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
