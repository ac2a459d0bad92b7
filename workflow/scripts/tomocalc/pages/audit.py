"""The page of the leakage audit: a verdict for every protocol, and its grounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tomocalc.accounts.figures import Lead
from tomocalc.accounts.leakage import Check, Gaps, LeakageAccount, SplitAudit, Verdict
from tomocalc.audit.association import LEVEL, TELLING
from tomocalc.audit.gaps import FIGURES
from tomocalc.comparison.catalogue import NAMES
from tomocalc.pages.catalogue import navigation, run_pages
from tomocalc.pages.charts import Chart, bars, dots, line, lying_bars, row_layout
from tomocalc.pages.checks import grounds_of, say_check
from tomocalc.pages.comparison import COLOURS
from tomocalc.pages.frame import render_page
from tomocalc.pages.merits import (
    alike_rule,
    few_cases,
    floor_rule,
    group_unit,
    in_a_sentence,
    with_reach,
)
from tomocalc.pages.palette import MUTED
from tomocalc.pages.parts import Cell, feature
from tomocalc.pages.words import PROTOCOL_NAMES, badge_of, p_value, share

ORDER = ("own", "paper", "honest")
SHARING = ("patients", "patients_validation", "same_rows", "copies", "near_copies", "repeats")
SHOWN = 200
"""Shared rows that the page lists; ``shared.tsv`` has all."""
VERDICTS = {
    Verdict.LEAKS: ("leaks", 3, "bad"),
    Verdict.CAUTION: ("take care", 2, ""),
    Verdict.UNSEEN: ("cannot tell", 1, ""),
    Verdict.CLEAN: ("clean", 0, "good"),
}


def audit_page(account: LeakageAccount, *, source: str) -> str:
    """Return ``leakage.html``; *source*: phantom, volumes or table."""
    audits = {name: account.protocols[name] for name in ORDER if name in account.protocols}
    gaps = account.gaps
    others = [name for name in audits if name != gaps.reference and name in gaps.protocols]
    alone = {
        name: {one.feature: one.auroc for one in audit.features} for name, audit in audits.items()
    }
    return render_page(
        "audit",
        links=navigation("audit/leakage.html", run_pages()),
        badge=badge_of(source),
        packages=("numpy", "plotly", "scikit-learn"),
        account=account,
        audits=audits,
        reasons={name: grounds_of(audit) for name, audit in audits.items()},
        gaps=[_gap(name, gaps, source) for name in others],
        prevalence=gaps.prevalence,
        checks={
            name: [_check(check) for check in audits[name].checks]
            for name in sorted(audits, key=lambda name: name != account.audited)
        },
        shared={name: audit.shared for name, audit in audits.items() if audit.shared},
        SHOWN=SHOWN,
        sharing=[
            [title, *(_share(audit.check(key)) for audit in audits.values())]
            for key, title in _titles(audits).items()
        ],
        predicted=[
            [say_check(check, "title"), PROTOCOL_NAMES[name], check.value, p_value(check.p)]
            for name, audit in audits.items()
            for check in _associations(audit)
        ],
        sharing_chart=_sharing_chart(audits),
        identifier_chart=_identifier_chart(audits),
        features=[
            [feature(name), *(values.get(name) for values in alone.values())]
            for name in next(iter(alone.values()))
        ],
        TELLING=TELLING,
        LEVEL=LEVEL,
    )


def _check(check: Check) -> list[Any]:
    """Return a row: what was asked, the answer, and what it can see; no count where it cannot."""
    counted = check.value is None and check.verdict is not Verdict.UNSEEN
    return [
        say_check(check, "title"),
        Cell(*VERDICTS[check.verdict]),
        check.count if counted else None,
        check.share if counted else None,
        check.value,
        Cell(p_value(check.p), check.p),
        say_check(check, "sees"),
        say_check(check, "blind"),
    ]


def _share(check: Check) -> str:
    return "cannot tell" if check.verdict is Verdict.UNSEEN else share(check.share)


def _gap(name: str, gaps: Gaps, source: str) -> dict[str, Any]:
    """Return the figures of every model under protocol *name* beside the reference protocol."""
    here, reference = gaps.protocols[name], gaps.protocols[gaps.reference]
    found = [(model, figure) for model in NAMES if model in here for figure in FIGURES]
    shown = [
        values.matched[figure]
        for values in (*here.values(), *reference.values())
        for figure in FIGURES
    ]
    unit = group_unit(source)
    limits = (
        few_cases(min(gaps.rarer_groups[one] for one in (name, gaps.reference)), unit),
        floor_rule(shown, unit),
        alike_rule((here[model].gap or {})[figure] for model, figure in found),
    )
    return {
        "protocol": name,
        "chart": _gap_chart(name, gaps),
        "limits": [text for text in limits if text],
        "rows": [
            [
                Cell(NAMES[model]),
                in_a_sentence(figure),
                here[model].raw[figure],
                here[model].matched[figure].value,
                reference[model].matched[figure].value,
                _difference((here[model].gap or {})[figure]),
            ]
            for model, figure in found
        ],
    }


def _difference(gap: Lead) -> Cell:
    return Cell(with_reach(gap), gap.value, "bad" if (gap.low or 0) > 0 else "")


def _gap_chart(name: str, gaps: Gaps) -> Chart:
    """Return average precision of every model twice, the gap a thick line between the marks."""
    models = [model for model in NAMES if model in gaps.protocols[name]]
    labels = [NAMES[model] for model in models]
    marks = []
    for protocol, symbol in ((name, "diamond"), (gaps.reference, "circle")):
        found = gaps.protocols[protocol]
        figures = [found[model].matched["average_precision"] for model in models]
        said, colour = PROTOCOL_NAMES[protocol], COLOURS[protocol]
        marks.append(dots(said, labels, figures, colour=colour, symbol=symbol))
    ends = zip(marks[0]["x"], marks[1]["x"], strict=True)
    between = line(
        "gap",
        [x for here, there in ends for x in (there, here, None)],
        [y for label in labels for y in (label, label, None)],
        MUTED,
        width=5,
        opacity=0.45,
        hoverinfo="skip",
        showlegend=False,
    )
    return Chart([between, *marks], row_layout(), height=140 + 36 * len(models))


def _titles(audits: Mapping[str, SplitAudit]) -> dict[str, str]:
    """Return what each check of `SHARING` is called."""
    audit = next(iter(audits.values()))
    return {key: say_check(audit.check(key), "title") for key in SHARING}


def _associations(audit: SplitAudit) -> list[Check]:
    """Return the checks that predict labels without a feature."""
    return [check for check in audit.checks if check.p is not None and check.value is not None]


def _sharing_chart(audits: Mapping[str, SplitAudit]) -> Chart:
    """Return the shares of what the parts have in common, by protocol."""
    data = []
    for name, audit in audits.items():
        found = [audit.check(key) for key in SHARING]
        data.append(
            lying_bars(
                PROTOCOL_NAMES[name],
                [say_check(check, "title") for check in found],
                [check.share for check in found],
                COLOURS[name],
                texts=[_share(check) for check in found],
                hover="%{y}: %{text}<extra>%{fullData.name}</extra>",
            )
        )
    layout = row_layout() | {
        "barmode": "group",
        "xaxis": {"tickformat": ".0%", "range": [0, 1.15], "tickvals": [0, 0.25, 0.5, 0.75, 1]},
        "margin": {"l": 10, "b": 44, "r": 36},
    }
    return Chart(data, layout, height=140 + 34 * len(SHARING) * len(audits))


def _identifier_chart(audits: Mapping[str, SplitAudit]) -> Chart:
    """Return how well names and places of rows predict the labels, as bars that begin at 0.5."""
    data, most = [], 1
    for name, audit in audits.items():
        found = _associations(audit)
        most = max(most, len(found))
        data.append(
            bars(
                PROTOCOL_NAMES[name],
                [(check.value or 0.5) - 0.5 for check in found],
                [say_check(check, "title") for check in found],
                COLOURS[name],
                hover="%{y}: AUROC %{text}<extra>%{fullData.name}</extra>",
                orientation="h",
                base=0.5,
                text=[f"{check.value:.2f}" for check in found],
                textposition="none",
            )
        )
    layout = row_layout() | {
        "barmode": "group",
        "xaxis": {"range": [0.3, 1], "title": {"text": "AUROC; 0.5 says nothing"}},
    }
    return Chart(data, layout, height=150 + 30 * most * len(audits))
