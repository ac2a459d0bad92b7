"""Free-response curves with their bands, and the DBTex metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from tomocalc.pages.charts import figure_section
from tomocalc.pages.curves import ROWS, UNIT, evenly
from tomocalc.pages.merits import rests_on, with_interval
from tomocalc.pages.palette import ALL, AMBER, POSITIVE
from tomocalc.pages.parts import Cell, Column, block, note, paragraph, table
from tomocalc.pages.words import counted_clusters, plural

SHOWN_RATE = 10.0
"""False marks per volume up to which a curve is drawn at first; the table has the rest."""

NAMES = {"calcifications": "calcification", "clusters": "cluster"}


def froc_block(
    curves: Mapping[str, Mapping[str, Any]], rule: Mapping[str, Any], confidence: float
) -> list[Markup]:
    """Return both curves, or the sentence that says why one is absent; *rule*: of clusters."""
    charts = [
        froc_figure(kind, curves[kind], rule, confidence)
        for kind in NAMES
        if "curve" in curves[kind]
    ]
    absent = [note(curves[kind]["absent"]) for kind in NAMES if "absent" in curves[kind]]
    return [block(charts, kind="grid"), *absent] if charts else absent


def froc_figure(
    kind: str, facts: Mapping[str, Any], rule: Mapping[str, Any], confidence: float
) -> Markup:
    """Return one free-response curve; *kind* is ``calcifications`` or ``clusters``."""
    noun = NAMES[kind]
    curve, band, point = facts["curve"], facts["band"], facts["operating_point"]
    reachable = facts["with_candidate"] / facts["findings"]
    last = curve["false_per_volume"][-1]
    right = min(last, max(SHOWN_RATE, 1.5 * point["false_per_volume"])) or 1.0
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": f"{100 * confidence:g} % band",
            "x": band["false_per_volume"] + band["false_per_volume"][::-1],
            "y": band["high"] + band["low"][::-1],
            "fill": "toself",
            "opacity": 0.35,
            "line": {"color": POSITIVE, "width": 0},
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "mode": "lines",
            "name": "sensitivity",
            "x": [0, *curve["false_per_volume"]],
            "y": [0, *curve["sensitivity"]],
            "line": {"color": POSITIVE, "width": 2.5},
            "hovertemplate": "%{x:.2f} false, %{y:.3f} found<extra></extra>",
        },
        {
            "type": "scatter",
            "mode": "lines",
            "name": f"within reach: {reachable:.3f}",
            "x": [0, last],
            "y": [reachable, reachable],
            "line": {"color": ALL, "dash": "dot", "width": 1.4},
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "mode": "markers",
            "name": "at the threshold",
            "x": [point["false_per_volume"]],
            "y": [point["sensitivity"]["value"]],
            "marker": {"color": AMBER, "symbol": "diamond", "size": 12},
            "hovertemplate": "%{x:.2f} false, %{y:.3f} found<extra>at the threshold</extra>",
        },
    ]
    layout = {
        "xaxis": {
            "title": {"text": "false marks per volume"},
            "range": [-0.02 * right, right],
            "zeroline": False,
        },
        "yaxis": {**UNIT, "title": {"text": f"share of {kind} found"}},
        "legend": {"traceorder": "normal"},
    }
    count = plural(facts["findings"], f"annotated {noun}")
    if kind == "clusters":
        count = counted_clusters(facts["findings"], facts["formed"], rule)
    patients = facts["patients_with_findings"]
    carry = f"Findings of {plural(patients, 'patient')} carry the band."
    caption = (
        f"{count} in {plural(facts['volumes'], 'volume')}, "
        f"{facts['with_candidate']} of them within reach of a mark; the others are missed at every "
        f"threshold. {rests_on(patients, 'patient', 'The band rests', 'it') or carry}"
    )
    return figure_section(
        key=f"froc-{kind}",
        title=f"FROC per {noun}",
        figure={"data": data, "layout": layout},
        table=Markup("\n").join([_rates(noun, facts), _points(noun, curve)]),
        caption=caption,
        height=400,
    )


def _rates(noun: str, facts: Mapping[str, Any]) -> Markup:
    point = facts["operating_point"]
    reached = point["false_per_volume"]
    rows: list[list[Any]] = [
        [
            Cell(f"{reached:.2f}, at the threshold", reached),
            *(point["sensitivity"][key] for key in ("value", "low", "high")),
        ]
    ]
    for rate in facts["rates"]:
        beyond = ", beyond the curve" if rate["beyond"] else ""
        name = Cell(f"{rate['false_per_volume']:g}{beyond}", rate["false_per_volume"])
        rows.append([name, *(rate[key] for key in ("sensitivity", "low", "high"))])
    columns = [
        Column("False per volume", "text", "false marks per volume"),
        Column("Found", "score", f"share of the annotated {noun}s"),
        Column("From", "score"),
        Column("To", "score"),
    ]
    return table(
        columns=columns,
        rows=rows,
        caption=f"Sensitivity per {noun} at fixed rates of false marks",
        sortable=False,
        note="Intervals by resampling patients, at the threshold Wilson's; where all or none are "
        "found at least Wilson's. Beyond the curve's end every mark is counted already.",
    )


def _points(noun: str, curve: Mapping[str, Sequence[float]]) -> Markup:
    found = curve["sensitivity"]
    rising = [i for i in range(len(found)) if i == 0 or found[i] > found[i - 1]]
    steps = [rising[i] for i in evenly(len(rising), ROWS)]
    rows = [
        [
            Cell(f"{found[i]:.3f}", found[i]),
            curve["false_per_volume"][i],
            curve["threshold"][i],
        ]
        for i in dict.fromkeys([*steps, len(found) - 1])
    ]
    columns = [
        Column("Found", "text", f"share of the annotated {noun}s"),
        Column("False", "score", "false marks per volume"),
        Column("Threshold"),
    ]
    return table(columns=columns, rows=rows, caption=f"Points of the curve per {noun}")


def dbtex_block(
    facts: Mapping[str, Any], rule: Mapping[str, Any], *, patients: int
) -> list[Markup]:
    """Return the DBTex metric as a table, and what it was computed on.

    Parameters
    ----------
    rule
        Of clusters.
    patients
        Of the test part.
    """
    if "absent" in facts:
        return [note(facts["absent"])]
    lines = [
        ("Mean sensitivity at 1, 2, 3 and 4", "volumes with a finding", facts["mean_sensitivity"]),
        *(
            (f"Sensitivity at {entry['false_per_volume']:g}", "volumes with a finding", entry)
            for entry in facts["sensitivity_at"]
        ),
        ("Tie-break: sensitivity at 2", "all volumes", facts["tie_break"]),
    ]
    columns = [
        Column("Figure", "text", "at so many false marks per volume"),
        Column("Counted on", "text"),
        Column("Value (interval)", "text"),
    ]
    rows = [[Cell(name), where, with_interval(figure)] for name, where, figure in lines]
    written = table(
        columns=columns, rows=rows, caption="The DBTex metric with intervals", sortable=False
    )
    which = (
        "Findings are the clusters whose pathology is known, as in the challenge."
        if facts["biopsied"]
        else "The annotations name no pathology, so every cluster counts as a finding, "
        "where the challenge counts biopsied ones."
    )
    text = (
        f"{counted_clusters(facts['lesions'], facts['formed'], rule)} in "
        f"{facts['volumes_with_lesion']:,} of {plural(facts['volumes'], 'volume')}; "
        f"{plural(facts['marks'], 'mark')}. {which} 100 pixels are "
        f"{_span(*facts['least_mm'])} here. {rests_on(patients, 'patient')}"
    )
    return [block([written, paragraph(text.rstrip())], kind="panel")]


def _span(low: float, high: float) -> str:
    return f"{low:.1f} mm" if low == high else f"{low:.1f} to {high:.1f} mm"
