"""The picture of a volume: its best slice and its maximum projection, with candidates marked."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tomocalc.image.linking import Candidates
from tomocalc.image.slices import prepare
from tomocalc.image.statistics import Grey
from tomocalc.image.volume import Header, ReadSlice, Search, centres

PANEL_ROWS = 640
"""Largest height of a panel in pixels."""

GREYS = 64
MARK = (255, 196, 0)
TEXT = (230, 230, 230)
MARGIN = 12
LINE = 20


@dataclass(frozen=True, eq=False)
class Panel:
    """One picture with its marks.

    Attributes
    ----------
    title
        Said above it.
    image
        Grey values 0..255 at display size.
    row, col
        Centres of the marks in pixels of the slice.
    """

    title: str
    image: NDArray[np.uint8]
    row: NDArray[np.floating]
    col: NDArray[np.floating]


def volume_overlay(
    read: ReadSlice,
    header: Header,
    *,
    found: Search,
    candidates: Candidates,
    facts: Mapping[str, Any],
    in_silico: bool,
) -> bytes:
    """Draw the overlay of a volume as PNG.

    The best slice is the one that holds the best focus of most candidates, or the middle one.
    """
    factor = reduction(facts["rows"])
    readable = [entry["slice"] for entry in found.facts]
    foci = np.bincount(candidates.focus, minlength=facts["slices"])[readable]
    best = readable[int(np.argmax(foci)) if foci.any() else len(readable) // 2]
    projection = still = None
    for index in readable:
        prepared = prepare(read(index), header.spacing_mm)
        if prepared is None:
            continue
        top = reduce_max(prepared.grey, factor)
        projection = top if projection is None else np.maximum(projection, top)
        if index == best:
            still = reduce_mean(prepared.grey, factor)
    blank = np.zeros([-(-facts[side] // factor) for side in ("rows", "columns")], np.uint8)
    everywhere, here = _centres(found, candidates, None), _centres(found, candidates, best)
    panels = [
        Panel(f"slice {best + 1} of {facts['slices']}", _or(still, blank), *here),
        Panel("maximum projection", _or(projection, blank), *everywhere),
    ]
    origin = " · in-silico phantom" if in_silico else ""
    heading = f"{facts['volume_id']} · {facts['laterality']} {facts['view']}{origin}"
    count = f"{candidates.count} candidates" if candidates.count != 1 else "1 candidate"
    caption = f"{count} in {facts['slices']} slices, {here[0].size} in best focus on this slice."
    return draw_overlay(
        panels,
        factor=factor,
        spacing_mm=header.spacing_mm[0],
        heading=heading,
        caption=caption,
    )


def _or(image: NDArray[np.uint8] | None, blank: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return blank if image is None else image


def _centres(
    found: Search, candidates: Candidates, index: int | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return row and column of the candidates in best focus on a slice, or on any."""
    row, col = np.zeros(candidates.count), np.zeros(candidates.count)
    for focus in np.unique(candidates.focus):
        here = candidates.focus == focus
        runs = found.runs[int(focus)].take(candidates.focus_object[here])
        row[here], col[here] = centres(runs)
    chosen = slice(None) if index is None else candidates.focus == index
    return row[chosen], col[chosen]


def reduction(rows: int) -> int:
    """Return how many pixels of a slice become one of a panel, along each axis."""
    return max(1, math.ceil(rows / PANEL_ROWS))


def reduce_mean(grey: Grey, factor: int) -> NDArray[np.uint8]:
    """Average the slice over blocks, as a radiologist sees a slice that is fitted to a screen."""
    return np.rint(_blocks(grey.image(), factor).mean(axis=(1, 3))).astype(np.uint8)


def reduce_max(grey: Grey, factor: int) -> NDArray[np.uint8]:
    """Take the largest value of each block, so that a calcification of one pixel stays."""
    return np.rint(_blocks(grey.image(), factor).max(axis=(1, 3))).astype(np.uint8)


def _blocks(image: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    pad = [(0, -size % factor) for size in image.shape]
    padded = np.pad(image, pad, mode="edge")
    rows, cols = padded.shape[0] // factor, padded.shape[1] // factor
    return padded.reshape(rows, factor, cols, factor)


def draw_overlay(
    panels: Sequence[Panel], *, factor: int, spacing_mm: float, heading: str, caption: str
) -> bytes:
    """Draw panels side by side and return the PNG.

    Parameters
    ----------
    panels
        Pictures of equal size.
    factor
        Pixels of a slice per pixel of a panel.
    spacing_mm
        Pixel spacing of the slice.
    heading, caption
        Text above and below.
    """
    enlarge = max(1, PANEL_ROWS // panels[0].image.shape[0])
    height, width = (side * enlarge for side in panels[0].image.shape)
    size = len(panels) * (width + MARGIN) + MARGIN, height + 3 * LINE + 2 * MARGIN
    canvas = Image.new("RGB", size)
    draw = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(14)
    draw.text((MARGIN, MARGIN // 2), heading, TEXT, font)
    for number, panel in enumerate(panels):
        left, top = MARGIN + number * (width + MARGIN), MARGIN + 2 * LINE
        draw.text((left, top - LINE), panel.title, TEXT, font)
        step = 255 / (GREYS - 1)
        shown = (np.rint(panel.image / step) * step).astype(np.uint8)
        canvas.paste(
            Image.fromarray(shown).resize((width, height), Image.Resampling.BICUBIC), (left, top)
        )
        scale = enlarge / factor
        _circles(draw, panel, left, top, scale, 1.5 / spacing_mm * scale)
        _scale_bar(draw, left, top + height, 10 / spacing_mm * scale, font)
    draw.text((MARGIN, height + 2 * LINE + MARGIN), caption, TEXT, font)
    target = io.BytesIO()
    canvas.quantize(GREYS * 2, method=Image.Quantize.MEDIANCUT).save(target, "PNG", optimize=True)
    return target.getvalue()


def _circles(
    draw: ImageDraw.ImageDraw, panel: Panel, left: int, top: int, scale: float, radius: float
) -> None:
    radius = max(radius, 6.0)
    for row, col in zip(panel.row, panel.col, strict=True):
        y, x = top + (row + 0.5) * scale, left + (col + 0.5) * scale
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=MARK)


def _scale_bar(
    draw: ImageDraw.ImageDraw,
    left: int,
    bottom: int,
    length: float,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    y = bottom - 12
    draw.line((left + 10, y, left + 10 + length, y), fill=TEXT, width=2)
    draw.text((left + 10, y - 20), "1 cm", TEXT, font)
