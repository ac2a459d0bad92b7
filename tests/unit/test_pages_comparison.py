"""What the comparison says first: who leads, and what recalling alone gains."""

import polars as pl
import pytest

from tomocalc.comparison.table import FIGURES, SCHEMA
from tomocalc.pages.comparison import comparison_page

PROBE, LSTM = "nearest_neighbour", "lstm"


def row(protocol, model, value, *, behind=(0.0, 0.0, 0.0), groups=40):
    """A measured model whose figures all have one *value*."""
    found = {"protocol": protocol, "model": model, "name": model, "kind": "features"}
    found |= {"measured": True, "n": 90, "positives": 9, "groups": groups, "rarer_groups": groups}
    found |= {"trials": 1, "threshold": 0.5, "remark": "", "parameters": ""}
    for name in FIGURES:
        found |= {name: value, f"{name}_low": value - 0.1, f"{name}_high": min(1.0, value + 0.1)}
        for end in ("", "_low", "_high", "_p"):
            found[f"{name}_minus_lstm{end}"] = 0.0
    names = ("behind_best", "behind_best_low", "behind_best_high")
    return found | dict(zip(names, behind, strict=True))


def page(*rows):
    frame = pl.DataFrame(list(rows), schema=SCHEMA)
    return comparison_page(
        frame, own="honest", source="volumes", confidence=0.95, cross_validation={}
    )


@pytest.mark.parametrize(
    ("before", "after", "tone", "words"),
    [
        (1.0, 1.0, "unknown", "cannot be seen here, both at 1.000"),
        (0.95, 0.5, "bad", "The paper&#39;s protocol rewards memorising"),
        (0.6, 0.55, "good", "Memorising gains little here"),
    ],
)
def test_recall_at_the_ceiling_is_no_verdict(before, after, tone, words):
    html = page(row("paper", PROBE, before), row("honest", PROBE, after))
    assert f'class="verdict {tone}"' in html
    assert words in html
    assert "Few cases" not in html
    assert ("Wilson&#39;s of as many trials" in html) == (after == 1)


def test_few_patients_are_said_before_the_figures():
    html = page(row("honest", PROBE, 0.8, groups=2))
    assert "2 patients of the test part hold the rarer class" in html


@pytest.mark.parametrize(
    ("trials", "words"),
    [
        (
            1,
            "the LSTM has 1 trial under the honest protocol, each classifier on features 12 trials",
        ),
        (0, "the LSTM is not tuned under the honest protocol"),
        (12, None),
    ],
)
def test_budgets_that_differ_are_said_with_both_numbers(trials, words):
    lstm = row("honest", LSTM, 0.8) | {"trials": trials}
    html = page(lstm, row("honest", "svm", 0.7) | {"trials": 12}, row("honest", PROBE, 0.6))
    assert ("Budgets are not equal" in html) == bool(words)
    assert words is None or words in html


def test_tables_round_no_figure_up_to_perfect():
    html = page(row("honest", LSTM, 0.9996), row("honest", PROBE, 0.6))
    assert "<strong>0.9996</strong>" in html
    assert "<strong>1.000</strong>" not in html


@pytest.mark.parametrize(
    ("low", "told"), [(0.01, "the lead is more than chance"), (-0.02, "the lead may be chance")]
)
def test_who_leads_by_how_much_and_whether_by_chance(low, told):
    lstm = row("honest", LSTM, 0.8, behind=(0.05, low, 0.09))
    html = page(lstm, row("honest", "extra_trees", 0.85), row("honest", PROBE, 0.6))
    assert "extra_trees leads under the honest protocol: average precision 0.850" in html
    assert told in html
    assert "lstm trails by 0.050 (" in html
    order = [html.index(f'scope="row">{name}') for name in ("extra_trees", LSTM, PROBE)]
    assert order == sorted(order)
    assert "<strong>0.850</strong>" in html
