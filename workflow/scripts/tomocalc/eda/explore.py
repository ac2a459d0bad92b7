"""Everything the exploration computes, as one tree of plain numbers."""

from __future__ import annotations

import logging
from typing import Any

from tomocalc.eda.balance import balance
from tomocalc.eda.correlations import correlations
from tomocalc.eda.drift import drift
from tomocalc.eda.histograms import distributions, pairs
from tomocalc.eda.load import load_splits, load_table
from tomocalc.eda.summary import summarise

log = logging.getLogger(__name__)


def explore(
    *, candidates: str, splits: str, features: list[str], settings: dict[str, Any]
) -> dict[str, Any]:
    """Compute the numbers of the exploration page; aggregates only, never rows.

    Parameters
    ----------
    candidates, splits
        Files of ``results/dataset/``.
    features
        Columns that the model reads.
    settings
        The ``eda`` section of the configuration.

    Returns
    -------
    dict
        ``rows``; ``features`` (measured and not ``constant``, those of the model first) and
        ``model_features``; ``summary`` (constant ones included),
        ``distributions``, ``pairs``, ``correlations``, ``balance`` and ``drift``, from the
        modules of those names.
    """
    table = load_table(candidates).first(features)
    varying = table.varying()
    log.info("%d rows, %d features", table.rows, len(table.features))
    return {
        "rows": table.rows,
        "features": list(varying.features),
        "constant": [name for name in table.features if name not in varying.features],
        "model_features": [name for name in features if name in table.features],
        "summary": summarise(table),
        "distributions": distributions(varying, settings["bins"]),
        "pairs": pairs(varying),
        "correlations": correlations(varying),
        "balance": balance(table),
        "drift": drift(varying, load_splits(splits)),
    }
