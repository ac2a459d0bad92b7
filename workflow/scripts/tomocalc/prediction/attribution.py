"""What a probability owes to each feature: the feature replaced by values of the training."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tomocalc.model.forest import log_odds
from tomocalc.model.release import ReleasedModel
from tomocalc.model.sequences import CANDIDATE

LEVELS = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Shares of the training below the values that stand in."""

EDGE = 1e-6
"""Probabilities are kept this far from 0 and 1 before their logarithm is taken."""


EXPLAINED = 60
"""Candidates of a volume that are explained, the likeliest."""


def explained(model: ReleasedModel, rows: pl.DataFrame, marks: pl.DataFrame) -> dict[int, Any]:
    """Return what each feature adds to the log-odds of the likeliest candidates, by id.

    Parameters
    ----------
    rows
        Shard rows of the volume.
    marks
        Its candidates, likeliest first.
    """
    whole = "cluster_id" if model.clusters else "candidate_id"  # what has a probability
    wanted = marks.head(EXPLAINED).select("candidate_id", whole=whole)
    if not wanted.height:
        return {}
    these = rows.join(wanted, left_on="candidate_id", right_on="whole", how="semi")
    keys, parts = attributions(model, these)
    found = dict(zip(keys["candidate_id"].to_list(), parts.tolist(), strict=True))
    return {candidate: found[one] for candidate, one in wanted.iter_rows()}


def attributions(
    model: ReleasedModel, rows: pl.DataFrame
) -> tuple[pl.DataFrame, NDArray[np.float64]]:
    """Return what every feature adds to the log-odds of every candidate of *rows*.

    A feature's part is the candidate's log-odds minus the mean log-odds when that feature, on all
    slices of the sequence, has one of five values spread over the training's distribution
    (`LEVELS`), the others staying as they are. This is permutation importance for one candidate,
    without chance. Parts need not add up, because features act together.

    Parameters
    ----------
    rows
        Shard rows of the candidates.

    Returns
    -------
    keys, parts
        volume_id and candidate_id, sorted; float64, (candidate, feature), in nats.
    """
    sequences = model.sequences(rows)
    x, mask, focus = sequences.x, sequences.mask, sequences.focus
    base = log_odds(model.predict_samples(x, mask, focus), edge=EDGE)
    parts = np.zeros((len(x), len(model.features)))
    known = model.domain.features
    masks, places = np.tile(mask, (len(LEVELS), 1)), np.tile(focus, len(LEVELS))
    for column, name in enumerate(model.features):
        values, below = known[name].values, known[name].below
        place = np.searchsorted(below, LEVELS).clip(max=len(values) - 1)
        stand_in = np.repeat(np.array(values, np.float32)[place], len(x))[:, np.newaxis]
        changed = np.tile(x, (len(LEVELS), 1, 1))  # (level · candidate, step, feature)
        if model.card.sequence["kind"] == "features_as_steps":  # one feature is one step
            changed[:, column] = stand_in
        else:
            changed[:, :, column] = np.where(masks, stand_in, changed[:, :, column])
        odds = log_odds(model.predict_samples(changed, masks, places), edge=EDGE)
        parts[:, column] = base - odds.reshape(len(LEVELS), len(x)).mean(axis=0)
    return sequences.keys.select(CANDIDATE), parts
