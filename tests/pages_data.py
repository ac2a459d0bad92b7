"""Small inputs of the pages for tests: a data set with accounts, and figures of merit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from candidates import candidate_rows
from tomocalc.dataset.leakage import leakage_facts
from tomocalc.dataset.quality import quality_account
from tomocalc.dataset.splits import oversampled_counts, split_honest, usable_candidates
from tomocalc.evaluation.account import account
from tomocalc.files import write_json
from tomocalc.parquet import write_parquet

FEATURES = ["area", "gray_level", "contrast", "neighbours"]
SPLIT = {"validation_fraction": 0.2, "test_fraction": 0.25, "folds": 3}
HOSTILE = (
    "</script><script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "{{ 7*7 }} ${7*7} <b>bold</b> <a href='https://example.org'>link</a>",
    "quote \" apostrophe ' line\u2028end & ampersand",
)


def rows(
    *,
    patients: int = 24,
    each: int = 12,
    sites: tuple[str, ...] = ("north", "south"),
    seed: int = 0,
) -> pl.DataFrame:
    """Return candidates of *patients*; half of the patients have three calcifications."""
    draw = np.random.default_rng(seed)
    total = patients * each
    patient = np.repeat(np.arange(patients), each)
    label = ((np.arange(total) % each) < 3) & (patient % 2 == 0)
    area = np.exp(draw.normal(label * 0.8, 0.6))
    return candidate_rows(
        volume_id=[f"volume-{number:03d}" for number in patient],
        candidate_id=list(np.tile(np.arange(each), patients)),
        patient_id=[f"p{number:03d}" for number in patient],
        site=[sites[number % len(sites)] for number in patient],
        label=label.astype(int).tolist(),
        area=area.tolist(),
        area_mm2=(area * 0.01).tolist(),
        gray_level=draw.normal(120 + 10 * (patient % 2), 8).tolist(),
        contrast=draw.normal(label * 2.0, 1).tolist(),
        neighbours=draw.integers(0, 9, total).tolist(),
    )


def write_dataset(
    folder: Path, candidates: pl.DataFrame, *, source: str = "volumes"
) -> dict[str, str]:
    """Write the four files of ``results/dataset/`` and return their paths."""
    focus = usable_candidates(candidates, used=FEATURES, duplicates="drop")
    splits = split_honest(focus, seed=1, **SPLIT)
    paths = {
        "candidates": folder / "candidates.parquet",
        "splits": folder / "splits.parquet",
        "quality": folder / "quality.json",
        "split": folder / "split.json",
    }
    write_parquet(paths["candidates"], candidates)
    write_parquet(paths["splits"], splits)
    quality = quality_account(
        candidates.lazy(), source=source, used=FEATURES, duplicates="drop", impute="none"
    )
    slices = {"total": 240, "without_objects": 12, "quarantined": 0}
    found = {"total": 9, "matched": 7, "unmatched": 2, "volumes_without_annotation": 12}
    write_json(paths["quality"], quality | {"slices": slices, "annotations": found})
    write_json(
        paths["split"],
        {
            "protocol": "honest",
            "seed": 1,
            "before": _count(candidates),
            "parts": {
                part: _count(splits.filter(pl.col("part") == part))
                for part in ("train", "validation", "test")
            },
            "oversampled": oversampled_counts(splits),
            "leakage": leakage_facts(splits, focus, used=FEATURES),
        },
    )
    return {name: str(path) for name, path in paths.items()}


def figures(*, n: int = 400, seed: int = 0, protocol: str = "honest") -> dict[str, Any]:
    """Return ``metrics.json`` of made-up scores."""
    draw = np.random.default_rng(seed)
    parts = {}
    for part in ("train", "validation", "test"):
        label = (draw.random(n) < 0.2).astype(np.int8)
        score = 1 / (1 + np.exp(-draw.normal(label * 2.5 - 2, 1)))
        cluster = (np.arange(n) // 10).astype(np.int32)
        parts[part] = account(
            label,
            score,
            cluster,
            threshold=0.4,
            resamples=50,
            confidence=0.95,
            seed=1,
            prevalences=(0.01, 0.1),
        )
    return {
        "protocol": protocol,
        "source": "volumes",
        "threshold": 0.4,
        "confidence": 0.95,
        "parts": parts,
    }


def _count(frame: pl.DataFrame) -> dict[str, int]:
    return {
        "rows": frame.height,
        "candidates": frame.select("volume_id", "candidate_id").n_unique(),
        "positives": int((frame["label"] == 1).sum()),
        "patients": frame["patient_id"].n_unique(),
    }
