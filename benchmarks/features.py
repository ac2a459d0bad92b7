"""Process and measure a slice: run lengths and cache-sized tiles beside plain scikit-image.

    python benchmarks/features.py [ROUNDS]

A slice of 2457 × 1890 pixels, 16 bits: a breast of power-law texture and noise with spots in it,
in front of air. CPU milliseconds of one thread, the median of ROUNDS (3), both sides alternating
in one run. *naive* is what most would write: `skimage.filters`, `skimage.measure.label` and a loop
over `regionprops` (tests/support/naive_image.py, the oracle of the tests). *MB* is the most memory
allocated beyond the slice itself.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"

import statistics
import sys
import time
import tracemalloc
from typing import Any

import numpy as np
from measuring import head
from numpy.typing import NDArray
from skimage.measure import label, regionprops_table
from skimage.segmentation import expand_labels

from support import naive_image  # pyright: ignore[reportMissingImports]
from support.image_slices import SETTINGS, texture  # pyright: ignore[reportMissingImports]
from tomocalc.image.breast import find_breast
from tomocalc.image.features import OBJECT_FEATURES
from tomocalc.image.generators import equalise, local_objects, paper_objects
from tomocalc.image.grey import Scale
from tomocalc.image.runs import Runs, label_runs, mask_runs
from tomocalc.image.slices import Prepared, find_objects, measure_rows, prepare
from tomocalc.image.statistics import Grey, measure

SHAPE = (2457, 1890)
SPACING_MM = (0.085, 0.085)
TABLE = ("label", "area", "centroid", "eccentricity", "intensity_mean", "intensity_std")


def breast(spots: int) -> NDArray[np.uint16]:
    """Return a slice with *spots* of about 0.3 mm in the breast."""
    rng = np.random.default_rng(1)
    row, col = np.mgrid[: SHAPE[0], : SHAPE[1]]
    image = 3000 + 500 * texture(SHAPE, 1) + 60 * rng.normal(size=SHAPE)
    inside = np.hypot((row - 1228) / 1155, col / 1417) < 1
    places = np.argwhere(np.hypot((row - 1228) / 1110, col / 1370) < 1)
    y, x = np.mgrid[-7:8, -7:8]
    spot = np.exp(-(y**2 + x**2) / 2 / 1.3**2)
    for r, c in places[rng.choice(len(places), spots, replace=False)]:
        window = image[max(r - 7, 0) : r + 8, max(c - 7, 0) : c + 8]
        window += rng.uniform(900, 2000) * spot[-window.shape[0] :, -window.shape[1] :]
    air = 100 + 5 * rng.normal(size=SHAPE)
    return np.where(inside, image, air).clip(0, 65535).astype(np.uint16)


def discs(count: int) -> NDArray[np.bool_]:
    """Return a mask of *count* discs of 1 to 3 pixels radius that do not touch."""
    rng = np.random.default_rng(2)
    mask = np.zeros(SHAPE, np.bool_)
    y, x = np.mgrid[-4:5, -4:5]
    columns = SHAPE[1] // 9
    for place in rng.choice(SHAPE[0] // 9 * columns, count, replace=False):
        r, c = place // columns * 9, place % columns * 9
        mask[r : r + 9, c : c + 9] = y**2 + x**2 <= rng.uniform(1, 3) ** 2
    return mask


def process_local(raw: NDArray[np.uint16]) -> Any:
    prepared = prepared_slice(raw)
    found = local_objects(raw, prepared.breast, prepared.scale, SETTINGS, SPACING_MM)
    return rows(prepared, found.runs)


def naive_local(raw: NDArray[np.uint16], inside: Prepared) -> Any:
    mask = inside.breast.pixels(SHAPE)
    grey = naive_image.normalise(raw, mask)
    labels = naive_image.local_labels(grey, inside.breast, threshold=4.5, spacing_mm=0.085)
    return naive_image.features(grey, labels)


def process_paper(raw: NDArray[np.uint16]) -> Any:
    prepared = prepared_slice(raw)
    found = paper_objects(equalise(raw, prepared.scale, 0.1 / 0.085), SETTINGS)
    return rows(prepared, found.runs)


def naive_paper(raw: NDArray[np.uint16], inside: Prepared) -> Any:
    grey = naive_image.normalise(raw, inside.breast.pixels(SHAPE))
    return naive_image.features(grey, naive_image.paper_labels(grey, 0.1 / 0.085))


def prepared_slice(raw: NDArray[np.uint16]) -> Prepared:
    prepared = prepare(raw, SPACING_MM)
    assert prepared is not None
    return prepared


def rows(prepared: Prepared, runs: Runs) -> Any:
    return measure_rows(prepared, runs, runs, settings=SETTINGS, spacing_mm=SPACING_MM)


def features(grey: Grey, runs: Runs, mask: NDArray[np.bool_]) -> Any:
    objects = measure(grey, runs, mask)
    return [feature(objects) for feature in OBJECT_FEATURES.values()]


def table_and_ring(grey: NDArray[np.floating], labels: NDArray[np.integer]) -> Any:
    """Measure with `regionprops_table`; one dilation gives (inexact) borders."""
    wide = np.asarray(expand_labels(labels, 2))
    border = np.where(labels == 0, wide, 0)
    return [
        regionprops_table(labels, grey, properties=TABLE),
        regionprops_table(border, grey, properties=("label", "intensity_mean")),
    ]


Cost = tuple[float, float, int]


def compare(rounds: int, **calls: tuple[Any, ...]) -> dict[str, Cost]:
    """Return CPU ms, MB and number of results of each (function, argument, …), alternating."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, (function, *arguments) in calls.items():
            begin = time.process_time()
            function(*arguments)
            times[name].append(time.process_time() - begin)
    results = {}
    for name, (function, *arguments) in calls.items():
        tracemalloc.start()
        count = size(function(*arguments))
        megabytes = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
        results[name] = (statistics.median(times[name]) * 1000, megabytes, count)
    return results


