"""Figures of every model under every protocol, its differences to the LSTM, and their table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from tomocalc.accounts.figures import Figure, Lead
from tomocalc.accounts.study import TreesAccount
from tomocalc.comparison.catalogue import NETWORKS, ROWS, Cited
from tomocalc.errors import fault, quoted
from tomocalc.evaluation.jackknife import LeftOut
from tomocalc.evaluation.weighted import figures_left_out
from tomocalc.files import canonical_json, read_json
from tomocalc.model.card import ModelCard
from tomocalc.parquet import read_parquet
from tomocalc.sections import EvaluationSection

FIGURES = ("auroc", "average_precision", "f1", "accuracy")
REFERENCE = "lstm"
"""The model that every other one is compared with."""

USE = ["volume_id", "candidate_id", "copy"]
INTERVAL = ("value", "low", "high")


def _end(name: str, end: str) -> str:
    """Return the column of a figure's value, or of the low or high *end* of its interval."""
    return name if end == "value" else f"{name}_{end}"


SCHEMA: dict[str, pl.DataType] = {
    "protocol": pl.String(),
    "model": pl.String(),
    "name": pl.String(),
    "kind": pl.String(),
    "remark": pl.String(),
    "measured": pl.Boolean(),
    "cited_accuracy": pl.Float64(),
    "cited_source": pl.String(),
    "n": pl.Int64(),
    "positives": pl.Int64(),
    "groups": pl.Int64(),
    "trials": pl.Int64(),
    "threshold": pl.Float64(),
    "parameters": pl.String(),
    **{_end(name, end): pl.Float64() for name in FIGURES for end in INTERVAL},
    **{_end(f"{name}_minus_lstm", end): pl.Float64() for name in FIGURES for end in INTERVAL},
    **{_end("behind_best", end): pl.Float64() for end in INTERVAL},
    **{f"{name}_minus_lstm_p": pl.Float64() for name in FIGURES},
    "rarer_groups": pl.Int64(),
    **{f"cv_{name}{end}": pl.Float64() for name in FIGURES for end in ("", "_deviation")},
}
"""Columns of ``comparison.parquet``; null where a model was not run or a figure does not exist."""


@dataclass(frozen=True)
class Measured:
    """What every model says of every row under one protocol.

    Attributes
    ----------
    scores
        volume_id, candidate_id, copy, group, label, part, and one column of scores per model.
    models
        Per model: threshold, trials, and what else is known of it.
    cross_validation
        Folds and repeats behind the cross-validated figures.
    """

    protocol: str
    scores: pl.DataFrame
    models: Mapping[str, Mapping[str, Any]]
    cross_validation: Mapping[str, int]

    @property
    def test(self) -> pl.DataFrame:
        """Rows of the test part."""
        return self.scores.filter(pl.col("part") == "test")


@dataclass(frozen=True)
class ModelFigures:
    """What one model reaches on the test part of a protocol; without both classes only counts.

    Attributes
    ----------
    n, positives, groups, rarer_groups
        Rows, calcifications, groups, and those that hold the rarer class.
    behind_best
        How far its average precision is behind the best one.
    differences
        To the LSTM, which has none.
    """

    n: int
    positives: int
    groups: int
    rarer_groups: int | None = None
    metrics: Mapping[str, Figure] = field(default_factory=dict)
    differences: Mapping[str, Lead] = field(default_factory=dict)
    behind_best: Lead | None = None


def read_measured(
    protocol: str,
    scores: str,
    account: str,
    lstm_scores: str,
    lstm_card: str,
    tree_scores: str,
    tree_account: str,
) -> Measured:
    """Join the scores of the feature models, of the LSTM and of the trees under one protocol.

    Raises
    ------
    TomocalcError
        ``E301`` when the LSTM or the trees have not scored every row.
    """
    facts, lstm = read_json(account), ModelCard.read(lstm_card)
    trees = TreesAccount.read(tree_account)
    table = read_parquet(scores)
    for path, column in ((lstm_scores, REFERENCE), (tree_scores, "trees")):
        table = table.join(read_parquet(path), on=USE, how="left", maintain_order="left")
        if table[column].null_count():
            why = f"{table[column].null_count()} rows of protocol {protocol} have no score"
            raise fault("scores_unusable", path, why, files=quoted(path))
    known = {
        "threshold": lstm.threshold.value,
        "trials": lstm.trials,
        "remark": "tuned" if lstm.trials else "not_tuned",
    }
    grown = {
        "trees": {
            "threshold": trees.models["trees"].threshold,
            "trials": 1,
            "parameters": trees.parameters,
        },
        "average": {"threshold": trees.models["average"].threshold, "trials": lstm.trials},
    }
    models = {REFERENCE: known} | grown | facts["models"]
    for name, figures in (trees.cross_validation or {}).items():
        spread = {
            figure: {"mean": one.mean, "deviation": one.deviation}
            for figure, one in figures.items()
        }
        models[name] = {**models[name], "cross_validation": spread}
    models = {row.key: models[row.key] for row in ROWS if row.key in models}
    folds = {"folds": facts["folds"], "repeats": facts["repeats"]}
    return Measured(protocol, table, models, folds)


