"""Small inputs of the pages for tests: a data set with accounts, and figures of merit."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from split_dataset import count, oversampled_counts
from support.candidates import candidate_rows
from support.defaults import CONFIG
from support.manifests import manifest
from tomocalc.accounts.leakage import Balanced, SplitAccount
from tomocalc.accounts.metrics import MetricsAccount
from tomocalc.accounts.quality import Annotated
from tomocalc.audit.audit import audit_split, rows_of_split
from tomocalc.dataset.quality import quality_account
from tomocalc.dataset.splits import split_honest, usable_candidates
from tomocalc.evaluation.account import account
from tomocalc.evaluation.images import Images, measure_images
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
    merged = {
        "slices": {"total": 240, "without_objects": 12, "quarantined": 0},
        "annotations": dict.fromkeys(Annotated.__struct_fields__, 0)
        | {"total": 9, "matched": 7, "unmatched": 2, "volumes_without_annotation": 12},
    }
    quality_account(
        candidates.lazy(),
        source=source,
        used=FEATURES,
        duplicates="drop",
        impute="none",
        merged=merged,
    ).write(paths["quality"])
    SplitAccount(
        protocol="honest",
        grouped_by="patient",
        seed=1,
        before=count(candidates),
        parts={
            part: count(splits.filter(pl.col("part") == part))
            for part in ("train", "validation", "test")
        },
        oversampled=Balanced(**oversampled_counts(splits)),
        audit=audit_split(rows_of_split(splits, focus, used=FEATURES, whole=False), permutations=0),
    ).write(paths["split"])
    return {name: str(path) for name, path in paths.items()}


def figures(
    *, n: int = 400, seed: int = 0, protocol: str = "honest", source: str = "volumes", **more: Any
) -> MetricsAccount:
    """Return ``metrics.json`` of made-up scores; *more*: what else stands there."""
    draw = np.random.default_rng(seed)
    parts = {}
    for part in ("train", "validation", "test"):
        label = (draw.random(n) < 0.2).astype(np.int8)
        score = 1 / (1 + np.exp(-draw.normal(label * 2.5 - 2, 1)))
        cluster = (np.arange(n) // 10).astype(np.int32)
        parts[part] = account(
            label, score, cluster, threshold=0.4, confidence=0.95, seed=1, prevalences=(0.01, 0.1)
        )
    return MetricsAccount(
        protocol=protocol,
        source=source,
        released="lstm",
        threshold=0.4,
        confidence=0.95,
        parts=parts,
        **more,
    )


def images(*, patients: int = 12, seed: int = 0) -> Images:
    """Return the account of made-up volumes, two a patient, with findings in every eighth."""
    draw = np.random.default_rng(seed)
    volumes, sheet, parts = [], [], []
    for number in range(2 * patients):
        patient = f"p{number // 2:02d}"
        volumes.append(manifest(f"v{number:02d}", patient_id=patient, slices=20))
        place = {"volume_id": f"v{number:02d}", "y": 100.0, "radius": 3.0, "kind": "calcification"}
        if number % 8 == 0:
            sheet += [
                place | {"x": 100.0 + 20 * i, "slice": 9, "pathology": None} for i in range(5)
            ]
        parts.append((patient, "test" if number // 2 % 2 == 0 else "train"))
    found = [(row["volume_id"], i, row["x"]) for i, row in enumerate(sheet) if i % 5 < 4]
    others = [(volume.volume_id, None, x) for volume in volumes for x in (300.0, 340.0, 380.0)]
    marks = [*found, *others]
    label = np.array([finding is not None for _, finding, _ in marks])
    candidates = candidate_rows(
        volume_id=[volume for volume, _, _ in marks],
        patient_id=[f"p{int(volume[1:]) // 2:02d}" for volume, _, _ in marks],
        slice=[9] * len(marks),
        centroid_row=[100.0] * len(marks),
        centroid_col=[x for _, _, x in marks],
        row_mm=[10.0] * len(marks),
        col_mm=[x / 10 for _, _, x in marks],
        label=label.astype(int).tolist(),
        finding_id=[finding for _, finding, _ in marks],
    ).with_columns(probability=pl.Series(1 / (1 + np.exp(-draw.normal(label * 2.5 - 1, 1)))))
    return measure_images(
        candidates,
        pl.DataFrame(parts, schema=["patient_id", "part"], orient="row"),
        volumes,
        sheet,
        threshold=0.4,
        settings=CONFIG["evaluation"] | {"prevalences": [0.01, 0.1]},
        split=SPLIT,
        seed=1,
    )
