"""The page that stands the reference paper's tables and figures beside this run's."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from tomocalc.experiments.paper import HYPERPARAMETERS, PUBLISHED
from tomocalc.pages.catalogue import navigation, run_pages
from tomocalc.pages.charts import figure_section
from tomocalc.pages.curves import confusion_chart
from tomocalc.pages.merits import merit_name, with_interval
from tomocalc.pages.palette import NEGATIVE, POSITIVE
from tomocalc.pages.parts import Card, Column, block, cards, note, table, verdict
from tomocalc.pages.shell import Section, render_page
from tomocalc.pages.words import UNTUNED, share, versions_of

ABSENT = "not available here"
"""Stands where the paper gives a figure that this project does not hold."""
EVERY = 25
"""Epochs between two rows of a curve's table."""
LINES = {
    "ours": ("paper's protocol", POSITIVE),
    "honest": ("honest split", NEGATIVE),
}


def reproduction_page(facts: dict[str, Any]) -> str:
    """Return ``reproduction.html``; *facts* as ``reproduction.json`` holds them."""
    return render_page(
        title="Reproduction of the reference paper",
        subtitle="The paper's Tables 2 to 4 and Figures 14 to 16 beside this run's, and what the "
        "same network reaches when nothing leaks.",
        sections=[
            Section("What the accuracy is worth", _worth(facts), key="worth"),
            Section(
                "Table 2: hyper-parameters",
                _panel(_hyperparameters(facts["ours"]["training"])),
                key="table-2",
            ),
            Section(
                "Table 3: classification report",
                _panel(_report(facts)),
                intro="The paper's side is computed from its confusion matrix.",
                key="table-3",
            ),
            Section("Table 4: other work", _other_work(facts), key="table-4"),
            Section(
                "Figures 14 and 15: accuracy and loss",
                _curves(facts),
                intro="Of the paper's curves only this run's side is here: their points are "
                f"{ABSENT}.",
                key="figures-14-15",
            ),
            Section(
                "Figure 16: confusion matrix",
                _confusion(facts["ours"]["confusion"], facts["paper"]["confusion"]),
                key="figure-16",
            ),
        ],
        facts=_facts(facts),
        links=navigation("reproduction.html", run_pages()),
        versions=versions_of(("numpy", "plotly", "torch")),
    )


def accuracy(counts: dict[str, int]) -> float:
    """Return the accuracy of a confusion matrix."""
    return (counts["tn"] + counts["tp"]) / sum(counts.values())


def _facts(facts: dict[str, Any]) -> dict[str, str]:
    honest = facts["honest"]
    return {
        "Protocol": "paper: it leaks",
        "Test rows": f"{sum(facts['ours']['confusion'].values()):,}",
        "Honest test rows": f"{honest['rows']:,}, {honest['positives']:,} calcifications",
        "Intervals": f"{100 * facts['confidence']:g} %",
    }


def _worth(facts: dict[str, Any]) -> list[Any]:
    honest = facts["honest"]
    figures = honest["figures"]
    copies = facts["leakage"]["test_rows_with_copy_in_train"]["positive"]
    shown = [
        Card("Paper, its protocol", f"{facts['paper']['accuracy']:.4f}", "accuracy; leaks"),
        Card("Here, its protocol", f"{accuracy(facts['ours']['confusion']):.4f}", "leaks as well"),
        Card(
            "Here, honest: recall",
            f"{figures['recall']['value']:.3f}",
            f"calcifications found at {honest['threshold']:.3g}",
        ),
        Card(
            "Here, honest: average precision",
            f"{figures['average_precision']['value']:.3f}",
            f"AUROC {figures['auroc']['value']:.3f}",
        ),
    ]
    reasons = [
        f"Calcifications are repeated before the split: {share(copies)} of those in the test part "
        "have an identical copy in the training part.",
        f"Half of that test part are calcifications; in the table they are rare. On an honest test "
        f"part calling nothing a calcification is {share(honest['accuracy_of_none'])} accurate, "
        f"the same network {share(figures['accuracy']['value'])}.",
    ]
    rows = [[merit_name(name), with_interval(figure)] for name, figure in figures.items()]
    columns = _words("Honest split", "Value and interval")
    parts = [
        cards(shown),
        verdict(good=False, title="The paper's protocol leaks", reasons=reasons),
        _panel(table(columns=columns, rows=rows, caption="The same network without the leak")),
    ]
    if not honest["tuned"]:
        parts.append(note(f"On the honest split the network is {UNTUNED}.", tone="warn"))
    return parts


def _hyperparameters(model: dict[str, Any]) -> Markup:
    ours = {
        "layers": str(len(model["units"])),
        "units": " – ".join(str(units) for units in model["units"]),
        "activation": "tanh",
        "dropout": f"{model['dropout']:g} after every layer",
        "output": "1 unit, sigmoid",
        "loss": "binary cross-entropy",
        "optimiser": "Adam",
        "learning rate": f"{model['learning_rate']:g}, {model['schedule'].replace('_', ' ')}",
        "batch size": str(model["batch_size"]),
        "epochs": str(model["epochs"]),
        "search": "see the page on tuning",
    }
    rows = [[name, HYPERPARAMETERS[name] or ABSENT, value] for name, value in ours.items()]
    columns = _words("Hyper-parameter", "Paper", "This run")
    return _as_printed(columns, rows, "Hyper-parameters of the paper and of this run")


