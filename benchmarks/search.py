"""How many real calcifications, and spots put into real slices, the learned search finds.

    python benchmarks/search.py --images FOLDER --truth CSV --unlabelled TXT   # INbreast
    python benchmarks/search.py --slices FOLDER                                # BCS-DBT
    python benchmarks/search.py --images … --truth … --unlabelled … --slices … # both, and templates

INbreast: the network learns spots that are put into the images that TXT lists (image ids, one a
line, without calcifications); those of patients with a place in CSV are left out. CSV has file,
patient, type (Calcification | Cluster), x_half, y_half, rx_half, ry_half (pixels), completeness.
BCS-DBT: folds of patients, each searched by the network that learned on the others. What is put in
are spots as they are learned. Of both, all slices are searched by the network that learned on
INbreast, too, and calcifications cut out of its images are put in, as they are and softer.

Recall is that of all places when every image shows, on average, so many objects that are none. What
lies in a cluster's ellipse counts as neither. Peers see the same images in the same run.
"""

import argparse
import csv
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import measuring  # noqa: F401
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from search_peers import DOG, Prewhitened, Textbook
from search_scores import NOWHERE, Places, Scores, show
from search_templates import Template, cut, put_in

from support.defaults import CONFIG  # pyright: ignore[reportMissingImports]
from tomocalc.accounts.settings import Settings
from tomocalc.image.slices import Prepared, prepare
from tomocalc.learned.learning import SearchRecipe, learn_search
from tomocalc.learned.planted import plant
from tomocalc.learned.search import LearnedSearch, low_objects

SETTINGS = Settings.from_config(CONFIG["image"], CONFIG["candidates"], 7)
WIDTHS = {1575: 0.1138, 1668: 0.1397}
"""Pixel spacing of INbreast at half size, by the image's width in pixels."""
DBT_MM = 0.085
TOLERANCE_MM = 0.3
"""From the edge of an annotated ellipse to the centre of the object that finds it."""
TUNED_ON = 3
"""Unlabelled images, with spots in them, on which the difference of Gaussians is tuned."""
SOFT_MM = {"as they are": 0.0, "softer": 0.08}
"""Standard deviation of the blur that calcifications cut out of mammograms get."""
CLEAR = 3.0
"""Contrast to noise of a spot from which on it can be seen, as in the figures of the phantom."""
NAMES: tuple[str, ...] = ("learned", "local", "difference of Gaussians", "prewhitened filters")
Method = Callable[[Prepared, float], tuple[NDArray[np.float64], NDArray[np.float64]]]


def learned(search: LearnedSearch) -> Method:
    def method(prepared: Prepared, spacing_mm: float):
        found, score = search.ranked(prepared, SETTINGS, (spacing_mm, spacing_mm))
        return np.column_stack(found.runs.centres()), score.astype(np.float64)

    return method


def local(prepared: Prepared, spacing_mm: float):
    """Rank the same objects by how far they stand out of the local noise."""
    spacing = spacing_mm, spacing_mm
    found = low_objects(prepared, SETTINGS, spacing, SearchRecipe().threshold_k)
    return np.column_stack(found.runs.centres()), found.strength.astype(np.float64)


def tuned(images: Sequence[tuple[NDArray[np.unsignedinteger], float]]) -> Textbook:
    """Return the difference of Gaussians that finds most spots at 10 other objects per image."""
    ranges = [(i, j) for i in range(len(DOG)) for j in range(i + 1, len(DOG) + 1)]
    tried = {Textbook(*ends, noise): Scores() for ends in ranges for noise in (False, True)}
    for number, (raw, spacing_mm) in enumerate(images):
        prepared, places, _ = with_spots(raw, spacing_mm, number)
        every = Textbook(0, len(DOG), False).responses(prepared, spacing_mm)
        for method, scores in tried.items():
            own = every[method.first : method.last]
            scores.add(
                *method.peaks(own, prepared, spacing_mm),
                places=places,
                ignored=NOWHERE,
                whole=True,
                slack=TOLERANCE_MM / spacing_mm,
            )
    best = max(tried, key=lambda method: tried[method].recall(10))
    print(f"\nDifference of Gaussians at {DOG[best.first : best.last]} mm", end="")
    print(", divided by the local noise" if best.by_noise else "", flush=True)
    return best


