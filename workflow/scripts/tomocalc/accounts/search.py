"""What a learned search was trained on: ``search.json`` beside its weights."""

from __future__ import annotations

from tomocalc.accounts.base import Account


class SearchAccount(Account, frozen=True, kw_only=True):
    """A trained search.

    Attributes
    ----------
    seed
        Root of every random choice.
    threshold_k
        Of the objects of the classical search among which it chooses.
    cut
        Log-odds from which on it keeps an object.
    spots, others
        Wanted per slice: spots that are put in, and objects that are none.
    passes, epochs
        How often spots were put into every slice, and how often all objects were seen.
    patients
        Whose slices it learned from; empty in a release, which names nobody.
    slices
        That it learned from.
    positives, negatives
        Objects at a spot, and far from all.
    weights
        How many the network has.
    loss
        Mean of every epoch.
    weights_sha256
        Of ``search.safetensors``.
    """

    seed: int
    threshold_k: float
    cut: float
    spots: int
    others: int
    passes: int
    epochs: int
    patients: tuple[str, ...]
    slices: int
    positives: int
    negatives: int
    weights: int
    loss: tuple[float, ...]
    weights_sha256: str
