"""What the comparison and the audit say first."""

import pytest

from tomocalc.pages.comparison.headline import headline


def probe(value, groups=40):
    row = {"model": "nearest_neighbour", "groups": groups}
    for name in ("average_precision", "auroc", "f1", "accuracy"):
        row |= {name: value, f"{name}_low": value - 0.1, f"{name}_high": min(1.0, value + 0.1)}
    return [row]


@pytest.mark.parametrize(
    ("before", "after", "tone", "words"),
    [
        (1.0, 1.0, "unknown", "cannot be told here, both at 1.000"),
        (0.95, 0.5, "bad", "Leaks: the paper&#39;s protocol rewards learning by heart"),
        (0.6, 0.55, "good", "Clean: learning by heart gains little here"),
    ],
)
def test_recall_at_the_ceiling_is_no_verdict(before, after, tone, words):
    measured = {"paper": probe(before), "honest": probe(after)}
    html = "".join(headline(measured, "volumes"))
    assert f'class="verdict {tone}"' in html
    assert words in html
    assert "lower bound" not in html
    assert ("Wilson&#39;s of as many trials" in html) == (after == 1)


def test_few_patients_are_said_before_the_figures():
    html = "".join(headline({"honest": probe(0.8, groups=2)}, "volumes"))
    assert "rest on 2 patients: read them as a lower bound of the uncertainty" in html
