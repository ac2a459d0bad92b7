"""Values for missing features, from the training rows; stored as plain numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tomocalc.errors import TomocalcError

KINDS = ("none", "mean", "median", "knn")
NEIGHBOURS = 5
LARGEST_REFERENCE = 500
"""Most training rows that ``knn`` keeps, evenly spaced among the complete ones."""

Rows = NDArray[np.float64]


@dataclass(frozen=True)
class Imputation:
    """How null and NaN are filled.

    Attributes
    ----------
    kind
        ``mean``, ``median`` or ``knn``.
    fill
        One value per feature, in its own unit; with ``knn`` for rows that lack everything.
    reference
        With ``knn``: complete training rows, in the features' own units.
    spread
        With ``knn``: the unit of distance, one standard deviation per feature.
    """

    kind: str
    fill: tuple[float, ...]
    reference: tuple[tuple[float, ...], ...] = ()
    spread: tuple[float, ...] = ()

    def __call__(self, rows: Rows) -> Rows:
        """Return *rows* (row, feature) with every NaN filled."""
        missing = np.isnan(rows)
        filled = np.where(missing, self.fill, rows)
        if self.kind == "knn":
            reference = np.array(self.reference)
            for row in np.flatnonzero(missing.any(axis=1) & ~missing.all(axis=1)):
                known = ~missing[row]
                away = (reference[:, known] - rows[row, known]) / np.array(self.spread)[known]
                nearest = np.argsort((away**2).sum(axis=1), kind="stable")[:NEIGHBOURS]
                filled[row, ~known] = reference[nearest][:, ~known].mean(axis=0)
        return filled


def fit_imputation(rows: Rows, *, kind: str) -> Imputation:
    """Fit on training *rows* (row, feature).

    Parameters
    ----------
    kind
        ``mean`` or ``median`` of a feature's known values; ``knn``: mean of the five nearest
        complete rows, by the Euclidean distance of the known features in standard deviations.

    Raises
    ------
    TomocalcError
        ``E302`` when a feature is missing everywhere, or no row is complete for ``knn``.
    """
    known = ~np.isnan(rows)
    if not known.any(axis=0).all():
        column = int(np.argmin(known.any(axis=0)))
        raise _nothing(f"feature {column + 1} of `features`", "it is missing in every training row")
    centre = np.nanmedian if kind == "median" else np.nanmean
    fill = tuple(centre(rows, axis=0).tolist())
    if kind != "knn":
        return Imputation(kind, fill)
    complete = rows[known.all(axis=1)]
    if not len(complete):
        raise _nothing("dataset.impute: knn", "no training row has every feature")
    spread = complete.std(axis=0)
    places = np.linspace(0, len(complete) - 1, min(len(complete), LARGEST_REFERENCE))
    return Imputation(
        kind,
        fill,
        reference=tuple(tuple(row) for row in complete[places.astype(int)].tolist()),
        spread=tuple(np.where(spread > 0, spread, 1.0).tolist()),
    )


def _nothing(where: str, why: str) -> TomocalcError:
    return TomocalcError(
        "E302",
        what="missing values cannot be filled",
        where=where,
        why=why,
        fix="leave the column out of `features`, or choose another `dataset.impute`",
    )
