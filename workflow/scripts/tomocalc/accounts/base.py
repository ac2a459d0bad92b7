"""What every account shares: typed, frozen, checked when it is read, written in one form.

An account is a small JSON file that one rule writes and others read. Its type is the only
description of what stands in it; there are no silent defaults: a field that may be missing is
declared as one that may be None.
"""

import html
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Self

import msgspec

from tomocalc.errors import TomocalcError, fault, quoted
from tomocalc.files import canonical_json, read_content, write_text

Setting = bool | int | float | str | None | list[int | float | str]
"""A value of the configuration."""


class Account(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One JSON file of results: subclass it, name its fields and their types.

    Fields may be numbers, texts, lists or tuples, other structs (`Record`) and mappings with
    typed values.
    """

    SCHEMA: ClassVar[int] = 1
    """Raise it when a field changes its name, type or meaning."""

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read and check the account at *path*.

        Raises
        ------
        TomocalcError
            ``E307`` when the file is missing or damaged, or from another version of tomocalc.
        """
        try:
            content = msgspec.json.decode(read_content(path))
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _unfit(path, f"it cannot be read ({error})") from error
        found = content.pop("schema", None) if isinstance(content, dict) else None
        if found != cls.SCHEMA:
            raise _unfit(path, f"its schema is {found}, this version reads {cls.SCHEMA}")
        try:
            return msgspec.convert(content, cls)
        except msgspec.ValidationError as error:
            raise _unfit(path, f"{error}") from error

    def write(self, path: str | Path) -> None:
        """Write the account to *path* as canonical JSON, atomically; equal ones as equal bytes."""
        write_text(path, self.text())

    def text(self) -> str:
        """Return the account as canonical JSON."""
        plain = msgspec.to_builtins(self, str_keys=True)
        return canonical_json({"schema": self.SCHEMA, **plain})


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of an account: one figure, one finding, one row of a list."""


def _unfit(path: str | Path, why: str) -> TomocalcError:
    return fault("account_unusable", path, why, files=quoted(path))


class Shown:
    """A class that shows `_facts` of itself instead of everything that it holds."""

    __slots__ = ()

    def _facts(self) -> Mapping[str, object]:
        """Return what is shown, by name; None is left out."""
        raise NotImplementedError

    def __repr__(self) -> str:
        facts = ", ".join(f"{name}={_short(value)}" for name, value in _told(self._facts()))
        return f"{type(self).__name__}({facts})"

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><th style="text-align:left">{html.escape(name.replace("_", " "))}</th>'
            f'<td style="text-align:left">{html.escape(_short(value))}</td></tr>'
            for name, value in _told(self._facts())
        )
        return f"<table><caption>{type(self).__name__}</caption>{rows}</table>"


def _told(facts: Mapping[str, object]) -> list[tuple[str, object]]:
    return [(name, value) for name, value in facts.items() if value is not None]


def _short(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return " × ".join(map(_short, value)) if isinstance(value, tuple | list) else str(value)
