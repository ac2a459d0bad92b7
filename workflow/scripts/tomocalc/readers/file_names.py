"""The order of slices that are files of their own: what the numbers of their names count.

Standard library only: Snakemake asks while it plans.
"""

import itertools
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median

from tomocalc.errors import fault

NUMBER = re.compile(r"(?:(?<![0-9a-z])([+-]))?(\d+)")
"""A number of a name, with a sign where that follows neither letter nor digit."""
SIGNED = re.compile(r"([+-]?)(\d+)")
DECIMAL = re.compile(r"([+-]?)(\d+(?:\.\d+)?)(?!\d*\.\d)")
HEIGHT = re.compile(r"(?<![0-9a-z])[+-]\d+\.\d+(?!\d*\.\d)|(?<![0-9.])\d+\.\d+ ?mm")
"""A number that has decimals beyond doubt."""
BROKEN = re.compile(r"[+-]\d+\.\d+(?!\d*\.\d)")
ENDING = re.compile(r"\.[A-Za-z]\w*$")
EVEN = 1.01
"""Largest step of numbers that count evenly, in smallest ones."""
SKIPPED = 1.5
"""A step of this many usual ones skips a number."""

Part = str | float
"""Of a name: text, number, text, …, text; numbers have odd places."""


@dataclass(frozen=True, kw_only=True)
class NameOrder:
    """In which order the names of slices put them, and what is doubtful about that."""

    names: tuple[str, ...]
    place: int | None = None
    """Which number of the names counts the slices, from 1; None where they are sorted whole."""
    others: int = 0
    """Further parts that vary, and do not count the slices in the same order."""
    skipped: tuple[int, ...] = ()
    """Slices behind which numbers are missing."""
    without_numbers: bool = False
    """Names are words, sorted by the alphabet."""
    conflict: str = ""
    """Why no order can be told, if so."""


def natural_key(
    path: str | os.PathLike[str], *, number: re.Pattern[str] = NUMBER
) -> tuple[list[Part], str]:
    """Return a sort key by which ``slice2`` comes before ``slice10``, and ``z_-4`` before ``z_2``.

    Parameters
    ----------
    number
        What a number is: sign and digits in its two groups.
    """
    text = os.fspath(path).replace(os.sep, "/")
    # The parts are a list of their own, or ``I`` would compare a text with the number of ``I1``.
    return _parts(text, number), text


def _parts(text: str, number: re.Pattern[str]) -> list[Part]:
    folded, parts, at = text.casefold(), list[Part](), 0
    for match in number.finditer(folded):
        sign, digits = match.groups()
        value = float(digits) if "." in digits else int(digits)
        parts += [folded[at : match.start()], -value if sign == "-" else value]
        at = match.end()
    return [*parts, folded[at:]]


def in_order(names: Iterable[str]) -> list[str]:
    """Return *names* as `name_order` sorts them, whatever is doubtful about it."""
    return [*name_order(names).names]


def name_order(names: Iterable[str]) -> NameOrder:
    """Sort the *names* of slices by the number in them that counts the slices.

    Where one number varies, or several that grow together, that is the natural order. Where
    others vary beside it (``max4095_s003``), it is the one that counts evenly.

    What a hyphen or a point means, all names tell together. Behind a letter a hyphen joins
    (``slice-1``, ``slice-2``), unless other names have a plus sign or no sign in that place
    (``z-1``, ``z0``, ``z1``). A point joins (``series.12``), unless a number behind it is signed
    or in mm, or only decimals count evenly (``z0.5``, ``z1.0``, ``z1.5``).
    """
    names = list(names)
    stems = [os.path.basename(stem) for stem in _stems(names)]  # noqa: PTH119
    number = _number(stems)
    natural = sorted(names, key=partial(natural_key, number=number))
    if len(names) < 2:
        return NameOrder(names=tuple(natural))
    found = _counted(natural, number)
    if found.conflict and number is NUMBER and any("." in stem for stem in stems):
        decimal = _counted(sorted(names, key=partial(natural_key, number=DECIMAL)), DECIMAL)
        if not (decimal.conflict or decimal.others or decimal.skipped):
            return decimal
    return found


def _stems(names: Sequence[str]) -> list[str]:
    """Return *names* without the folder that they share, and without endings that are words."""
    folder = os.path.dirname(os.path.commonprefix(names))  # noqa: PTH120, RUF071
    start = len(folder) + 1 if folder.strip("/") else len(folder)
    return [ENDING.sub("", name[start:]).casefold() for name in names]


def _number(stems: Sequence[str]) -> re.Pattern[str]:
    places = {"+": set[str](), "-": set[str](), "": set[str]()}
    for stem in stems:
        for match in SIGNED.finditer(stem):
            places[match[1]].add(stem[: match.start()])
    signed = bool(places["-"] & (places["+"] | places[""]))
    if any((BROKEN if signed else HEIGHT).search(stem) for stem in stems):
        return DECIMAL
    return SIGNED if signed else NUMBER


def _counted(names: Sequence[str], number: re.Pattern[str]) -> NameOrder:
    """Say what counts *names*, which are in natural order."""
    rows = [_parts(text, number) for text in _stems(names)]
    if all(len(row) == 1 for row in rows):
        words = any(len(text) > 1 for (text,) in rows if isinstance(text, str))
        return NameOrder(names=tuple(names), without_numbers=words)
    if len({len(row) for row in rows}) > 1:
        return NameOrder(names=tuple(names), conflict="their names are not made alike")
    columns = dict(enumerate(zip(*rows, strict=True)))
    varying = {place: column for place, column in columns.items() if len(set(column)) > 1}
    numbers = {place: column for place, column in varying.items() if place % 2}
    counters = {place: c for place, c in numbers.items() if len(set(c)) == len(names)}
    orders = {place: _order(column) for place, column in counters.items()}
    if len({*orders.values()}) > 1:
        even = {place: order for place, order in orders.items() if _is_even(counters[place])}
        orders = even or orders
    if len({*orders.values()}) != 1:
        return NameOrder(names=tuple(names), conflict=_conflict([*numbers], [*counters], [*orders]))
    place, order = next(iter(orders.items()))
    ordered = [counters[place][index] for index in order]
    steps = [float(b) - float(a) for a, b in itertools.pairwise(ordered)]
    usual = median(steps)
    return NameOrder(
        names=tuple(names[index] for index in order),
        place=(place + 1) // 2,
        others=len(varying) - sum(_order(c) == order for c in counters.values()),
        skipped=tuple(at for at, step in enumerate(steps) if step > SKIPPED * usual),
    )


def _order(column: Sequence[Part]) -> tuple[int, ...]:
    return tuple(sorted(range(len(column)), key=lambda index: column[index]))  # type: ignore[arg-type, return-value]


def _is_even(column: Sequence[Part]) -> bool:
    values = sorted(float(value) for value in column)
    steps = [b - a for a, b in itertools.pairwise(values)]
    return max(steps) <= EVEN * min(steps)


def _conflict(numbers: Sequence[int], counters: Sequence[int], orders: Sequence[int]) -> str:
    if not numbers:
        return "no number in their names varies"
    if not counters:
        places = " and ".join(f"number {(place + 1) // 2}" for place in numbers)
        return f"no number of their names counts them all: {places} varies and repeats"
    places = " and ".join(f"number {(place + 1) // 2}" for place in orders)
    return f"{places} of their names vary and count the slices in different orders"


def check_names(order: NameOrder, where: str) -> None:
    """Refuse names that tell no order.

    Raises
    ------
    TomocalcError
        ``E207``.
    """
    if order.conflict:
        raise fault("names_unordered", where, order.conflict)
