"""Image patches at the candidates' places: three neighbouring slices, the middle in best focus."""

import logging
from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tomocalc.errors import TomocalcError
from tomocalc.image.slices import prepare
from tomocalc.readers.volume import Volume

log = logging.getLogger(__name__)

SCHEMA = pl.Schema({"volume_id": pl.String, "candidate_id": pl.Int32, "patch": pl.Binary})
"""Columns of the patches' file; a patch is 3 · side · side bytes, slice by slice, row-wise."""

Slice = NDArray[np.uint8]


def volume_patches(stack: Volume, places: pl.DataFrame, *, side: int) -> Iterator[pl.DataFrame]:
    """Yield the patches of one volume, slice by slice; three slices are held at a time.

    Parameters
    ----------
    places
        One row per candidate on its slice of best focus: volume_id, candidate_id, slice,
        centroid_row, centroid_col (px).
    side
        Of a patch in pixels; beyond the image it is black.

    Notes
    -----
    Grey levels are the normalised ones that features are measured on, 0..255. Beyond the first
    and the last slice, and where a neighbour cannot be read, the middle slice stands in.
    """
    kept: dict[int, Slice | None] = {}
    for index, rows in sorted(places.partition_by("slice", as_dict=True).items()):
        middle = int(index[0])
        kept = {
            number: kept[number] if number in kept else _grey(stack, number)
            for number in range(middle - 1, middle + 2)
        }
        focus = kept[middle]
        assert focus is not None  # candidates were found on it
        layers = [focus if layer is None else layer for layer in kept.values()]
        padded = np.pad(np.stack(layers), ((0, 0), (side, side), (side, side)))
        patches = [
            padded[:, top : top + side, left : left + side].tobytes()
            for top, left in (
                (round(row) + side - side // 2, round(col) + side - side // 2)
                for row, col in rows.select("centroid_row", "centroid_col").iter_rows()
            )
        ]
        yield rows.select("volume_id", "candidate_id").with_columns(
            patch=pl.Series(patches, dtype=pl.Binary)
        )


def _grey(stack: Volume, index: int) -> Slice | None:
    if not 0 <= index < stack.header.slices:
        return None
    try:
        prepared = prepare(stack.read(index), stack.header.spacing_mm)
    except TomocalcError as error:
        log.warning("%s: the slice in focus stands in for slice %d", error, index)
        return None
    if prepared is None:
        return None
    return prepared.scale.apply(prepared.raw.astype(np.float32)).round().astype(np.uint8)
