"""The picture of a volume: its best slice and its maximum projection, with candidates marked."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tomocalc.image.display import Panel, draw_panels, reduction
from tomocalc.image.extraction import Extracted
from tomocalc.image.previews import best_slice, images_of

MARKS = 150
"""Most marks on a panel; more would hide the picture."""


def volume_overlay(measured: Extracted, *, in_silico: bool) -> bytes:
    """Draw the picture of a volume as PNG.

    Parameters
    ----------
    in_silico
        Whether the volume is simulated; the picture then says so.
    """
    facts, found = measured.manifest, measured.found
    factor = reduction(facts.rows, facts.columns)
    blank = np.zeros([-(-side // factor) for side in (facts.rows, facts.columns)], np.uint8)
    still, projection = (
        next(map(_opened, images_of(measured.previews, kind).values()), blank)
        for kind in ("in focus", "projection")
    )
    best = best_slice(found)
    row, col, strength = found.at_focus()
    strongest = np.argsort(-strength, kind="stable")
    here = strongest[found.candidates.focus[strongest] == best]
    # A single slice is shown without marks first: nothing then hides it.
    marked = here[: MARKS if facts.slices > 1 else 0]
    panels = [
        Panel(f"slice {best} (0 to {facts.slices - 1})", still, row[marked], col[marked]),
        Panel(
            "maximum projection" if facts.slices > 1 else "candidates",
            projection,
            row[strongest[:MARKS]],
            col[strongest[:MARKS]],
        ),
    ]
    about = [facts.volume_id, facts.laterality, facts.view]
    about.append("in-silico phantom" if in_silico else "")
    return draw_panels(
        panels,
        factor=factor,
        spacing_mm=facts.pixel_spacing_mm[0],
        heading="   ".join(part for part in about if part),
        caption=_caption(found.candidates.count, here.size, len(found.facts)),
    )


def _opened(image: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(image)))


def _caption(count: int, here: int, slices: int) -> str:
    text = f"{count} candidate{'s' * (count != 1)}"
    if slices > 1:
        text += f" in {slices} slices, {here} in best focus on the one shown"
    if count > MARKS:
        text += f"; the {MARKS} that stand out most are marked"
    return f"{text}. Circles: 3 mm."
