"""Scaling of features, after their imputation: fitted on training rows, plain numbers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tomocalc.errors import fault

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
        why = "it is missing in every training row"
        raise fault("nothing_to_impute", f"feature {column + 1} of `features`", why)
    centre = np.nanmedian if kind == "median" else np.nanmean
    fill = tuple(centre(rows, axis=0).tolist())
    if kind != "knn":
        return Imputation(kind, fill)
    complete = rows[known.all(axis=1)]
    if not len(complete):
        raise fault("nothing_to_impute", "dataset.impute: knn", "no training row has every feature")
    spread = complete.std(axis=0)
    places = np.linspace(0, len(complete) - 1, min(len(complete), LARGEST_REFERENCE))
    return Imputation(
        kind,
        fill,
        reference=tuple(tuple(row) for row in complete[places.astype(int)].tolist()),
        spread=tuple(np.where(spread > 0, spread, 1.0).tolist()),
    )


SCALERS = ("standard", "quantile")
KNOTS = 256
"""Most points of a quantile scaler's curve per feature."""


@dataclass(frozen=True)
class Preprocessing:
    """How raw feature values become network input.

    Attributes
    ----------
    imputation
        What fills null and NaN first; None where the data have none.
    knots, levels
        Per feature: raw values, increasing, and the scaled value of each; between two knots
        the scale is linear. The ``standard`` scaler goes on linearly beyond its two knots
        (mean → 0, mean + standard deviation → 1); the ``quantile`` scaler stays at its ends.
    scaler
        ``standard`` or ``quantile``.
    """

    scaler: str
    knots: tuple[tuple[float, ...], ...]
    levels: tuple[tuple[float, ...], ...]
    imputation: Imputation | None = None

    def __call__(self, x: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Scale x (sample, step, feature); masked steps become zero.

        A sequence of features as steps, (sample, F, 1), is scaled step by step.
        """
        rows = x.astype(np.float64)
        flat = rows.reshape(-1, len(self.knots))  # a view, (sample · slice, feature)
        if self.imputation:
            flat[:] = self.imputation(flat)
        for column, (knots, levels) in enumerate(zip(self.knots, self.levels, strict=True)):
            flat[:, column] = self._scale(flat[:, column], knots, levels)
        rows[~mask] = 0.0
        return rows.astype(np.float32)

    def filled(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return x (sample, step, feature) in the features' own units, gaps filled."""
        if self.imputation is None:
            return x
        rows = x.astype(np.float64)
        flat = rows.reshape(-1, len(self.knots))  # a view, (sample · slice, feature)
        flat[:] = self.imputation(flat)
        return rows.astype(np.float32)

    def _scale(
        self, values: NDArray[np.float64], knots: tuple[float, ...], levels: tuple[float, ...]
    ) -> NDArray[np.float64]:
        if self.scaler == "standard":
            return (values - knots[0]) / (knots[1] - knots[0])
        return np.interp(values, knots, levels)


def fit_preprocessing(
    x: NDArray[np.float32],
    mask: NDArray[np.bool_],
    *,
    features: int,
    scaler: str,
    impute: str = "none",
) -> Preprocessing:
    """Fit on the valid steps of x (candidate, step, feature).

    Give each training candidate once: the scale describes the candidates, not how often an
    oversampled table repeats them.

    Parameters
    ----------
    features
        Number of features F; x may be (candidate, F, 1).
    scaler
        ``standard``: mean 0, standard deviation 1 (a constant feature is only centred).
        ``quantile``: normal scores Φ⁻¹((rank − ½) / n) with mid-ranks for ties.
    impute
        ``none``, or a kind of `fit_imputation`.
    """
    if x.shape[-1] == features:
        rows = x[mask].astype(np.float64)
    else:
        rows = x.reshape(len(x), features).astype(np.float64)
    imputation = None
    if impute != "none":
        imputation = fit_imputation(rows, kind=impute)
        rows = imputation(rows)
    fit = {"standard": _standard, "quantile": _normal_scores}[scaler]
    curves = [fit(column) for column in rows.T]
    knots, levels = zip(*curves, strict=True)
    return Preprocessing(scaler, tuple(knots), tuple(levels), imputation)


def _standard(values: NDArray[np.float64]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    mean, deviation = float(values.mean()), float(values.std())
    end = mean + deviation
    return (mean, end if end > mean else mean + 1.0), (0.0, 1.0)


def _normal_scores(values: NDArray[np.float64]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    # only a fit needs SciPy, a prediction does not
    from scipy.special import ndtri

    distinct, counts = np.unique(values, return_counts=True)
    share = (np.cumsum(counts) - counts / 2) / len(values)
    if len(distinct) > KNOTS:
        wanted = np.searchsorted(share, np.linspace(share[0], share[-1], KNOTS))
        keep = np.unique(np.clip(wanted, 0, len(distinct) - 1))
        distinct, share = distinct[keep], share[keep]
    return tuple(distinct.tolist()), tuple(np.asarray(ndtri(share)).tolist())
