"""The page that sets the reference paper's tables and figures beside this run's."""

from collections.abc import Mapping
from typing import Any

from tomocalc.accounts.experiments import Reproduction, Side
from tomocalc.experiments.paper import (
    HYPERPARAMETERS,
    LAST_EPOCH,
    PLAIN_FOLDS_SHARE,
    PUBLISHED,
    REPORT,
    TABLE_4,
)
from tomocalc.pages.catalogue import navigation, run_pages
from tomocalc.pages.charts import Chart, Trace, axis, line, lying_bars
from tomocalc.pages.curves import confusion_chart, points, roc_chart
from tomocalc.pages.frame import render_page
from tomocalc.pages.palette import ALL, NEGATIVE, POSITIVE
from tomocalc.pages.words import UNTUNED, published

EVERY = 25
"""Epochs between two rows of a curve's table."""
SIDES = {"ours": ("paper's protocol", POSITIVE), "honest": ("honest split", NEGATIVE)}


def reproduction_page(account: Reproduction) -> str:
    """Return ``reproduction.html``."""
    sides = {"ours": account.ours, "honest": account.honest}
    accuracies = [_curve(sides[side], side, "test_accuracy", "test") for side in SIDES]
    losses = [
        drawn
        for side in SIDES
        for drawn in (
            _curve(sides[side], side, "test_loss", "test"),
            _curve(sides[side], side, "loss", "training", dash="dot"),
        )
    ]
    roc = {
        side: line(
            f"{name}, area {sides[side].figures['auroc'].value:.3f}",
            sides[side].roc.fpr,
            sides[side].roc.tpr,
            colour,
            hover=f"recall %{{y:.1%}}<br>1 − specificity %{{x:.1%}}<extra>{name}</extra>",
        )
        for side, (name, colour) in SIDES.items()
    }
    cited = [(f"{one.publication} [{one.number}]", one.method, one.accuracy) for one in TABLE_4]
    network = "stacked LSTM"
    own = [
        ("The paper", network, account.paper.accuracy),
        ("This run, the paper's protocol", network, account.ours.confusion.accuracy),
        ("This run, honest split", network, account.honest.confusion.accuracy),
    ]
    return render_page(
        "reproduction",
        links=navigation("reproduction.html", run_pages("table", "paper")),
        packages=("numpy", "plotly", "torch"),
        account=account,
        stated=HYPERPARAMETERS,
        ours=_ours(account.ours.training),
        report=_report(account),
        last=_last_epoch(account),
        published=PUBLISHED,
        plain_folds=PLAIN_FOLDS_SHARE,
        table_4=cited + own,
        UNTUNED=UNTUNED,
        charts={
            "accuracy": _epochs(accuracies, "accuracy"),
            "loss": _epochs(losses, "cross-entropy (nats)"),
            "confusion": confusion_chart(account.ours.confusion),
            "roc": roc_chart(roc),
            "table_4": _cited_chart(cited + own),
        },
        accuracy_rows=_rows(accuracies),
        loss_rows=_rows(losses),
        roc_rows=[
            [SIDES[side][0], *point] for side, drawn in roc.items() for point in points(drawn)
        ],
    )


def _ours(model: Mapping[str, Any]) -> dict[str, str]:
    """Return this run's hyper-parameters by the names of `HYPERPARAMETERS`."""
    return {
        "batch size": str(model["batch_size"]),
        "epochs": str(model["epochs"]),
        "activation": "sigmoid in the gates and the output, tanh",
        "loss": "binary cross-entropy",
        "optimiser": "Adam",
        "units of the layers": " – ".join(str(units) for units in model["units"]),
        "dropout": f"{model['dropout']:g} after every layer",
        "learning rate": f"{model['learning_rate']:g}, {model['schedule'].replace('_', ' ')}",
    }


def _report(account: Reproduction) -> list[list[Any]]:
    """Return precision, recall, F1 and rows of either class: the paper's, and ours twice."""
    rows: list[list[Any]] = []
    matrices = {
        "paper, from its confusion matrix": account.paper.confusion,
        "this run": account.ours.confusion,
        "honest split": account.honest.confusion,
    }
    found = {who: list(counts.classes()) for who, counts in matrices.items()}
    for kind, (name, printed) in enumerate(REPORT.items()):
        rows.append([name, "paper, as printed", *printed, None])
        for who, lines in found.items():
            one = lines[kind]
            rows.append([name, who, one.precision, one.recall, one.f1, one.support])
    rows.append(["accuracy", "paper, as printed", None, None, account.paper.accuracy, None])
    return rows + [
        ["accuracy", who, None, None, counts.accuracy, None] for who, counts in matrices.items()
    ]


def _last_epoch(account: Reproduction) -> list[list[Any]]:
    """Return the ends of the curves: the paper's, and this run's where it has them."""
    columns = {
        "accuracy, validation": "test_accuracy",
        "loss, training": "loss",
        "loss, validation": "test_loss",
    }
    ends = [side.curves[-1] for side in (account.ours, account.honest)]
    return [
        [name, value, *(getattr(end, columns[name]) if name in columns else None for end in ends)]
        for name, value in LAST_EPOCH.items()
    ]


def _curve(found: Side, side: str, key: str, part: str, *, dash: str = "solid") -> Trace:
    name, colour = SIDES[side]
    return line(
        f"{name}, {part}",
        [epoch.epoch for epoch in found.curves],
        [getattr(epoch, key) for epoch in found.curves],
        colour,
        hover="%{yaxis.title.text} %{y:.4~r}<br>epoch %{x}<extra>%{fullData.name}</extra>",
        dash=dash,
        width=2 if part == "test" else 1.4,
    )


def _epochs(drawn: list[Trace], unit: str) -> Chart:
    return Chart(drawn, {"xaxis": axis("epoch"), "yaxis": axis(unit)})


def _rows(drawn: list[Trace]) -> list[list[float]]:
    """Return every 25th epoch of curves, and the first, for their table."""
    epochs = drawn[0]["x"]
    kept = [n for n in range(len(epochs)) if n == 0 or epochs[n] % EVERY == 0]
    return [[epochs[n], *(one["y"][n] for one in drawn)] for n in kept]


def _cited_chart(rows: list[tuple[str, str, float]]) -> Chart:
    """Return the bar chart of Table 4: cited accuracies grey, the paper's and ours coloured."""
    labels, values = [label for label, _, _ in rows], [value for _, _, value in rows]
    texts, hover = [published(value) for value in values], "%{y}: accuracy %{text}<extra></extra>"
    drawn = lying_bars("", labels, values, ALL, texts=texts, hover=hover)
    drawn["marker"] = {"color": [ALL] * (len(rows) - 3) + [POSITIVE, POSITIVE, NEGATIVE]}
    layout = {
        "xaxis": axis("accuracy", range=[0, 1.1], tickvals=[0, 0.25, 0.5, 0.75, 1]),
        "yaxis": {"showgrid": False, "autorange": "reversed"},
        "margin": {"l": 10, "b": 44, "r": 36},
        "showlegend": False,
    }
    short = [label.split(" et al.")[0].split(",")[-1].strip() for label in labels]
    narrow = {"layout": {"yaxis": {"tickvals": labels, "ticktext": short}}}
    return Chart([drawn], layout, height=120 + 30 * len(rows), narrow=narrow)