def with_spots(
    raw: NDArray[np.unsignedinteger], spacing_mm: float, number: int
) -> tuple[Prepared, Places, NDArray[np.float64]]:
    """Return an image with 30 spots in it, their places and their contrast to noise.

    That is what the brightest of a spot's middle nine pixels has gained, over the deviation of the
    image within 1.5 mm.
    """
    prepared = prepare(raw, (spacing_mm, spacing_mm))
    assert prepared is not None
    rng = np.random.default_rng([3, number])
    planted = plant(prepared, spots=30, spacing_mm=spacing_mm, rng=rng)
    radius = np.zeros(len(planted.row))
    places = np.column_stack([planted.row, planted.col, radius, radius])
    reach = round(1.5 / spacing_mm)
    contrast = []
    for row_px, col_px in np.rint(places[:, :2]).astype(int):
        middle = slice(row_px - 1, row_px + 2), slice(col_px - 1, col_px + 2)
        top, left = max(row_px - reach, 0), max(col_px - reach, 0)
        around = raw[top : row_px + reach + 1, left : col_px + reach + 1]
        gained = planted.raw[middle].astype(float) - raw[middle]
        contrast.append(gained.max() / max(around.std(), 0.5))
    return replace(prepared, raw=planted.raw), places, np.array(contrast)


def measure(
    images: Sequence[tuple[NDArray[np.unsignedinteger], float, Places, Places, bool]],
    methods: dict[str, Method],
    accounts: dict[str, Scores],
) -> None:
    """Search every image with every method."""
    for raw, spacing_mm, places, ignored, whole in images:
        for name, method in methods.items():
            begin = time.process_time()
            prepared = prepare(raw, (spacing_mm, spacing_mm))
            assert prepared is not None
            at, score = method(prepared, spacing_mm)
            accounts[name].seconds.append(time.process_time() - begin)
            accounts[name].add(
                at,
                score,
                places=places,
                ignored=ignored,
                whole=whole,
                slack=TOLERANCE_MM / spacing_mm,
            )


def train(slices: Iterator[tuple[NDArray[np.unsignedinteger], float]], count: int) -> Method:
    """Train with the recipe's own values and say what it took.

    Fewer slices than a run takes get spots more often, so that as much is learned from them.
    """
    begin, recipe = time.process_time(), SearchRecipe()
    taught = recipe.passes * CONFIG["search"]["slices"]
    recipe = replace(recipe, passes=max(recipe.passes, round(taught / count)))
    squared = ((raw, (spacing, spacing)) for raw, spacing in slices)
    search = learn_search(squared, settings=SETTINGS, recipe=recipe)
    account = search.account
    spent = time.process_time() - begin
    print(
        f"\nLearned on {account.slices} slices, {account.positives} objects at spots and"
        f" {account.negatives} others, {account.weights} weights: {spent:.0f} CPU s.",
        flush=True,
    )
    return learned(search)


def gray(path: Path) -> NDArray[np.uint8]:
    return np.asarray(Image.open(path).convert("L"))


