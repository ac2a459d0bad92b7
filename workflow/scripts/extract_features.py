"""Find the candidates of one volume, measure them slice by slice and write its shards."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tomocalc.errors import TomocalcError
from tomocalc.files import digest, write_bytes, write_json
from tomocalc.image.linking import link
from tomocalc.image.overlay import kept_overlay, volume_overlay
from tomocalc.image.search import Search, keep_search, kept_search, search, write_objects
from tomocalc.image.sequences import write_shards
from tomocalc.image.settings import Settings
from tomocalc.image.shards import settings_key, sweep, versions, volume_key
from tomocalc.log import log_to
from tomocalc.readers.sources import check_sha256
from tomocalc.readers.volume import Volume, open_volume
from tomocalc.tables import SCHEMA_VERSION

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
    header, folder = stack.header, Path(manifest).parent
    for warning in header.warnings:
        log.warning("%s: %s", volume["volume_id"], warning)
    facts = {
        "volume_id": volume["volume_id"],
        "patient_id": volume["patient_id"] or "",
        "laterality": volume["laterality"],
        "view": volume["view"],
        "site": volume["site"] or "",
        "pixel_spacing_mm": list(header.spacing_mm),
        "slice_spacing_mm": header.slice_spacing_mm,
        "rows": header.rows,
        "columns": header.columns,
        "slices": header.slices,
    }
    key = volume_key(slice_keys(stack), facts, settings)
    sweep(folder, header.slices)
    found = find_or_recall(
        stack, settings, folder=folder, key=key, on_bad_slice=image["on_bad_slice"], threads=threads
    )
    linked = link(found.places(header.spacing_mm), settings.link_radius_mm)
    shards = write_shards(
        stack.read,
        header,
        settings,
        found=found,
        candidates=linked,
        ids={name: facts[name] for name in ("volume_id", "patient_id")},
        folder=folder,
        key=key,
        threads=threads,
    )
    picture_key = digest([key, "overlay", in_silico])
    picture = kept_overlay(folder / "overlay.png", picture_key) or volume_overlay(
        stack.read,
        found=found,
        candidates=linked,
        facts=facts,
        in_silico=in_silico,
        key=picture_key,
    )
    for path in (folder / "overlay.png", overlay):
        write_bytes(path, picture)
    table = write_objects(Path(objects), found, digest([key, "objects"]))
    write_json(
        manifest,
        {
            **facts,
            "schema_version": SCHEMA_VERSION,
            "settings_key": settings_key(settings),
            "generator": settings.generator,
            "candidates": linked.count,
            "shards": shards,
            "objects": table,
            "slice_facts": found.facts,
            "quarantined": found.quarantined,
            "versions": versions(),
        },
    )


def find_or_recall(
    stack: Volume, settings: Settings, *, folder: Path, key: str, on_bad_slice: str, threads: int
) -> Search:
    """Return what the first pass finds, from its stored result where that is current."""
    path, key = folder / "search.parquet", digest([key, "search"])
    kept = kept_search(path, key, settings.generator, on_bad_slice=on_bad_slice)
    if kept is not None:
        log.info("objects of all slices are known from an earlier run")
        return kept
    found = search(stack.read, stack.header, settings, on_bad_slice=on_bad_slice, threads=threads)
    keep_search(path, found, key)
    return found


def slice_keys(stack: Volume) -> list[str]:
    """Return the content key of every slice; of one that cannot be read, what is wrong with it."""
    keys = []
    for index in range(stack.header.slices):
        try:
            keys.append(stack.key(index))
        except TomocalcError as error:
            keys.append(error.code)
    return keys


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
        in_silico=snakemake.params.in_silico,
        threads=snakemake.threads,
    )