def size(result: Any) -> int:
    """Count the rows of a table or the entries of a list; 0 for anything else."""
    return getattr(result, "height", len(result) if isinstance(result, list) else 0)


def line(what: str, result: dict[str, Cost], objects: int | None = None) -> None:
    (slow, slow_mb, found), (fast, fast_mb, mine) = result["naive"], result["ours"]
    count = objects if objects is not None else f"{found:,} / {mine:,}"
    print(
        f"| {what} | {count} | {slow:,.0f} | {fast:.1f} | **{slow / fast:.0f}×** "
        f"| {slow_mb:.0f} | {fast_mb:.0f} |",
        flush=True,
    )


def opencv(mask: NDArray[np.bool_], rounds: int) -> None:
    """Show what labelling alone costs in OpenCV, where it is installed."""
    try:
        import cv2  # pyright: ignore[reportMissingImports]
    except ImportError:
        print("\nOpenCV is not installed: pip install opencv-python-headless to compare labelling.")
        return
    cv2.setNumThreads(1)
    image = mask.astype(np.uint8)
    result = compare(
        rounds,
        naive=(lambda it: cv2.connectedComponentsWithStats(it, connectivity=8), image),
        ours=(runs_of, mask),
    )
    (theirs, _, _), (mine, _, _) = result["naive"], result["ours"]
    print(
        f"\nLabels, boxes, areas and centres of 20,000 objects: OpenCV's "
        f"`connectedComponentsWithStats` {theirs:.1f} ms, runs and objects here {mine:.1f} ms."
    )


def odd_masks() -> dict[str, NDArray[np.uint16]]:
    """Return slices that would give pathological masks."""
    row, col = np.mgrid[: SHAPE[0], : SHAPE[1]]
    ring = np.maximum(abs(row - 1228), abs(col - 945))
    high = {
        "checkerboard": (row + col) % 2 == 0,
        "isolated pixels, one in four": (row % 2 == 0) & (col % 2 == 0),
        "isolated pixels, one in 25": (row % 5 == 0) & (col % 5 == 0),
        "nested frames": ring % 3 == 0,
        "all but one pixel": (row > 0) | (col > 0),
    }
    noise = np.random.default_rng(3).integers(0, 65536, SHAPE).astype(np.uint16)
    flat = {name: np.where(mask, 60000, 100).astype(np.uint16) for name, mask in high.items()}
    return {**flat, "white noise": noise}


