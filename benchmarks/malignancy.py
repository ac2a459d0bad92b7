"""What the models of clusters reach, beside the best single feature and permuted outcomes.

    snakemake --cores all --configfile config/malignancy.yaml results/malignancy/dataset/candidates.parquet
    python benchmarks/malignancy.py results/malignancy/dataset/candidates.parquet

Folds by patient; the LSTM also with its members in random order.
"""  # noqa: E501

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

from tomocalc.comparison.cross_validated import cross_validated  # noqa: E402
from tomocalc.metrics import auroc  # noqa: E402

KEYS = ["volume_id", "candidate_id"]


def main() -> None:
    """Print the mean AUROC over folds of every model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("candidates", type=Path)
    parser.add_argument("--repeats", type=int, default=2)
    given = parser.parse_args()
    rows = pl.read_parquet(given.candidates)
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))
    own = yaml.safe_load((ROOT / "config/malignancy.yaml").read_text(encoding="utf-8"))
    model: Any = {**config["model"], **own["model"]}
    del model["release"]
    focus = rows.filter("focus")
    label = focus["label"].to_numpy()
    alone = {name: auroc(label, focus[name].to_numpy()) for name in own["features"]}
    best = max(alone, key=lambda name: abs(alone[name] - 0.5))
    print(f"{focus.height} clusters, {label.mean():.2f} malignant")
    print(f"best single feature: {best}, {max(alone[best], 1 - alone[best]):.3f}")
    draw = np.random.default_rng(1)
    order = rows.with_columns(chance=pl.Series(draw.random(rows.height)))
    order = order.with_columns(slice=pl.col("chance").rank("ordinal").over(KEYS).cast(pl.Int32) - 1)
    order = order.with_columns(focus=pl.col("slice") == 0).drop("chance")
    permuted = focus.select(KEYS).with_columns(label=pl.Series(draw.permutation(label)))
    tables = {
        "as they are": rows,
        "members in random order": order,
        "outcomes permuted": rows.drop("label").join(permuted, on=KEYS, maintain_order="left"),
    }
    for name, table in tables.items():
        found: dict[str, Any] = cross_validated(
            table,
            features=own["features"],
            sequence=own["sequence"],
            model=model,
            impute="none",
            duplicates="keep",
            folds=5,
            repeats=given.repeats,
            seed=1,
            threads=1,
        )
        figures = ", ".join(f"{key} {one['auroc'].mean:.3f}" for key, one in found.items())
        print(f"{name}: {figures}", flush=True)


if __name__ == "__main__":
    main()
