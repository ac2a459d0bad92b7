"""The search space of the tuning: always the same parameters, whatever the number of layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution

Parameters = dict[str, float | int]


def search_space(tuning: Mapping[str, Any]) -> dict[str, BaseDistribution]:
    """Return the distributions of the `tuning` section.

    Every layer's units are always drawn and the first n used: the Gaussian process models
    static spaces only.
    """
    fewest, most = tuning["layers"]
    low, high = tuning["units"]
    units = {f"units_{n}": IntDistribution(low, high, log=True) for n in range(1, most + 1)}
    return {
        "learning_rate": FloatDistribution(*tuning["learning_rate"], log=True),
        "dropout": FloatDistribution(*tuning["dropout"]),
        "layers": IntDistribution(fewest, most),
        **units,
    }


def own_parameters(tuning: Mapping[str, Any], model: Mapping[str, Any]) -> Parameters:
    """Return the `model` section's own point, moved into the space: the first trial."""
    units = list(model["units"])
    layers = _within(len(units), tuning["layers"])
    widths = [units[min(n, len(units) - 1)] for n in range(tuning["layers"][1])]
    return {
        "learning_rate": _within(model["learning_rate"], tuning["learning_rate"]),
        "dropout": _within(model["dropout"], tuning["dropout"]),
        "layers": layers,
        **{f"units_{n}": _within(width, tuning["units"]) for n, width in enumerate(widths, 1)},
    }


def model_values(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of the `model` section that *parameters* stand for."""
    return {
        "learning_rate": parameters["learning_rate"],
        "dropout": parameters["dropout"],
        "units": [parameters[f"units_{n}"] for n in range(1, parameters["layers"] + 1)],
    }


def _within(value: float, bounds: list[float]) -> Any:
    return min(max(value, bounds[0]), bounds[1])
