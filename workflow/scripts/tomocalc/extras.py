"""What is said when a package that an extra brings is not installed. Standard library only."""

from __future__ import annotations

import importlib.metadata
import re

from tomocalc.errors import TomocalcError

MODULES = {"PIL": "pillow", "SimpleITK": "simpleitk", "skimage": "scikit-image"}
"""Modules whose package has another name."""


def missing_package(error: ModuleNotFoundError) -> TomocalcError:
    """Return what to install so that what could not be imported can be.

    That is everything that the same extra still lacks, so that one command is enough.

    Raises
    ------
    ModuleNotFoundError
        *error* itself, where a module of tomocalc is missing: no package brings that.
    """
    module = (error.name or "").partition(".")[0]
    if module in ("", "tomocalc"):
        raise error
    package = MODULES.get(module, module)
    extra, packages = _extra_of(package)
    missing = [name for name in packages if not _installed(name)]
    return TomocalcError(
        "E406",
        what="an optional package is not installed",
        where=package,
        why=f"this part of tomocalc needs the extra {extra}" if extra else "tomocalc needs it",
        fix=f"pip install {' '.join(missing or [package])}",
    )


def _extra_of(package: str) -> tuple[str, list[str]]:
    """Return the first extra of the installed tomocalc with *package*, and all of its packages."""
    try:
        lines = importlib.metadata.requires("tomocalc") or []
    except importlib.metadata.PackageNotFoundError:
        lines = []
    extras: dict[str, list[str]] = {}
    for line in lines:
        name = re.match(r"[\w.-]+", line)
        extra = re.search(r"extra == ['\"]([\w-]+)['\"]", line)
        if name and extra:
            extras.setdefault(extra[1], []).append(name[0])
    return next(
        ((extra, names) for extra, names in extras.items() if package in names), ("", [package])
    )


def _installed(package: str) -> bool:
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
