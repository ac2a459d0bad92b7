"""The tuning page: from one trial to many, with failures, always the same bytes."""

from __future__ import annotations

import polars as pl
import pytest

from support.studies import describe
from tomocalc.model.selection import best_trial
from tomocalc.model.space import Parameters
from tomocalc.model.trial_queue import suggest
from tomocalc.pages.tuning.page import importances, tuning_page

PLAN = describe(batch=24, trials=12)


def trials(count: int, *, failed: int = 0) -> pl.DataFrame:
    """Random trials whose value is their dropout; the last ones failed."""
    rows: list[Parameters] = []
    for _ in range(count):
        rows.append(suggest([], rows, plan=PLAN))
    table = pl.DataFrame(rows).with_row_index("trial")
    lost = pl.col("trial") >= count - failed
    return table.select(
        "trial",
        known=pl.lit(0),
        value=pl.when(lost).then(None).otherwise("dropout"),
        **{name: pl.col(name) for name in rows[0]},
        epochs=pl.lit(2),
        failed=pl.when(lost).then(pl.lit("diverged")),
    )


@pytest.mark.parametrize(("count", "failed"), [(1, 0), (3, 1), (12, 0), (12, 5)])
def test_any_study_has_a_page(count: int, failed: int) -> None:
    table = trials(count, failed=failed)
    best = best_trial(table, PLAN)
    page = tuning_page(table, best, PLAN, source="phantom")
    assert page == tuning_page(table, best, PLAN, source="phantom")
    assert ("Importances need" in page) == (count < 4)
    assert page.count("diverged</td>") == failed
    assert "nan</td>" not in page.lower()


def test_what_decides_the_value_is_the_most_important() -> None:
    found = importances(trials(12), PLAN)
    assert max(found, key=lambda name: found[name]) == "dropout"
    assert sum(found.values()) == pytest.approx(1)
    assert importances(trials(12).with_columns(value=pl.lit(0.5)), PLAN) == {}
