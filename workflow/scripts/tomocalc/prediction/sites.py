"""What the site of a volume says of it. Standard library only: Snakemake asks while it plans."""

from __future__ import annotations

SIMULATED = ("in silico", "in-silico")


def is_simulated(site: str | None) -> bool:
    """Return whether a volume's ``site`` says that it was simulated."""
    return any(word in (site or "").lower() for word in SIMULATED)
