"""The objects of a volume and its candidates: kept for a run that is resumed, and read again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from tomocalc.accounts.base import Record
from tomocalc.accounts.doubts import Doubt
from tomocalc.accounts.manifest import QuarantinedSlice, SliceFacts
from tomocalc.files import digest
from tomocalc.image.breast import Outline
from tomocalc.image.generators import SliceObjects
from tomocalc.image.linking import Candidates
from tomocalc.image.runs import Runs
from tomocalc.image.shards import beside_manifest, current_table, unusable, write_table
from tomocalc.image.slice_doubts import doubts_of
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
"""Columns of the table of objects: every generator that ran, centres in pixels."""

FOUND: Final = pl.Schema(
    {
        **OBJECTS,
        "strength": pl.Float32(),
        "runs": pl.List(pl.Int32()),
        "candidate": pl.Int32(),
        "focus": pl.Boolean(),
    }
)
"""Columns of ``search.parquet``.

runs are row, start, stop, …; of a generator that runs for comparison they are empty, and its
objects belong to no candidate (null). The manifest of the volume has its checksum.
"""

SEARCH_FILE = "search.parquet"
"""Beside the shards."""


class _About(Record, frozen=True, kw_only=True):
    """What a stored search says beside its table; *slices* are those with contrast."""

    generators: tuple[str, ...]
    facts: tuple[SliceFacts, ...]
    quarantined: tuple[QuarantinedSlice, ...]
    slices: tuple[int, ...]
    outline: str
    unlike: float


@dataclass(frozen=True, eq=False)
class VolumeObjects:
    """What the first pass found, linked to candidates.

    Attributes
    ----------
    table
        Columns `OBJECTS`, sorted by (slice, generator), objects in the order of their slice.
    generators
        Those that ran, the one in use first.
    facts
        The manifest's entry of every readable slice.
    quarantined
        Slices that cannot be read.
    runs, strength
        Slice to the objects of the generator in use, and how strongly each stands out; slices
        without contrast are missing.
    candidates
        Which of them belong together in depth.
    outline
        Where the breast is, in any slice; None without contrast.
    unlike
        As `unlikeness` returns it.
    """

    table: pl.DataFrame
    generators: tuple[str, ...]
    facts: tuple[SliceFacts, ...]
    quarantined: tuple[QuarantinedSlice, ...]
    runs: dict[int, Runs]
    strength: dict[int, NDArray[np.float32]]
    candidates: Candidates
    outline: Outline | None
    unlike: float = 0.0

    @property
    def content(self) -> str:
        """Digest of objects, and of slices without, by which equal pixels are known.

        Empty where no slice has any contrast.
        """
        mine = self.table.filter(pl.col("generator") == self.generators[0])
        if not self.runs:
            return ""
        places = mine.select("slice", "row", "col", "area_px").to_dict(as_series=False)
        return digest(
            [places, [[fact.threshold, fact.breast_share, fact.pixels] for fact in self.facts]]
        )

    def doubts(self) -> Iterator[Doubt]:
        """Yield what is doubtful about a volume once its slices have been searched."""
        if self.quarantined:
            lost = tuple(entry.slice for entry in self.quarantined)
            yield Doubt(code="quarantined", slices=lost)
        yield from doubts_of(self.facts)
        if repeated := self._repeated():
            yield Doubt(code="slices_repeat", slices=repeated)
        if self.unlike:
            yield Doubt(code="neighbours_unlike", values={"times": round(self.unlike, 2)})
        if not self.candidates.count:
            yield Doubt(code="no_candidate")

    def _repeated(self) -> tuple[int, ...]:
        """Return the slices on which the very same was found as on an earlier one."""
        seen, repeated = set[tuple[bytes | str, ...]](), []
        for fact in self.facts:
            own = self.runs.get(fact.slice)
            if own is None or (not own.count and not fact.pixels):
                continue
            parts = (part.tobytes() for part in (*own.centres(), self.strength[fact.slice]))
            found = (*parts, fact.pixels)
            if found in seen:
                repeated.append(fact.slice)
            seen.add(found)
        return tuple(repeated)

    def at_focus(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return row, column (px) and strength of every candidate at its best focus."""
        found = self.candidates
        result = np.zeros((3, found.count))
        for focus in np.unique(found.focus):
            here = found.focus == focus
            chosen = found.focus_object[here]
            result[:2, here] = self.runs[int(focus)].take(chosen).centres()
            result[2, here] = self.strength[int(focus)][chosen]
        return result[0], result[1], result[2]

    def objects_of(self, wanted: NDArray[np.integer]) -> dict[int, Runs]:
        """Return the pixels of candidates on every slice where one of them has an object."""
        objects = {}
        for index, candidate in self.candidates.of_object.items():
            mine = np.flatnonzero(np.isin(candidate, wanted))
            if mine.size:
                objects[index] = self.runs[index].take(mine)
        return objects

    def write(self, path: Path, key: str) -> None:
        """Store everything at *path*: for a run that is resumed, and to measure detection."""
        about = _About(
            generators=self.generators,
            facts=self.facts,
            quarantined=self.quarantined,
            slices=tuple(sorted(self.runs)),
            outline=self.outline.text() if self.outline else "",
            unlike=self.unlike,
        )
        used = self.generators[0]
        linked = [
            part.with_columns(
                runs=_lists(self.runs[index]),
                strength=pl.Series(self.strength[index]),
                candidate=pl.Series(self.candidates.of_object[index]),
                focus=pl.Series(self.candidates.in_focus(index)),
            )
            if generator == used
            else part
            for (index, generator), part in self.table.partition_by(
                "slice", "generator", as_dict=True, maintain_order=True
            ).items()
        ]
        table = pl.concat([pl.DataFrame(schema=FOUND), *linked], how="diagonal_relaxed")
        text = msgspec.json.encode(about, order="sorted").decode()
        more = {"search": text, "search_sha256": digest(text)}  # the footer has no checksum
        write_table(path, table.cast(FOUND), key, more)

    @classmethod
    def read(cls, path: Path) -> VolumeObjects:
        """Read what `write` stored.

        Raises
        ------
        TomocalcError
            ``E301`` when it is missing or damaged.
        """
        found = cls._of(path, beside_manifest(path))
        if found is None:
            raise unusable(path, "what its footer says of the search is not whole")
        return found

    @classmethod
    def current(cls, path: Path, key: str, *, on_bad_slice: str) -> VolumeObjects | None:
        """Read what `write` stored, if it is whole and has this content key.

        One with unreadable slices is used only where they are to be quarantined; otherwise the
        slices are read again, so that every fault is told.
        """
        table = current_table(path, key)
        found = None if table is None else cls._of(path, table)
        if found is None or (found.quarantined and on_bad_slice == "fail"):
            return None
        return found

    @classmethod
    def _of(cls, path: Path, table: pl.DataFrame) -> VolumeObjects | None:
        metadata = read_metadata(path)
        text = metadata.get("search", "")
        if metadata.get("search_sha256") != digest(text) or table.schema != FOUND:
            return None
        about = msgspec.json.decode(text, type=_About)
        used = table.filter(pl.col("generator") == about.generators[0])
        groups = used.partition_by("slice", as_dict=True, maintain_order=True)
        tables = {index: groups.get((index,), used.clear()) for index in about.slices}
        return cls(
            table.select(OBJECTS.names()),
            about.generators,
            about.facts,
            about.quarantined,
            {index: _runs(rows) for index, rows in tables.items()},
            {index: rows["strength"].to_numpy() for index, rows in tables.items()},
            Candidates.of(
                {
                    index: rows["candidate"].to_numpy().astype(np.int64)
                    for index, rows in tables.items()
                },
                {index: rows["focus"].to_numpy() for index, rows in tables.items()},
            ),
            Outline.from_text(about.outline) if about.outline else None,
            about.unlike,
        )


