"""Charts of the comparison: figures side by side, and differences to the LSTM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from tomocalc.comparison.figures import REFERENCE
from tomocalc.pages.charts import figure_section
from tomocalc.pages.palette import GREEN, NEGATIVE, POSITIVE
from tomocalc.pages.tables import Cell, Column, table
from tomocalc.wording.numbers import signed

Rows = list[dict[str, Any]]
COLOURS = {"paper": POSITIVE, "honest": NEGATIVE, "own": GREEN}
SYMBOLS = {"paper": "diamond", "honest": "circle", "own": "square"}
LABELS = {"paper": "paper's protocol", "honest": "honest protocol", "own": "your own split"}
DIFFERENCES = {"average_precision": "average precision", "auroc": "AUROC"}


def figure_chart(measured: Mapping[str, Rows], key: str, title: str) -> Markup:
    """Return one figure of merit of every model, one dot with whiskers per protocol."""
    data = [
        dots(
            LABELS[name],
            [row["name"] for row in rows],
            [(row[key], row[f"{key}_low"], row[f"{key}_high"]) for row in rows],
            colour=COLOURS[name],
            symbol=SYMBOLS[name],
        )
        for name, rows in measured.items()
    ]
    names = list(dict.fromkeys(row["name"] for rows in measured.values() for row in rows))
    columns = [Column("Classifier", "text")]
    for name in measured:
        columns += [Column(LABELS[name].capitalize(), "score"), Column("from"), Column("to")]
    found = {name: {row["name"]: row for row in rows} for name, rows in measured.items()}
    lines = []
    for model in names:
        line: list[Any] = [model]
        for name in measured:
            row = found[name].get(model, {})
            line += [row.get(key), row.get(f"{key}_low"), row.get(f"{key}_high")]
        lines.append(line)
    columns = [Column(c.label, "text" if c.label == "Classifier" else "score") for c in columns]
    return figure_section(
        key=f"figure-{key.replace('_', '-')}",
        title=title,
        figure={"data": data, "layout": row_layout()},
        table=table(columns=columns, rows=lines, caption=f"{title} of every model"),
        caption="Dots are the values on the test part, whiskers their intervals.",
        height=130 + 36 * len(names),
    )


def difference_figure(protocol: str, rows: Rows, title: str) -> Markup:
    """Return the differences of every model to the LSTM under one protocol."""
    others = [row for row in rows if row["model"] != REFERENCE]
    colours = dict(zip(DIFFERENCES, (POSITIVE, NEGATIVE), strict=True))
    symbols = dict(zip(DIFFERENCES, ("diamond", "circle"), strict=True))
    data = [
        dots(
            label,
            [row["name"] for row in others],
            [_ends(row, key) for row in others],
            colour=colours[key],
            symbol=symbols[key],
        )
        for key, label in DIFFERENCES.items()
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
    return figure_section(
        key=f"difference-{protocol}",
        title=f"Under the {title}" if protocol != "own" else "Under your own split",
        figure={"data": data, "layout": layout},
        table=table(columns=columns, rows=lines, caption=f"Differences to the LSTM, {title}"),
        caption="An interval that holds zero does not tell the two models apart. The p-values are "
        "not adjusted for the number of models.",
        height=150 + 36 * len(others),
        table_open=True,
    )


def dots(
    name: str,
    rows: list[str],
    values: list[tuple[float, float, float]],
    *,
    colour: str,
    symbol: str,
) -> dict[str, Any]:
    """Return a trace of one dot with whiskers (value, low, high) per row."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "y": rows,
        "x": [value for value, _, _ in values],
        "marker": {"color": colour, "symbol": symbol, "size": 10},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [max(0.0, high - value) for value, _, high in values],
            "arrayminus": [max(0.0, value - low) for value, low, _ in values],
            "color": colour,
            "thickness": 1.6,
            "width": 4,
        },
        "hovertemplate": "%{y}: %{x:.3f}<extra>%{fullData.name}</extra>",
    }


def row_layout() -> dict[str, Any]:
    """Return the layout of a chart with one named row per model, the first on top."""
    return {
        "xaxis": {"zeroline": False},
        "yaxis": {"autorange": "reversed", "showgrid": True},
        "margin": {"l": 10, "b": 44},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    }


def _ends(row: Mapping[str, Any], key: str) -> tuple[float, float, float]:
    name = f"{key}_minus_lstm"
    return row[name], row[f"{name}_low"], row[f"{name}_high"]


def _difference(row: Mapping[str, Any], key: str) -> Cell:
    value, low, high = _ends(row, key)
    text = f"{signed(value)} ({signed(low)} to {signed(high)})"
    return Cell(text, value, "" if low <= 0 <= high else "good" if value > 0 else "bad")


def _p(value: float) -> Cell:
    return Cell("< 0.001" if value < 0.001 else f"{value:.3f}", value)
