"""One way to measure a volume: from its files to shards, objects, previews and manifest."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from tomocalc.accounts.base import Shown
from tomocalc.accounts.doubts import doubt_sentence, refuse_doubts
from tomocalc.accounts.manifest import TableEntry, VolumeFacts, VolumeManifest
from tomocalc.accounts.settings import Settings
from tomocalc.errors import TomocalcError, fault
from tomocalc.files import digest
from tomocalc.image.objects import SEARCH_FILE, VolumeObjects
from tomocalc.image.passes import find_candidates, measure_slice
from tomocalc.image.previews import PREVIEWS_FILE, Previews
from tomocalc.image.shards import (
    current_shard,
    current_table,
    in_order,
    read_manifest,
    read_volume_rows,
    settings_key,
    sweep,
    table_entry,
    versions,
    volume_key,
    write_shard,
    write_table,
)
from tomocalc.image.slices import Search
from tomocalc.readers.opening import open_row, spooled
from tomocalc.readers.sources import check_sha256, unchanged
from tomocalc.readers.volume import Volume
from tomocalc.sections import ReadingSection
from tomocalc.tables import SCHEMA_VERSION, SHARD, empty

log = logging.getLogger(__name__)

MANIFEST_FILE = "manifest.json"


@dataclass(frozen=True, eq=False, repr=False)
class Extracted(Shown):
    """What was found and measured in one volume.

    Attributes
    ----------
    manifest
        What stands in ``manifest.json``.
    found
        Its objects and candidates.
    previews
        Columns `previews.PREVIEWS`.
    rows
        Columns `tables.SHARD`, sorted by (candidate_id, slice); none where not to be kept.
    stack
        The volume.
    """

    manifest: VolumeManifest
    found: VolumeObjects
    previews: pl.DataFrame
    rows: pl.DataFrame
    stack: Volume

    def _facts(self) -> dict[str, object]:
        return {"manifest": self.manifest, "rows": self.rows.height}

    def files(self) -> list[Path]:
        """Return the file of every slice, or the one file of all.

        Raises
        ------
        TomocalcError
            ``E601`` when a file could not be read.
        """
        if self.stack.faults:
            where = f"volume {self.manifest.volume_id}, configuration key predict.identifiers"
            raise fault("no_identifiers", where, "a slice could not be read")
        paths = [self.stack.path(index) for index in range(len(self.stack))]
        return paths[:1] if len(set(paths)) == 1 else paths


def measure_volume(
    source: str | Path,
    *,
    row: Mapping[str, Any],
    image: ReadingSection,
    settings: Settings,
    folder: Path,
    compared: str | None = None,
    keep: bool = False,
    threads: int = 1,
    put_in: Callable[[Volume], Volume] | None = None,
    search: Search | None = None,
) -> Extracted:
    """Open a volume, find and measure its candidates, and keep everything in *folder*.

    What an earlier run left there is used where its content key says that it is current.

    Parameters
    ----------
    source
        File, folder or pattern that holds it.
    row
        Of the sheet: ids, laterality, view, site, spacing, sha256.
    image
        Section of the configuration: how files are read.
    settings
        How candidates are found and measured.
    folder
        Of the shards, the tables and the manifest, which is written last.
    compared
        A second generator whose objects are kept beside, for measuring detection.
    keep
        Whether whoever goes on with the volume gets the rows of all shards, and previews of all
        slices and candidates for a page.
    threads
        Slices worked on at once.
    put_in
        What lays something over the slices, if anything does.
    search
        The generator ``learned``.

    Raises
    ------
    TomocalcError
        As `open_row`, `check_sha256` and `find_candidates`, and ``E209`` for a doubt that appears
        while it is read.
    """
    if row["sha256"]:
        check_sha256(source, row["sha256"])
    stack = open_row(source, row, image, put_in)
    with unchanged(source), spooled(stack) as slices:
        facts = volume_facts(row, stack)
        key = volume_key(slice_keys(stack), facts, settings, search.key if search else "")
        sweep(folder, facts.slices)
        shown = digest([key, "previews", keep])
        kept = current_table(folder / PREVIEWS_FILE, shown)
        previews = Previews(stack.header, page=keep) if kept is None else None
        place, searched = folder / SEARCH_FILE, digest([key, "search", compared])
        found = VolumeObjects.current(place, searched, on_bad_slice=image["on_bad_slice"])
        if found is None:
            found = find_candidates(
                slices,
                settings,
                compared=compared,
                on_bad_slice=image["on_bad_slice"],
                threads=threads,
                previews=previews,
                search=search,
            )
            found.write(place, searched)
        if previews is not None:
            previews.choose(found)

        def current(index: int) -> tuple[TableEntry, pl.DataFrame]:
            """Return entry and rows of a slice's shard, which is measured unless it is current."""
            shard_key = digest([key, index])
            shard = current_shard(folder, index, shard_key)
            if shard is None:
                log.info("measure slice %d", index)
                measured = measure_slice(index, slices, settings, found, facts, previews)
                shard = write_shard(folder, index, measured, shard_key)
            entry, rows = shard
            return entry, rows if keep else rows.clear()

        shards = list(in_order(current, [entry.slice for entry in found.facts], threads))
        if previews is not None:
            kept = previews.complete(slices, found)
            write_table(folder / PREVIEWS_FILE, kept, shown)
    assert kept is not None
    manifest = VolumeManifest(
        **{name: getattr(facts, name) for name in VolumeFacts.__struct_fields__},
        schema_version=SCHEMA_VERSION,
        settings_key=settings_key(settings),
        settings=settings,
        search=search.key if search else "",
        generators=found.generators,
        candidates=found.candidates.count,
        study=stack.header.study,
        content=found.content,
        turned=stack.header.turned,
        sources=stack.sources(),
        breast_share=max((entry.breast_share for entry in found.facts), default=0.0),
        shards=tuple(entry for entry, _ in shards),
        objects=table_entry(place, searched, found.table.height),
        slice_facts=found.facts,
        quarantined=found.quarantined,
        doubts=(*stack.header.doubts, *found.doubts()),
        versions=versions(),
    )
    manifest.write(folder / MANIFEST_FILE)
    for left in stack.header.left_out:
        log.warning("%s: left out: %s", row["volume_id"], left)
    for doubt in manifest.doubts:
        log.warning("%s: %s", row["volume_id"], doubt_sentence(doubt))
    refuse_doubts(manifest.doubts, image, f"volume {row['volume_id']}, {source}")
    rows = pl.concat([empty(SHARD), *(rows for _, rows in shards)]).sort("candidate_id", "slice")
    return Extracted(manifest, found, kept, rows, stack)


