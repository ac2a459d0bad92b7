"""Cut an image patch at every candidate's place, for the models that read images."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from tomocalc.comparison.patches import SCHEMA, volume_patches
from tomocalc.log import log_to
from tomocalc.parquet import parquet_stream, read_parquet
from tomocalc.readers.row import open_row

log = logging.getLogger("tomocalc.cut_patches")

COLUMNS = ["volume_id", "candidate_id", "slice", "centroid_row", "centroid_col"]
ROWS_PER_GROUP = 2000
"""Patches that are held in memory."""


def main(
    *,
    candidates: str,
    volumes: Sequence[Mapping[str, Any]],
    image: Mapping[str, Any],
    side: int,
    patches: str,
) -> None:
    """Write *patches*: volume_id, candidate_id and three slices of *side* by *side* pixels.

    Parameters
    ----------
    volumes
        Rows of the sheet; a path is the file, folder or pattern that holds the volume.
    image
        Section of the configuration.
    """
    focus = read_parquet(candidates).filter("focus").select(COLUMNS)
    with parquet_stream(patches, SCHEMA, rows_per_group=ROWS_PER_GROUP) as append:
        for volume in volumes:
            places = focus.filter(pl.col("volume_id") == volume["volume_id"])
            if places.is_empty():
                continue
            stack = open_row(volume["path"], volume, image)
            for part in volume_patches(stack, places, side=side):
                append(part)
            log.info("%s: %d patches", volume["volume_id"], places.height)


if __name__ == "__main__":
    log_to(snakemake.log[0])
    main(
        candidates=snakemake.input.candidates,
        volumes=snakemake.params.volumes,
        image=snakemake.params.image,
        side=snakemake.params.side,
        patches=snakemake.output.patches,
    )