def _report(facts: dict[str, Any]) -> Markup:
    paper = _lines(facts["paper"]["confusion"])
    ours = _lines(facts["ours"]["confusion"])
    honest = _lines(facts["honest"]["confusion"])
    rows = []
    for kind, name in enumerate(("no calcification", "calcification")):
        for who, lines in (("paper", paper), ("this run", ours), ("honest split", honest)):
            rows.append([name, who, *lines[kind]])
    rows += [
        ["accuracy", "paper", None, None, facts["paper"]["accuracy"], None],
        ["accuracy", "this run", None, None, accuracy(facts["ours"]["confusion"]), None],
        ["accuracy", "honest split", None, None, accuracy(facts["honest"]["confusion"]), None],
    ]
    merits = [Column(name) for name in ("Precision", "Recall", "F1, or accuracy")]
    columns = [*_words("Class", "Who"), *merits, Column("Rows", "count")]
    return _as_printed(columns, rows, "Classification report")


def _lines(counts: dict[str, int]) -> list[list[float | None]]:
    tn, fp, fn, tp = (counts[key] for key in ("tn", "fp", "fn", "tp"))
    return [
        [
            hit / max(1, hit + wrong),
            hit / max(1, hit + missed),
            2 * hit / max(1, 2 * hit + wrong + missed),
            hit + missed,
        ]
        for hit, wrong, missed in ((tn, fn, fp), (tp, fp, fn))
    ]


def _other_work(facts: dict[str, Any]) -> list[Markup]:
    figures = facts["honest"]["figures"]
    rows = [[name, value, "honest"] for name, value in PUBLISHED]
    rows.append(["this network, honest split", with_interval(figures["auroc"]), "honest"])
    columns = _words("Work on the same table", "AUROC", "Protocol")
    published = _as_printed(columns, rows, "Published results on this table that do not leak")
    return [note(f"The rows of the paper's Table 4 are {ABSENT}."), _panel(published)]


def _curves(facts: dict[str, Any]) -> Markup:
    accuracies = [_line(facts, kind, "test_accuracy", "test") for kind in LINES]
    losses = [
        line
        for kind in LINES
        for line in (
            _line(facts, kind, "test_loss", "test"),
            _line(facts, kind, "loss", "training", dash="dot"),
        )
    ]
    return block(
        [
            _chart("accuracy", "Accuracy on the test part", accuracies, facts, "accuracy"),
            _chart(
                "loss",
                "Loss",
                losses,
                facts,
                "cross-entropy (nats)",
                caption="A test loss that rises while the training loss falls is learning by "
                "heart. Copies of the training rows in the test part hide it.",
            ),
        ],
        kind="grid",
    )


def _line(
    facts: dict[str, Any], kind: str, key: str, part: str, *, dash: str = "solid"
) -> dict[str, Any]:
    name, colour = LINES[kind]
    rows = facts[kind]["curves"]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": f"{name}, {part}",
        "x": [row["epoch"] for row in rows],
        "y": [row[key] for row in rows],
        "line": {"color": colour, "dash": dash, "width": 2 if part == "test" else 1.4},
    }


def _chart(
    key: str,
    title: str,
    lines: list[dict[str, Any]],
    facts: dict[str, Any],
    unit: str,
    *,
    caption: str = "",
) -> Markup:
    epochs = [row["epoch"] for row in facts["ours"]["curves"]]
    kept = [n for n in range(len(epochs)) if n == 0 or epochs[n] % EVERY == 0]
    rows = [[epochs[n], *(line["y"][n] for line in lines)] for n in kept]
    return figure_section(
        key=key,
        title=title,
        figure={
            "data": lines,
            "layout": {"xaxis": {"title": {"text": "epoch"}}, "yaxis": {"title": {"text": unit}}},
        },
        table=table(
            columns=[Column("Epoch", "count"), *(Column(line["name"]) for line in lines)],
            rows=rows,
            caption=f"{title}, every {EVERY} epochs",
        ),
        caption=caption,
    )


def _words(*titles: str) -> list[Column]:
    return [Column(title, "text") for title in titles]


def _as_printed(columns: list[Column], rows: list[list[Any]], caption: str) -> Markup:
    """Render a table of the paper, in its order."""
    return table(columns=columns, rows=rows, caption=caption, sortable=False)


def _panel(content: Markup) -> Markup:
    return block([content], kind="panel")


def _confusion(ours: dict[str, int], paper: dict[str, int]) -> Markup:
    drawn = confusion_chart(ours)
    return figure_section(
        key="confusion",
        title="Confusion matrix",
        figure={"data": drawn.data, "layout": drawn.layout},
        table=table(
            columns=[Column("Case", "text"), *(Column(name, "count") for name in LINES)],
            rows=[[key, ours[key], paper[key]] for key in ("tn", "fp", "fn", "tp")],
            caption="Confusion matrix",
            sortable=False,
        ),
        caption="Counts, and their share of the true class.",
        height=drawn.height,
        table_open=True,
    )
