"""Imputation and scaling of features: fitted on training rows, stored as plain numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

SCALERS = ("standard", "quantile")
IMPUTATIONS = ("none", "mean", "median")
KNOTS = 256
"""Most points of a quantile scaler's curve per feature."""


@dataclass(frozen=True)
class Preprocessing:
    """How raw feature values become network input.

    Attributes
    ----------
    fill
        One value per feature in its own unit for null and NaN; None refuses them.
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
    fill: tuple[float, ...] | None = None

    def __call__(self, x: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Scale x (sample, step, feature); masked steps become zero.

        A sequence of features as steps, (sample, F, 1), is scaled step by step.
        """
        rows = x.astype(np.float64)
        flat = rows.reshape(-1, len(self.knots))  # a view, (sample · slice, feature)
        for column, (knots, levels) in enumerate(zip(self.knots, self.levels, strict=True)):
            values = flat[:, column]
            if self.fill is not None:
                values[np.isnan(values)] = self.fill[column]
            flat[:, column] = self._scale(values, knots, levels)
        rows[~mask] = 0.0
        return rows.astype(np.float32)

    def _scale(
        self, values: NDArray[np.float64], knots: tuple[float, ...], levels: tuple[float, ...]
    ) -> NDArray[np.float64]:
        if self.scaler == "standard":
            return (values - knots[0]) / (knots[1] - knots[0])
        return np.interp(values, knots, levels)

    def to_json(self) -> dict[str, Any]:
        """Return the numbers as JSON values."""
        return {
            "scaler": self.scaler,
            "knots": [list(knots) for knots in self.knots],
            "levels": [list(levels) for levels in self.levels],
            "fill": None if self.fill is None else list(self.fill),
        }

    @staticmethod
    def from_json(value: dict[str, Any]) -> Preprocessing:
        """Rebuild what `to_json` returned."""
        return Preprocessing(
            scaler=value["scaler"],
            knots=tuple(tuple(knots) for knots in value["knots"]),
            levels=tuple(tuple(levels) for levels in value["levels"]),
            fill=None if value["fill"] is None else tuple(value["fill"]),
        )


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
        ``none``, ``mean`` or ``median`` of the finite training values.
    """
    if x.shape[-1] == features:
        rows = x[mask].astype(np.float64)
    else:
        rows = x.reshape(len(x), features).astype(np.float64)
    fill = None
    if impute != "none":
        centre = {"mean": np.nanmean, "median": np.nanmedian}[impute]
        fill = tuple(float(v) for v in centre(rows, axis=0))
        rows = np.where(np.isnan(rows), fill, rows)
    fit = {"standard": _standard, "quantile": _normal_scores}[scaler]
    curves = [fit(column) for column in rows.T]
    knots, levels = zip(*curves, strict=True)
    return Preprocessing(scaler, tuple(knots), tuple(levels), fill)


def _standard(values: NDArray[np.float64]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    mean, deviation = float(values.mean()), float(values.std())
    end = mean + deviation
    return (mean, end if end > mean else mean + 1.0), (0.0, 1.0)


def _normal_scores(values: NDArray[np.float64]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    distinct, counts = np.unique(values, return_counts=True)
    share = (np.cumsum(counts) - counts / 2) / len(values)
    if len(distinct) > KNOTS:
        wanted = np.searchsorted(share, np.linspace(share[0], share[-1], KNOTS))
        keep = np.unique(np.clip(wanted, 0, len(distinct) - 1))
        distinct, share = distinct[keep], share[keep]
    return tuple(distinct.tolist()), tuple(np.asarray(ndtri(share)).tolist())
