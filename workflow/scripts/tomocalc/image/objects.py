"""What the search of a volume found: kept for a run that is resumed, and read again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tomocalc.image.linking import Places
from tomocalc.image.outline import Outline
from tomocalc.image.runs import Runs
from tomocalc.image.shards import current_table, write_table
from tomocalc.parquet import read_metadata, read_parquet

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

    def places(self, spacing_mm: tuple[float, float]) -> list[Places]:
        """Return centres and strengths of the objects in use, slice by slice."""
        places = []
        for index in sorted(self.runs):
            row, col = self.runs[index].centres()
            strength = self.strength[index].astype(np.float64)
            places.append(Places(index, row * spacing_mm[0], col * spacing_mm[1], strength))
        return places


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
    triples = rows["runs"].explode().drop_nulls().to_numpy().reshape(-1, 3)
    row, start, stop = (np.ascontiguousarray(part) for part in triples.T)
    return Runs(row, start, stop, first)
