"""The release on fresh phantom patients: beside the LSTM alone, and with labels that mean nothing.

    python benchmarks/release.py                        # simulate 120 patients, compare
    python benchmarks/release.py --permuted 40          # and give labels to other patients
    python benchmarks/release.py --permuted 1 --whole   # the same by one run of the workflow
    python benchmarks/release.py --candidates FILE      # of a finished run, nothing is simulated

Compared: every candidate is scored by a network and by trees that have not seen its patient (five
folds by patient, configured values, nothing tuned), and both figures with their difference are
those of the workflow, leaving out one patient at a time.

Permuted: patients get the labels of other patients, as many as they have candidates; then every
model is fitted on an honest split of its own seed and scores the test part. The mean AUROC of a
model over all permutations is 0.5 unless something else than the features tells the labels.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
import yaml
from measuring import head, row
from numpy.typing import NDArray

import extract_features
import merge_dataset
import simulate_volume
from fit_feature_models import samples_of
from support.defaults import CONFIG
from support.projects import copy_project
from tomocalc.accounts.figures import Figure, Lead, Paired
from tomocalc.accounts.leakage import LeakageAccount
from tomocalc.comparison.catalogue import NAMES
from tomocalc.comparison.feature_models import FEATURE_MODELS
from tomocalc.comparison.fitting import tune_and_fit
from tomocalc.dataset.splits import split_honest, usable_candidates
from tomocalc.evaluation.weighted import paired_figures
from tomocalc.experiments.cross_validation import Experiment
from tomocalc.metrics import auroc
from tomocalc.model.fitting import fit
from tomocalc.model.forest import log_odds, probability
from tomocalc.model.growing import grow
from tomocalc.model.recipe import Recipe
from tomocalc.model.release import average, tree_inputs
from tomocalc.parquet import read_parquet
from tomocalc.phantom.cohort import PhantomVolume, phantom_volumes

FEATURES: list[str] = CONFIG["features"]
SEQUENCE: Any = CONFIG["sequence"]
GRID = ("rows", "columns", "slices")
OPEN = {"site": None, "pixel_spacing_mm": None, "slice_spacing_mm": None, "sha256": None}
"""What a row of the sheet may leave open."""
TABS: dict[str, Any] = {"separator": "\t", "infer_schema": False}
PATIENT = {"patient_id": "patient_id"}
SMALL: dict[str, Any] = {"units": [32, 16], "members": 1}
"""Of the LSTM on permuted labels, which has nothing to learn."""
CPU = torch.device("cpu")
Floats = NDArray[np.float64]


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--patients", type=int, default=120)
    parser.add_argument("--seed", type=int, default=2027, help="of the phantom and of the folds")
    parser.add_argument("--grid", type=int, nargs=3, default=(256, 192, 16), metavar="N")
    parser.add_argument("--candidates", help="candidates.parquet of a run; nothing is simulated")
    parser.add_argument("--keep", type=Path, help="folder for what is simulated")
    parser.add_argument("--permuted", type=int, default=0, metavar="TIMES")
    parser.add_argument("--whole", action="store_true", help="the first permutation, whole run")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        path = options.candidates or simulate(options.keep or Path(folder), options)
        table = read_parquet(path)
        if options.whole:
            whole_run(with_other_labels(table, 0), Path(folder))
    if options.whole:
        return
    if options.permuted:
        permuted(table, options.permuted)
    else:
        compare(table, options.seed)


def simulate(folder: Path, options: argparse.Namespace) -> str:
    """Simulate and measure fresh patients by the scripts of the workflow; return the candidates."""
    settings = CONFIG["phantom"] | dict(zip(GRID, options.grid, strict=True))
    settings |= {"patients": options.patients}
    rows = phantom_volumes(settings, options.seed)
    for volume in rows:
        image = simulated(folder, volume, settings, options.seed)
        extracted(folder, volume, image, CONFIG["candidates"] | {"compare": "none"})
        image.unlink()
        print(volume["volume_id"], file=sys.stderr, flush=True)
    return merged(folder, [volume["volume_id"] for volume in rows])


def simulated(folder: Path, volume: PhantomVolume, settings: Any, seed: int) -> Path:
    """Write a volume and, beside it, the sheet of its calcifications."""
    image = folder / f"{volume['volume_id']}.dcm"
    simulate_volume.main(
        row=volume,
        seed=seed,
        settings=settings,
        image=str(image),
        annotations=str(image.with_suffix(".tsv")),
        truth=str(image.with_suffix(".truth")),
    )
    return image


def extracted(
    folder: Path, volume: PhantomVolume, image: Path, candidates: Any, search: Path | None = None
) -> None:
    """Find and measure a volume's candidates, below *folder*."""
    extract_features.main(
        volumes=[{**OPEN, **volume, "path": str(image)}],
        folder=str(folder / "features"),
        account=str(folder / "batch.json"),
        image=CONFIG["image"],
        candidates=candidates,
        sequence_slices=SEQUENCE["slices"],
        searches={volume["volume_id"]: str(search)} if search else None,
    )


