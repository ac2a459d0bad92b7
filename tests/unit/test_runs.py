"""Runs side by side: differing settings, and differences only where the test rows are the same."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tomocalc.accounts.figures import Lead
from tomocalc.errors import TomocalcError
from tomocalc.experiments.runs import differing, flat, paired, read_run


def predictions(seed: int, *, rows: int = 60, skill: float = 2.0) -> pl.DataFrame:
    draw = np.random.default_rng(seed)
    label = (np.arange(rows) % 5 == 0).astype(np.int8)
    return pl.DataFrame(
        {
            "volume_id": [f"v{number // 6}" for number in range(rows)],
            "candidate_id": pl.Series(np.arange(rows) % 6, dtype=pl.Int32),
            "copy": pl.Series([0] * rows, dtype=pl.Int32),
            "patient_id": [f"p{number // 12}" for number in range(rows)],
            "label": label,
            "part": ["test"] * rows,
            "probability": 1 / (1 + np.exp(-draw.normal(skill * label, 1))),
        }
    )


DRAW: dict[str, Any] = {"confidence": 0.95}


def test_settings_are_flat_and_only_what_differs_is_shown() -> None:
    one, two = (flat({"a": {"b": [1, number]}, "c": None}) for number in (2, 3))
    assert one == {"a.b": "1, 2", "c": "None"}
    assert differing([one, two]) == {"a.b": ("1, 2", "1, 3")}
    assert differing([one, {}])["c"] == ("None", None)


def test_a_run_against_itself_leads_by_nothing() -> None:
    lead = paired(predictions(1), predictions(1), **DRAW)
    assert lead is not None
    assert lead["auroc"].lead == Lead(value=0.0, low=0.0, high=0.0, p=1.0)


def test_the_lead_is_that_of_the_other_run() -> None:
    lead = paired(predictions(1, skill=0.0), predictions(1, skill=4.0), **DRAW)
    assert lead is not None
    assert (lead["average_precision"].lead.low or 0) > 0


@pytest.mark.parametrize("change", ["rows", "labels"])
def test_other_test_rows_have_no_paired_difference(change: str) -> None:
    other = predictions(2)
    if change == "rows":
        other = other.head(50)
    else:
        other = other.with_columns(label=pl.col("label").shuffle(seed=3))
    assert paired(predictions(1), other, **DRAW) is None


def test_a_folder_without_a_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(TomocalcError, match=r"E104.*results/none"):
        read_run(tmp_path, "results/none")