def stored_objects(path: Path) -> tuple[pl.DataFrame, Outline | None]:
    """Read the `table` and the `outline` alone of what `VolumeObjects.write` stored."""
    try:
        about = msgspec.json.decode(read_metadata(path).get("search", ""), type=_About)
    except msgspec.DecodeError as error:
        raise unusable(path, "it is not of this version of tomocalc") from error
    outline = Outline.from_text(about.outline) if about.outline else None
    return read_parquet(path, OBJECTS.names()), outline


def object_rows(generator: str, index: int, found: SliceObjects) -> pl.DataFrame:
    """Return the rows of the table of objects that one generator gives on one slice."""
    row, col = found.runs.centres()
    return pl.DataFrame(
        {
            "generator": np.full(row.size, generator),
            "slice": np.full(row.size, index),
            "row": row,
            "col": col,
            "area_px": found.runs.area,
        },
        schema_overrides=OBJECTS,
    )


def _lists(runs: Runs) -> pl.Series:
    """Return the runs of each object as one list of row, start, stop, and again."""
    triples = np.column_stack([runs.row, runs.start, runs.stop]).ravel()
    first = runs.first.astype(np.int32) * 3
    return pl.Series(pl.from_arrow(pa.ListArray.from_arrays(_int32(first), _int32(triples))))


def _int32(values: NDArray[np.int32]) -> pa.Int32Array:
    """Return *values* for Arrow; `pa.array` would import pandas, wherever there is one."""
    plain = np.ascontiguousarray(values, np.int32)
    return pa.Int32Array.from_buffers(pa.int32(), plain.size, [None, pa.py_buffer(plain)])


def _runs(rows: pl.DataFrame) -> Runs:
    first = np.append(0, np.cumsum(rows["runs"].list.len().to_numpy() // 3)).astype(np.int64)
    triples = rows["runs"].explode().drop_nulls().to_numpy().reshape(-1, 3)
    row, start, stop = (np.ascontiguousarray(part) for part in triples.T)
    return Runs(row, start, stop, first)