def merged(folder: Path, names: Sequence[str], sheets: Path | None = None) -> str:
    """Merge the candidates of volumes with their sheets, which lie in *sheets*, or in *folder*."""
    tables = [pl.read_csv((sheets or folder) / f"{name}.tsv", **TABS) for name in names]
    pl.concat(tables).write_csv(folder / "annotations.tsv", separator="\t")
    merge_dataset.main(
        source="phantom",
        manifests=[str(folder / "features" / name / "manifest.json") for name in names],
        annotations=str(folder / "annotations.tsv"),
        table=None,
        columns=CONFIG["table"],
        features=FEATURES,
        labels=CONFIG["labels"],
        dataset=CONFIG["dataset"],
        image=CONFIG["image"],
        candidates=str(folder / "candidates.parquet"),
        quality=str(folder / "quality.json"),
        croissant=str(folder / "croissant.json"),
    )
    return str(folder / "candidates.parquet")


def compare(table: pl.DataFrame, seed: int) -> None:
    """Print figures of the LSTM, of trees and of their average, and what the average is ahead."""
    trial = experiment(table, seed)
    lstm = trial.scores("LSTM", features=FEATURES, sequence=SEQUENCE)
    trees = trial.tree_scores(features=FEATURES, slices=SEQUENCE["slices"])
    both = probability(average(lstm, log_odds(trees), shift=0.0))
    known = {"lstm": lstm, "trees": trees}
    confidence = CONFIG["evaluation"]["confidence"]
    patients = len(np.unique(trial.group))
    count, found = len(trial.rows), int(trial.label.sum())
    print(f"{patients} patients, {count} candidates, {found} calcifications.\n")
    print(head("model", "AUROC", "average precision", "lead of the release in average precision"))
    for name, scores in known.items():
        found = paired_figures(trial.label, (both, scores), trial.group, confidence=confidence)
        print(
            row(
                NAMES[name],
                *(_written(one.other) for one in _shown(found)),
                _written(found["average_precision"].lead),
            )
        )
    found = paired_figures(trial.label, (both, lstm), trial.group, confidence=confidence)
    print(row(f"**{NAMES['average']}**", *(_written(one.one) for one in _shown(found)), ""))


def experiment(table: pl.DataFrame, seed: int) -> Experiment:
    """Return a cross-validation by patient, as configured, on all candidates of a table."""
    rows = usable_candidates(table, used=FEATURES, duplicates="drop").with_columns(
        part=pl.lit("train"), fold=pl.lit(0), copy=pl.lit(0)
    )
    model = CONFIG["model"] | {"device": "cpu"}
    return Experiment(table, rows, model, "none", 5, seed, CPU)


def _shown(found: dict[str, Paired]) -> list[Paired]:
    return [found[figure] for figure in ("auroc", "average_precision")]


def _written(figure: Figure | Lead) -> str:
    return f"{figure.value:.4f} ({figure.low:.4f} to {figure.high:.4f})"


def permuted(table: pl.DataFrame, times: int) -> None:
    """Print the mean AUROC of every model over *times* permutations, with its standard error."""
    found: dict[str, list[float]] = {}
    for seed in range(times):
        for name, value in one_permutation(with_other_labels(table, seed), seed).items():
            found.setdefault(name, []).append(value)
        print(f"permutation {seed}", file=sys.stderr, flush=True)
    print(head("model", "AUROC, labels permuted", "standard error", "lowest", "highest"))
    for name, values in found.items():
        error = np.std(values, ddof=1) / np.sqrt(times)
        cells = np.mean(values), error, min(values), max(values)
        print(row(NAMES[name], *(f"{cell:.3f}" for cell in cells)))