def stored_volume(
    folder: Path, source: str | Path, *, row: Mapping[str, Any], image: ReadingSection
) -> Extracted:
    """Return what a finished extraction left in *folder*, with its rows, and previews for a page.

    Every slice is decoded for the previews.

    Raises
    ------
    TomocalcError
        ``E301`` for what is missing or altered; ``E1xx`` and ``E2xx`` for the volume's files.
    """
    manifest = read_manifest(folder / MANIFEST_FILE)
    rows = read_volume_rows(folder / MANIFEST_FILE, manifest)
    found = VolumeObjects.read(folder / SEARCH_FILE)
    stack = open_row(source, row, image)
    previews = Previews(stack.header, page=True)
    previews.choose(found)
    return Extracted(manifest, found, previews.complete(stack, found), rows, stack)


def volume_facts(row: Mapping[str, Any], stack: Volume) -> VolumeFacts:
    """Return whose volume it is, and its size: what its key and its manifest say of it."""
    header = stack.header
    return VolumeFacts(
        volume_id=row["volume_id"],
        patient_id=row["patient_id"] or "",
        laterality=row["laterality"] or header.laterality or "",
        view=row["view"] or header.view or "",
        site=row["site"] or "",
        vendor=header.vendor or "",
        pixel_spacing_mm=header.spacing_mm,
        slice_spacing_mm=header.slice_spacing_mm,
        rows=header.rows,
        columns=header.columns,
        slices=header.slices,
    )


def slice_keys(stack: Volume) -> list[str]:
    """Return the content key of every slice; of one that cannot be read, what is wrong with it."""
    keys = []
    for index in range(stack.header.slices):
        try:
            keys.append(stack.key(index))
        except TomocalcError as error:
            keys.append(error.code)
    return keys
