"""The evaluation page shows what was measured, and says when nothing could be."""

from __future__ import annotations

import re

from pages_data import figures
from tomocalc.pages.evaluation import evaluation_page
from tomocalc.pages.shell import Section


def charts(html):
    return re.findall(r'id="chart-([\w-]+)"', html)


def test_every_chart_and_figure_is_there():
    metrics = figures()
    html = evaluation_page(metrics, source="volumes")
    assert charts(html) == [
        "figures",
        "roc",
        "precision-recall",
        "confusion",
        "thresholds",
        "calibration",
        "ppv",
        "npv",
    ]
    test = metrics["parts"]["test"]
    for figure in test["metrics"].values():
        assert f"{figure['value']:.3f}" in html
    for counted in test["confusion"].values():
        assert f"{counted:,}" in html
    assert "weighted by support" in html
    assert 'class="badge"' not in html


def test_the_paper_protocol_is_marked_as_leaking():
    metrics = figures(protocol="paper")
    metrics["paper"] = {
        "accuracy": 0.9727,
        "confusion": {"tn": 1454, "fp": 65, "fn": 18, "tp": 1501},
    }
    html = evaluation_page(metrics, source="table")
    assert "These figures leak" in html
    assert "0.973" in html
    assert "1,454" in html


def test_a_part_without_both_classes_has_no_figures():
    metrics = figures()
    metrics["parts"]["validation"] = {"n": 0, "positives": 0}
    assert "validation part" not in evaluation_page(metrics, source="phantom")
    metrics["parts"]["test"] = {"n": 12, "positives": 0}
    html = evaluation_page(metrics, source="phantom")
    assert "nothing can be measured" in html
    assert "in-silico phantom" in html


def test_other_sections_find_their_place():
    html = evaluation_page(figures(), source="volumes", extra=[Section("FROC", "per volume")])
    assert html.index('id="calibration"') < html.index('id="froc"') < html.index('id="report"')


def test_equal_figures_give_equal_bytes():
    pages = {evaluation_page(figures(), source="volumes") for _ in range(2)}
    assert len(pages) == 1
