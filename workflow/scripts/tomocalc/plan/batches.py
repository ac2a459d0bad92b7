"""Batches of volumes, one job each. Standard library only: Snakemake asks while it plans."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

SEVERAL = "+"
"""Ends the name of a batch of several volumes; no id of a volume holds it."""


def batches(names: Iterable[str], size: int) -> dict[str, list[str]]:
    """Group volumes into batches that stay as they are when others come or go.

    A name itself decides, by its hash, whether a batch ends with it, on average one name in
    *size*. A volume more or less therefore changes the batch it is in and no other. Batches
    differ in length; none is longer than twice *size*.

    Parameters
    ----------
    names
        Of the volumes, in any order.
    size
        Volumes per batch, on average.

    Returns
    -------
    dict
        Sorted names of the volumes of every batch. One volume alone gives its name to its batch;
        of several it is the last one, with `SEVERAL` behind it.
    """
    found: list[list[str]] = [[]]
    for name in sorted(names):
        found[-1].append(name)
        if _number(name) % size == 0 or len(found[-1]) == 2 * size:
            found.append([])
    return {batch[-1] + SEVERAL * (len(batch) > 1): batch for batch in found if batch}


def _number(name: str) -> int:
    """Return 32 bits that depend on nothing but the name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4])
