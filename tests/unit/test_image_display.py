"""Pictures of volumes: marks, annotated findings, scale bar, size."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tomocalc.image.display import (
    HIT,
    LEVELS,
    MARGIN,
    MISSED,
    PANEL,
    Frame,
    Mark,
    Panel,
    draw_panels,
)
from tomocalc.image.overlay import joined_marks, strength_levels
from tomocalc.image.previews import reduce_max, reduce_mean, reduction
from tomocalc.image.statistics import Grey

IDENTITY = np.arange(256, dtype=np.float32)


def drawn(
    image: np.ndarray, *marks: Mark, frames: list[Frame] | None = None, **change: Any
) -> bytes:
    arguments: dict[str, Any] = {"factor": 1, "spacing_mm": 0.1, "heading": "v", "caption": "c"}
    panels = [Panel("one", image, marks, frames or []), Panel("two", image)]
    return draw_panels(panels, **(arguments | change))


def colours(content: bytes, colour: tuple[int, int, int], panel_px: int) -> tuple[np.ndarray, ...]:
    """Return rows and columns of the pixels of a colour on the first panel."""
    pixels = np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)
    return (abs(pixels[:, : MARGIN + panel_px] - np.array(colour)).sum(axis=2) == 0).nonzero()


def test_a_mark_is_around_its_candidate_in_the_colour_of_its_strength() -> None:
    image, enlarge = np.full((300, 200), 60, np.uint8), PANEL // 300
    content = drawn(image, Mark(100.0, 50.0, 3))
    row, col = colours(content, LEVELS[3], 200 * enlarge)
    assert (col.min() + col.max()) / 2 - MARGIN == pytest.approx(50.5 * enlarge, abs=1.5)
    assert (row.max() - row.min()) / 2 == pytest.approx(15 * enlarge, abs=1.5)
    assert row.min() > 100 * enlarge - 15 * enlarge
    assert not colours(content, LEVELS[1], 200 * enlarge)[0].size


def test_annotated_findings_are_boxes_where_hit_and_corners_where_missed() -> None:
    image, enlarge = np.zeros((300, 200), np.uint8), PANEL // 300
    frames = [Frame(60, 50, 20, 10, hit=True), Frame(200, 120, 20, 20, hit=False)]
    content = drawn(image, frames=frames)
    for frame, colour in zip(frames, (HIT, MISSED), strict=True):
        row, col = colours(content, colour, 200 * enlarge)
        middle = (col.min() + col.max()) / 2 - MARGIN
        assert middle == pytest.approx((frame.col + 0.5) * enlarge, abs=2)
        assert col.max() - col.min() >= 2 * frame.half_width * enlarge
        on_the_middle_line = abs(row - (row.min() + row.max()) // 2) <= 2
        assert on_the_middle_line.any() == frame.hit  # a box has sides, corners have none


def test_marks_that_would_overlap_are_one_with_a_count() -> None:
    row, col = np.array([10.0, 12.0, 90.0, 11.0]), np.array([10.0, 10.0, 90.0, 13.0])
    level = np.array([4, 3, 2, 1])
    marks = joined_marks(row, col, level, near_px=5.0)
    assert marks == [Mark(10.0, 10.0, 4, 3), Mark(90.0, 90.0, 2, 1)]
    assert joined_marks(row[:0], col[:0], level[:0], 5.0) == []


def test_colours_run_from_the_weakest_to_the_strongest() -> None:
    assert strength_levels(np.array([1.0, 2.5, 5.0, 10.0, 32.0])).tolist() == [0, 1, 2, 3, 4]
    assert strength_levels(np.array([3.0, 3.0])).tolist() == [2, 2]
    assert strength_levels(np.zeros(0)).size == 0


def test_the_scale_bar_is_one_centimetre() -> None:
    content = drawn(np.zeros((400, 300), np.uint8))
    pixels = np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).sum(axis=2)[:-60]
    longest = max(
        len(run)
        for line in pixels
        for run in "".join("x" if v > 600 else " " for v in line).split()
    )
    assert longest == pytest.approx(100 * (PANEL // 400), abs=2)


def test_bytes_are_the_same_every_time_and_small() -> None:
    image = np.random.default_rng(1).integers(0, 120, (640, 500)).astype(np.uint8)
    one, two = (drawn(image, Mark(9.0, 9.0, 0, 2)) for _ in range(2))
    assert one == two
    assert len(one) < 600_000  # pure noise, which no real slice is


@pytest.mark.parametrize("size", [(640, 640), (2457, 1890), (100, 5000), (16, 16)])
def test_panels_fit_a_screen(size: tuple[int, int]) -> None:
    factor = reduction(*size)
    reduced = reduce_max(Grey(np.zeros(size, np.uint8), IDENTITY), factor)
    assert max(reduced.shape) <= PANEL
    picture = Image.open(io.BytesIO(drawn(reduced, factor=factor)))
    assert picture.width <= 2 * PANEL + 300
    assert picture.height <= PANEL + 120


def test_reductions() -> None:
    levels = np.random.default_rng(2).integers(0, 256, (20, 30)).astype(np.uint8)
    blocks = levels[:, :24].reshape(5, 4, 6, 4)
    grey = Grey(levels[:, :24], IDENTITY)
    assert np.array_equal(reduce_max(grey, 4), blocks.max(axis=(1, 3)))
    assert np.abs(reduce_mean(grey, 4) - blocks.mean(axis=(1, 3))).max() < 1
    assert reduce_max(Grey(levels[:19, :29], IDENTITY), 4).shape == (5, 8)


def test_the_mark_of_the_strongest_is_thick() -> None:
    row, col, level = np.array([5.0, 60.0]), np.array([5.0, 60.0]), np.array([4, 0])
    first, second = joined_marks(row, col, level, near_px=5.0, first=True)
    assert (first.strongest, second.strongest) == (True, False)
    assert not any(mark.strongest for mark in joined_marks(row, col, level, near_px=5.0))
