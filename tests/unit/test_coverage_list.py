"""Every interval that an account holds, and a page may show, is in the study of coverage."""

import importlib
import pkgutil
import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from tomocalc import accounts

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def coverage(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield importlib.import_module("coverage_rows")
    sys.modules.pop("coverage_rows", None)


def kinds(of: type) -> Iterator[type]:
    for kind in of.__subclasses__():
        yield kind
        yield from kinds(kind)


def parts(hint: object) -> Iterator[object]:
    yield hint
    for part in typing.get_args(hint):
        yield from parts(part)


def intervals() -> set[str]:
    """Return every field of an account whose type has a lower and an upper end."""
    for module in pkgutil.iter_modules(accounts.__path__):
        importlib.import_module(f"tomocalc.accounts.{module.name}")
    known = [kind for kind in kinds(msgspec.Struct) if kind.__module__.startswith("tomocalc.")]
    ends = [kind for kind in known if {"low", "high"} <= set(kind.__struct_fields__)]
    return {
        f"{kind.__name__}.{name}"
        for kind in known
        for name, hint in typing.get_type_hints(kind).items()
        if name in kind.__annotations__ and any(part in ends for part in parts(hint))
    }


def test_every_interval_has_a_row_or_a_reason(coverage: ModuleType) -> None:
    assert intervals() == {*coverage.ROWS, *coverage.NOT_ASKED}
    page = (BENCHMARKS / "coverage.md").read_text()
    assert [row for row in coverage.ROWS.values() if f"| {row} |" not in page] == []