def inbreast(folder: Path, truth: Path, unlabelled: Path) -> Method:
    """Print what is found of the real calcifications; return the search that has learned."""
    with truth.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    ids = set(unlabelled.read_text(encoding="utf-8").split())
    patients = {line["patient"] for line in rows}
    chosen = [
        path
        for path in sorted(folder.glob("*.png"))
        if path.name.split("_")[0] in ids and path.name.split("_")[1] not in patients
    ]

    def spaced(path: Path) -> tuple[NDArray[np.uint8], float]:
        image = gray(path)
        return image, WIDTHS[image.shape[1]]

    method = train((spaced(path) for path in chosen), len(chosen))
    images = []
    for name in sorted({line["file"] for line in rows}):
        own = [line for line in rows if line["file"] == name]
        whole = all(line["completeness"] == "complete" for line in own)
        places, clusters = (
            np.array(
                [
                    [float(line[key]) for key in ("y_half", "x_half", "ry_half", "rx_half")]
                    for line in own
                    if line["type"] == kind
                ]
            ).reshape(-1, 4)
            for kind in ("Calcification", "Cluster")
        )
        images.append((*spaced(folder / name), places, clusters, whole))
    dog = tuned([spaced(path) for path in chosen[:TUNED_ON]])
    methods = dict(zip(NAMES, (method, local, dog, Prewhitened()), strict=True))
    accounts = {name: Scores() for name in methods}
    measure(images, methods, accounts)
    show("real calcifications", accounts)
    return method


def templates_of(folder: Path, truth: Path) -> list[Template]:
    """Return the single calcifications of INbreast that stand out, without their tissue."""
    with truth.open(encoding="utf-8") as file:
        rows = [line for line in csv.DictReader(file) if line["type"] == "Calcification"]
    found = []
    for line in rows:
        image = gray(folder / line["file"])
        at = float(line["y_half"]), float(line["x_half"])
        found.append(cut(image, WIDTHS[image.shape[1]], *at))
    kept = [one for one in found if one is not None]
    print(f"\n{len(kept)} of {len(rows)} calcifications are templates")
    return kept


def bcs_dbt(
    folder: Path, elsewhere: Method | None, templates: Sequence[Template], folds: int
) -> None:
    """Print what is found of what is put in, also by a search that has learned elsewhere."""
    paths = sorted(folder.glob("*.jpg"))
    # DBT-P00013-….jpg: the second part is the patient
    patients = sorted({path.name.split("-")[1] for path in paths})
    further = {"learned on mammograms": elsewhere} if elsewhere else {}
    kinds = ("spots put in", *((f"calcifications {how}" for how in SOFT_MM) if templates else ()))
    accounts = {kind: {name: Scores() for name in (*NAMES, *further)} for kind in kinds}
    contrast: list[float] = []
    for fold in range(folds):
        tested = set(patients[fold::folds])
        others = [path for path in paths if path.name.split("-")[1] not in tested]
        method = train(((gray(path), DBT_MM) for path in others), len(others))
        dog = tuned([(gray(path), DBT_MM) for path in others[:TUNED_ON]])
        methods = dict(zip(NAMES, (method, local, dog, Prewhitened()), strict=True)) | further
        for number, path in enumerate(paths):
            if path.name.split("-")[1] not in tested:
                continue
            prepared, places, own = with_spots(gray(path), DBT_MM, number)
            contrast += own.tolist()
            put = {"spots put in": (prepared.raw, places)}
            for how, blur_mm in SOFT_MM.items() if templates else ():
                put[f"calcifications {how}"] = put_in(
                    gray(path),
                    templates,
                    count=30,
                    spacing_mm=DBT_MM,
                    blur_mm=blur_mm,
                    rng=np.random.default_rng([5, number]),
                )
            for kind, (raw, at) in put.items():
                measure([(raw, DBT_MM, at, NOWHERE, True)], methods, accounts[kind])
    for kind, found in accounts.items():
        show(kind, found)
    clear = np.array(contrast) >= CLEAR
    spots = accounts["spots put in"]
    show("clear spots", {name: scores.among(clear) for name, scores in spots.items()})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("images", "truth", "unlabelled", "slices"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--folds", type=int, default=2, help="of the patients of BCS-DBT")
    options = parser.parse_args()
    taught = None
    if options.images:
        taught = inbreast(options.images, options.truth, options.unlabelled)
    if options.slices:
        templates = templates_of(options.images, options.truth) if options.images else []
        bcs_dbt(options.slices, taught, templates, options.folds)
