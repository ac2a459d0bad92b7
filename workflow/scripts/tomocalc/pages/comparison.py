"""The page of the comparison: every classifier under every protocol, beside the LSTM."""

from collections.abc import Mapping
from typing import Any

import polars as pl
from markupsafe import Markup

from tomocalc.accounts.figures import ends_of
from tomocalc.accounts.seal import Opened
from tomocalc.comparison.catalogue import KINDS, RESAMPLED, TUNED
from tomocalc.comparison.table import REFERENCE
from tomocalc.pages.catalogue import navigation, run_pages
from tomocalc.pages.charts import Chart, dots, row_layout
from tomocalc.pages.frame import render_page
from tomocalc.pages.merits import (
    alike_rule,
    figure_of,
    in_a_sentence,
    merit_name,
    row_limits,
    with_interval,
    with_reach,
)
from tomocalc.pages.palette import GREEN, NEGATIVE, POSITIVE
from tomocalc.pages.parts import Cell
from tomocalc.pages.words import BADGES, PROTOCOL_NAMES, UNTUNED, p_value, published, score

Row = Mapping[str, Any]
Rows = list[dict[str, Any]]
COLOURS = {"paper": POSITIVE, "honest": NEGATIVE, "own": GREEN}
SYMBOLS = {"paper": "diamond", "honest": "circle", "own": "square"}
FIGURES = ("accuracy", "average_precision", "auroc", "f1")
DRAWN = ("average_precision", "auroc")
PROBE = "nearest_neighbour"
FALL = 0.1
"""Fall of average precision from which on the paper's protocol is said to reward recall."""
CEILING = 0.99
"""Average precision from which on there is no room for a difference."""


def comparison_page(
    rows: pl.DataFrame,
    *,
    own: str,
    source: str,
    confidence: float,
    cross_validation: Mapping[str, Mapping[str, int]],
    images: bool = False,
    opened: Opened | None = None,
) -> str:
    """Return ``comparison.html``, or with networks on *images* ``image_models.html``.

    Parameters
    ----------
    rows
        ``comparison.parquet``.
    own
        The run's own protocol.
    source
        ``phantom``, ``volumes`` or ``table``.
    confidence
        Of the intervals.
    cross_validation
        Folds and repeats by protocol; no repeats: there was none.
    opened
        Which look at the sealed test part this is; None where it is not sealed.
    """
    frames = {str(name): part for (name,), part in rows.group_by("protocol", maintain_order=True)}
    names = [name for name in ("paper", "honest", "own") if name in frames]
    judged = own if own != "paper" or "honest" not in names else "honest"
    order = _order(frames[judged].to_dicts())
    by_protocol = {
        name: sorted(frames[name].to_dicts(), key=lambda row: order[row["model"]]) for name in names
    }
    measured = {
        name: [row for row in part if row["auroc"] is not None]
        for name, part in by_protocol.items()
    }
    drawn = {name: part for name, part in measured.items() if part}
    address = "comparison/image_models.html" if images else "comparison/comparison.html"
    return render_page(
        "comparison",
        links=navigation(address, run_pages()),
        badge=BADGES.get(source),
        packages=("numpy", "plotly", "scikit-learn"),
        images=images,
        opened=opened,
        own=own,
        judged=judged,
        level=f"{100 * confidence:g} %",
        protocols=names,
        tested={
            name: next((row for row in part if row["n"]), None)
            for name, part in by_protocol.items()
        },
        unmeasured=not measured or not all(measured.values()),
        leader=_leader(measured[judged]),
        probes={name: row for name, part in measured.items() if (row := _row(part, PROBE))},
        probed=_probed(measured),
        limits=row_limits([row for part in drawn.values() for row in part], RESAMPLED, source),
        figures=FIGURES,
        table_rows=_table(by_protocol),
        interval_rows=[
            [row["name"], name, *(_written(row, key) for key in FIGURES)]
            for name, part in measured.items()
            for row in part
        ],
        cited=[row for row in by_protocol[names[0]] if row["cited_accuracy"] is not None],
        image_models=any(row["kind"] == "image" and row["measured"] for row in rows.to_dicts()),
        side_by_side=[_side_by_side(drawn, key) for key in DRAWN] if drawn else [],
        differences=[
            _differences(name, part)
            for name, part in drawn.items()
            if any(row["model"] != REFERENCE for row in part)
        ],
        plan=cross_validation.get("honest"),
        validated=_cross_validated(by_protocol.get("honest", [])),
        by_protocol=by_protocol,
        KINDS=KINDS,
        REFERENCE=REFERENCE,
        UNTUNED=UNTUNED,
        budget=_budget(measured[judged]),
    )


def _order(rows: Rows) -> dict[str, int]:
    """Return the place of every model: by average precision, those without one last."""
    ranked = sorted(rows, key=lambda row: -(row["average_precision"] or -1))
    return {row["model"]: place for place, row in enumerate(ranked)}


def _leader(rows: Rows) -> dict[str, Any] | None:
    """Return who leads in average precision, the second, and how far the second is behind."""
    if len(rows) < 2:
        return None
    first, second = rows[:2]
    behind = figure_of(second, "behind_best")
    lstm = _row(rows[2:], REFERENCE)
    return {
        "first": first,
        "second": second,
        "behind": behind,
        "told": (behind.low or 0) > 0,
        "lstm": lstm,
        "lstm_behind": figure_of(lstm, "behind_best")
        if lstm and lstm not in (first, second)
        else None,
        "alike": [row["name"] for row in rows[1:] if (row["behind_best_low"] or 0) <= 0],
    }


