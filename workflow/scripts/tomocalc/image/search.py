"""The first pass over a volume: objects on every slice, kept so that it need not be repeated.

Objects are kept as runs, which are small, so no slice stays in memory. The result is a table that
is stored beside the shards: a run that was interrupted, or that has lost a shard, starts from it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from tomocalc.errors import TomocalcError, raise_all
from tomocalc.image.breast import Breast
from tomocalc.image.display import reduce_max, reduction
from tomocalc.image.generators import Found
from tomocalc.image.objects import FOUND, Search
from tomocalc.image.outline import Outline
from tomocalc.image.settings import Settings
from tomocalc.image.slices import Prepared, Spacing, find_objects
from tomocalc.image.threads import in_order

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


def _int32(values: NDArray[np.int32]) -> pa.Int32Array:
    """Return *values* for Arrow; `pa.array` would import pandas, wherever there is one."""
    plain = np.ascontiguousarray(values, np.int32)
    return pa.Int32Array.from_buffers(pa.int32(), plain.size, [None, pa.py_buffer(plain)])


def _table(generator: str, index: int, found: Found, used: bool) -> pl.DataFrame:
    row, col = found.runs.centres()
    triples = np.column_stack([found.runs.row, found.runs.start, found.runs.stop]).ravel()
    first = found.runs.first.astype(np.int32) * 3
    if not used:
        triples, first = triples[:0], np.zeros_like(first)
    lists = pl.Series(pl.from_arrow(pa.ListArray.from_arrays(_int32(first), _int32(triples))))
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
