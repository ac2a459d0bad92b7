"""Charts of the comparison: figures side by side, and differences to the LSTM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from tomocalc.comparison.catalogue import RESAMPLED
from tomocalc.comparison.figures import REFERENCE
from tomocalc.pages.charts import dots, figure_section, row_layout
from tomocalc.pages.merits import alike_rule, figure_of, in_a_sentence, merit_name, with_reach
from tomocalc.pages.palette import GREEN, NEGATIVE, POSITIVE
from tomocalc.pages.parts import Cell, Column, table
from tomocalc.pages.words import PROTOCOL_NAMES, under

Rows = list[dict[str, Any]]
COLOURS = {"paper": POSITIVE, "honest": NEGATIVE, "own": GREEN}
SYMBOLS = {"paper": "diamond", "honest": "circle", "own": "square"}
DIFFERENCES = ("average_precision", "auroc")


def figure_chart(measured: Mapping[str, Rows], key: str) -> Markup:
    """Return one figure of merit of every model, one dot with whiskers per protocol."""
    title = merit_name(key)
    data = [
        dots(
            PROTOCOL_NAMES[name],
            [row["name"] for row in rows],
            [figure_of(row, key) for row in rows],
            colour=COLOURS[name],
            symbol=SYMBOLS[name],
        )
        for name, rows in measured.items()
    ]
    names = list(dict.fromkeys(row["name"] for rows in measured.values() for row in rows))
    columns = [Column("Classifier", "text")]
    for name in measured:
        heads = (PROTOCOL_NAMES[name].capitalize(), "from", "to")
        columns += [Column(head, "score") for head in heads]
    found = {name: {row["name"]: row for row in rows} for name, rows in measured.items()}
    lines = []
    for model in names:
        line: list[Any] = [model]
        for name in measured:
            row = found[name].get(model, {})
            line += [row.get(key), row.get(f"{key}_low"), row.get(f"{key}_high")]
        lines.append(line)
    return figure_section(
        key=f"figure-{key.replace('_', '-')}",
        title=title,
        figure={"data": data, "layout": row_layout()},
        table=table(columns=columns, rows=lines, caption=f"{title} of every model"),
        caption="Dots are the values on the test part, whiskers their intervals.",
        height=130 + 36 * len(names),
    )


def difference_figure(protocol: str, rows: Rows) -> Markup:
    """Return the differences of every model to the LSTM under one protocol."""
    others = [row for row in rows if row["model"] != REFERENCE]
    colours = dict(zip(DIFFERENCES, (POSITIVE, NEGATIVE), strict=True))
    symbols = dict(zip(DIFFERENCES, ("diamond", "circle"), strict=True))
    data = [
        dots(
            in_a_sentence(key),
            [row["name"] for row in others],
            [figure_of(row, f"{key}_minus_lstm") for row in others],
            colour=colours[key],
            symbol=symbols[key],
        )
        for key in DIFFERENCES
    ]
    layout = row_layout()
    layout["xaxis"] |= {"zeroline": True, "title": {"text": "model minus LSTM"}}
    columns = [
        Column("Classifier", "text"),
        Column("Average precision", "text", "difference and interval, bootstrap by patient"),
        Column("AUROC", "text", "difference and interval, bootstrap by patient"),
        Column("p, DeLong", "number", "of the difference in AUROC; rows count as independent"),
        Column("F1", "text", "difference and interval, bootstrap by patient"),
        Column("Accuracy", "text", "difference and interval of paired proportions"),
        Column("Only this right", "count", "test rows that this model alone tells right"),
        Column("Only LSTM right", "count", "test rows that the LSTM alone tells right"),
        Column("p, McNemar", "number", "exact, of the two counts before; rows independent"),
    ]
    lines = [
        [
            row["name"],
            _difference(row, "average_precision"),
            _difference(row, "auroc"),
            _p(row["delong_p"]),
            _difference(row, "f1"),
            _difference(row, "accuracy"),
            row["only_this_right"],
            row["only_lstm_right"],
            _p(row["mcnemar_p"]),
        ]
        for row in others
    ]
    alike = alike_rule(figure_of(row, f"{key}_minus_lstm") for row in others for key in RESAMPLED)
    caption = f"Differences to the LSTM, {PROTOCOL_NAMES[protocol]}"
    return figure_section(
        key=f"difference-{protocol}",
        title=f"Under {under(protocol)}",
        figure={"data": data, "layout": layout},
        table=table(columns=columns, rows=lines, caption=caption),
        caption="An interval that holds zero does not tell the two models apart. The p-values are "
        f"not adjusted for the number of models. {alike}".rstrip(),
        height=150 + 36 * len(others),
        table_open=True,
    )


def _difference(row: Mapping[str, Any], key: str) -> Cell:
    found = figure_of(row, f"{key}_minus_lstm")
    value = found["value"]
    told = not found["low"] <= 0 <= found["high"]
    return Cell(with_reach(found), value, ("good" if value > 0 else "bad") if told else "")


def _p(value: float) -> Cell:
    return Cell("< 0.001" if value < 0.001 else f"{value:.3f}", value)
