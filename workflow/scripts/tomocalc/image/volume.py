"""One volume: two passes over its slices, with only a few of them in memory.

The first pass finds objects on every slice and keeps their runs, which are small. Linking then
knows every candidate and its best focus. The second pass measures, slice by slice, the candidates
whose sequence covers the slice, and writes its shard.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tomocalc.errors import TomocalcError, raise_all
from tomocalc.files import digest
from tomocalc.image.context import focus_offset, slices_spanned
from tomocalc.image.linking import Candidates, Places, link
from tomocalc.image.runs import Runs, join
from tomocalc.image.settings import Settings
from tomocalc.image.shards import current_shard, write_shard
from tomocalc.image.slices import Spacing, find_objects, measure_rows, prepare
from tomocalc.image.threads import in_order
from tomocalc.tables import SHARD, empty

log = logging.getLogger(__name__)

ReadSlice = Callable[[int], NDArray[np.unsignedinteger]]


class Header(Protocol):
    """What the passes need to know of a volume."""

    @property
    def slices(self) -> int:
        """Number of slices."""
        ...

    @property
    def spacing_mm(self) -> Spacing:
        """(row, column)."""
        ...

    @property
    def slice_spacing_mm(self) -> float:
        """Distance of neighbouring slices."""
        ...


@dataclass(frozen=True, eq=False)
class Search:
    """What the first pass found, per slice.

    Attributes
    ----------
    facts
        Entries of the manifest.
    runs
        Objects of the generator in use, for every readable slice.
    places
        Centres and strengths of the same objects.
    table
        Objects of both generators: generator, slice, row, col, area_px.
    quarantined
        Slices that cannot be read: slice, reason, fix.
    """

    facts: list[dict[str, Any]]
    runs: dict[int, Runs]
    places: list[Places]
    table: pl.DataFrame
    quarantined: list[dict[str, Any]]


OBJECTS: Final = pl.Schema(
    {
        "generator": pl.String(),
        "slice": pl.Int32(),
        "row": pl.Float32(),
        "col": pl.Float32(),
        "area_px": pl.Int32(),
    }
)
"""Columns of the table of objects."""


def search(
    read: ReadSlice, header: Header, settings: Settings, *, on_bad_slice: str, threads: int
) -> Search:
    """Find the objects of every slice.

    Raises
    ------
    TomocalcError
        For every slice that cannot be read, all at once, unless *on_bad_slice* is
        ``quarantine``; also when no slice can be read.
    """

    def work(index: int):
        try:
            return index, find_objects(index, read(index), settings, header.spacing_mm)
        except TomocalcError as error:
            return index, error

    facts, runs, places, tables = [], {}, [], [pl.DataFrame(schema=OBJECTS)]
    bad: list[tuple[int, TomocalcError]] = []
    for index, result in in_order(work, range(header.slices), threads):
        if isinstance(result, TomocalcError):
            bad.append((index, result))
            continue
        facts.append(result.facts)
        for generator, found in sorted(result.found.items()):
            row, col = centres(found.runs)
            tables.append(
                pl.DataFrame(
                    {
                        "generator": [generator] * row.size,
                        "slice": np.full(row.size, index),
                        "row": row,
                        "col": col,
                        "area_px": found.runs.area,
                    },
                    schema=OBJECTS,
                )
            )
            if generator == settings.generator:
                runs[index] = found.runs
                place = row * header.spacing_mm[0], col * header.spacing_mm[1]
                places.append(Places(index, *place, found.strength.astype(np.float64)))
    if bad and (on_bad_slice == "fail" or len(bad) == header.slices):
        raise_all([error for _, error in bad])
    quarantined = [
        {"slice": index, "reason": f"[{error.code}] {error.what}: {error.why}", "fix": error.fix}
        for index, error in bad
    ]
    return Search(facts, runs, places, pl.concat(tables), quarantined)


def centres(runs: Runs) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return row and column of every object's centre of mass."""
    length = (runs.stop - runs.start).astype(np.float64)
    weights = length * runs.row, length * (runs.start + runs.stop - 1) / 2
    owner, area = runs.owner, runs.area
    row, col = (np.bincount(owner, part, minlength=runs.count) / area for part in weights)
    return row, col


def link_objects(found: Search, settings: Settings) -> Candidates:
    """Link the objects of all slices into candidates."""
    return link(found.places, settings.link_radius_mm)


def write_shards(
    read: ReadSlice,
    header: Header,
    settings: Settings,
    *,
    found: Search,
    candidates: Candidates,
    ids: dict[str, str],
    folder: Path,
    key: str,
    threads: int,
) -> list[dict[str, Any]]:
    """Measure every slice whose shard is not current, and return the entries of all shards.

    Parameters
    ----------
    ids
        volume_id and patient_id.
    folder
        Where the shards go.
    key
        Content key of the volume.
    """

    def work(facts: dict[str, Any]) -> dict[str, Any]:
        index = facts["slice"]
        shard_key = digest([key, index])
        kept = current_shard(folder, index, shard_key)
        if kept is not None:
            return kept
        log.info("measure slice %d", index)
        rows = slice_rows(index, read, header, settings, found=found, candidates=candidates)
        rows = rows.with_columns(*(pl.lit(value).alias(name) for name, value in ids.items()))
        capped = facts["qc_flag"] == "capped"
        if capped:
            rows = rows.with_columns(qc_flag=pl.lit("capped"))
        return write_shard(folder, index, rows, shard_key)

    return list(in_order(work, found.facts, threads))


def slice_rows(
    index: int,
    read: ReadSlice,
    header: Header,
    settings: Settings,
    *,
    found: Search,
    candidates: Candidates,
) -> pl.DataFrame:
    """Measure the candidates whose sequence covers a slice."""
    begin, end = candidates.sequence(header.slices, settings.sequence_slices)
    chosen = np.flatnonzero((begin <= index) & (index < end))
    own = found.runs.get(index)
    prepared = prepare(read(index), header.spacing_mm) if chosen.size and own else None
    if prepared is None or own is None:
        return empty(SHARD)
    object_of = np.full(candidates.count, -1)
    object_of[candidates.of_object[index]] = np.arange(own.count)
    detected = object_of[chosen] >= 0
    # Candidates in order: those with an own object first, then the others by their focus slice.
    others = chosen[~detected]
    order = [chosen[detected]]
    parts = [own.take(object_of[chosen[detected]])]
    for focus in np.unique(candidates.focus[others]):
        here = others[candidates.focus[others] == focus]
        order.append(here)
        parts.append(found.runs[int(focus)].take(candidates.focus_object[here]))
    candidate = np.concatenate(order)
    focus = candidates.focus[candidate]
    rows = measure_rows(
        prepared, join(parts), own, settings=settings, spacing_mm=header.spacing_mm, capped=False
    )
    return rows.with_columns(
        candidate_id=pl.Series(candidate),
        slice=pl.lit(index),
        detected=pl.Series(object_of[candidate] >= 0),
        focus=pl.Series(focus == index),
        slices_spanned=pl.Series(
            slices_spanned(candidates.first[candidate], candidates.last[candidate])
        ),
        focus_offset=pl.Series(focus_offset(index, focus, header.slice_spacing_mm)),
    )
