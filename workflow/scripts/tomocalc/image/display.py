"""Slices at the size of a screen, and pictures with marks on them."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tomocalc.image.statistics import Grey

PANEL = 640
"""Largest height and width of a panel in pixels."""

BRIGHTEN = 2.2
"""Shown grey level per measured one: the scale leaves room above tissue, a screen need not."""

GREYS = 48
"""Grey levels of a picture; with noise in the image more would only make the file larger."""

CIRCLE_MM = 1.5
"""Radius of a mark."""

MARK, TEXT, MARGIN, LINE = (255, 190, 0), (225, 225, 225), 12, 20


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


def reduction(rows: int, columns: int) -> int:
    """Return how many pixels of a slice become one of a panel, along each axis."""
    return max(1, math.ceil(max(rows, columns) / PANEL))


def reduce_mean(grey: Grey, factor: int) -> NDArray[np.uint8]:
    """Average the slice over blocks, as if it was fitted to the screen."""
    padded = _padded(grey.levels, factor)
    rows, cols = padded.shape[0] // factor, padded.shape[1] // factor
    shown = grey.table[padded].reshape(rows, factor, cols, factor)
    return np.rint(shown.mean(axis=(1, 3))).astype(np.uint8)


def reduce_max(grey: Grey, factor: int) -> NDArray[np.uint8]:
    """Take the largest value of each block, so that a calcification of one pixel stays.

    Larger levels have larger grey values, so the levels are reduced, and few are looked up.
    """
    padded = _padded(grey.levels, factor)
    down = padded[::factor].copy()
    for first in range(1, factor):
        np.maximum(down, padded[first::factor], out=down)
    across = down[:, ::factor].copy()
    for first in range(1, factor):
        np.maximum(across, down[:, first::factor], out=across)
    return np.rint(grey.table[across]).astype(np.uint8)


def _padded(levels: NDArray[np.unsignedinteger], factor: int) -> NDArray[np.unsignedinteger]:
    pad = [(0, -size % factor) for size in levels.shape]
    return np.pad(levels, pad, mode="edge") if any(after for _, after in pad) else levels


def draw_panels(
    panels: Sequence[Panel],
    *,
    factor: int,
    spacing_mm: float,
    heading: str,
    caption: str,
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
    enlarge = max(1, PANEL // max(panels[0].image.shape))
    height, width = (side * enlarge for side in panels[0].image.shape)
    canvas = Image.new("L", (len(panels) * (width + MARGIN) + MARGIN, height + 4 * LINE + MARGIN))
    for number, panel in enumerate(panels):
        shown = np.minimum(panel.image * BRIGHTEN, 255) * ((GREYS - 1) / 255)
        image = Image.fromarray(np.rint(shown).astype(np.uint8))
        larger = np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))
        image = Image.fromarray(np.minimum(larger, GREYS - 1))  # the filter overshoots
        _circles(ImageDraw.Draw(image), panel, enlarge / factor, spacing_mm)
        canvas.paste(image, (MARGIN + number * (width + MARGIN), 2 * LINE + MARGIN // 2))
    canvas.putpalette(_palette(), "RGB")
    draw = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(14)
    draw.text((MARGIN, MARGIN // 2), heading, GREYS, font)
    draw.text((MARGIN, height + 2 * LINE + MARGIN), caption, GREYS, font)
    for number, panel in enumerate(panels):
        left, top = MARGIN + number * (width + MARGIN), 2 * LINE + MARGIN // 2
        draw.text((left, top - LINE), panel.title, GREYS, font)
        _scale_bar(draw, left, top + height, 10 / spacing_mm * enlarge / factor, font)
    target = io.BytesIO()
    canvas.save(target, "PNG", optimize=True)
    return target.getvalue()


def _palette() -> list[int]:
    greys = [round(level * 255 / (GREYS - 1)) for level in range(GREYS)]
    return [part for grey in greys for part in (grey,) * 3] + [*TEXT, *MARK]


def _circles(draw: ImageDraw.ImageDraw, panel: Panel, scale: float, spacing_mm: float) -> None:
    radius = max(CIRCLE_MM / spacing_mm * scale, 5.0)
    for row, col in zip(panel.row, panel.col, strict=True):
        y, x = (row + 0.5) * scale, (col + 0.5) * scale
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=GREYS + 1)


def _scale_bar(
    draw: ImageDraw.ImageDraw,
    left: int,
    bottom: int,
    length: float,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    y = bottom - 10
    draw.line((left + 8, y, left + 8 + length, y), fill=GREYS, width=2)
    draw.text((left + 8, y - 19), "1 cm", GREYS, font, stroke_width=1, stroke_fill=0)