def _budget(rows: Rows) -> dict[str, int] | None:
    """Return the trials of the LSTM and of the others that are tuned, where the two differ."""
    lstm = _row(rows, REFERENCE)
    others = max((row["trials"] for row in rows if row["model"] in TUNED), default=None)
    if lstm is None or others is None or lstm["trials"] == others:
        return None
    return {"lstm": lstm["trials"], "others": others}


def _row(rows: Rows, model: str) -> dict[str, Any] | None:
    return next((row for row in rows if row["model"] == model), None)


def _probed(measured: Mapping[str, Rows]) -> dict[str, Any] | None:
    """Return what a model that only recalls has under the paper's and the honest protocol.

    Where it is perfect under both there is no room for one to be better.
    """
    paper, honest = (_row(measured.get(name, []), PROBE) for name in ("paper", "honest"))
    if paper is None or honest is None:
        return None
    before, after = paper["average_precision"], honest["average_precision"]
    tone = "good" if after >= before - FALL else "bad"
    tone = "unknown" if min(before, after) >= CEILING else tone
    return {"before": before, "after": after, "tone": tone}


def _table(by_protocol: Mapping[str, Rows]) -> list[list[Any]]:
    """Return a row per classifier: cited accuracy, each figure under each protocol, best bold."""
    best = {
        (key, name): max((row[key] for row in part if row[key] is not None), default=None)
        for name, part in by_protocol.items()
        for key in FIGURES
    }
    lines = []
    for place, row in enumerate(next(iter(by_protocol.values()))):
        cited = row["cited_accuracy"]
        line = [Cell(row["name"]), Cell(published(cited), cited)]
        for key in FIGURES:
            for name, part in by_protocol.items():
                value = part[place][key]
                if value is None:
                    line.append(
                        Cell("not run" if key == "accuracy" and not row["measured"] else "–")
                    )
                else:
                    text = score(value)
                    bold = Markup("<strong>{}</strong>").format(text)
                    line.append(Cell(bold if value == best[key, name] else text, value))
        lines.append(line)
    return lines


def _written(row: Row, key: str) -> Cell:
    return Cell(with_interval(figure_of(row, key)), row[key])


def _side_by_side(measured: Mapping[str, Rows], key: str) -> dict[str, Any]:
    """Return one figure of merit of every model, one dot with whiskers per protocol."""
    data = [
        dots(
            PROTOCOL_NAMES[name],
            [row["name"] for row in part],
            [figure_of(row, key) for row in part],
            colour=COLOURS[name],
            symbol=SYMBOLS[name],
        )
        for name, part in measured.items()
    ]
    names = list(dict.fromkeys(row["name"] for part in measured.values() for row in part))
    found = {name: {row["name"]: row for row in part} for name, part in measured.items()}
    ends = (key, f"{key}_low", f"{key}_high")
    rows = [
        [model, *(found[name].get(model, {}).get(end) for name in measured for end in ends)]
        for model in names
    ]
    chart = Chart(data, row_layout(), height=130 + 36 * len(names))
    return {"key": key, "name": merit_name(key), "chart": chart, "rows": rows}


def _differences(protocol: str, rows: Rows) -> dict[str, Any]:
    """Return the differences of every model to the LSTM under one protocol."""
    others = [row for row in rows if row["model"] != REFERENCE]
    names = [row["name"] for row in others]
    styles = {"average_precision": (POSITIVE, "diamond"), "auroc": (NEGATIVE, "circle")}
    data = [
        dots(
            in_a_sentence(key),
            names,
            [figure_of(row, f"{key}_minus_lstm") for row in others],
            colour=colour,
            symbol=symbol,
        )
        for key, (colour, symbol) in styles.items()
    ]
    layout = row_layout()
    layout["xaxis"] |= {"zeroline": True, "title": {"text": "model minus LSTM"}}
    return {
        "protocol": protocol,
        "chart": Chart(data, layout, height=150 + 36 * len(others)),
        "alike": alike_rule(
            figure_of(row, f"{key}_minus_lstm") for row in others for key in RESAMPLED
        ),
        "rows": [
            [
                row["name"],
                _difference(row, "average_precision"),
                _difference(row, "auroc"),
                Cell(p_value(row["auroc_minus_lstm_p"]), row["auroc_minus_lstm_p"]),
                _difference(row, "f1"),
                _difference(row, "accuracy"),
            ]
            for row in others
        ],
    }


def _difference(row: Row, key: str) -> Cell:
    found = figure_of(row, f"{key}_minus_lstm")
    value, low, high = ends_of(found)
    told = low is not None and high is not None and not low <= 0 <= high
    tone = "good" if value and value > 0 else "bad"
    return Cell(with_reach(found), value, tone if told else "")


def _cross_validated(rows: Rows) -> list[list[Any]]:
    columns = [
        f"cv_{name}{end}"
        for name in ("auroc", "average_precision", "f1", "accuracy")
        for end in ("", "_deviation")
    ]
    known = [row for row in rows if row["cv_auroc"] is not None]
    return [[row["name"], *(row[column] for column in columns)] for row in known]
