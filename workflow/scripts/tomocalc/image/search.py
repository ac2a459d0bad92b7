"""The first pass over a volume: objects on every slice, kept so that it need not be repeated.

Objects are kept as runs, which are small, so no slice stays in memory. The result is a table that
is stored beside the shards: a run that was interrupted, or that has lost a shard, starts from it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from tomocalc.errors import TomocalcError, raise_all
from tomocalc.image.breast import Breast
from tomocalc.image.display import reduce_max, reduction
from tomocalc.image.generators import Found
from tomocalc.image.linking import Places
from tomocalc.image.outline import Outline
from tomocalc.image.runs import Runs
from tomocalc.image.settings import Settings
from tomocalc.image.shards import current_table, write_table
from tomocalc.image.slices import Prepared, Spacing, find_objects
from tomocalc.image.threads import in_order
from tomocalc.parquet import read_metadata, read_parquet

ReadSlice = Callable[[int], NDArray[np.unsignedinteger]]


class Header(Protocol):
    """What the passes need to know of a volume."""

    @property
    def slices(self) -> int:
        """Number of slices."""
        ...

    @property
    def rows(self) -> int:
        """Rows of a slice."""
        ...

    @property
    def columns(self) -> int:
        """Columns of a slice."""
        ...

    @property
    def spacing_mm(self) -> Spacing:
        """(row, column)."""
        ...

    @property
    def slice_spacing_mm(self) -> float:
        """Distance of neighbouring slices."""
        ...


class Seen(Protocol):
    """Who looks at slices while they are in memory."""

    def see_slice(self, index: int, prepared: Prepared) -> None:
        """Look at a slice."""
        ...

    def see_candidates(
        self,
        prepared: Prepared,
        number: NDArray[np.integer],
        row: NDArray[np.floating],
        col: NDArray[np.floating],
    ) -> None:
        """Look at candidates, by id and centre, on the slice of their best focus."""
        ...


OBJECTS: Final = pl.Schema(
    {
        "generator": pl.String(),
        "slice": pl.Int32(),
        "row": pl.Float32(),
        "col": pl.Float32(),
        "area_px": pl.Int32(),
    }
)
"""Columns of the table of objects: both generators, centres in pixels."""

FOUND: Final = pl.Schema({**OBJECTS, "strength": pl.Float32(), "runs": pl.List(pl.Int32())})
"""Columns of the search: runs are row, start, stop, …; empty for the generator not in use."""


@dataclass(frozen=True, eq=False)
class Search:
    """What the first pass found.

    Attributes
    ----------
    table
        Columns `FOUND`, sorted by (slice, generator), objects in the order of their slice.
    facts
        The manifest's entry of every readable slice.
    quarantined
        Slices that cannot be read: slice, reason, fix.
    runs, strength
        Slice to the objects of the generator in use, and how strongly each stands out; slices
        without contrast are missing.
    outline
        Where the breast is, in any slice; None without contrast.
    projection
        Maximum of the grey values over all slices at display size, where the pass has just run.
    """

    table: pl.DataFrame
    facts: list[dict[str, Any]]
    quarantined: list[dict[str, Any]]
    runs: dict[int, Runs]
    strength: dict[int, NDArray[np.float32]]
    outline: Outline | None
    projection: NDArray[np.uint8] | None = None

    def places(self, spacing_mm: Spacing) -> list[Places]:
        """Return centres and strengths of the objects in use, slice by slice."""
        places = []
        for index in sorted(self.runs):
            row, col = self.runs[index].centres()
            strength = self.strength[index].astype(np.float64)
            places.append(Places(index, row * spacing_mm[0], col * spacing_mm[1], strength))
        return places


def search(
    read: ReadSlice,
    header: Header,
    settings: Settings,
    *,
    on_bad_slice: str,
    threads: int,
    seen: Seen | None = None,
) -> Search:
    """Find the objects of every slice; *seen* is shown every slice in passing.

    Raises
    ------
    TomocalcError
        For every slice that cannot be read, all at once, unless *on_bad_slice* is
        ``quarantine``; also when no slice can be read.
    """
    factor = reduction(header.rows, header.columns)

    def work(index: int):
        try:
            raw = read(index)
        except TomocalcError as error:
            return index, error
        objects, prepared = find_objects(index, raw, settings, header.spacing_mm)
        if seen is not None and prepared is not None:
            seen.see_slice(index, prepared)
        shown = prepared and (prepared.breast, reduce_max(prepared.grey, factor))
        return index, (objects, shown)

    facts, runs, strength, tables = [], {}, {}, [pl.DataFrame(schema=FOUND)]
    bad: list[tuple[int, TomocalcError]] = []
    breasts: list[Breast] = []
    projection = None
    for index, result in in_order(work, range(header.slices), threads):
        if isinstance(result, TomocalcError):
            bad.append((index, result))
            continue
        objects, shown = result
        facts.append(objects.facts)
        for generator, found in sorted(objects.found.items()):
            used = generator == settings.generator
            tables.append(_table(generator, index, found, used))
            if used:
                runs[index], strength[index] = found.runs, found.strength
        if shown is not None:
            breasts.append(shown[0])
            projection = shown[1] if projection is None else np.maximum(projection, shown[1])
    if bad and (on_bad_slice == "fail" or len(bad) == header.slices):
        raise_all([error for _, error in bad])
    quarantined = [
        {"slice": index, "reason": f"[{error.code}] {error.what}: {error.why}", "fix": error.fix}
        for index, error in bad
    ]
    return Search(
        pl.concat(tables), facts, quarantined, runs, strength, Outline.of(breasts), projection
    )


def _table(generator: str, index: int, found: Found, used: bool) -> pl.DataFrame:
    row, col = found.runs.centres()
    triples = np.column_stack([found.runs.row, found.runs.start, found.runs.stop]).ravel()
    first = found.runs.first.astype(np.int32) * 3
    if not used:
        triples, first = triples[:0], np.zeros_like(first)
    lists = pl.Series(pl.from_arrow(pa.ListArray.from_arrays(pa.array(first), pa.array(triples))))
    return pl.DataFrame(
        {
            "generator": np.full(row.size, generator),
            "slice": np.full(row.size, index),
            "row": row,
            "col": col,
            "area_px": found.runs.area,
            "strength": found.strength,
            "runs": lists,
        },
        schema_overrides=FOUND,
    )


def keep_search(path: Path, found: Search, key: str) -> None:
    """Store a search for a run that is resumed."""
    facts = {"facts": found.facts, "quarantined": found.quarantined, "slices": sorted(found.runs)}
    more = {"search": json.dumps(facts, sort_keys=True), "outline": outline_text(found)}
    write_table(path, found.table, key, more)


def write_objects(path: Path, found: Search, key: str) -> dict[str, Any]:
    """Write the table of objects and return its entry for the manifest."""
    table = found.table.select(OBJECTS.names())
    return write_table(path, table, key, {"outline": outline_text(found)})


def outline_text(found: Search) -> str:
    """Return the outline as text, empty without one."""
    return found.outline.text() if found.outline else ""


def kept_search(path: Path, key: str, generator: str, *, on_bad_slice: str) -> Search | None:
    """Return a stored search with this content key, or None.

    One with unreadable slices is used only where they are to be quarantined; otherwise the slices
    are read again, so that every fault is told.
    """
    table = current_table(path, key)
    if table is None:
        return None
    more = json.loads(read_metadata(path)["search"])
    if more["quarantined"] and on_bad_slice == "fail":
        return None
    return _search(path, table, generator)


def stored_search(path: Path, generator: str) -> Search:
    """Return the search that a finished extraction left beside its shards.

    Raises
    ------
    TomocalcError
        ``E301`` when it is missing or damaged.
    """
    return _search(path, read_parquet(path), generator)


def _search(path: Path, table: pl.DataFrame, generator: str) -> Search:
    about = read_metadata(path)
    more = json.loads(about["search"])
    used = table.filter(pl.col("generator") == generator)
    groups = used.partition_by("slice", as_dict=True, maintain_order=True)
    nothing = used.clear()
    tables = {index: groups.get((index,), nothing) for index in more["slices"]}
    return Search(
        table,
        more["facts"],
        more["quarantined"],
        {index: _runs(rows) for index, rows in tables.items()},
        {index: rows["strength"].to_numpy() for index, rows in tables.items()},
        Outline.from_text(about["outline"]) if about["outline"] else None,
    )


def _runs(rows: pl.DataFrame) -> Runs:
    first = np.append(0, np.cumsum(rows["runs"].list.len().to_numpy() // 3)).astype(np.int64)
    triples = np.asarray(rows["runs"].to_arrow().flatten()).reshape(-1, 3)
    row, start, stop = (np.ascontiguousarray(part) for part in triples.T)
    return Runs(row, start, stop, first)
