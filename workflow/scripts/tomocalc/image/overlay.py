"""The picture of a volume: what was found, beside what was annotated."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from PIL import Image

from tomocalc.accounts.doubts import KINDS
from tomocalc.accounts.manifest import VolumeManifest
from tomocalc.image.display import LEVELS, PANEL, Frame, Mark, Panel, draw_panels, mark_radius
from tomocalc.image.objects import VolumeObjects
from tomocalc.image.previews import CROP_MM, best_slice, images_of, reduction

TITLES = 2
"""Doubts that a picture names."""
MARKS = 150
"""Most marks on a panel; more would hide the picture."""


@dataclass(frozen=True)
class Annotated:
    """An annotated finding, and whether an object covers it; on every slice if *slice* is None."""

    slice: int | None
    frame: Frame


def volume_overlay(
    facts: VolumeManifest,
    found: VolumeObjects,
    previews: pl.DataFrame,
    *,
    in_silico: bool,
    put_in: bool = False,
    annotated: Sequence[Annotated] | None = None,
) -> bytes:
    """Draw the picture of a volume as PNG.

    Two panels: the slice on which most candidates are in best focus, with its own, and the maximum
    over all slices with all; beside them the strongest candidate at full resolution.

    Parameters
    ----------
    previews
        Columns `previews.PREVIEWS`.
    in_silico
        Whether the volume is simulated; the picture then says so.
    put_in
        Whether simulated objects are put into it; the picture then says so, too.
    annotated
        Its findings; None where nobody has asked yet.
    """
    factor = reduction(facts.rows, facts.columns)
    blank = np.zeros([-(-side // factor) for side in (facts.rows, facts.columns)], np.uint8)
    still, projection = (
        next(map(_opened, images_of(previews, kind).values()), blank)
        for kind in ("in focus", "projection")
    )
    enlarge = max(1, PANEL // max(blank.shape))
    near_px = 2 * mark_radius(facts.pixel_spacing_mm[0], enlarge / factor) * factor / enlarge
    best = best_slice(found)
    row, col, strength = found.at_focus()
    level = strength_levels(strength)
    strongest = np.argsort(-strength, kind="stable")
    here = strongest[found.candidates.focus[strongest] == best]
    many = facts.slices > 1
    # A single slice is shown without marks first: nothing then hides it.
    marked = [
        joined_marks(
            row[some],
            col[some],
            level[some],
            near_px,
            first=bool(np.isin(strongest[:1], some).any()),
        )
        for some in (here if many else here[:0], strongest)
    ]
    framed = [
        [one.frame for one in annotated or () if all_slices or one.slice in (best, None)]
        for all_slices in (False, True)
    ]
    titles = (
        f"slice {best} (0 to {facts.slices - 1})",
        "maximum projection" if many else "candidates",
    )
    panels = [
        Panel(title, image, marks[:MARKS], frames)
        for title, image, marks, frames in zip(
            titles, (still, projection), marked, framed, strict=True
        )
    ]
    inset = None
    for number, image in images_of(previews, "inset").items():
        title = f"strongest: slice {found.candidates.focus[number]}, {CROP_MM:g} mm"
        inset = Panel(title, _opened(image))
    about = [facts.volume_id, facts.laterality, facts.view]
    about.append("in-silico phantom" if in_silico else "simulated objects put in" if put_in else "")
    return draw_panels(
        panels,
        factor=factor,
        spacing_mm=facts.pixel_spacing_mm[0],
        heading="   ".join(part for part in about if part),
        caption=_caption(found, len(marked[1]), here.size, annotated) + _doubts(facts),
        inset=inset,
    )


def strength_levels(strength: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the colour of each candidate: equal steps of the logarithm of its strength.

    From the weakest of the volume to the strongest; all in the middle where they are equal.
    """
    if not strength.size:
        return np.zeros(0, np.int64)
    value = np.log(np.maximum(strength, 1e-6))
    low, high = value.min(), value.max()
    if high - low < 1e-9:
        return np.full(strength.size, len(LEVELS) // 2)
    return np.minimum((value - low) / (high - low) * len(LEVELS), len(LEVELS) - 1).astype(np.int64)


def joined_marks(
    row: NDArray[np.float64],
    col: NDArray[np.float64],
    level: NDArray[np.int64],
    near_px: float,
    *,
    first: bool = False,
) -> list[Mark]:
    """Join candidates whose marks would overlap; each mark is that of its strongest candidate.

    Parameters
    ----------
    row, col, level
        Of the candidates, the strongest first.
    near_px
        Distance, in pixels of the slice, below which two marks overlap.
    first
        Whether the first candidate is the strongest of the volume.
    """
    leads: list[int] = []
    counts: list[int] = []
    for number in range(row.size):
        away = np.hypot(row[leads] - row[number], col[leads] - col[number])
        nearest = int(np.argmin(away)) if leads else -1
        if leads and away[nearest] < near_px:
            counts[nearest] += 1
        else:
            leads.append(number)
            counts.append(1)
    return [
        Mark(float(row[lead]), float(col[lead]), int(level[lead]), count, first and lead == 0)
        for lead, count in zip(leads, counts, strict=True)
    ]


def _opened(image: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(image)))


def _doubts(facts: VolumeManifest) -> str:
    """Return a line that names what is doubtful about the volume, the first of it."""
    titles = [KINDS[doubt.code].title for doubt in facts.doubts]
    more = f"; and {len(titles) - TITLES} more" if len(titles) > TITLES else ""
    return f"\nDoubtful: {'; '.join(titles[:TITLES])}{more}." if titles else ""


def _caption(
    found: VolumeObjects, marks: int, here: int, annotated: Sequence[Annotated] | None
) -> str:
    count, slices = found.candidates.count, len(found.facts)
    text = f"{count} candidate{'s' * (count != 1)}"
    if slices > 1:
        text += f" in {slices} slices, {here} in best focus on the one shown"
    if marks > MARKS:
        text += f"; the {MARKS} marks that stand out most are drawn"
    text += ". Circles: 3 mm."
    if annotated is None:
        return text
    hit = sum(one.frame.hit for one in annotated)
    return f"{text}\n{len(annotated)} annotated: {hit} hit, {len(annotated) - hit} missed."
