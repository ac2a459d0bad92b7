"""The two passes over a volume: find the objects of every slice, then measure every candidate.

Objects are kept as runs, which are small, so no slice stays in memory. Slices can be worked on side
by side; what is found comes in their order.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from msgspec.structs import replace
from numpy.typing import NDArray

from tomocalc.accounts.manifest import QuarantinedSlice, SliceFacts, VolumeFacts
from tomocalc.accounts.settings import Settings
from tomocalc.errors import TomocalcError, raise_all
from tomocalc.image.breast import Breast, Outline, block_means
from tomocalc.image.features import focus_offset, slices_spanned
from tomocalc.image.linking import Places, link
from tomocalc.image.objects import OBJECTS, VolumeObjects, object_rows
from tomocalc.image.runs import join
from tomocalc.image.shards import in_order
from tomocalc.image.slice_doubts import (
    COARSE,
    PROJECTED,
    drawn_from_others,
    pixels,
    steps,
    unlikeness,
)
from tomocalc.image.slices import Search, find_objects, measure_rows, prepare, slice_facts
from tomocalc.tables import SHARD, empty

if TYPE_CHECKING:
    from tomocalc.image.generators import SliceObjects
    from tomocalc.image.previews import Previews
    from tomocalc.readers.volume import Volume

log = logging.getLogger(__name__)


def find_candidates(
    stack: Volume,
    settings: Settings,
    *,
    compared: str | None = None,
    on_bad_slice: str = "fail",
    threads: int = 1,
    previews: Previews | None = None,
    search: Search | None = None,
) -> VolumeObjects:
    """Find the objects of every slice and link them in depth.

    Parameters
    ----------
    compared
        A second generator whose objects are kept for measuring detection.
    on_bad_slice
        ``fail`` or ``quarantine``.
    threads
        Slices worked on at once.
    previews
        Shown every slice in passing.
    search
        Is the generator ``learned``.

    Raises
    ------
    TomocalcError
        For every slice that cannot be read, all at once, unless *on_bad_slice* is
        ``quarantine``; also when no slice can be read.
    """
    header = stack.header
    generators = tuple(dict.fromkeys([settings.generator, compared or settings.generator]))

    views: dict[int, NDArray[np.float32]] = {}
    samples: dict[int, NDArray[np.float32]] = {}

    def work(
        index: int,
    ) -> TomocalcError | tuple[dict[str, SliceObjects], Breast, SliceFacts] | None:
        try:
            prepared = prepare(stack.read(index), header.spacing_mm)
        except TomocalcError as error:
            return error
        if prepared is None:
            return None
        if previews is not None:
            previews.see_slice(index, prepared)
        found = find_objects(prepared, settings, header.spacing_mm, generators, search)
        views[index] = block_means(prepared.raw, max(1, max(prepared.raw.shape) // COARSE))
        samples[index] = pixels(prepared.raw)
        facts = slice_facts(index, found[settings.generator], prepared, header.spacing_mm)
        return found, prepared.breast, facts

    facts, runs, strength, tables = [], {}, {}, [pl.DataFrame(schema=OBJECTS)]
    bad: list[tuple[int, TomocalcError]] = []
    breasts: list[Breast] = []
    for index, result in enumerate(in_order(work, range(header.slices), threads)):
        if isinstance(result, TomocalcError):
            bad.append((index, result))
        elif result is None:
            facts.append(SliceFacts(slice=index))
        else:
            found, breast, fact = result
            used = found[settings.generator]
            facts.append(fact)
            tables += [object_rows(name, index, part) for name, part in sorted(found.items())]
            runs[index], strength[index] = used.runs, used.strength
            breasts.append(breast)
    seen = sorted(views)
    apart = dict(zip(seen, steps([views[index] for index in seen]), strict=True))
    drawn = drawn_from_others([samples[index] for index in seen])
    apart |= {index: PROJECTED for index, holds in zip(seen, drawn, strict=True) if holds}
    facts = [replace(fact, apart=round(apart.get(fact.slice, 0.0), 2)) for fact in facts]
    if bad and (on_bad_slice == "fail" or len(bad) == header.slices):
        raise_all([error for _, error in bad])
    quarantined = [
        QuarantinedSlice(
            slice=index, reason=f"[{error.code}] {error.what}: {error.why}", fix=error.fix
        )
        for index, error in bad
    ]
    places = [
        Places(index, row * header.spacing_mm[0], col * header.spacing_mm[1], stands_out)
        for index, own in runs.items()
        for row, col in [own.centres()]
        for stands_out in [strength[index].astype(np.float64)]
    ]
    return VolumeObjects(
        pl.concat(tables),
        generators,
        tuple(facts),
        tuple(quarantined),
        runs,
        strength,
        link(places, settings.link_radius_mm),
        Outline.of(breasts),
        unlikeness([views[index] for index in seen]),
    )


def measure_slice(
    index: int,
    stack: Volume,
    settings: Settings,
    found: VolumeObjects,
    facts: VolumeFacts,
    previews: Previews | None = None,
) -> pl.DataFrame:
    """Measure the candidates whose sequence covers a slice.

    A slice without contrast, on which nothing can be measured, gives no rows.

    Parameters
    ----------
    facts
        Whose volume it is.
    previews
        Shown the candidates that are in best focus here, in passing.
    """
    candidates, header = found.candidates, stack.header
    begin, end = candidates.sequence(header.slices, settings.sequence_slices)
    chosen = np.flatnonzero((begin <= index) & (index < end))
    own = found.runs.get(index)
    if own is None or not chosen.size:
        return empty(SHARD)
    # Of every candidate the object that it has here, or -1: then the mask of its best focus is
    # measured, which may be on several other slices.
    object_of = np.full(candidates.count, -1)
    object_of[candidates.of_object[index]] = np.arange(own.count)
    detected, others = chosen[object_of[chosen] >= 0], chosen[object_of[chosen] < 0]
    candidate, masks = [detected], [own.take(object_of[detected])]
    for focus in np.unique(candidates.focus[others]):
        here = others[candidates.focus[others] == focus]
        candidate.append(here)
        masks.append(found.runs[int(focus)].take(candidates.focus_object[here]))
    prepared = prepare(stack.read(index), header.spacing_mm)
    if prepared is None:
        raise AssertionError("a slice with objects has contrast")
    if previews is not None:
        previews.see_candidates(index, prepared, found)
    rows = measure_rows(prepared, join(masks), own, settings=settings, spacing_mm=header.spacing_mm)
    number = np.concatenate(candidate)
    focus = candidates.focus[number]
    rows = rows.with_columns(
        volume_id=pl.lit(facts.volume_id),
        patient_id=pl.lit(facts.patient_id),
        candidate_id=pl.Series(number),
        slice=pl.lit(index),
        detected=pl.Series(object_of[number] >= 0),
        focus=pl.Series(focus == index),
        slices_spanned=pl.Series(slices_spanned(candidates.first[number], candidates.last[number])),
        focus_offset=pl.Series(focus_offset(index, focus, header.slice_spacing_mm)),
    )
    if next(fact for fact in found.facts if fact.slice == index).qc_flag == "capped":
        rows = rows.with_columns(qc_flag=pl.lit("capped"))
    return rows.sort("candidate_id")
