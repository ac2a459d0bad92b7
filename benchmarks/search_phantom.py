"""What the learned search gains on fresh phantom patients, up to the classifier.

    python benchmarks/search_phantom.py [--patients 24] [--seed 2033]

Two folds of patients, each searched by the network that learned on the other one's breasts without
calcifications. Recall is that of all calcifications, by their contrast to noise, with as many
objects per slice as `local` finds at its own threshold.

Then the candidates of `local` and of the learned search are measured by the workflow's own scripts,
and each is scored by an LSTM and by trees that have not seen its patient. Of the average
precision the second figure counts a calcification without a candidate as never found.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from measuring import head, row
from release import FEATURES, OPEN, SEQUENCE, TABS, experiment, extracted, merged, simulated
from search_peers import Found, Prewhitened
from sklearn.metrics import average_precision_score

from support.defaults import CONFIG
from tomocalc.accounts.settings import Settings
from tomocalc.evaluation.coverage import SmallObjects
from tomocalc.image.slices import prepare
from tomocalc.learned.learning import SearchRecipe, learn_search
from tomocalc.learned.search import LearnedSearch, low_objects, save_search
from tomocalc.parquet import read_parquet
from tomocalc.phantom.cohort import PhantomVolume, phantom_volumes
from tomocalc.readers.opening import open_row
from train_search import training_slices

SETTINGS = Settings.from_config(CONFIG["image"], CONFIG["candidates"], SEQUENCE["slices"])
PIXEL_MM = CONFIG["phantom"]["pixel_spacing_mm"]
SPACING = PIXEL_MM, PIXEL_MM
BINS = ((0, 3), (3, 5), (5, 8), (8, np.inf))
FOLDS = 2
Objects = dict[str, list[tuple[str, pl.DataFrame]]]
"""By method: of every volume its id and its objects, columns slice, row, col and score."""


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--patients", type=int, default=24)
    parser.add_argument("--seed", type=int, default=2033, help="of the phantom and of the folds")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = CONFIG["phantom"] | {"patients": options.patients, "calcified_fraction": 0.6}
        volumes = phantom_volumes(settings, options.seed)
        for volume in volumes:
            simulated(folder, volume, settings, options.seed)
        searches = learned_by_folds(folder, volumes)
        recall(folder, volumes, searches)
        classify(folder, volumes, options.seed)


def fold_of(volume: PhantomVolume) -> int:
    """Return the fold of a volume: that of its patient."""
    return int(volume["patient_id"][1:]) % FOLDS


def rows_of(folder: Path, volumes: Iterable[PhantomVolume]) -> list[Any]:
    """Return rows of a sheet."""
    return [{**OPEN, **one, "path": str(folder / f"{one['volume_id']}.dcm")} for one in volumes]


def learned_by_folds(folder: Path, volumes: Sequence[PhantomVolume]) -> list[LearnedSearch]:
    """Return the search of every fold, which has learned from the others, and write it."""
    found = []
    for fold in range(FOLDS):
        teachers = [one for one in volumes if fold_of(one) != fold and not one["calcified"]]
        wanted = CONFIG["search"]["slices"]
        slices = training_slices(
            rows_of(folder, teachers), CONFIG["image"], wanted=wanted, seed=fold
        )
        recipe = SearchRecipe(
            passes=CONFIG["search"]["passes"], epochs=CONFIG["search"]["epochs"], seed=1
        )
        found.append(learn_search(slices, settings=SETTINGS, recipe=recipe))
        save_search(folder / f"search{fold}", found[-1])
    return found


def recall(
    folder: Path, volumes: Sequence[PhantomVolume], searches: Sequence[LearnedSearch]
) -> None:
    """Print the recall of every method with as many objects as `local` has."""
    objects: Objects = defaultdict(list)
    truth: dict[str, list[Any]] = {}
    slices = usual = 0
    for volume in volumes:
        name = volume["volume_id"]
        sheet = pl.read_csv(folder / f"{name}.truth", **TABS).filter(kind="calcification")
        truth[name] = [_finding(line) for line in sheet.iter_rows(named=True)]
        stack = open_row(folder / f"{name}.dcm", rows_of(folder, [volume])[0], CONFIG["image"])
        parts: dict[str, list[pl.DataFrame]] = defaultdict(list)
        for index in range(len(stack)):
            prepared = prepare(stack.read(index), SPACING)
            assert prepared is not None
            found, score = searches[fold_of(volume)].ranked(prepared, SETTINGS, SPACING)
            usual += low_objects(prepared, SETTINGS, SPACING, SETTINGS.threshold_k).runs.count
            at = np.column_stack(found.runs.centres())
            parts["learned"].append(_table(index, (at, score.astype(np.float64))))
            parts["local"].append(_table(index, (at, found.strength.astype(np.float64))))
            parts["prewhitened filters"].append(_table(index, Prewhitened()(prepared, PIXEL_MM)))
            slices += 1
        for method, tables in parts.items():
            objects[method].append((name, pl.concat(tables)))
    ends = [f"from {low}" + (f" to {high}" if high < np.inf else "") for low, high in BINS]
    names = [f"CNR {end}" for end in ends]
    count = sum(map(len, truth.values()))
    print(f"\n{len(volumes)} volumes, {count} calcifications\n")
    print(head("search of the phantom", "recall", *names, "objects per slice"))
    for method, tables in objects.items():
        hits = _found(tables, truth, usual)
        shares = [_share(hits, low, high) for low, high in ((0, np.inf), *BINS)]
        print(row(method, *shares, f"{usual / slices:.1f}"), flush=True)


def _finding(line: dict[str, str]) -> Any:
    radius = max(float(line["diameter_mm"]) / 2 / PIXEL_MM, 1)
    place = {"slice": int(line["slice"]), "x": float(line["x"]), "y": float(line["y"])}
    return {**place, "radius": radius, "contrast_to_noise": float(line["contrast_to_noise"])}


def _table(index: int, found: Found) -> pl.DataFrame:
    (row_px, col_px), score = found[0].T, found[1]
    return pl.DataFrame({"slice": index, "row": row_px, "col": col_px, "score": score})


def _found(
    tables: Sequence[tuple[str, pl.DataFrame]], truth: dict[str, list[Any]], count: int
) -> list[tuple[float, bool]]:
    """Say of every finding its contrast to noise, and whether the *count* best objects cover it."""
    every = np.sort(np.concatenate([table["score"].to_numpy() for _, table in tables]))[::-1]
    limit = every[min(count, len(every)) - 1]
    found = []
    for name, table in tables:
        kept = SmallObjects(table.filter(pl.col("score") >= limit), SPACING, 0.3, 1)
        found += [(one["contrast_to_noise"], kept.cover(one)) for one in truth[name]]
    return found


def _share(hits: Sequence[tuple[float, bool]], low: float, high: float) -> str:
    inside = [hit for ratio, hit in hits if low <= ratio < high]
    return f"{np.mean(inside):.2f} of {len(inside)}"


def classify(folder: Path, volumes: Sequence[PhantomVolume], seed: int) -> None:
    """Print the average precision of classifiers on the candidates of both searches."""
    names = [volume["volume_id"] for volume in volumes]
    wanted = sum(
        pl.read_csv(folder / f"{name}.tsv", **TABS).filter(kind="calcification").height
        for name in names
    )
    print()
    print(
        head(
            *("candidates of", "how many", "calcifications among them"),
            *("LSTM: average precision", "missed ones counted"),
            *("trees: average precision", "missed ones counted, trees"),
        )
    )
    for generator in ("local", "learned"):
        place = folder / generator
        for volume in volumes:
            search = folder / f"search{fold_of(volume)}" if generator == "learned" else None
            chosen = CONFIG["candidates"] | {"compare": "none", "generator": generator}
            extracted(place, volume, folder / f"{volume['volume_id']}.dcm", chosen, search)
        trial = experiment(read_parquet(merged(place, names, folder)), seed)
        found = int(trial.label.sum())
        cells = [generator, len(trial.label), f"{found} for {wanted}"]
        lstm = trial.scores("LSTM", features=FEATURES, sequence=SEQUENCE)
        trees = trial.tree_scores(features=FEATURES, slices=SEQUENCE["slices"])
        for scores in (lstm, trees):
            value = average_precision_score(trial.label, scores)
            cells += [f"{value:.3f}", f"{value * min(found / wanted, 1):.3f}"]
        print(row(*cells), flush=True)


if __name__ == "__main__":
    main()
