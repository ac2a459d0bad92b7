"""The picture of a volume: its best slice and its maximum projection, with candidates marked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tomocalc.image.display import Panel, draw_panels, reduce_max, reduce_mean, reduction
from tomocalc.image.linking import Candidates
from tomocalc.image.objects import Search
from tomocalc.image.search import ReadSlice
from tomocalc.image.slices import Spacing, prepare

MARKS = 150
"""Most marks on a panel; more would hide the picture."""


def kept_overlay(path: Path, key: str) -> bytes | None:
    """Return a picture that was drawn from the same content, if it is whole."""
    try:
        with Image.open(path) as picture:
            picture.load()
            current = picture.info.get("key") == key
    except (OSError, SyntaxError, ValueError):
        return None
    return path.read_bytes() if current else None


def volume_overlay(
    read: ReadSlice,
    *,
    found: Search,
    candidates: Candidates,
    facts: Mapping[str, Any],
    in_silico: bool,
    key: str,
) -> bytes:
    """Draw the picture of a volume as PNG.

    The best slice is the one on which most candidates are in best focus, or else the middle one.

    Parameters
    ----------
    facts
        The volume's part of the manifest.
    key
        Content key, kept in the file.
    """
    factor = reduction(facts["rows"], facts["columns"])
    spacing_mm = tuple(facts["pixel_spacing_mm"])
    readable = [entry["slice"] for entry in found.facts]
    foci = np.bincount(candidates.focus, minlength=facts["slices"])[readable]
    best = readable[int(np.argmax(foci)) if foci.any() else len(readable) // 2]
    projection = found.projection
    if projection is None:
        projection = _projection(read, readable, spacing_mm, factor)
    blank = np.zeros([-(-facts[side] // factor) for side in ("rows", "columns")], np.uint8)
    prepared = prepare(read(best), spacing_mm)
    still = blank if prepared is None else reduce_mean(prepared.grey, factor)
    row, col, strength = _centres(found, candidates)
    strongest = np.argsort(-strength, kind="stable")
    here = strongest[candidates.focus[strongest] == best]
    # A single slice is shown without marks first: nothing then hides it.
    marked = here[: MARKS if facts["slices"] > 1 else 0]
    panels = [
        Panel(f"slice {best} (0 to {facts['slices'] - 1})", still, row[marked], col[marked]),
        Panel(
            "maximum projection" if facts["slices"] > 1 else "candidates",
            blank if projection is None else projection,
            row[strongest[:MARKS]],
            col[strongest[:MARKS]],
        ),
    ]
    about = [facts["volume_id"], facts["laterality"], facts["view"]]
    about.append("in-silico phantom" if in_silico else None)
    return draw_panels(
        panels,
        factor=factor,
        spacing_mm=spacing_mm[0],
        heading="   ".join(part for part in about if part),
        caption=_caption(candidates.count, here.size, len(readable)),
        key=key,
    )


def _caption(count: int, here: int, slices: int) -> str:
    text = f"{count} candidate{'s' * (count != 1)}"
    if slices > 1:
        text += f" in {slices} slices, {here} in best focus on the one shown"
    if count > MARKS:
        text += f"; the {MARKS} that stand out most are marked"
    return f"{text}. Circles: 3 mm."


def _projection(
    read: ReadSlice, readable: list[int], spacing_mm: Spacing, factor: int
) -> NDArray[np.uint8] | None:
    projection = None
    for index in readable:
        prepared = prepare(read(index), spacing_mm)
        if prepared is not None:
            top = reduce_max(prepared.grey, factor)
            projection = top if projection is None else np.maximum(projection, top)
    return projection


def _centres(
    found: Search, candidates: Candidates
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return row, column and strength of every candidate at its best focus."""
    result = np.zeros((3, candidates.count))
    for focus in np.unique(candidates.focus):
        here = candidates.focus == focus
        chosen = candidates.focus_object[here]
        result[:2, here] = found.runs[int(focus)].take(chosen).centres()
        result[2, here] = found.strength[int(focus)][chosen]
    return result[0], result[1], result[2]
