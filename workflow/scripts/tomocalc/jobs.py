"""How a rule calls the function of its script: what both call alike goes in."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from typing import Any

from tomocalc.log import log_to


def run(main: Callable[..., None], snakemake: Any, **given: Any) -> None:
    """Log to the rule's file, and call *main* with the rule's values of the same names.

    Parameters
    ----------
    main
        Takes keywords only: inputs, outputs and parameters of the rule, else its wildcards or
        ``threads``; what the rule has not got keeps its default.
    snakemake
        The job, as Snakemake gives it to a script; its lists of files go in as plain lists.
    given
        Values that are not the rule's as they stand, or functions of nothing that read them:
        their faults are in the log too. They win.

    Raises
    ------
    TypeError
        For a name that the rule has twice, or lacks where there is no default.
    """
    log_to(snakemake.log[0])
    read = {name: value() if callable(value) else value for name, value in given.items()}
    main(**values_for(main, snakemake, besides=given), **read)


def values_for(
    main: Callable[..., None], snakemake: Any, *, besides: Collection[str] = ()
) -> dict[str, Any]:
    """Return the values of the rule that *main* takes, by name, without those *besides*."""
    parts = [dict(one.items()) for one in (snakemake.input, snakemake.output, snakemake.params)]
    others = {**dict(snakemake.wildcards.items()), "threads": snakemake.threads}
    found = {}
    for name in inspect.signature(main).parameters.keys() - set(besides):
        values = [part[name] for part in parts if name in part]
        if len(values) > 1:
            raise TypeError(f"{name} is more than one of input, output and params of the rule")
        if values or name in others:
            value = values[0] if values else others[name]
            found[name] = list(value) if isinstance(value, list) else value
    return found
