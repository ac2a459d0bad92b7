"""Whether names and places of rows, which a model must not need, tell the label."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tomocalc.metrics import auroc

Values = NDArray[np.float64]
Probe = Callable[[Values], Values]
"""From the labels of all rows, of which it reads those of training rows, to a score per row."""
NEIGHBOURS = 5
"""Training rows before and after a test row whose labels are asked."""
TELLING = 0.6
"""AUROC from which on an identifier is said to tell the label, if chance does not explain it."""
LEVEL = 0.01
"""Largest p-value that is not called chance."""


@dataclass(frozen=True)
class Association:
    """How well one identifier, learnt in the training part, tells the labels of the test part.

    Attributes
    ----------
    auroc
        0.5 where it tells nothing.
    p
        Share of random orders of the training labels, whole patients at a time, that tell as
        much.
    """

    identifier: str
    auroc: float
    p: float

    @property
    def telling(self) -> bool:
        """Whether it is more than chance, and enough to matter."""
        return self.auroc >= TELLING and self.p <= LEVEL


def associations(rows: pl.DataFrame, *, permutations: int, seed: int) -> list[Association]:
    """Return the association of every identifier that differs between rows.

    Parameters
    ----------
    rows
        Uses of candidates: volume_id, candidate_id, patient_id, site, label, part. ``value``:
        the mean label of the training rows of the same patient, volume or site; ``order``: of
        the nearest training rows in the order of volume and candidate.
    """
    ordered = rows.sort("volume_id", "candidate_id", maintain_order=True)
    label = ordered["label"].to_numpy().astype(np.float64)
    learnt = (ordered["part"] != "test").to_numpy()
    test = ~learnt
    if len(np.unique(label[test])) < 2 or len(np.unique(label[learnt])) < 2:
        return []
    probes = {
        name: _by_value(ordered[name], learnt)
        for name in ("patient_id", "volume_id", "site")
        if ordered[name].n_unique() > 1
    }
    probes["row order"] = _by_order(learnt)
    block = _blocks(ordered["patient_id"].filter(pl.Series(learnt)))
    generator = np.random.default_rng(seed)
    found = []
    for name, probe in probes.items():
        observed = auroc(label[test], probe(label)[test])
        as_much = 0
        for _ in range(permutations):
            shuffled = label.copy()
            shuffled[learnt] = _shuffled(label[learnt], block, generator)
            as_much += auroc(label[test], probe(shuffled)[test]) >= observed
        found.append(Association(name, observed, (1 + as_much) / (1 + permutations)))
    return found


def _blocks(patients: pl.Series) -> NDArray[np.int64]:
    """Return the number of every row's run of one patient; unnamed rows are runs of one."""
    names = patients.fill_null("").to_numpy().astype(str)
    begins = np.append(True, names[1:] != names[:-1]) | (names == "")
    return np.cumsum(begins) - 1


def _shuffled(label: Values, block: NDArray[np.int64], generator: np.random.Generator) -> Values:
    """Return *label* with its blocks in random order, each of them as it is.

    Calcifications of one patient come together whatever the order of patients is, so that this
    alone is not taken for an association.
    """
    place = generator.permutation(block[-1] + 1)
    return label[np.argsort(place[block], kind="stable")]


def _by_value(names: pl.Series, learnt: NDArray[np.bool_]) -> Probe:
    _, code = np.unique(names.fill_null("").to_numpy().astype(str), return_inverse=True)
    seen = np.bincount(code[learnt], minlength=code.max() + 1)

    def probe(label: Values) -> Values:
        total = np.bincount(code[learnt], weights=label[learnt], minlength=len(seen))
        overall = label[learnt].mean()
        mean = np.divide(total, seen, out=np.full(len(seen), overall), where=seen > 0)
        return mean[code]

    return probe


def _by_order(learnt: NDArray[np.bool_]) -> Probe:
    place = np.flatnonzero(learnt)
    asked = np.arange(len(learnt))
    at = np.searchsorted(place, asked)
    low = np.maximum(at - NEIGHBOURS, 0)
    high = np.minimum(at + NEIGHBOURS, len(place))

    def probe(label: Values) -> Values:
        total = np.concatenate([[0.0], np.cumsum(label[place])])
        return (total[high] - total[low]) / (high - low)

    return probe
