"""Pictures for people: slices at the size of a screen with marks on them, as one PNG."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

PANEL = 640
"""Largest height and width of a panel in pixels."""

INSET = 240
"""Side of the inset, which stands beside the panels."""

LEGEND = 190
"""Height of the legend below it."""

BRIGHTEN = 2.2
"""Shown grey level per measured one: the scale leaves room above tissue, a screen need not."""

GREYS = 48
"""Grey levels of a picture; with noise in the image more would only make the file larger."""

CIRCLE_MM = 1.5
"""Radius of a mark."""

LEVELS = ((122, 104, 214), (88, 152, 240), (80, 205, 180), (255, 190, 0), (255, 120, 60))
"""Colours of marks, from weak to strong."""

TEXT, HIT, MISSED = (225, 225, 225), (90, 255, 90), (255, 70, 200)
TEXT_INDEX, HIT_INDEX, MISSED_INDEX, FIRST_LEVEL = GREYS, GREYS + 1, GREYS + 2, GREYS + 3
"""Where the colours stand in the palette of the picture, behind the greys."""

MARGIN, LINE = 12, 20

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True)
class Mark:
    """One or more candidates around one place; centre in pixels of the slice.

    Attributes
    ----------
    level
        Strength of the strongest of them, an index of `LEVELS`.
    count
        How many they are.
    strongest
        Whether the inset shows one of them.
    """

    row: float
    col: float
    level: int
    count: int = 1
    strongest: bool = False


@dataclass(frozen=True)
class Frame:
    """An annotated finding: its middle and half its extent in pixels of the slice, and its fate."""

    row: float
    col: float
    half_height: float
    half_width: float
    hit: bool


@dataclass(frozen=True, eq=False)
class Panel:
    """One picture with its marks: grey values 0..255 at display size."""

    title: str
    image: NDArray[np.uint8]
    marks: Sequence[Mark] = ()
    frames: Sequence[Frame] = ()


def draw_panels(
    panels: Sequence[Panel],
    *,
    factor: int,
    spacing_mm: float,
    heading: str,
    caption: str,
    inset: Panel | None = None,
) -> bytes:
    """Draw panels side by side, with inset and legend beside them, and return the PNG.

    Parameters
    ----------
    panels
        Pictures of equal size.
    factor
        Pixels of a slice per pixel of a panel.
    spacing_mm
        Pixel spacing of the slice.
    heading, caption
        Text above and below; each line of the caption is one of the picture.
    inset
        A part at full resolution, without marks.
    """
    enlarge = max(1, PANEL // max(panels[0].image.shape))
    height, width = (side * enlarge for side in panels[0].image.shape)
    lines = caption.splitlines()
    beside = len(panels) * (width + MARGIN) + MARGIN
    size = (beside + INSET + MARGIN, max(height, INSET + LEGEND) + (3 + len(lines)) * LINE + MARGIN)
    canvas = Image.new("L", size)
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(14)
    top, scale = 2 * LINE + MARGIN // 2, enlarge / factor
    draw.text((MARGIN, MARGIN // 2), heading, TEXT_INDEX, font)
    for number, panel in enumerate(panels):
        left = MARGIN + number * (width + MARGIN)
        image = _shown(panel.image * BRIGHTEN, (width, height))
        _draw_marks(ImageDraw.Draw(image), panel, scale, spacing_mm, font)
        canvas.paste(image, (left, top))
        draw.text((left, top - LINE), panel.title, TEXT_INDEX, font)
        _scale_bar(draw, left, top + height, 10 / spacing_mm * scale, font)
    if inset is not None:
        canvas.paste(_shown(inset.image, (INSET, INSET)), (beside, top))
        draw.text((beside, top - LINE), inset.title, TEXT_INDEX, font)
    drawn = any(panel.frames for panel in panels)
    _legend(draw, beside, top + INSET + LINE, font, annotated=drawn)
    for number, line in enumerate(lines):
        place = (MARGIN, size[1] - (len(lines) - number) * LINE - MARGIN // 2)
        draw.text(place, line, TEXT_INDEX, font)
    canvas.putpalette(_palette(), "RGB")
    target = io.BytesIO()
    canvas.save(target, "PNG", optimize=True)
    return target.getvalue()


def _palette() -> list[int]:
    greys = [round(level * 255 / (GREYS - 1)) for level in range(GREYS)]
    colours = [part for colour in (TEXT, HIT, MISSED, *LEVELS) for part in colour]
    return [part for grey in greys for part in (grey,) * 3] + colours


def _shown(image: NDArray[np.generic], size: tuple[int, int]) -> Image.Image:
    """Return grey values 0..255 in the greys of the palette, enlarged to *size*."""
    levels = np.rint(np.minimum(image, 255) * ((GREYS - 1) / 255)).astype(np.uint8)
    larger = np.asarray(Image.fromarray(levels).resize(size, Image.Resampling.BICUBIC))
    return Image.fromarray(np.minimum(larger, GREYS - 1))  # the filter overshoots


def mark_radius(spacing_mm: float, scale: float) -> float:
    """Return the radius of a mark on a panel that has *scale* of its pixels per slice pixel."""
    return max(CIRCLE_MM / spacing_mm * scale, 5.0)


def _draw_marks(
    draw: ImageDraw.ImageDraw, panel: Panel, scale: float, spacing_mm: float, font: Font
) -> None:
    radius = mark_radius(spacing_mm, scale)
    for mark in reversed(panel.marks):  # the strongest, which come first, on top
        y, x = (mark.row + 0.5) * scale, (mark.col + 0.5) * scale
        colour = FIRST_LEVEL + mark.level
        circle = (x - radius, y - radius, x + radius, y + radius)
        draw.ellipse(circle, outline=colour, width=3 if mark.strongest else 1)
        if mark.count > 1:
            place = (x + 0.7 * radius, y - 0.7 * radius - 14)
            draw.text(place, str(mark.count), colour, font, stroke_width=1, stroke_fill=0)
    for frame in panel.frames:
        y, x = (frame.row + 0.5) * scale, (frame.col + 0.5) * scale
        high, wide = (
            max(half * scale + 2, radius / 2) for half in (frame.half_height, frame.half_width)
        )
        _frame(draw, (x - wide, y - high, x + wide, y + high), hit=frame.hit)


def _frame(draw: ImageDraw.ImageDraw, box: tuple[float, float, float, float], *, hit: bool) -> None:
    """Draw what was annotated: a box where it was found, its corners alone where it was missed."""
    left, top, right, bottom = box
    if hit:
        draw.rectangle(box, outline=HIT_INDEX)
        return
    reach = min(right - left, bottom - top) / 3
    for x, to_x in ((left, reach), (right, -reach)):
        for y, to_y in ((top, reach), (bottom, -reach)):
            draw.line((x, y, x + to_x, y), fill=MISSED_INDEX, width=2)
            draw.line((x, y, x, y + to_y), fill=MISSED_INDEX, width=2)


def _legend(draw: ImageDraw.ImageDraw, left: int, top: int, font: Font, *, annotated: bool) -> None:
    """Say what the colours mean."""
    draw.text((left, top), "candidates, weak to strong", TEXT_INDEX, font)
    for level in range(len(LEVELS)):
        x, y = left + 12 + 30 * level, top + LINE + 14
        draw.ellipse((x - 10, y - 10, x + 10, y + 10), outline=FIRST_LEVEL + level, width=2)
    draw.text((left, top + 2.6 * LINE), "a number: so many in one place", TEXT_INDEX, font)
    draw.text((left, top + 3.6 * LINE), "thick: the strongest, enlarged", TEXT_INDEX, font)
    if annotated:
        for number, (said, hit) in enumerate((("hit", True), ("missed", False))):
            y = top + (5 + 1.6 * number) * LINE
            _frame(draw, (left + 2, y, left + 22, y + 20), hit=hit)
            draw.text((left + 34, y + 2), f"annotated, {said}", TEXT_INDEX, font)


def _scale_bar(
    draw: ImageDraw.ImageDraw, left: int, bottom: int, length: float, font: Font
) -> None:
    y = bottom - 10
    draw.line((left + 8, y, left + 8 + length, y), fill=TEXT_INDEX, width=2)
    draw.text((left + 8, y - 19), "1 cm", TEXT_INDEX, font, stroke_width=1, stroke_fill=0)