def read_protocols(*columns: Sequence[str]) -> list[Measured]:
    """Read what was measured; *columns* are those of `read_measured`, an entry per protocol."""
    return [read_measured(*of_one) for of_one in zip(*columns, strict=True)]


def measure(measured: Measured, *, settings: EvaluationSection) -> dict[str, ModelFigures]:
    """Return figures and differences of every model; *settings* is the `evaluation` section."""
    return protocol_figures(
        measured.test,
        {key: facts["threshold"] for key, facts in measured.models.items()},
        confidence=settings["confidence"],
    )


def protocol_figures(
    scored: pl.DataFrame, thresholds: Mapping[str, float], *, confidence: float
) -> dict[str, ModelFigures]:
    """Return figures and differences of every model on the test part of one protocol.

    The same group is left out of two models at a time.

    Parameters
    ----------
    scored
        Rows of the test part: label, group, and one column of scores per model.
    thresholds
        Decision threshold of every model, chosen outside the test part.
    """
    label = scored["label"].to_numpy().astype(np.int8)
    group = scored["group"].to_numpy().astype(np.int32)
    positives = int((label == 1).sum())
    counts = (len(label), positives, len(np.unique(group)))
    if not 0 < positives < len(label):
        return dict.fromkeys(thresholds, ModelFigures(*counts))
    found: dict[str, LeftOut] = {
        key: figures_left_out(label, scored[key].to_numpy(), group, threshold=threshold)
        for key, threshold in thresholds.items()
    }
    best = max(found.values(), key=lambda one: one.values["average_precision"])
    reference = found.get(REFERENCE)
    return {
        key: ModelFigures(
            *counts,
            rarer_groups=one.groups,
            metrics={name: one.figure(name, confidence) for name in FIGURES},
            differences={name: one.lead_over(reference, name, confidence) for name in FIGURES}
            if reference and one is not reference
            else {},
            behind_best=best.lead_over(one, "average_precision", confidence),
        )
        for key, one in found.items()
    }


def comparison_table(
    measured: Sequence[Measured],
    figures: Mapping[str, Mapping[str, ModelFigures]],
    cited: Mapping[str, Cited],
) -> pl.DataFrame:
    """Return one row per classifier of the catalogue and protocol, the LSTM first.

    *figures* are those of `measure`, by protocol. A classifier that was not run has a row
    without figures, so that nobody mistakes its absence for a result; of networks, which are run
    on request, only those that a publication's figure stands for.
    """
    rows = []
    for one in measured:
        for row in ROWS:
            source = cited.get(row.key, Cited(None, ""))
            optional = row.key in NETWORKS and row.key not in one.models
            if optional and source.accuracy is None:
                continue
            rows.append(
                {
                    "protocol": one.protocol,
                    "model": row.key,
                    "name": row.name,
                    "kind": row.kind,
                    "remark": one.models.get(row.key, {}).get("remark", row.remark),
                    "measured": row.key in one.models,
                    "cited_accuracy": source.accuracy,
                    "cited_source": source.source,
                    **_known(one.models.get(row.key, {})),
                    **_figures(figures[one.protocol].get(row.key)),
                }
            )
    return pl.DataFrame(rows, schema=SCHEMA)


def _known(facts: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {key: facts.get(key) for key in ("threshold", "trials")}
    if "parameters" in facts:
        values["parameters"] = " ".join(canonical_json(facts["parameters"]).split())
    for name, figure in facts.get("cross_validation", {}).items():
        values[f"cv_{name}"] = figure["mean"]
        values[f"cv_{name}_deviation"] = figure["deviation"]
    return values


def _figures(found: ModelFigures | None) -> dict[str, float | None]:
    """Return the columns of `SCHEMA` that say what a model reaches."""
    if found is None:
        return {}
    named: dict[str, Figure | Lead] = {**found.metrics}
    named |= {f"{name}_minus_lstm": lead for name, lead in found.differences.items()}
    if found.behind_best is not None:
        named["behind_best"] = found.behind_best
    return {
        "n": found.n,
        "positives": found.positives,
        "groups": found.groups,
        "rarer_groups": found.rarer_groups,
        **{_end(name, end): getattr(one, end) for name, one in named.items() for end in INTERVAL},
        **{f"{name}_minus_lstm_p": lead.p for name, lead in found.differences.items()},
    }


def with_images(measured: Measured, scores: Sequence[str], accounts: Sequence[str]) -> Measured:
    """Return *measured* with the image models' scores of the validation and test rows."""
    table, models = measured.scores, dict(measured.models)
    for path, account in zip(scores, accounts, strict=True):
        table = table.join(read_parquet(path), on=USE, how="left", maintain_order="left")
        facts = read_json(account)
        models[facts.pop("network")] = facts
    return Measured(measured.protocol, table, models, measured.cross_validation)
