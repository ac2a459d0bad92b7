"""What detectors read: planes of volumes, cut into square tiles with boxes about calcifications."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from tomocalc.evaluation.findings import Box, box_of
from tomocalc.files import stable_number
from tomocalc.image.slices import prepare
from tomocalc.readers.volume import Volume
from tomocalc.sections import Finding, lines_of

DEPTH_MM = 2.0
"""Distance of the neighbours: a vessel along the beam is as sharp there, a calcification is not."""
WINDOW_MM = 2.8
"""Side of the square in which mean and noise are those of a pixel's surroundings."""
QUIET = 0.5
"""Smallest noise that is believed, in grey levels."""
ENDS = (-8.0, 16.0)
"""Standard deviations beyond which nothing more is told apart."""
SCALE = 4.0
"""Standard deviations of local noise to one unit, so that networks see numbers around 1."""

Plane = NDArray[np.float32]


class Planes:
    """The slices of a volume as detectors see them; the last few are kept.

    Parameters
    ----------
    volume
        Whose slices they are.
    unreadable
        Slices that are in quarantine.
    """

    def __init__(self, volume: Volume, unreadable: Collection[int] = ()) -> None:
        self.volume = volume
        self._unreadable = frozenset(unreadable)
        self._step = max(1, round(DEPTH_MM / volume.header.slice_spacing_mm))
        self._kept: dict[int, tuple[Plane, NDArray[np.bool_]] | None] = {}

    def at(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]] | None:
        """Return a slice and its neighbours, and where the breast is; None without contrast.

        Returns
        -------
        planes, breast
            (plane, row, column): `DEPTH_MM` above, the slice itself, below; and (row, column).
            Where a neighbour is missing the slice stands in.
        """
        middle = self._plane(index)
        if middle is None:
            return None
        beside = [self._plane(index - self._step), self._plane(index + self._step)]
        above, below = (middle if one is None else one for one in beside)
        for old in [it for it in self._kept if it < index - self._step]:
            del self._kept[old]
        return np.stack([above[0], middle[0], below[0]]), middle[1]

    def _plane(self, index: int) -> tuple[Plane, NDArray[np.bool_]] | None:
        if index not in self._kept:
            self._kept[index] = self._computed(index)
        return self._kept[index]

    def _computed(self, index: int) -> tuple[Plane, NDArray[np.bool_]] | None:
        if not 0 <= index < len(self.volume) or index in self._unreadable:
            return None
        prepared = prepare(self.volume.read(index), self.volume.header.spacing_mm)
        if prepared is None:
            return None
        grey = prepared.grey.table[prepared.raw]
        window = round(WINDOW_MM / max(self.volume.header.spacing_mm))
        mean, square = (uniform_filter(it, window, mode="reflect") for it in (grey, grey**2))
        noise = np.sqrt(np.maximum(square - mean**2, QUIET**2))
        plane = np.clip((grey - mean) / noise, *ENDS) / np.float32(SCALE)
        return plane.astype(np.float32), prepared.breast.pixels(grey.shape)


SIDE = 96
"""Pixels of a tile in each direction; a smaller slice is continued by reflection."""
LEAST_PX = 8.0
"""Least side of a box: overlap says little of boxes of two or three pixels."""
EDGE_PX = 8
"""A calcification that a tile is drawn for lies at least so far from its border."""
PER_LINE = 3
"""Tiles that are drawn for every line of the annotations."""
MOST = 300
"""Tiles with a calcification at most, and as many drawn anywhere in the breast."""


@dataclass(frozen=True)
class Line:
    """One annotated calcification on one slice, in pixels; *slice* None: which is not known."""

    slice: int | None
    row: float
    col: float
    height: float
    width: float


@dataclass(frozen=True, eq=False)
class Tiles:
    """Tiles of training patients.

    Attributes
    ----------
    x
        (tile, plane, row, column), as `Planes.at` gives them.
    boxes
        Of every tile, (calcification, [left, top, right, bottom]) in its pixels.
    """

    x: NDArray[np.float32]
    boxes: list[NDArray[np.float32]]


def calcification_lines(findings: Sequence[Finding], slices: int) -> list[Line]:
    """Return the places of the calcifications of one volume, slice by slice.

    Parameters
    ----------
    findings
        Of the volume, as `tomocalc.dataset.annotations.read_findings` returns them.
    slices
        Of the volume: where there is one only, it is the one that is meant.
    """
    found = []
    for finding in findings:
        for line in lines_of(finding) if finding["kind"] == "calcification" else ():
            box = box_of(line)
            index = 0 if slices == 1 else line["slice"]
            row, col = box.centre
            found.append(Line(index, row, col, box.bottom - box.top, box.right - box.left))
    return found


