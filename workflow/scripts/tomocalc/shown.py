"""What an object shows of itself: one line where it is typed, a small table in a notebook."""

from __future__ import annotations

import html
from collections.abc import Mapping


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
    if isinstance(value, tuple | list):
        return " × ".join(map(_short, value))
    return str(value)
