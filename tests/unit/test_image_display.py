"""Pictures of volumes."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tomocalc.image.display import (
    MARGIN,
    MARK,
    PANEL,
    Panel,
    draw_panels,
    reduce_max,
    reduce_mean,
    reduction,
)
from tomocalc.image.statistics import Grey

IDENTITY = np.arange(256, dtype=np.float32)


def picture(image: np.ndarray, marks: list[tuple[float, float]], **change: object) -> Image.Image:
    return Image.open(io.BytesIO(drawn(image, marks, **change)))


def drawn(image: np.ndarray, marks: list[tuple[float, float]], **change: object) -> bytes:
    row, col = np.array(marks, np.float64).reshape(-1, 2).T
    arguments = {"factor": 1, "spacing_mm": 0.1, "heading": "v", "caption": "c"}
    panels = [Panel("one", image, row, col), Panel("two", image, row[:0], col[:0])]
    return draw_panels(panels, **(arguments | change))  # type: ignore[arg-type]


def test_a_mark_is_around_its_candidate_and_only_on_its_panel() -> None:
    image = np.full((300, 200), 60, np.uint8)
    pixels = np.asarray(picture(image, [(100.0, 50.0)]).convert("RGB")).astype(int)
    mark = (abs(pixels - np.array(MARK)).sum(axis=2) == 0).nonzero()
    enlarge = PANEL // 300
    centre_row, centre_col = (np.array(mark).min(axis=1) + np.array(mark).max(axis=1)) / 2
    assert centre_col - MARGIN == pytest.approx(50.5 * enlarge, abs=1.5)
    radius = (mark[0].max() - mark[0].min()) / 2
    assert radius == pytest.approx(15 * enlarge, abs=1.5)
    assert centre_row > 100 * enlarge


def test_the_scale_bar_is_one_centimetre() -> None:
    pixels = np.asarray(picture(np.zeros((400, 300), np.uint8), []).convert("RGB")).sum(axis=2)
    longest = max(
        len(run)
        for line in pixels
        for run in "".join("x" if v > 600 else " " for v in line).split()
    )
    assert longest == pytest.approx(100 * (PANEL // 400), abs=2)


def test_bytes_are_the_same_every_time_and_small() -> None:
    rng = np.random.default_rng(1)
    image = rng.integers(0, 120, (640, 500)).astype(np.uint8)
    one, two = (drawn(image, [(9.0, 9.0)]) for _ in range(2))
    assert one == two
    assert len(one) < 600_000  # pure noise, which no real slice is


@pytest.mark.parametrize("size", [(640, 640), (2457, 1890), (100, 5000), (16, 16)])
def test_panels_fit_a_screen(size: tuple[int, int]) -> None:
    factor = reduction(*size)
    levels = np.zeros(size, np.uint8)
    reduced = reduce_max(Grey(levels, IDENTITY), factor)
    assert max(reduced.shape) <= PANEL
    assert max(picture(reduced, [], factor=factor).size) <= 2 * PANEL + 100


def test_reductions() -> None:
    rng = np.random.default_rng(2)
    levels = rng.integers(0, 256, (20, 30)).astype(np.uint8)
    blocks = levels.reshape(5, 4, 6, 5)[:, :, :, :5]
    assert np.array_equal(
        reduce_max(Grey(levels[:, :24], IDENTITY), 4),
        levels[:, :24].reshape(5, 4, 6, 4).max(axis=(1, 3)),
    )
    assert blocks.shape == (5, 4, 6, 5)
    grey = Grey(levels[:, :24], IDENTITY)
    wanted = levels[:, :24].reshape(5, 4, 6, 4).mean(axis=(1, 3))
    assert np.abs(reduce_mean(grey, 4) - wanted).max() <= 0.5
    assert reduce_max(Grey(levels[:19, :29], IDENTITY), 4).shape == (5, 8)
