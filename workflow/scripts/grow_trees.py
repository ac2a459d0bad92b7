"""Grow trees that read depth on the split of one protocol, and average them with the LSTM."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from tomocalc.accounts.study import Scored, TreesAccount
from tomocalc.files import write_bytes
from tomocalc.log import run
from tomocalc.metrics import choose_threshold, score
from tomocalc.model.forest import log_odds, probability
from tomocalc.model.growing import AVERAGED, BOOSTED, grow
from tomocalc.model.release import average, load_model, tree_inputs
from tomocalc.model.sequences import build_samples
from tomocalc.parquet import read_parquet, write_parquet


def main(
    *,
    candidates: str,
    splits: str,
    network: str,
    lstm_scores: str,
    protocol: str,
    objective: str,
    threshold: str,
    seed: int,
    trees: str,
    account: str,
    scores: str,
    cross_validation: dict[str, Any] | None = None,
) -> None:
    """Write the *trees*, the *account* of what they are worth, and *scores* of all rows.

    Parameters
    ----------
    network, lstm_scores
        The LSTM of the same split, whose features, slices and imputation the trees share.
    objective
        Score that the account has of the validation part.
    threshold
        ``max_f1`` (chosen on part validation, if there is one) or ``half``.
    cross_validation
        Arguments of `cross_validated`, which protocol honest alone gets; None: there is none.
    """
    lstm, rows = load_model(network), read_parquet(splits)
    samples = build_samples(
        read_parquet(candidates),
        rows,
        features=lstm.features,
        sequence=lstm.card.sequence,
        impute="none" if lstm.preprocessing.imputation is None else "filled",
    )
    x = tree_inputs(lstm.preprocessing, samples.x, samples.mask, samples.focus)
    training = np.flatnonzero(samples.part == "train")
    grown = grow(x[training], samples.y[training], seed=seed)
    share = np.array([float(samples.y[training].mean())])
    known = lstm.card.calibration
    assert known is not None, "a training writes it"
    learnt = np.array([known.prevalence])
    shift = float((log_odds(share) - log_odds(learnt))[0])
    odds = grown.log_odds(x)
    of_lstm = read_parquet(lstm_scores)["lstm"].to_numpy()
    found = {
        "lstm": of_lstm,
        "trees": probability(odds),
        "average": probability(average(of_lstm, odds, shift=shift)),
    }
    held = samples.part == "validation"
    write_bytes(trees, save(grown.tensors()))
    repeated = None
    if cross_validation and cross_validation["repeats"] and protocol == "honest":
        from tomocalc.comparison.cross_validated import cross_validated  # PyTorch: seconds

        repeated = cross_validated(read_parquet(candidates), seed=seed, **cross_validation)
    TreesAccount(
        protocol=protocol,
        objective=objective,
        models={
            name: judged(samples.y[held], values[held], objective=objective, threshold=threshold)
            for name, values in found.items()
        },
        shift=shift,
        share=float(share[0]),
        parameters={"averaged": AVERAGED, "boosted": BOOSTED},
        cross_validation=repeated,
    ).write(account)
    table = rows.select("volume_id", "candidate_id", "copy")
    write_parquet(scores, table.with_columns(trees=found["trees"], average=found["average"]))


def judged(
    label: NDArray[np.float32], found: NDArray[np.float64], *, objective: str, threshold: str
) -> Scored:
    """Return the threshold and the score of *found* on the validation part."""
    both = 0 < label.sum() < len(label)
    chosen = choose_threshold(label, found, rule=threshold)
    return Scored(
        threshold=chosen.value,
        rule=chosen.rule,
        chosen_on=chosen.chosen_on,
        validation=score(objective, label, found) if both else None,
    )


if __name__ == "__main__":
    run(
        main,
        snakemake,
        cross_validation={**snakemake.params.cross_validation, "threads": snakemake.threads},
    )
