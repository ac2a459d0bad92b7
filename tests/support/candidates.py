"""Small candidate tables for tests."""

import numpy as np
import polars as pl

from tomocalc.dataset.feature_table import CANDIDATE
from tomocalc.tables import SHARD, TEXTURE, names, schema


def candidate_rows(**columns) -> pl.DataFrame:
    """Rows of `candidates.parquet`; columns that are not given get a plausible constant."""
    length = len(next(iter(columns.values())))
    kinds = schema(CANDIDATE)
    given = {
        "volume_id": ["v"] * length,
        "candidate_id": list(range(length)),
        "slice": [0] * length,
        "patient_id": [""] * length,
        "detected": [True] * length,
        "focus": [True] * length,
        "qc_flag": ["ok"] * length,
        "site": [""] * length,
        "label": [0] * length,
        "finding_id": [None] * length,
        **columns,
    }
    frame = pl.DataFrame({name: given.get(name, [1.0] * length) for name in kinds}, strict=False)
    return frame.cast(dict(kinds))  # type: ignore[arg-type]


def as_shard(rows: pl.DataFrame) -> pl.DataFrame:
    """Give rows the columns of a shard whose texture was not measured."""
    nothing = (pl.lit(None, kind).alias(name) for name, kind in schema(TEXTURE).items())
    return rows.with_columns(nothing).select(names(SHARD))


def cohort(patients: int = 20, each: int = 10, seed: int = 0) -> pl.DataFrame:
    """Candidates of *patients*, of four of whom the first two have two calcifications."""
    draw = np.random.default_rng(seed)
    rows = patients * each
    patient = np.repeat(np.arange(patients), each)
    label = ((np.arange(rows) % each) < 2) & (patient % 4 < 2)
    return candidate_rows(
        volume_id=[f"v{number:02d}" for number in patient],
        candidate_id=list(np.tile(np.arange(each), patients)),
        patient_id=[f"p{number:02d}" for number in patient],
        label=label.astype(int).tolist(),
        area=draw.normal(label * 1.0, 1).tolist(),
        contrast=draw.normal(label * 2.0, 1).tolist(),
    )
