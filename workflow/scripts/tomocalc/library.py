"""The source files behind a script, and their digest. Standard library only: Snakemake asks.

Snakemake itself watches a script, not the modules that it imports.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

ASSETS = {".css", ".j2", ".js", ".tsv"}
"""Files that pages are made with, beside the modules of a package."""

BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
"""Where statements hold statements."""


def library_files(script: Path) -> list[Path]:
    """Return *script* and all files of its folder that it is made of.

    These are the modules that it imports, directly or not, anywhere in their text, with the
    packages around them, and the assets in these packages. Imports are absolute.
    """
    root, found, waiting = script.parent, set(), [script]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += _imported(file, root)
    packages = {file.parent for file in found} - {root, root / "tomocalc"}
    return sorted(found.union(*map(_assets, packages)))


@cache
def library_digest(script: Path) -> str:
    """Return a digest of the names and contents of `library_files`; dates do not count."""
    total = hashlib.sha256()
    for file in library_files(script):
        total.update(f"{file.relative_to(script.parent).as_posix()} {_digest(file)}\n".encode())
    return total.hexdigest()


@cache
def _imported(file: Path, root: Path) -> frozenset[Path]:
    """Return the files below *root* that one file imports."""
    return frozenset(
        found for name in _names(ast.parse(file.read_bytes()).body) for found in _files(name, root)
    )


def _names(statements: list[Any]) -> Iterator[str]:
    """Yield the dotted names that may be modules. Imports are statements: no expression is read."""
    for node in statements:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        else:
            for part in BLOCKS:
                yield from _names(getattr(node, part, []))


@cache
def _files(name: str, root: Path) -> tuple[Path, ...]:
    """Return the module of a dotted name, as far as it is one, and the packages around it."""
    return tuple(_walk(name.split("."), root))


def _walk(parts: list[str], root: Path) -> Iterator[Path]:
    place = root
    for part in parts:
        place = place / part
        module, package = place.with_suffix(".py"), place / "__init__.py"
        if package.is_file():
            yield package
        elif module.is_file():
            yield module
            return
        else:
            return


@cache
def _assets(package: Path) -> frozenset[Path]:
    return frozenset(path for path in package.rglob("*") if path.suffix in ASSETS)


@cache
def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
