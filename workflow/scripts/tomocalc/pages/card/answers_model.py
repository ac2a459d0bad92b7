"""What a run can answer of its model, its training and its figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tomocalc.pages.card import model_sentences as say
from tomocalc.pages.card.answers_data import CONFIG, MODEL, PROGRAM
from tomocalc.pages.card.checklist import Answer
from tomocalc.pages.card.facts import Facts
from tomocalc.pages.card.levels import levels
from tomocalc.pages.card.limits import DEFAULT_USE, limits
from tomocalc.pages.merits import with_interval
from tomocalc.pages.words import SOURCES, plural, pretty
from tomocalc.version import VERSION

METRICS, BEST, STUDY = "evaluation/metrics.json", "tuning/best.json", "tuning/study.json"
COMPARISON = "comparison/comparison.parquet"
NONE = "None."


def model_answers(facts: Facts) -> Iterator[tuple[str, Answer]]:
    """Yield the answers by name."""
    yield from _purpose(facts)
    yield from _predictors(facts)
    yield from _building(facts)
    yield from _figures(facts)
    yield from _use(facts)


def _purpose(facts: Facts) -> Iterator[tuple[str, Answer]]:
    source = SOURCES[facts.quality["source"]]
    yield (
        "kind",
        Answer(
            "Development and internal evaluation of a recurrent network (stacked LSTM) that tells "
            f"microcalcifications from other candidates in {source}.",
            PROGRAM,
        ),
    )
    yield "context", Answer("Diagnostic: whether a spot on an image is a calcification.", PROGRAM)
    own = facts.own("intended_use")
    yield "use", Answer(own or DEFAULT_USE, CONFIG if own else PROGRAM, whole=bool(own))
    aim = "To develop the model, and to evaluate it on a part of the same data that it has not seen"
    if facts.protocol == "paper":
        aim = "To reproduce published figures by their protocol, whose test part is partly learnt"
    yield "objectives", Answer(f"{aim}; no external validation.", PROGRAM)


def _predictors(facts: Facts) -> Iterator[tuple[str, Answer]]:
    listed = ", ".join(pretty(name) for name in facts.used)
    yield (
        "features",
        Answer(f"{plural(len(facts.used), 'feature')}, chosen beforehand: {listed}.", MODEL),
    )
    if facts.from_images:
        measured = "Measured on the image by the program, without knowledge of the label"
        yield "measurement", Answer(f"{measured}: docs/features.md.", PROGRAM, whole=True)
        yield "objective", Answer("No predictor is judged by a person.", PROGRAM, whole=True)
    else:
        yield "measurement", Answer("Columns of the user's table, read as they are.", CONFIG)
    yield "scaling", Answer(f"{say.reading(facts)} {say.scaling(facts)}", MODEL)


def _building(facts: Facts) -> Iterator[tuple[str, Answer]]:
    recipe = facts.model["training"]
    yield "architecture", Answer(f"{say.architecture(facts)} {say.reading(facts)}", MODEL)
    yield (
        "building",
        Answer(
            f"{say.architecture(facts)} {say.tuning(facts)} {say.training(facts)}",
            f"{MODEL}, {BEST}",
        ),
    )
    yield "training", Answer(f"{say.training(facts)} {say.tuning(facts)}", f"{MODEL}, {BEST}")
    kept = "the last epoch" if not recipe["patience"] else "the best validation score"
    yield (
        "selection_of_model",
        Answer(f"The best trial's hyper-parameters, weights of {kept}. {say.tuning(facts)}", BEST),
    )
    yield "ensemble", Answer(f"{say.members(facts)}.", MODEL)
    yield (
        "initial",
        Answer(f"Random, seed {recipe['seed']}; no weights from elsewhere.", MODEL),
    )
    doubled = (
        " The protocol has repeated calcifications before the split."
        if facts.protocol == "paper"
        else ""
    )
    balance = say.IMBALANCE[recipe["imbalance"]]
    yield (
        "imbalance",
        Answer(f"In the training {balance}.{doubled} {say.calibration(facts)}", MODEL),
    )
    yield "software", Answer(f"{say.versions(facts.model['versions'])}.", MODEL)
    yield (
        "release",
        Answer(
            "model/model.safetensors holds weights, features, scaling and threshold; SHA-256 "
            f"{facts.model['weights_sha256']}."
            + (f" Licence: {facts.own('licence')}." if facts.own("licence") else ""),
            MODEL,
            whole=bool(facts.own("licence")),
        ),
    )
    yield "code", Answer(f"tomocalc {VERSION}, MIT licence.", PROGRAM)
    yield (
        "settings",
        Answer("Every setting of the run: tuning/study.json and model/model.json.", STUDY),
    )


def _figures(facts: Facts) -> Iterator[tuple[str, Answer]]:
    cases = "; per finding FROC and the DBTex metric; per volume and patient AUROC, sensitivity "
    cases = f"{cases}and specificity" if "cases" in facts.metrics.get("images", {}) else ""
    yield (
        "measures",
        Answer(
            "AUROC, average precision, F1, sensitivity, specificity, precision, Brier score, "
            f"calibration curve and error, predictive values{cases}.",
            METRICS,
        ),
    )
    yield (
        "uncertainty",
        Answer(
            f"{facts.confidence} intervals: resampling of whole patients (or groups of equal "
            "rows) for ranking figures, Wilson's for proportions; models are compared in pairs.",
            METRICS,
        ),
    )
    if facts.measured:
        said = "; ".join(_in_words(level) for level in levels(facts.metrics))
        yield "performance", Answer(f"{said}. No subgroups.", METRICS)
        yield "diagnostic", Answer(f"{said}.", METRICS)
        yield "internal", Answer(f"On the test part: {said}.", METRICS)
        wrong = facts.test["confusion"]
        yield (
            "failures",
            Answer(
                f"{wrong['fn']:,} missed and {wrong['fp']:,} wrongly flagged of "
                f"{facts.test['n']:,} candidates.",
                METRICS,
            ),
        )
    else:
        nothing = Answer("The test part lacks a class: nothing was measured.", METRICS)
        yield from ((name, nothing) for name in ("performance", "diagnostic", "internal"))
    compared = sum(bool(row["measured"]) for row in facts.comparison)
    also = f"{compared} trainings of other models and protocols; " if compared else ""
    yield (
        "robustness",
        Answer(
            f"{also}features and slices left out on request (snakemake "
            "results/experiments/ablation_features.html).",
            COMPARISON if compared else PROGRAM,
        ),
    )


def _in_words(level: Any) -> str:
    figures = {"AUROC": level.auroc, "sensitivity": level.sensitivity}
    figures["specificity"] = level.specificity
    said = [f"{name} {with_interval(figure)}" for name, figure in figures.items() if figure]
    if level.false_marks is not None:
        said.append(f"{level.false_marks:.2f} false marks per volume")
    return f"{level.name.lower()}: {', '.join(said)}"


def _use(facts: Facts) -> Iterator[tuple[str, Answer]]:
    sites = facts.quality["sites_with_candidate"]
    yield (
        "heterogeneity",
        Answer(
            "Not examined: fewer than two named sites have a candidate."
            if sites < 2
            else f"{sites} named sites have candidates; features are compared between them on the "
            "page of the exploratory analysis, the model's figures are not.",
            "dataset/quality.json",
        ),
    )
    yield "updating", Answer(NONE, PROGRAM)
    yield "prediction", Answer("By snakemake predict, from the released weights.", PROGRAM)
    yield "fairness", _fairness(facts)
    yield "output", Answer(f"{say.threshold(facts)} {say.calibration(facts)}", MODEL)
    yield (
        "differences",
        Answer("None by design: parts of the same data, drawn at random.", facts.split_file),
    )
    yield "limits", Answer(" ".join(limits(facts)), "the section Limits of this card")
    yield (
        "bad_input",
        Answer(
            "The command snakemake predict refuses a model for volumes that were measured "
            "otherwise than its training's, and says how far a volume's features lie from them; "
            "unreadable slices are refused or listed.",
            PROGRAM,
        ),
    )
    yield "users", Answer("Users describe their volumes in a sheet; nothing is drawn.", PROGRAM)
    yield "external", Answer("None in this run.", PROGRAM)
    yield (
        "explanation",
        Answer(
            "The page of a predicted volume shows what each feature adds to the log-odds of a "
            "mark; this was not validated.",
            PROGRAM,
        ),
    )


def _fairness(facts: Facts) -> Answer:
    text = "Not examined: the data hold no sociodemographic values."
    return Answer(text, PROGRAM, whole=facts.simulated)