def volume_tiles(
    planes: Planes,
    findings: Sequence[Finding],
    *,
    slice_tolerance: int,
    others: int,
    seed: int,
    name: str,
) -> Tiles:
    """Draw tiles of one volume: around its calcifications, and anywhere in the breast.

    Parameters
    ----------
    findings
        Of all kinds of the volume. Nothing is drawn at random where one of another kind than
        ``calcification`` lies: it may hold calcifications that nobody has outlined.
    slice_tolerance
        Slices above and below a calcification on which it is taught.
    others
        Tiles that are drawn anywhere.
    seed, name
        Of the run and of the volume: the same ones give the same tiles.
    """
    rng = np.random.default_rng(stable_number("tiles", seed, name))
    count = len(planes.volume)
    lines = [it for it in calcification_lines(findings, count) if it.slice is not None]
    beside = [it for it in findings if it["kind"] != "calcification"]
    areas = [box_of(line) for finding in beside for line in lines_of(finding)]
    # Slice, and the pixel that is to lie in the tile's middle, in the order of slices.
    wanted: list[tuple[int, int, int, bool]] = []
    for line in lines:
        assert line.slice is not None
        near = np.arange(line.slice - slice_tolerance, line.slice + slice_tolerance + 1)
        near = near[(near >= 0) & (near < count)]
        for index in [line.slice, *rng.choice(near, PER_LINE - 1)]:
            reach = SIDE // 2 - EDGE_PX
            row, col = np.rint(np.array([line.row, line.col]) + rng.uniform(-reach, reach, 2))
            wanted.append((int(index), int(row), int(col), True))
    header = planes.volume.header
    for index in rng.integers(count, size=others):
        row, col = rng.integers(header.rows), rng.integers(header.columns)
        wanted.append((int(index), int(row), int(col), False))
    x, boxes = [], []
    for index, row, col, drawn_for in sorted(wanted):
        seen = planes.at(index)
        if seen is None:
            continue
        image, breast = seen
        if not drawn_for:
            row, col = _in_breast(breast, row, col)
        top, left = (_first(at, size) for at, size in zip((row, col), breast.shape, strict=True))
        inside = [it for it in lines if abs((it.slice or 0) - index) <= slice_tolerance]
        if not drawn_for and any(_touches(area, top, left) for area in areas):
            continue
        x.append(_cut(image, top, left))
        boxes.append(_boxes(inside, top, left))
    shape = (len(x), 3, SIDE, SIDE)
    return Tiles(np.stack(x) if x else np.empty(shape, np.float32), boxes)


def chosen(parts: Sequence[Tiles], seed: int) -> Tiles:
    """Return at most `MOST` tiles with a calcification, and at most as many without."""
    x = np.concatenate([part.x for part in parts])
    boxes = [box for part in parts for box in part.boxes]
    filled = np.array([len(box) > 0 for box in boxes], bool)
    rng = np.random.default_rng(stable_number("chosen", seed))
    keep = [rng.permutation(np.flatnonzero(kind))[:MOST] for kind in (filled, ~filled)]
    order = np.sort(np.concatenate([keep[0], keep[1][: len(keep[0])]]))
    return Tiles(x[order], [boxes[place] for place in order])


def _in_breast(breast: NDArray[np.bool_], row: int, col: int) -> tuple[int, int]:
    """Return the pixel of the breast that is as far on in it as (row, col) is in the slice."""
    inside = np.flatnonzero(breast)
    if not inside.size:
        return row, col
    place = inside[(row * breast.shape[1] + col) * inside.size // breast.size]
    return int(place // breast.shape[1]), int(place % breast.shape[1])


def _touches(area: Box, top: int, left: int) -> bool:
    """Return whether a tile shows part of an area, seen in the plane."""
    beside = area.left >= left + SIDE or area.right <= left
    return not (beside or area.top >= top + SIDE or area.bottom <= top)


def _first(middle: int, size: int) -> int:
    """Return the first row or column of a tile with that middle which lies in the slice."""
    return int(np.clip(middle - SIDE // 2, 0, max(size - SIDE, 0)))


def _cut(image: NDArray[np.float32], top: int, left: int) -> NDArray[np.float32]:
    part = image[:, top : top + SIDE, left : left + SIDE]
    beyond = [(0, 0), *((0, SIDE - size) for size in part.shape[1:])]
    return np.pad(part, beyond, mode="symmetric")


def _boxes(lines: Sequence[Line], top: int, left: int) -> NDArray[np.float32]:
    """Return the boxes of the calcifications whose centre lies in a tile, in its pixels."""
    found = []
    for line in lines:
        # Of a pixel's extent: its centre is its index and a half.
        row, col = line.row - top + 0.5, line.col - left + 0.5
        if 0 <= row < SIDE and 0 <= col < SIDE:
            down, across = max(line.height, LEAST_PX) / 2, max(line.width, LEAST_PX) / 2
            found.append((col - across, row - down, col + across, row + down))
    return np.array(found, np.float32).reshape(-1, 4)
