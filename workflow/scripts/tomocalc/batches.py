"""Batches of volumes, one job each. Standard library only: Snakemake asks while it plans."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

STEPS = ((2000, 20), (50, 4), (16, 2))
"""From so many volumes on, so many volumes per job: docs/cluster.md says why."""
MOST_FOLDERS = 4
"""Snakemake notes every slice of a batch with every output of it: more folders than these cost
more than the starts that they share."""


def usual_size(count: int, *, folders: bool) -> int:
    """Return how many volumes a job measures if nobody says so.

    Parameters
    ----------
    count
        Of volumes. Few ones keep more cores busy with a job each.
    folders
        Whether a volume is a folder of slices; else it is one file.
    """
    size = next((size for least, size in STEPS if count >= least), 1)
    return min(size, MOST_FOLDERS) if folders else size


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
        Sorted names of every batch of two or more, by a name for the batch. A volume that is in
        none is a job of its own.
    """
    found: list[list[str]] = [[]]
    for name in sorted(names):
        found[-1].append(name)
        if _number(name) % size == 0 or len(found[-1]) == 2 * size:
            found.append([])
    return {f"{_number(batch[-1]):08x}": batch for batch in found if len(batch) > 1}


def _number(name: str) -> int:
    """Return 32 bits that depend on nothing but the name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4])
