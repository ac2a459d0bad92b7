"""What Snakemake asks a plan with, how a plan answers, and the sources of a script."""

import difflib
import hashlib
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, wraps
from pathlib import Path
from typing import Protocol, TypeVar

from tomocalc.cells import Row
from tomocalc.errors import TomocalcError, fault
from tomocalc.files import file_sha256

ASSETS = {".css", ".j2", ".js", ".tsv"}
"""Files that pages are made with, beside the modules of a package."""

IMPORT = re.compile(
    rb"^[ \t]*(?:from ([\w.]+) import (\([^)]*\)|[^(\n]+)|import ([\w., ]+))", re.MULTILINE
)
"""An import statement. Parsing the sources of all scripts takes longer than all else of a plan."""


def as_it_is(path: Path, results: Path) -> str:
    """Return *path* in another way than rules name what they write, so that none makes it anew.

    What rules write begins with *results*: where that is relative the path is absolute, and else
    the reverse.
    """
    return os.path.relpath(path) if results.is_absolute() else str(path.absolute())


def library_files(script: Path) -> list[Path]:
    """Return *script* and all files of its folder that it is made of.

    These are the modules that it imports, directly or not, anywhere in their text, with the
    packages around them, and the assets in these packages. Imports are absolute.
    The table of faults is not among them: of all results only the sheet of quarantined slices, and
    the manifests behind it, repeat its words.
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
    return frozenset(found for name in _names(file.read_bytes()) for found in _files(name, root))


def _names(source: bytes) -> Iterator[str]:
    """Yield the dotted names that may be modules, also of an import that text only quotes."""
    for module, names, modules in IMPORT.findall(source):
        behind = re.sub(rb"#.*|[()]", b"", names or modules).decode().split(",")
        words = [name.split()[0] for name in behind if name.strip()]
        yield from (f"{module.decode()}.{word}" for word in words) if module else words


@cache
def _files(name: str, root: Path) -> tuple[Path, ...]:
    """Return the module of a dotted name, as far as it is one, and the packages around it."""
    place, found = root, []
    for part in name.split("."):
        place = place / part
        module, package = place.with_suffix(".py"), place / "__init__.py"
        file = package if package.is_file() else module
        if file.is_file():
            found.append(file)
        if file is module:
            break
    return tuple(found)


@cache
def _assets(package: Path) -> frozenset[Path]:
    return frozenset(path for path in package.rglob("*") if path.suffix in ASSETS)


_digest = cache(file_sha256)
AnyPlan = TypeVar("AnyPlan")
Answer = TypeVar("Answer")


class Wildcards(Protocol):
    """Parts of the path that a rule is asked for, by name."""

    def __getattr__(self, name: str) -> str: ...


def answering(
    method: Callable[[AnyPlan, Wildcards], Answer],
) -> Callable[[AnyPlan, Wildcards], Answer]:
    """Let an input function end the program with its own message.

    Snakemake would wrap it into lines about rule, wildcards and Python.
    """

    @wraps(method)
    def answer(self: AnyPlan, wildcards: Wildcards) -> Answer:
        try:
            return method(self, wildcards)
        except TomocalcError as error:
            sys.exit(str(error))

    return answer


def known_row(rows: Mapping[str, Row], name: str) -> Row:
    """Return the row of a volume that a target names.

    Raises
    ------
    TomocalcError
        ``E104`` when there is none.
    """
    if name not in rows:
        close = difflib.get_close_matches(name, rows, n=1)
        why = f"it is none of the {len(rows)} volumes of this run"
        raise fault("no_such_volume", name, why, such_as=f", such as {close[0]}" if close else "")
    return rows[name]


def every(pattern: str, names: Iterable[str]) -> Callable[[Wildcards], list[str]]:
    """Ask for one path per volume: *pattern* with ``{volume}`` replaced."""
    return lambda _: [pattern.replace("{volume}", name) for name in names]


def known_trials(batch: int) -> Callable[[Wildcards], list[str]]:
    """Ask for the accounts of the trials whose values a trial may know.

    Not those of the *batch* that it is in: these may still be running.
    """

    def accounts(wildcards: Wildcards) -> list[str]:
        known = int(wildcards.trial) - batch + 1
        return [f"<results>/tuning/trials/{number}.json" for number in range(known)]

    return accounts


def source_digest(
    script: Path, inputs: Callable[[Wildcards], Mapping[str, object]] | Mapping[str, object]
) -> Callable[[Wildcards], str]:
    """Ask for the digest of a script's source files, so that editing one of them reruns it.

    So does another content of a file of *inputs* that stands there alone, as a sheet: Snakemake
    passes over one that was put in place with a date before that of the results.
    """

    def digest(wildcards: Wildcards) -> str:
        given = inputs(wildcards) if callable(inputs) else inputs
        alone = (Path(it) for it in given.values() if isinstance(it, str))
        return " ".join([library_digest(script), *(_digest(it) for it in alone if it.is_file())])

    return digest


def growing(mem_mb: int) -> Callable[[Wildcards, int], int]:
    """Ask for memory (MB) that grows with every retry."""
    return lambda _, attempt: mem_mb * attempt
