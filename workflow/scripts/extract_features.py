"""Find the candidates of one volume, measure them slice by slice and write its shards."""

import logging
from collections.abc import Mapping
from typing import Any

from tomocalc.image.extraction import extract
from tomocalc.image.settings import Settings
from tomocalc.log import log_to
from tomocalc.readers.sources import check_sha256, unchanged
from tomocalc.readers.spool import spooled
from tomocalc.readers.volume import open_volume

log = logging.getLogger("tomocalc.extract_features")


def main(
    *,
    volume: Mapping[str, Any],
    source: str,
    manifest: str,
    objects: str,
    overlay: str,
    image: Mapping[str, Any],
    candidates: Mapping[str, Any],
    sequence_slices: int,
    looks: str | None = None,
    in_silico: bool = False,
    threads: int = 1,
) -> None:
    """Write one shard per slice, the table of objects, the picture and the manifest.

    Parameters
    ----------
    volume
        Row of the sheet.
    source
        File, folder or pattern that holds the volume.
    manifest
        Written last; shards go beside it.
    objects
        Table of the objects of both generators, for measuring detection.
    overlay
        Picture of the volume.
    image, candidates
        Sections of the configuration.
    sequence_slices
        Consecutive slices around the best focus that are measured for each candidate.
    looks
        Slices and candidates for a page to show, if wanted.
    in_silico
        Whether the volume is simulated; the picture then says so.
    threads
        Slices worked on at once.
    """
    settings = Settings.from_config(image, candidates, sequence_slices)
    if volume["sha256"]:
        check_sha256(source, volume["sha256"])
    stack = open_volume(
        source,
        pixel_spacing_mm=volume["pixel_spacing_mm"],
        slice_spacing_mm=volume["slice_spacing_mm"],
        laterality=volume["laterality"],
        max_pixels=image["max_pixels"],
        min_size=image["min_size"],
        side_mismatch=image["side_mismatch"],
        burned_in=image["burned_in"],
    )
    for warning in stack.header.warnings:
        log.warning("%s: %s", volume["volume_id"], warning)
    with unchanged(source), spooled(stack) as slices:
        extract(
            slices,
            settings,
            row=volume,
            manifest=manifest,
            objects=objects,
            overlay=overlay,
            looks=looks,
            on_bad_slice=image["on_bad_slice"],
            in_silico=in_silico,
            threads=threads,
        )


if __name__ == "__main__":
    log_to(snakemake.log[0])
    main(
        volume=snakemake.params.volume,
        source=snakemake.params.source,
        manifest=snakemake.output.manifest,
        objects=snakemake.output.objects,
        overlay=snakemake.output.overlay,
        image=snakemake.params.image,
        candidates=snakemake.params.candidates,
        sequence_slices=snakemake.params.sequence_slices,
        looks=snakemake.output.get("looks"),
        in_silico=snakemake.params.in_silico,
        threads=snakemake.threads,
    )
