"""A small comparison, made by the scripts one after the other."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import audit_leakage
import compare_models
import fit_feature_models
import grow_trees
import train_lstm
from support.candidates import cohort
from support.model_data import MODEL, chosen, training
from support.table_data import split_into
from tomocalc.parquet import write_parquet

FEATURES = ["area", "contrast"]
SPLIT = {"validation_fraction": 0.2, "test_fraction": 0.25, "folds": 3}
SETTINGS = {"trials": 2, "cross_validation": 1}
EVALUATION = {"confidence": 0.95}
CITED = "model\taccuracy\tsource\nlstm\t0.9727\tthe reference paper\nresnet101\t0.747\tanother\n"


@mock.patch.dict("tomocalc.model.growing.AVERAGED", {"n_estimators": 20})
@mock.patch.dict("tomocalc.model.growing.BOOSTED", {"n_estimators": 20})
@mock.patch("tomocalc.comparison.feature_models.TREES", 30)
def compare(
    folder: Path, *, protocols: tuple[str, ...] = ("honest", "paper"), own: str | None = None
) -> None:
    """Run every script of the comparison and the audit in *folder*."""
    candidates, best = folder / "candidates.parquet", folder / "best.json"
    write_parquet(candidates, cohort(60, each=8))
    chosen(trials=2).write(best)
    (folder / "cited.tsv").write_text(CITED)
    paths = outputs(folder, protocols)
    for place, protocol in enumerate(protocols):
        out = folder / protocol
        split_into(out, candidates, protocol=protocol, features=FEATURES, settings=SPLIT, own=own)
        measured: dict[str, Any] = {
            "candidates": str(candidates),
            "splits": paths["splits"][place],
            "protocol": protocol,
            "threshold": "max_f1",
            "seed": 1,
        }
        shared = measured | {"features": FEATURES, "impute": "none"}
        fit_feature_models.main(
            **shared,
            duplicates="drop",
            settings=SETTINGS,
            objective="average_precision",
            folds=3,
            scores=paths["scores"][place],
            account=paths["accounts"][place],
        )
        train_lstm.main(
            **training(
                folder,
                out=out,
                **shared,
                run_protocol=protocols[0],
                tuned_on=paths["splits"][0],
                sequence={"kind": "single_step", "slices": 1},
            )
        )
        grow_trees.main(
            **measured,
            network=str(out / "model.safetensors"),
            lstm_scores=paths["lstm_scores"][place],
            objective="average_precision",
            trees=str(out / "trees/trees.safetensors"),
            account=paths["tree_accounts"][place],
            scores=paths["tree_scores"][place],
            cross_validation={
                "features": FEATURES,
                "sequence": {"kind": "single_step", "slices": 1},
                "model": MODEL,
                "impute": "none",
                "duplicates": "drop",
                "folds": 3,
                "repeats": 1,
                "threads": 1,
            },
        )
    both: dict[str, Any] = {
        "protocols": list(protocols),
        **{key: value for key, value in paths.items() if key != "splits"},
        "source": "volumes",
        "settings": EVALUATION,
    }
    compare_models.main(
        **both,
        cited=str(folder / "cited.tsv"),
        table=str(folder / "comparison.parquet"),
        page=str(folder / "comparison.html"),
        image_scores=[],
        image_accounts=[],
    )
    audit_leakage.main(
        **both,
        seed=1,
        candidates=str(candidates),
        splits=paths["splits"],
        features=FEATURES,
        permutations=499,
        facts=str(folder / "leakage.json"),
        shared=str(folder / "shared.tsv"),
        page=str(folder / "leakage.html"),
    )


def outputs(folder: Path, protocols: Sequence[str]) -> dict[str, list[str]]:
    """Return what is written below *folder*, one file for every protocol."""
    files = {
        "splits": "splits.parquet",
        "scores": "feature_models.parquet",
        "accounts": "feature_models.json",
        "lstm_scores": "scores.parquet",
        "lstm_cards": "model.json",
        "tree_scores": "trees/scores.parquet",
        "tree_accounts": "trees/trees.json",
    }
    return {
        name: [str(folder / protocol / file) for protocol in protocols]
        for name, file in files.items()
    }
