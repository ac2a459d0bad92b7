"""Which volumes get calcifications. Standard library only: Snakemake asks while it plans."""

from __future__ import annotations

from tomocalc.files import stable_number


def gets_clusters(volume_id: str, *, seed: int, fraction: float) -> bool:
    """Return whether clusters are put into a volume, by its id and *seed* alone.

    Another volume more or less changes nothing for this one.
    """
    return stable_number(seed, volume_id, "calcified") < fraction * 2**128
