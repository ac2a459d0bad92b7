"""The evaluation page shows what was measured, and says when nothing could be."""
# pyright: reportOptionalSubscript=false, reportOptionalOperand=false, reportArgumentType=false

import re

import msgspec
from msgspec.structs import replace

from support.pages_data import figures, images
from tomocalc.accounts.metrics import Cases, Part
from tomocalc.experiments.paper import PAPER
from tomocalc.pages.evaluation import evaluation_page


def charts(html):
    return re.findall(r'id="chart-([\w-]+)"', html)


def test_every_chart_and_figure_is_there():
    metrics = figures()
    html = evaluation_page(metrics)
    curves = "roc precision-recall confusion thresholds calibration ppv npv"
    assert charts(html) == ["figures", *curves.split()]
    for figure in metrics.test.metrics.values():
        assert f"{figure.value:.3f}" in html
    for counted in msgspec.structs.astuple(metrics.test.confusion):
        assert f"{counted:,}" in html
    assert "weighted by support" in html
    assert 'class="badge"' not in html


def test_the_paper_protocol_is_marked_as_leaking():
    html = evaluation_page(figures(protocol="paper", source="table", paper=PAPER))
    assert "These figures leak" in html
    assert "0.973" in html
    assert "1,454" in html


def test_a_part_without_both_classes_has_no_figures():
    metrics = figures(source="phantom")
    metrics.parts["validation"] = Part(n=0, positives=0)
    assert "validation part" not in evaluation_page(metrics)
    metrics.parts["test"] = Part(n=12, positives=0)
    html = evaluation_page(metrics)
    assert "nothing can be measured" in html
    assert "in-silico phantom" in html


def page_of(facts, measured):
    tables = {"clusters": measured.clusters, "patients": measured.patients}
    return evaluation_page(figures(source="phantom", images=facts), **tables)


def test_volumes_patients_and_findings_are_shown():
    measured = images()
    facts = measured.facts
    html = page_of(facts, measured)
    assert {"cases-roc", "froc-calcifications", "froc-clusters"} <= set(charts(html))
    assert f"{facts.froc.calcifications.operating_point.sensitivity.value:.3f}" in html
    for cases in (facts.cases.volumes, facts.cases.patients):
        assert f"{cases.metrics['auroc'].value:.3f}" in html
    assert f"{facts.dbtex.rules.first.mean_sensitivity:.3f}" in html
    for said in ("Nearest box", "First box", "every cluster counts as a finding"):
        assert said in html
    assert "clusters formed from annotated calcifications (at least 3 within 10 mm)" in html
    assert "p00" in html
    assert "p01" not in html.split('id="cases"')[1].split('id="report"')[0]  # trained on


def test_what_could_not_be_measured_is_said():
    measured = images()
    found, patients = measured.facts, Cases(n=6, positives=6, without_candidates=0)
    cases = replace(found.cases, patients=patients)
    facts = replace(found, dbtex=None, froc=replace(found.froc, clusters=None), cases=cases)
    html = page_of(facts, measured)
    assert html.count("There is no annotated cluster in the test part.") == 2
    assert "froc-clusters" not in charts(html)
    assert "6 positive patients among 6" in html


def test_long_tables_say_where_the_rest_is():
    measured = images(patients=450)
    html = page_of(measured.facts, measured)
    assert "The first 200 of 225 are shown" in html
    assert len(html) < 7e6


def test_data_without_places_have_one_sentence():
    html = evaluation_page(figures(no_images="no_places"))
    assert "its rows have no place in an image" in html
    assert "chart-froc" not in html
