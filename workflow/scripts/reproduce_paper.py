"""Put the reference paper's tables and figures beside this run's, and an honest figure to them."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from tomocalc.accounts.experiments import Epoch, Reproduction, Side
from tomocalc.accounts.leakage import SplitAccount
from tomocalc.evaluation.account import roc
from tomocalc.evaluation.weighted import figures_of_merit
from tomocalc.experiments.paper import PAPER
from tomocalc.log import run
from tomocalc.metrics import confusion
from tomocalc.model.card import ModelCard
from tomocalc.pages.frame import write_page
from tomocalc.pages.reproduction import reproduction_page
from tomocalc.parquet import read_parquet
from tomocalc.sections import EvaluationSection

PROTOCOLS = ("paper", "honest")
SHOWN = ("accuracy", "recall", "f1", "auroc", "average_precision")


def main(
    *,
    splits: Sequence[str],
    scores: Sequence[str],
    cards: Sequence[str],
    histories: Sequence[str],
    split_account: str,
    evaluation: EvaluationSection,
    figures: str,
    page: str,
) -> None:
    """Write *figures* (JSON) and *page*.

    Parameters
    ----------
    splits, scores, cards, histories
        Of the network's trainings under the paper's protocol and on an honest split, in this
        order; a training by the paper's protocol has watched its test part.
    split_account
        Of the paper's protocol.
    """
    sides = {
        name: side(*paths, evaluation=evaluation)
        for name, *paths in zip(PROTOCOLS, splits, scores, cards, histories, strict=True)
    }
    seen = SplitAccount.read(split_account).audit.check("copies")
    account = Reproduction(
        paper=PAPER,
        ours=sides["paper"],
        honest=sides["honest"],
        copied_positives=(seen.positives or 0) / (seen.of_positives or 1),
        confidence=evaluation["confidence"],
    )
    account.write(figures)
    write_page(page, reproduction_page(account))


def side(
    splits: str, scores: str, card: str, history: str, *, evaluation: EvaluationSection
) -> Side:
    """Return what one training reaches on its test part, and its curves."""
    network = ModelCard.read(card)
    keys = ["volume_id", "candidate_id", "copy"]
    rows = read_parquet(splits).join(read_parquet(scores), on=keys, maintain_order="left")
    test = rows.filter(pl.col("part") == "test")
    label, score = test["label"].to_numpy(), test["lstm"].to_numpy()
    threshold = network.threshold.value
    found = figures_of_merit(
        label,
        score,
        test["group"].to_numpy().astype(np.int32),
        threshold=threshold,
        confidence=evaluation["confidence"],
    )
    epochs = read_parquet(history).select(Epoch.__struct_fields__)
    return Side(
        rows=len(label),
        positives=int(label.sum()),
        threshold=threshold,
        confusion=confusion(label, score, threshold),
        accuracy_of_none=float(np.mean(label == 0)),
        roc=roc(label, score),
        figures={name: found[name] for name in SHOWN},
        training=network.training,
        tuned=network.trials > 0,
        curves=tuple(Epoch(**row) for row in epochs.to_dicts()),
    )


if __name__ == "__main__":
    run(main, snakemake)
