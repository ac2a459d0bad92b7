"""The sections of the model card on its figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tomocalc.pages.card import model_sentences as say
from tomocalc.pages.card.document import Block, Grid, Part, Remark, Text
from tomocalc.pages.card.facts import Facts
from tomocalc.pages.card.levels import CASES, COLUMNS, level_notes, levels, missing_levels
from tomocalc.pages.merits import MEANINGS, figure_of, merit_name, with_interval
from tomocalc.pages.words import plural, share

REFERENCE = "lstm"
"""The released model in the comparison."""
PROTOCOLS = {"honest": "honest", "paper": "paper's", "own": "your own split"}


def performance(facts: Facts) -> Part:
    """Return the figures at every level."""
    blocks: list[Block] = []
    rows = tuple(tuple(level.row()) for level in levels(facts.metrics))
    if rows:
        caption = f"Every level, {facts.confidence} intervals"
        blocks += [
            Grid(caption, COLUMNS, rows, COLUMNS[1:]),
            Text(" ".join(level_notes(facts.metrics))),
        ]
    blocks += [Remark(reason) for reason in missing_levels(facts.metrics)]
    if facts.measured:
        figures = facts.test["metrics"]
        merits = tuple(
            (merit_name(name), with_interval(one), one.get("method", "–"), MEANINGS.get(name, ""))
            for name, one in figures.items()
        )
        columns = ("Figure", "Value", "Interval by", "Meaning")
        blocks.append(Grid("Every figure of the candidates", columns, merits, ("Value",)))
    blocks += _dbtex(facts)
    return Part("performance", "Performance", tuple(blocks), intro="On the test part.")


def _dbtex(facts: Facts) -> list[Block]:
    found = facts.metrics.get("images", {}).get("dbtex", {})
    if "mean_sensitivity" not in found:
        return []
    return [
        Text(
            f"DBTex metric, clusters: mean sensitivity at 1 to 4 false positives per volume "
            f"{with_interval(found['mean_sensitivity'])}; at 2 over all volumes "
            f"{with_interval(found['tie_break'])}."
        )
    ]


def threshold(facts: Facts) -> Part:
    """Return the threshold, the calibration, and what a call is worth at other prevalences."""
    blocks: list[Block] = [Text(f"{say.threshold(facts)} {say.calibration(facts)}")]
    error = facts.test.get("calibration_error")
    if error:
        blocks.append(
            Text(
                f"Calibration error (ECE) {error['ece']:.3f}; a perfectly calibrated model would "
                f"show {error['expected_if_calibrated']:.3f} on as many rows, so that "
                f"{error['debiased']:.3f} is left."
            )
        )
    cases = facts.metrics.get("images", {}).get("cases", {})
    units = {"Candidate": facts.test}
    units |= {name: cases[key] for key, name in CASES.items() if key in cases}
    rows = tuple(
        (unit, share(line["prevalence"]), with_interval(line["ppv"]), with_interval(line["npv"]))
        for unit, one in units.items()
        for line in one.get("predictive_values", [])
    )
    if rows:
        columns = ("Unit", "Prevalence", "Positive predictive value", "Negative predictive value")
        blocks.append(Grid("What a call is worth elsewhere", columns, rows, columns[1:]))
        blocks.append(Text("By Bayes' rule from the sensitivity and specificity at the threshold."))
    return Part("threshold", "Threshold and calibration", tuple(blocks))


def comparison(facts: Facts) -> Part:
    """Return every model under every protocol in one table."""
    measured = [row for row in facts.comparison if row["auroc"] is not None]
    if not measured:
        none = "No comparison is among the inputs, or no test part has both classes."
        return Part("comparison", "Beside other models", (Remark(none),))
    rows = tuple(_compared(row) for row in measured)
    left = sorted({row["name"] for row in facts.comparison if not row["measured"]})
    numbers = ("AUROC", "Average precision", "F1", "Accuracy", "Cited")
    blocks: list[Block] = [Grid("Every model", ("Model", "Protocol", *numbers), rows, numbers)]
    blocks.append(Text(_standing(facts.protocol, measured)))
    if left:
        blocks.append(Text(f"Not run: {', '.join(left)}."))
    return Part(
        "comparison",
        "Beside other models",
        tuple(blocks),
        intro="On the same candidates. Only figures of the honest protocol say how well a model "
        "does on new patients; those of the paper's are for comparison with publications. Cited is "
        "the accuracy that a publication gives, on its own data.",
    )


def _compared(row: Mapping[str, Any]) -> tuple[str, ...]:
    figures = (with_interval(figure_of(row, key)) for key in ("auroc", "average_precision"))
    alone = (f"{row['f1']:.3f}", f"{row['accuracy']:.3f}")
    cited = row["cited_accuracy"]
    shown = "–" if cited is None else f"{cited:.4f}"
    return (row["name"], PROTOCOLS[row["protocol"]], *figures, *alone, shown)


def _standing(protocol: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Return how many models rank the test part better than the released one."""
    here = {row["name"]: row["average_precision"] for row in rows if row["protocol"] == protocol}
    own = next((row["name"] for row in rows if row["model"] == REFERENCE), "")
    if own not in here:
        return "The released model itself was not measured in the comparison."
    better = {name: value for name, value in here.items() if value > here[own]}
    count = f"{len(better)} of {plural(len(here) - 1, 'other model')}"
    text = f"Under this run's protocol ({PROTOCOLS[protocol]}) {count} have a higher average"
    if not better:
        return f"{text} precision than the released one."
    best = max(better, key=lambda name: better[name])
    return (
        f"{text} precision than the released one ({here[own]:.3f}); the highest is {best} "
        f"({better[best]:.3f}). The page of the comparison has the paired differences."
    )
