"""What rules ask for only when one of their jobs is planned, as functions that Snakemake calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from tomocalc.library import library_digest
from tomocalc.plan.wildcards import Wildcards


def every(pattern: str, names: Iterable[str]) -> Callable[[Wildcards], list[str]]:
    """Ask for one path per volume: *pattern* with ``{volume}`` replaced."""

    def paths(_: Wildcards) -> list[str]:
        return [pattern.replace("{volume}", name) for name in names]

    return paths


def known_trials(batch: int) -> Callable[[Wildcards], list[str]]:
    """Ask for the accounts of the trials whose values a trial may know.

    Not those of the *batch* that it is in: these may still be running.
    """

    def accounts(wildcards: Wildcards) -> list[str]:
        known = int(wildcards.trial) - batch + 1
        return [f"<results>/tuning/trials/{number}.json" for number in range(known)]

    return accounts


def code_of(script: Path) -> Callable[[Wildcards], str]:
    """Ask for the digest of a script's source files, so that editing one of them reruns it."""

    def digest(_: Wildcards) -> str:
        return library_digest(script)

    return digest


def growing(mem_mb: int) -> Callable[[Wildcards, int], int]:
    """Ask for memory (MB) that grows with every retry."""

    def resource(_: Wildcards, attempt: int) -> int:
        return mem_mb * attempt

    return resource
