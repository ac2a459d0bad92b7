"""Cut an image patch at every candidate's place, for the models that read images."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from tomocalc.accounts.insertion import Insertions
from tomocalc.comparison.patches import SCHEMA, volume_patches
from tomocalc.insertion.layer import putting_in
from tomocalc.log import run
from tomocalc.parquet import parquet_stream, read_parquet
from tomocalc.readers.opening import open_row
from tomocalc.sections import ReadingSection

log = logging.getLogger("tomocalc.cut_patches")

COLUMNS = ["volume_id", "candidate_id", "slice", "centroid_row", "centroid_col"]
ROWS_PER_GROUP = 2000
"""Patches that are held in memory."""


def main(
    *,
    candidates: str,
    volumes: Sequence[Mapping[str, Any]],
    image: ReadingSection,
    side: int,
    patches: str,
    insertions: Sequence[str] = (),
) -> None:
    """Write *patches*: volume_id, candidate_id and three slices of *side* by *side* pixels.

    Parameters
    ----------
    volumes
        Rows of the sheet; a path is the file, folder or pattern that holds the volume.
    image
        Section of the configuration.
    insertions
        Accounts of what is put into the volumes while they are read.
    """
    planned = Insertions.plans(insertions)
    focus = read_parquet(candidates).filter("focus")
    if "member_slice" in focus.columns:  # of a cluster the member nearest to its centre
        focus = focus.with_columns(slice=pl.col("member_slice"))
    focus = focus.select(COLUMNS)
    with parquet_stream(patches, SCHEMA, rows_per_group=ROWS_PER_GROUP) as append:
        for volume in volumes:
            places = focus.filter(pl.col("volume_id") == volume["volume_id"])
            if places.is_empty():
                continue
            name = volume["volume_id"]
            put_in = putting_in(planned[name], name) if planned else None
            stack = open_row(volume["path"], volume, image, put_in)
            for part in volume_patches(stack, places, side=side):
                append(part)
            log.info("%s: %d patches", name, places.height)


if __name__ == "__main__":
    run(main, snakemake)
