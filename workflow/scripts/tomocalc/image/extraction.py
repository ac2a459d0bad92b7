"""From an opened volume to its shards, its table of objects, its picture and its manifest."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tomocalc.accounts.doubts import Doubt, plain_doubts
from tomocalc.errors import TomocalcError
from tomocalc.files import digest, write_bytes, write_json
from tomocalc.image.linking import link
from tomocalc.image.looks import Looks, kept_looks, write_looks
from tomocalc.image.objects import Search, keep_search, kept_search, write_objects
from tomocalc.image.overlay import kept_overlay, volume_overlay
from tomocalc.image.search import search
from tomocalc.image.sequences import write_shards
from tomocalc.image.settings import Settings
from tomocalc.image.shards import settings_key, sweep, versions, volume_key
from tomocalc.readers.volume import Volume
from tomocalc.tables import SCHEMA_VERSION

log = logging.getLogger(__name__)


def extract(
    stack: Volume,
    settings: Settings,
    *,
    row: Mapping[str, Any],
    manifest: str | Path,
    objects: str | Path,
    overlay: str | Path | None,
    looks: str | Path | None = None,
    on_bad_slice: str = "fail",
    in_silico: bool = False,
    threads: int = 1,
) -> dict[str, Any]:
    """Find and measure the candidates of a volume; write everything and return the manifest.

    Parameters
    ----------
    row
        Of the sheet: volume_id, patient_id, laterality, view, site.
    manifest
        Written last; shards go beside it.
    objects
        Table of the objects of both generators, for measuring detection.
    overlay
        Picture of the volume, if wanted.
    looks
        Slices and candidates for a page to show, if wanted; see `tomocalc.image.looks`.
    on_bad_slice
        ``fail`` or ``quarantine``.
    in_silico
        Whether the volume is simulated; the picture then says so.
    threads
        Slices worked on at once.
    """
    header, folder = stack.header, Path(manifest).parent
    facts = volume_facts(row, stack)
    key = volume_key(slice_keys(stack), facts, settings)
    sweep(folder, header.slices)
    wanted = looks is not None and not kept_looks(Path(looks), digest([key, "looks"]))
    seen = Looks(header) if wanted else None
    found = find_or_recall(
        stack,
        settings,
        folder=folder,
        key=key,
        on_bad_slice=on_bad_slice,
        threads=threads,
        seen=seen,
    )
    linked = link(found.places(header.spacing_mm), settings.link_radius_mm)
    if seen is not None:
        seen.choose(found, linked)
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
        seen=seen,
    )
    if overlay is not None:
        picture_key = digest([key, "overlay", in_silico])
        picture = kept_overlay(folder / "overlay.png", picture_key) or volume_overlay(
            stack.read,
            found=found,
            candidates=linked,
            facts=facts,
            in_silico=in_silico,
            key=picture_key,
        )
        for path in {folder / "overlay.png", Path(overlay)}:
            write_bytes(path, picture)
    if looks is not None and seen is not None:
        table = seen.complete(stack.read, found, linked)
        write_looks(Path(looks), table, digest([key, "looks"]))
    content = {
        **facts,
        "schema_version": SCHEMA_VERSION,
        "settings_key": settings_key(settings),
        "settings": settings.as_dict(),
        "generator": settings.generator,
        "candidates": linked.count,
        "turned": header.turned,
        "shards": shards,
        "objects": write_objects(Path(objects), found, digest([key, "objects"])),
        "slice_facts": found.facts,
        "quarantined": found.quarantined,
        "doubts": plain_doubts([*header.doubts, *_measured_doubts(found, linked.count)]),
        "versions": versions(),
    }
    write_json(manifest, content)
    return content


def _measured_doubts(found: Search, candidates: int) -> Iterator[Doubt]:
    """Yield what is doubtful about a volume once its slices have been searched."""
    lost = tuple(int(entry["slice"]) for entry in found.quarantined)
    if lost:
        yield Doubt(code="quarantined", slices=lost)
    for flag in ("constant", "capped"):
        flagged = tuple(int(fact["slice"]) for fact in found.facts if fact["qc_flag"] == flag)
        if flagged:
            yield Doubt(code=flag, slices=flagged)
    if not candidates:
        yield Doubt(code="no_candidate")


def volume_facts(row: Mapping[str, Any], stack: Volume) -> dict[str, Any]:
    """Return whose volume it is, and its size: what its key and its manifest say of it."""
    header = stack.header
    return {
        "volume_id": row["volume_id"],
        "patient_id": row["patient_id"] or "",
        "laterality": row["laterality"],
        "view": row["view"],
        "site": row["site"] or "",
        "pixel_spacing_mm": list(header.spacing_mm),
        "slice_spacing_mm": header.slice_spacing_mm,
        "rows": header.rows,
        "columns": header.columns,
        "slices": header.slices,
    }


def find_or_recall(
    stack: Volume,
    settings: Settings,
    *,
    folder: Path,
    key: str,
    on_bad_slice: str,
    threads: int,
    seen: Looks | None = None,
) -> Search:
    """Return what the first pass finds, from its stored result where that is current."""
    path, key = folder / "search.parquet", digest([key, "search"])
    kept = kept_search(path, key, settings.generator, on_bad_slice=on_bad_slice)
    if kept is not None:
        log.info("objects of all slices are known from an earlier run")
        return kept
    found = search(
        stack.read, stack.header, settings, on_bad_slice=on_bad_slice, threads=threads, seen=seen
    )
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
