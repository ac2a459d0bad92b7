"""The page of the leakage audit: a verdict for every protocol, and its grounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from tomocalc.audit.gaps import FIGURES
from tomocalc.comparison.catalogue import NAMES
from tomocalc.pages.audit.charts import gap_figure, identifier_figure, sharing_figure
from tomocalc.pages.catalogue import navigation, run_pages
from tomocalc.pages.merits import (
    alike_rule,
    floor_rule,
    in_a_sentence,
    resampled_unit,
    rests_on,
    with_reach,
)
from tomocalc.pages.parts import Cell, Column, block, note, table, verdict
from tomocalc.pages.shell import Section, render_page
from tomocalc.pages.words import PROTOCOL_NAMES, RULINGS, badge_of, pretty, share, versions_of

NOTHING = "No test row and no patient stands on both sides, and no name or single feature tells "
ORDER = ("own", "paper", "honest")


def audit_page(facts: Mapping[str, Any], *, source: str) -> str:
    """Return ``leakage.html`` from ``leakage.json``; *source*: phantom, volumes or table."""
    audits = {name: facts["protocols"][name] for name in ORDER if name in facts["protocols"]}
    gaps = facts["gaps"]
    others = [name for name in audits if name != gaps["reference"] and name in gaps["protocols"]]
    sections = [
        Section(
            "Verdict",
            [_overall(facts), *(_verdict(name, audit) for name, audit in audits.items())],
            key="verdict",
        ),
        Section(
            "What it is worth",
            [part for name in others for part in _gap(name, gaps, facts["confidence"], source)]
            or [note("A test part lacks a class, so no gap can be measured.", tone="bad")],
            intro="The figures of every model beside those under the honest protocol. Test parts "
            "are compared at the same share of calcifications, so that the gap is not that share. "
            "Above zero, the other way of splitting gives the higher figure.",
            key="gap",
        ),
        Section(
            "What the parts share",
            sharing_figure(audits),
            intro="Test rows that have an identical row, or nearly one, among those that the "
            "models learn from.",
            key="sharing",
        ),
        Section(
            "Names that tell the label",
            identifier_figure(audits),
            intro="A model must not need to know who a row belongs to. Here only names and places "
            "of rows are learnt in the training part, and the labels of the test part are told "
            "from them.",
            key="identifiers",
        ),
        Section("Single features", _features(audits), key="features", intro=FEATURES_INTRO),
    ]
    return render_page(
        title="Leakage audit",
        subtitle="Whether the test part is truly unseen under each way of splitting, why not, and "
        "what that does to the figures.",
        sections=sections,
        badge=badge_of(source),
        facts={
            "Audited": PROTOCOL_NAMES[facts["audited"]],
            "Verdict": RULINGS[facts["verdict"]].word,
            **{
                f"Test rows, {name}": f"{audit['parts']['test']['rows']:,}"
                for name, audit in audits.items()
            },
        },
        links=navigation("audit/leakage.html", run_pages()),
        versions=versions_of(("numpy", "plotly", "scikit-learn")),
    )


FEATURES_INTRO = (
    "Each feature alone, in the better direction. One that separates the classes almost perfectly "
    "may have been made from the label, or measured on something that only one class has."
)


def _overall(facts: Mapping[str, Any]) -> Markup:
    name = PROTOCOL_NAMES[facts["audited"]]
    words = {
        "clean": f"Audited: {name}. Its figures hold for new patients like these, as far as this "
        "audit sees.",
        "caution": f"Audited: {name}. Nothing leaks that this audit can prove, but the reasons "
        "below limit what its figures mean.",
        "leaks": f"Audited: {name}. Its figures must not be quoted as performance on new patients.",
    }
    tone = {"clean": "info", "caution": "warn", "leaks": "bad"}[facts["verdict"]]
    return note(words[facts["verdict"]], tone=tone)


def _verdict(name: str, audit: Mapping[str, Any]) -> Markup:
    said, label = RULINGS[audit["verdict"]], PROTOCOL_NAMES[name]
    return verdict(
        good=said.good,
        title=f"{label[0].upper()}{label[1:]}: {said.word}; {said.grounds}",
        reasons=audit["reasons"] or [f"{NOTHING}the label."],
        key=f"verdict-{name}",
    )


def _gap(name: str, gaps: Mapping[str, Any], confidence: float, source: str) -> list[Markup]:
    here, reference = gaps["protocols"][name], gaps["protocols"][gaps["reference"]]
    prevalence = gaps["prevalence"]
    columns = [
        Column("Model", "text"),
        Column("Figure", "text"),
        Column(f"{PROTOCOL_NAMES[name].capitalize()}, as it is", "score", "at its own prevalence"),
        Column("At the honest prevalence", "score", f"calcifications weighted to {prevalence:.2%}"),
        Column("Honest", "score"),
        Column("Gap", "text", "second minus third, with its interval"),
    ]
    rows = []
    for model, values in here.items():
        for figure in FIGURES:
            gap = values["gap"][figure]
            rows.append(
                [
                    Cell(NAMES.get(model, pretty(model))),
                    in_a_sentence(figure),
                    values["raw"][figure],
                    values["matched"][figure]["value"],
                    reference[model]["matched"][figure]["value"],
                    Cell(with_reach(gap), gap["value"], "bad" if gap["low"] > 0 else ""),
                ]
            )
    written = table(
        columns=columns, rows=rows, caption=f"Gap of every model and figure, {PROTOCOL_NAMES[name]}"
    )
    unit = resampled_unit(source)
    few = rests_on(min(gaps["groups"][one] for one in (name, gaps["reference"])), unit)
    shown = [
        values["matched"][figure]
        for values in (*here.values(), *reference.values())
        for figure in FIGURES
    ]
    alike = alike_rule(values["gap"][figure] for values in here.values() for figure in FIGURES)
    limits = [text for text in (few, floor_rule(shown, unit), alike) if text]
    return [
        gap_figure(name, gaps, written),
        *(note(text, tone="warn") for text in limits),
        note(
            f"Matched at {share(prevalence)} calcifications, their share in the honest test part. "
            "AUROC does not depend on it. Thresholds stay those that each model chose under its "
            f"protocol, at its prevalence. Intervals hold at {100 * confidence:g} %; the two test "
            "parts are resampled apart, by whole patients or groups of equal rows. The LSTM has "
            "its configured hyper-parameters where its trials were scored on candidates of "
            "a test part."
        ),
    ]


def _features(audits: Mapping[str, Mapping[str, Any]]) -> Markup:
    found = {
        name: {one["feature"]: one["auroc"] for one in audit["single_features"]}
        for name, audit in audits.items()
    }
    names = list(next(iter(found.values())))
    columns = [
        Column("Feature", "text"),
        *(Column(f"AUROC, {PROTOCOL_NAMES[name]}", "score") for name in found),
    ]
    rows = [[pretty(name), *(values.get(name) for values in found.values())] for name in names]
    written = table(columns=columns, rows=rows, caption="AUROC of each feature alone")
    return block([written], kind="panel")