def with_other_labels(table: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Give every patient the labels of another one, repeated or cut to her number of candidates."""
    generator = np.random.default_rng(seed)
    keys = ["patient_id", "volume_id", "candidate_id"]
    one = table.select(*keys, "label").unique(keys, keep="first", maintain_order=True)
    own = {name: part["label"].to_numpy() for (name,), part in one.group_by("patient_id")}
    names = sorted(own)
    given = dict(zip(names, generator.permutation(names).tolist(), strict=True))
    parts = [
        part.with_columns(
            label=pl.Series(np.resize(generator.permutation(own[given[str(name)]]), len(part)))
        )
        for (name,), part in one.group_by("patient_id", maintain_order=True)
    ]
    return table.drop("label").join(
        pl.concat(parts).cast({"label": table.schema["label"]}), on=keys, maintain_order="left"
    )


def whole_run(table: pl.DataFrame, folder: Path) -> None:
    """Print the AUROC of every model as a whole run of the workflow has it, on best focus alone."""
    project = copy_project(folder / "project").folder
    focus = usable_candidates(table, used=FEATURES, duplicates="drop")
    focus.select(*FEATURES, "patient_id", "label").write_csv(project / "table.csv")
    run = {
        "source": "table",
        "table": {"path": "table.csv", "label": "label", "positive": "1", **PATIENT},
        "sequence": {"kind": "single_step"},
        "tuning": {"trials": 2},
        "comparison": {"trials": 2, "cross_validation": 0},
    }
    (project / "permuted.yaml").write_text(yaml.safe_dump(run))
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", "permuted.yaml"]
    subprocess.run(command, cwd=project, check=True, stdout=sys.stderr)
    found = read_parquet(project / "results/comparison/comparison.parquet").filter("measured")
    audit = LeakageAccount.read(project / "results/audit/leakage.json").protocols["honest"]
    print(f"The audit calls the honest split {audit.verdict.value}.\n")
    print(head("model, one whole run", "AUROC, honest protocol"))
    for one in found.filter(protocol="honest").iter_rows(named=True):
        ends = "{auroc:.3f} ({auroc_low:.3f} to {auroc_high:.3f})"
        print(row(one["name"], ends.format(**one)))


def one_permutation(table: pl.DataFrame, seed: int) -> dict[str, float]:
    """Return the AUROC of every model on the test part of an honest split."""
    focus = usable_candidates(table, used=FEATURES, duplicates="drop")
    splits = split_honest(focus, seed=seed, **CONFIG["split"])
    data = samples_of(table, splits, features=FEATURES, impute="none")
    test = np.flatnonzero(data.samples.part == "test")
    label = data.samples.y[test]
    found = _release(table, splits, seed)
    scores = {name: values[test] for name, values in found.items()}
    for key, model in FEATURE_MODELS.items():
        fitted = tune_and_fit(
            *(key, model, data),
            trials=1,
            objective="average_precision",
            threshold="half",
            seed=seed,
        )
        scores[key] = fitted.scores[test]
    return {name: auroc(label, values) for name, values in scores.items()}


def _release(table: pl.DataFrame, splits: pl.DataFrame, seed: int) -> dict[str, Floats]:
    """Return what the LSTM, the trees and their average say of every row of *splits*."""
    shared = {"features": FEATURES, "impute": "none", "seed": seed}
    recipe = Recipe.of(CONFIG["model"] | SMALL, sequence=SEQUENCE, **shared)
    trial = Experiment(table, splits, CONFIG["model"], "none", 5, seed, CPU)
    samples = trial._samples(FEATURES, recipe.sequence)
    training = np.flatnonzero(samples.part == "train")
    fitted = fit(samples, training=training, validation=training[:0], recipe=recipe, device=CPU)
    lstm = fitted.probability(samples, np.arange(len(samples.y)))
    x = tree_inputs(fitted.preprocessing, samples.x, samples.mask, samples.focus)
    odds = grow(x[training], samples.y[training], seed=seed).log_odds(x)
    both = probability(average(lstm, odds, shift=0.0))
    return {"lstm": lstm, "trees": probability(odds), "average": both}


if __name__ == "__main__":
    main()
