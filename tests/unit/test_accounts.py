"""Accounts: the small JSON files between rules are typed, and checked when they are read."""

import json
from pathlib import Path

import pytest

from tomocalc.accounts.base import Account, Record
from tomocalc.errors import TomocalcError


class Figure(Record, frozen=True, kw_only=True):
    value: float
    low: float | None


class Example(Account, frozen=True, kw_only=True):
    SCHEMA = 3
    name: str
    figures: dict[str, Figure]


EXAMPLE = Example(name="naïve", figures={"auroc": Figure(value=0.75, low=None)})


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    EXAMPLE.write(tmp_path / "a.json")
    assert Example.read(tmp_path / "a.json") == EXAMPLE
    assert json.loads((tmp_path / "a.json").read_text()) == {
        "schema": 3,
        "name": "naïve",
        "figures": {"auroc": {"value": 0.75, "low": None}},
    }


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"schema": 2}, "its schema is 2, this version reads 3"),
        ({"schema": None}, "its schema is None"),
        ({"name": 5}, "Expected `str`, got `int` - at `$.name`"),
        ({"extra": 1}, "unknown field `extra`"),
        ({"figures": {"auroc": {"value": 1.0}}}, "missing required field `low`"),
    ],
)
def test_an_account_that_does_not_fit_is_refused_by_name(
    changed: dict[str, object], why: str, tmp_path: Path
) -> None:
    EXAMPLE.write(tmp_path / "a.json")
    content = json.loads((tmp_path / "a.json").read_text())
    (tmp_path / "a.json").write_text(json.dumps(content | changed))
    with pytest.raises(TomocalcError, match=r"E307.*a\.json") as raised:
        Example.read(tmp_path / "a.json")
    assert why in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe"])
def test_a_damaged_account_is_refused_by_name(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(TomocalcError, match="E307"):
        Example.read(tmp_path / "a.json")
