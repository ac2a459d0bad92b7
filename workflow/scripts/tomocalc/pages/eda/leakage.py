"""Section of the exploration page on leakage: what the test part shares with the training part."""

from __future__ import annotations

from typing import Any

from tomocalc.pages.charts import figure_section
from tomocalc.pages.palette import NEGATIVE, POSITIVE
from tomocalc.pages.parts import Column, table, verdict
from tomocalc.pages.shell import Section
from tomocalc.pages.words import NOTHING_SHARED, PROTOCOLS, RULINGS, share, sharing_level


def leakage_section(split: dict[str, Any]) -> Section:
    """Return the verdict on what training and test part share, and its grounds."""
    facts = split["leakage"]
    clean = facts["verdict"] == "clean"
    copies, near = facts["test_rows_with_copy_in_train"], facts["near_duplicates"]
    names = ["calcifications", "others", "all test rows", "all, near-duplicates"]
    shares = [copies["positive"], copies["negative"], copies["all"], near["share"]]
    bars = {
        "type": "bar",
        "orientation": "h",
        "y": names[::-1],
        "x": shares[::-1],
        "text": [share(value) for value in shares[::-1]],
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {"color": NEGATIVE if clean else POSITIVE},
        "hovertemplate": "%{y}: %{x:.1%}<extra></extra>",
    }
    layout = {
        "xaxis": {"tickformat": ".0%", "range": [0, 1.15], "tickvals": [0, 0.25, 0.5, 0.75, 1]},
        "yaxis": {"showgrid": False},
        "margin": {"l": 10, "b": 30, "r": 36},
        "showlegend": False,
    }
    rows = [
        *([f"{name}: share with a copy", share(v)] for name, v in zip(names, shares, strict=True)),
        ["patients on both sides", f"{facts['shared_patients']:,}"],
        ["groups of the split on both sides", f"{facts['shared_groups']:,}"],
    ]
    written = table(
        columns=[Column("Fact", "text"), Column("Value", "text")],
        rows=rows,
        caption="What the test part shares with the rows that the model learns from",
        sortable=False,
    )
    said = RULINGS[sharing_level(facts)]
    return Section(
        "Leakage",
        [
            verdict(good=said.good, title=said.title, reasons=facts["reasons"] or [NOTHING_SHARED]),
            figure_section(
                key="leakage",
                title="Test rows with an identical row in the training part",
                figure={"data": [bars], "layout": layout},
                table=written,
                caption="Identical in every feature that the model reads. A near-duplicate differs "
                f"in no feature by more than {near['distance']} standard deviations.",
                height=260,
                table_open=True,
            ),
        ],
        intro=f"Protocol {PROTOCOLS.get(split['protocol'], split['protocol'])}. Here only what "
        "the parts share is judged; the leakage audit also asks what names of rows and single "
        "features tell.",
        key="leakage",
    )
