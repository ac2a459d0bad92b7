"""What is said when a package that an extra brings is not installed. Standard library only."""

import contextlib
import importlib.metadata
import re
from collections.abc import Iterator

from tomocalc.errors import TomocalcError, fault

MODULES = {"PIL": "pillow", "SimpleITK": "simpleitk", "skimage": "scikit-image"}
"""Modules whose package has another name."""


@contextlib.contextmanager
def needing(extra: str) -> Iterator[None]:
    """Say what to install of an *extra* where the block imports what is not there."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise missing_package(error, extra) from error


def missing_package(error: ModuleNotFoundError, extra: str = "") -> TomocalcError:
    """Return what to install so that what could not be imported can be.

    That is everything that the same extra still lacks, so that one command is enough; without
    *extra* the first one that brings it.

    Raises
    ------
    ModuleNotFoundError
        *error* itself, where a module of tomocalc is missing: no package brings that.
    """
    module = (error.name or "").partition(".")[0]
    if module in ("", "tomocalc"):
        raise error
    package = MODULES.get(module, module)
    extra, packages = _extra_of(package, extra)
    missing = [name for name in packages if name == package or not _installed(name)]
    why = f"this part of tomocalc needs the extra {extra}" if extra else "tomocalc needs it"
    return fault("package_missing", package, why, packages=" ".join(missing))


def _extra_of(package: str, wanted: str) -> tuple[str, list[str]]:
    """Return the first extra of the installed tomocalc with *package*, and all of its packages.

    That is *wanted*, where it has the package.
    """
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
    having = {extra: names for extra, names in extras.items() if package in names}
    if wanted in having:
        return wanted, having[wanted]
    return next(iter(having.items()), ("", [package]))


def _installed(package: str) -> bool:
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