def worst_cases() -> None:
    print("\n| slice | generator | objects | flag | search, ms | measure, ms | MB |")
    print("|---|---|---|---|---|---|---|")
    for name, raw in odd_masks().items():
        for generator in ("local", "paper"):
            tracemalloc.start()
            begin = time.process_time()
            prepared = prepare(raw, SPACING_MM)
            objects = find_objects(prepared, SETTINGS, SPACING_MM, [generator]) if prepared else {}
            middle = time.process_time()
            found = objects.get(generator)
            if prepared is not None and found is not None:
                rows(prepared, found.runs)
            end = time.process_time()
            megabytes = tracemalloc.get_traced_memory()[1] / 1e6
            tracemalloc.stop()
            flag = "constant" if found is None else "capped" if found.capped else "ok"
            count = found.runs.count if found else 0
            print(
                f"| {name} | {generator} | {count:,} | {flag} | {(middle - begin) * 1000:.0f} "
                f"| {(end - middle) * 1000:.0f} | {megabytes:.0f} |",
                flush=True,
            )


def growth(prepared: Prepared) -> None:
    print("\n| objects | features, ms | µs per object | all columns of a shard, ms |")
    print("|---|---|---|---|")
    for count in (100, 1_000, 5_000, 20_000, 50_000):
        mask = discs(count)
        runs = runs_of(mask)
        result = compare(
            3, alone=(features, prepared.grey, runs, mask), shard=(rows, prepared, runs)
        )
        alone, shard = result["alone"][0], result["shard"][0]
        print(f"| {count:,} | {alone:.1f} | {alone * 1000 / count:.1f} | {shard:.1f} |", flush=True)


def runs_of(mask: NDArray[np.bool_]) -> Runs:
    return label_runs(*mask_runs(mask))[0]


def without_comparison(rounds: int) -> None:
    """Show both passes over a slice with the paper's chain beside the search and without."""
    raw, pairs = breast(100), [[] for _ in range(4 * rounds)]
    for pair in pairs:
        for generators in (("local", "paper"), ("local",)):
            begin = time.process_time()
            found = find_objects(prepared_slice(raw), SETTINGS, SPACING_MM, generators)
            rows(prepared_slice(raw), found["local"].runs)
            pair.append(1000 * (time.process_time() - begin))
    both, alone = (statistics.median(pair[side] for pair in pairs) for side in (0, 1))
    less = statistics.median(100 - 100 * pair[1] / pair[0] for pair in pairs)
    print(
        f"\nA slice through extraction: {both:.1f} ms with the paper's chain, {alone:.1f} without:"
    )
    print(f"**{less:.0f} % less** (median of {len(pairs)} pairs).")


def main(rounds: int) -> None:
    columns = "what | objects, naive / ours | naive, ms | ours, ms | ratio | naive, MB | ours, MB"
    print(head(columns))
    for spots in (100, 1_000):
        raw = breast(spots)
        prepared = prepared_slice(raw)
        result = compare(rounds, naive=(naive_local, raw, prepared), ours=(process_local, raw))
        line(f"process + measure, default generator, {spots:,} spots", result)
    raw = breast(100)
    prepared = prepared_slice(raw)
    result = compare(rounds, naive=(naive_paper, raw, prepared), ours=(process_paper, raw))
    line("process + measure, paper's generator, breast", result)
    spots_on_black(rounds)
    image = prepared.grey.image().astype(np.float64)
    for count in (1_000, 20_000):
        mask = discs(count)
        labels = np.asarray(label(mask, connectivity=2))
        ours = (features, prepared.grey, runs_of(mask), mask)
        times = 1 if count > 5_000 else rounds
        result = compare(times, naive=(naive_image.features, image, labels), ours=ours)
        line("features alone", result, count)
        result = compare(times, naive=(table_and_ring, image, labels), ours=ours)
        line("the same beside `regionprops_table` + `expand_labels`", result, count)
    without_comparison(rounds)
    opencv(discs(20_000), rounds)
    growth(prepared)
    worst_cases()


def spots_on_black(rounds: int) -> None:
    """Compare the paper's chain where its objects are 1,000 spots."""
    black = np.where(discs(1_000), 3000, 0).astype(np.uint16)
    scale = Scale(0.0, 0.03)

    def ours() -> Any:
        inside = find_breast(black, SPACING_MM)
        prepared = Prepared(black, inside, scale)
        return rows(prepared, paper_objects(equalise(black, scale, 0.1 / 0.085), SETTINGS).runs)

    def naive() -> Any:
        grey = np.clip(black * 0.03, 0, 255)
        return naive_image.features(grey, naive_image.paper_labels(grey, 0.1 / 0.085))

    result = compare(rounds, naive=(naive,), ours=(ours,))
    line("process + measure, paper's generator, spots on black", result)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
