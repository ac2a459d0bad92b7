"""The second pass over a volume: every candidate measured on the slices of its sequence."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tomocalc.files import digest
from tomocalc.image.context import focus_offset, slices_spanned
from tomocalc.image.linking import Candidates
from tomocalc.image.objects import Search
from tomocalc.image.runs import join
from tomocalc.image.search import Header, ReadSlice, Seen
from tomocalc.image.settings import Settings
from tomocalc.image.shards import current_shard, write_shard
from tomocalc.image.slices import measure_rows, prepare
from tomocalc.image.threads import in_order
from tomocalc.tables import SHARD, empty

log = logging.getLogger(__name__)


def write_shards(
    read: ReadSlice,
    header: Header,
    settings: Settings,
    *,
    found: Search,
    candidates: Candidates,
    ids: Mapping[str, str],
    folder: Path,
    key: str,
    threads: int,
    seen: Seen | None = None,
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
    threads
        Slices worked on at once.
    seen
        Shown every candidate in passing, on its slice of best focus.
    """

    def work(facts: dict[str, Any]) -> dict[str, Any]:
        index = facts["slice"]
        shard_key = digest([key, index])
        kept = current_shard(folder, index, shard_key)
        if kept is not None:
            return kept
        log.info("measure slice %d", index)
        rows = slice_rows(
            index, read, header, settings, found=found, candidates=candidates, seen=seen
        )
        constants = {**ids, "qc_flag": "capped"} if facts["qc_flag"] == "capped" else ids
        rows = rows.with_columns(pl.lit(value).alias(name) for name, value in constants.items())
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
    seen: Seen | None = None,
) -> pl.DataFrame:
    """Measure the candidates whose sequence covers a slice.

    A slice without contrast, on which nothing can be measured, gives no rows.
    """
    begin, end = candidates.sequence(header.slices, settings.sequence_slices)
    chosen = np.flatnonzero((begin <= index) & (index < end))
    own = found.runs.get(index)
    if own is None or not chosen.size:
        return empty(SHARD)
    object_of = np.full(candidates.count, -1)
    object_of[candidates.of_object[index]] = np.arange(own.count)
    detected = chosen[object_of[chosen] >= 0]
    candidate, masks = [detected], [own.take(object_of[detected])]
    others = chosen[object_of[chosen] < 0]
    for focus in np.unique(candidates.focus[others]):
        here = others[candidates.focus[others] == focus]
        candidate.append(here)
        masks.append(found.runs[int(focus)].take(candidates.focus_object[here]))
    prepared = prepare(read(index), header.spacing_mm)
    if prepared is None:
        raise AssertionError("a slice with objects has contrast")
    if seen is not None:
        mine = np.flatnonzero(candidates.focus == index)
        seen.see_candidates(prepared, mine, *own.take(candidates.focus_object[mine]).centres())
    rows = measure_rows(prepared, join(masks), own, settings=settings, spacing_mm=header.spacing_mm)
    number = np.concatenate(candidate)
    focus = candidates.focus[number]
    spanned = slices_spanned(candidates.first[number], candidates.last[number])
    return rows.with_columns(
        candidate_id=pl.Series(number),
        slice=pl.lit(index),
        detected=pl.Series(object_of[number] >= 0),
        focus=pl.Series(focus == index),
        slices_spanned=pl.Series(spanned),
        focus_offset=pl.Series(focus_offset(index, focus, header.slice_spacing_mm)),
    ).sort("candidate_id")
