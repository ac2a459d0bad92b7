"""The tuning page: from one trial to many, with failures, always the same bytes."""

import msgspec
import pytest

from support.studies import describe, whole_study
from tomocalc.accounts.study import Trial
from tomocalc.model.search import best_trial, trials_table
from tomocalc.pages.tuning import importances, tuning_page

SEARCH = describe(batch=24)


def trials(count: int, *, failed: int = 0) -> list[Trial]:
    """Random trials whose value is their dropout; the last ones failed."""
    lost = range(count - failed, count)
    return [
        msgspec.structs.replace(
            trial,
            value=None if trial.number in lost else trial.parameters["dropout"],
            failed="diverged" if trial.number in lost else None,
        )
        for trial in whole_study(count, SEARCH)
    ]


@pytest.mark.parametrize(("count", "failed"), [(1, 0), (3, 1), (12, 0), (12, 5)])
def test_any_study_has_a_page(count: int, failed: int) -> None:
    computed = trials(count, failed=failed)
    table, best = trials_table(computed, SEARCH), best_trial(computed, SEARCH)
    page = tuning_page(table, best, seed=1, source="phantom")
    assert page == tuning_page(table, best, seed=1, source="phantom")
    assert ("Importances need" in page) == (count < 4)
    assert page.count("diverged</td>") == failed
    assert "nan</td>" not in page.lower()


def test_what_decides_the_value_is_the_most_important() -> None:
    table = trials_table(trials(12), SEARCH)
    found = importances(table, SEARCH)
    assert max(found, key=lambda name: found[name]) == "dropout"
    assert sum(found.values()) == pytest.approx(1)
    assert importances(table.head(4).with_columns(value=0.5), SEARCH) == {}
