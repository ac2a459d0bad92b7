"""Learn a search from slices that nobody has annotated, and use it.

Spots are put into the slices, the classical search is run at a low threshold, and a small network
learns which of its objects lie at a spot. What it ranks low are the line ends, crossings and
borders of real tissue, of which every slice has hundreds.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import KDTree

from tomocalc.accounts.settings import Settings
from tomocalc.accounts.study import SearchAccount
from tomocalc.errors import fault
from tomocalc.files import stable_number
from tomocalc.image.slices import Prepared, Spacing, prepare
from tomocalc.learned.fitting import fit_network
from tomocalc.learned.planted import Planted, plant
from tomocalc.learned.search import LearnedSearch, low_objects, patches, serialise

log = logging.getLogger(__name__)

AT_SPOT_MM, AT_SPOT_PX = 0.2, 1.0
"""An object whose centre is nearer than their sum to that of a spot is the spot."""
FAR_PX = 6.0
"""An object this far from the edge of every spot is none; what lies between teaches nothing."""
DENSEST = 4.0
"""Spots per cm² of breast: with more, little is left between them that is none."""
FEWEST = 20
"""Objects of each kind without which nothing is learned."""


@dataclass(frozen=True, kw_only=True)
class SearchRecipe:
    """How a search is trained.

    Attributes
    ----------
    threshold_k
        Of the objects of the classical search among which it chooses.
    spots
        That are put into a slice at a time, `DENSEST` at most.
    others
        Objects of a slice that are far from all spots, drawn anew each time.
    passes
        How often spots are put into every slice, new ones each time.
    epochs, batch, learning_rate
        Of the training, with Adam and one cycle of the learning rate.
    seed
        Root of every random choice.
    """

    threshold_k: float = 3.0
    spots: int = 60
    others: int = 300
    passes: int = 6
    epochs: int = 8
    batch: int = 128
    learning_rate: float = 3e-3
    seed: int = 1


@dataclass(frozen=True, eq=False)
class _Examples:
    """Objects of a slice with spots in it.

    Attributes
    ----------
    x
        Patches, shape (object, row, column).
    y
        1 at a spot, 0 far from all.
    weight
        How many objects of the slice each stands for.
    classical
        How many objects the classical search finds in the slice, none of them a spot.
    """

    x: NDArray[np.float16]
    y: NDArray[np.float32]
    weight: NDArray[np.float64]
    classical: int


def learn_search(
    slices: Iterable[tuple[NDArray[np.unsignedinteger], Spacing]],
    *,
    settings: Settings,
    recipe: SearchRecipe,
    patients: tuple[str, ...] = (),
) -> LearnedSearch:
    """Train a search on slices without annotations.

    Equal slices, settings and recipe give the same weights to the bit, on one thread of a CPU.

    Parameters
    ----------
    slices
        Of the training patients alone: (row, column) and spacing of rows and columns in millimetres
        of each. One is in memory at a time.
    settings
        Of the classical search. The learned one keeps as many of its objects on these slices as
        the classical one finds at ``threshold_k``.
    recipe
        How it is trained.
    patients
        Whose slices they are, for the account.

    Raises
    ------
    TomocalcError
        ``E407`` when the slices have too few objects to learn from, ``E402`` when the training
        diverges.
    """
    parts: list[_Examples] = []
    count = 0
    for index, (raw, spacing_mm) in enumerate(slices):
        count += 1
        prepared = prepare(raw, spacing_mm)
        if prepared is None:  # nothing can be found in a slice without contrast
            continue
        for number in range(recipe.passes):
            rng = np.random.default_rng(stable_number("search", recipe.seed, index, number))
            parts.append(_examples(prepared, settings, spacing_mm, recipe, rng))
    y = np.concatenate([np.zeros(0, np.float32), *(part.y for part in parts)])
    positives = int(y.sum())
    if min(positives, len(y) - positives) < FEWEST:
        why = (
            f"{positives} objects lie at a spot and {len(y) - positives} far from all, at"
            f" least {FEWEST} of each are needed"
        )
        raise fault("search_not_learnable", f"{count} slices", why)
    log.info("%d slices: %d objects at spots, %d others", count, positives, len(y) - positives)
    x = np.concatenate([part.x for part in parts])
    network, loss = fit_network(
        *(x, torch.from_numpy(y)),
        epochs=recipe.epochs,
        batch=recipe.batch,
        learning_rate=recipe.learning_rate,
        seed=recipe.seed,
    )
    weights = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    account = SearchAccount(
        seed=recipe.seed,
        threshold_k=recipe.threshold_k,
        cut=0.0,
        spots=recipe.spots,
        others=recipe.others,
        passes=recipe.passes,
        epochs=recipe.epochs,
        patients=patients,
        slices=count,
        positives=positives,
        negatives=len(y) - positives,
        weights=sum(value.size for value in weights.values()),
        loss=loss,
        weights_sha256=serialise(weights)[1],
    )
    search = LearnedSearch(weights, account)
    cut = _cut(search.scores(x[y == 0]), parts)
    return replace(search, account=msgspec.structs.replace(account, cut=cut))


def _cut(score: NDArray[np.float32], parts: list[_Examples]) -> float:
    """Return the log-odds that as many objects reach as the classical search finds.

    Parameters
    ----------
    score
        Of all objects that are no spot.
    parts
        Of all slices.
    """
    weight = np.concatenate([part.weight[part.y == 0] for part in parts])
    order = np.argsort(-score, kind="stable")
    reached = np.cumsum(weight[order])
    wanted = sum(part.classical for part in parts)
    return float(score[order[min(int(np.searchsorted(reached, wanted)), len(score) - 1)]])


def _examples(
    prepared: Prepared,
    settings: Settings,
    spacing_mm: Spacing,
    recipe: SearchRecipe,
    rng: np.random.Generator,
) -> _Examples:
    """Put spots into a slice and return its objects, and which of them are spots."""
    pixel = max(spacing_mm)
    area_cm2 = float(prepared.breast.mask.sum()) * (prepared.breast.block * pixel / 10) ** 2
    spots = min(recipe.spots, max(round(DENSEST * area_cm2), 1))
    planted = plant(prepared, spots=spots, spacing_mm=pixel, rng=rng)
    changed = replace(prepared, raw=planted.raw)
    found = low_objects(changed, settings, spacing_mm, recipe.threshold_k)
    usual = low_objects(changed, settings, spacing_mm, settings.threshold_k)
    row, col = found.runs.centres()
    at_spot, far = spots_among(planted, row, col, pixel)
    # Strongest first, so that the draw does not depend on how objects are numbered.
    none = np.flatnonzero(far)[np.argsort(-found.strength[far], kind="stable")]
    drawn = rng.permutation(none)[: recipe.others]
    keep = np.concatenate([np.flatnonzero(at_spot), drawn])
    y = at_spot[keep].astype(np.float32)
    return _Examples(
        x=patches(changed, row[keep], col[keep]),
        y=y,
        weight=np.where(y == 1, 1.0, len(none) / max(len(drawn), 1)),
        classical=int(spots_among(planted, *usual.runs.centres(), pixel)[1].sum()),
    )


def spots_among(
    planted: Planted,
    row: NDArray[np.float64],
    col: NDArray[np.float64],
    spacing_mm: float,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Say which objects, by their centres, are spots, and which are far from all; (object,) each.

    Of the objects at one spot all count as it.
    """
    if not len(planted.row) or not len(row):
        return np.zeros(len(row), np.bool_), np.ones(len(row), np.bool_)
    tree = KDTree(np.column_stack([planted.row, planted.col]))
    distance, nearest = tree.query(np.column_stack([row, col]))
    edge = planted.size_mm[nearest] / 2 / spacing_mm
    at_spot = distance <= AT_SPOT_MM / spacing_mm + AT_SPOT_PX
    return at_spot, distance > edge + FAR_PX
