"""The page of the leakage audit: a verdict for every protocol, and its grounds."""

from typing import Any

from tomocalc.accounts.figures import Lead
from tomocalc.accounts.leakage import Check, Gaps, LeakageAccount, Verdict
from tomocalc.audit.association import LEVEL, TELLING
from tomocalc.audit.gaps import FIGURES
from tomocalc.comparison.catalogue import NAMES
from tomocalc.pages.audit_files import grounds_of, say_check
from tomocalc.pages.catalogue import navigation, run_pages
from tomocalc.pages.charts import Chart, dots, line, row_layout
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
from tomocalc.pages.words import BADGES, PROTOCOL_NAMES, p_value

ORDER = ("own", "paper", "honest")
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
        badge=BADGES.get(source),
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
