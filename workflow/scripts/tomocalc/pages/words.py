"""Words that several pages share: sources, protocols, software versions."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Iterable

BADGES = {"phantom": "in-silico phantom"}

SOURCES = {
    "phantom": "in-silico phantom volumes",
    "volumes": "tomosynthesis volumes",
    "table": "a feature table",
}

PROTOCOLS = {
    "honest": "honest: split by patient, nothing fitted on the test part",
    "paper": "paper: oversampled before the split, kept to reproduce; it leaks",
}


def badge_of(source: str) -> str | None:
    """Return the badge that pages on data from *source* carry; None where none is due."""
    return BADGES.get(source)


def versions_of(packages: Iterable[str]) -> dict[str, str]:
    """Return the version of Python and of each installed package."""
    found = {"Python": platform.python_version()}
    for package in packages:
        found[package] = importlib.metadata.version(package)
    return found


def plural(count: int, noun: str) -> str:
    """Return a count with its noun: ``1 volume``, ``24 volumes``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
