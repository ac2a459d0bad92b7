"""What the text of a table of candidates must hold, told before any job runs.

Only what Snakemake itself needs is imported here; of a Parquet file nothing is told where pyarrow
is missing, as beside jobs with environments of their own: the job that reads it tells.
"""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tomocalc.audit.split_file import is_parquet
from tomocalc.cells import line_numbers
from tomocalc.delimited import split_lines, table_error
from tomocalc.errors import TomocalcError
from tomocalc.identity import is_empty, plain_number
from tomocalc.plan.checks import Cohort
from tomocalc.sections import MOST_SUBGROUPS, TableSection

LARGE = 100_000_000
"""Bytes of a text table above which only the job that reads it looks into it."""
SHOWN = 20
"""Columns that a message counts up."""


@dataclass(frozen=True)
class Table:
    """A table of candidates, as far as it is read before any job.

    Attributes
    ----------
    columns
        Their names.
    rows
        Of a text table; of a Parquet file nobody looks.
    lines
        Their numbers in the file.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]] | None
    lines: Sequence[int] = ()

    def cells(self, column: str) -> list[str]:
        """Return the cells of a column of a text table; empty where a line ends before it."""
        place = list(self.columns).index(column)
        return [row[place].strip() if place < len(row) else "" for row in self.rows or ()]


def is_address(path: str) -> bool:
    """Return whether a table is fetched from an address."""
    return path.startswith(("http://", "https://"))


def read_table(path: str, *, header: bool) -> Table | None:
    """Return columns and rows of a table; None of one that is not looked into.

    Raises
    ------
    TomocalcError
        ``E302`` for a text that is no table.
    """
    if is_parquet(path):
        return _parquet(path)
    if Path(path).stat().st_size > LARGE:
        return None
    try:
        first, lines = split_lines(path)
    except TomocalcError as error:
        raise table_error(path, error.why, error.fix) from error
    for number, cells in lines:
        if any(cells[len(first) :]):
            why = f"it has {len(cells)} cells where the header has {len(first)}"
            raise table_error(f"{path}:{number}", why, "give every line one cell per column")
    lines = lines if header else [(1, first), *lines]
    names = first if header else [f"column_{number + 1}" for number in range(len(first))]
    return Table(names, [cells for _, cells in lines], [number for number, _ in lines])


def _parquet(path: str) -> Table | None:
    try:
        from pyarrow import ArrowException  # here: a bare Snakemake has none
        from pyarrow.parquet import read_schema
    except ImportError:
        return None
    try:
        return Table(read_schema(path).names, None)
    except (ArrowException, OSError):
        return None  # the job that reads it says what is wrong


def wrong_columns(
    table: Table | None, path: str, settings: TableSection, features: Iterable[str]
) -> Iterator[TomocalcError]:
    """Name the settings whose column is not in the table, or cannot divide the figures."""
    if table is None:
        return
    mapped = settings["features"]
    wanted: defaultdict[str, list[str]] = defaultdict(list)
    wanted["features"] += [name for name in features if name not in mapped]
    for name, column in mapped.items():
        wanted[f"table.features.{name}"].append(column)
    named = {key: settings[key] for key in ("label", "patient_id", "cluster", "site")}
    wanted |= {f"table.{key}": [column] for key, column in named.items() if column is not None}
    wanted["table.subgroups"] += settings["subgroups"]
    for key, columns in wanted.items():
        absent = [column for column in columns if column not in table.columns]
        if absent:
            why = f"{path} has no column {', '.join(f'`{column}`' for column in absent)}"
            where = f"configuration key {key}"
            yield table_error(where, why, _meant(absent[0], table.columns))
    for column in settings["subgroups"]:
        if column not in table.columns or table.rows is None:
            continue
        number = len({*table.cells(column)})
        if number > MOST_SUBGROUPS:
            why = f"it holds {number} values, too many for subgroups"
            fix = f"make at most {MOST_SUBGROUPS} groups of them, or take it out of table.subgroups"
            yield table_error(f"{path}, column {column}", why, fix)


def wrong_cells(
    table: Table, settings: TableSection, features: Iterable[str], *, filled: bool
) -> Iterator[TomocalcError]:
    """Name a label that no row has, and the features with empty cells in rows that are taken.

    Empty cells that will be *filled* are fine beside others.
    """
    if table.rows is None:
        return
    labels, words = _labels(table, settings)
    where = f"{settings['path']}, column {settings['label']}"
    for word in [word for word in words if word not in labels]:
        held = [text for text in dict.fromkeys(labels) if not is_empty(text)]
        why = f"no row is `{word}`; it holds {', '.join(sorted(held)[:SHOWN])}"
        yield table_error(where, why, "correct table.positive, or table.negative")
    taken = _taken(labels, words, settings)
    for name in features:
        column = settings["features"].get(name, name)
        cells = zip(table.lines, table.cells(column), taken, strict=True)
        empty = [line for line, text, asked in cells if asked and is_empty(text)]
        filling = len(empty) < sum(taken)  # there is something to fill them with
        if empty and not (filling and filled):
            why = f"{len(empty)} of {sum(taken)} cells are empty ({line_numbers(empty)})"
            fix = f"fill them, {'' if filling else 'or '}take {name} out of `features`"
            fix += ", or set dataset.impute" * filling
            yield table_error(f"{settings['path']}, column {column}", why, fix)


def table_cohort(
    table: Table | None, settings: TableSection, features: Sequence[str]
) -> Cohort | None:
    """Return who is in a table: patients, or where it names none its different rows."""
    if table is None or table.rows is None:
        return None
    labels, words = _labels(table, settings)
    named = [] if settings["patient_id"] is None else table.cells(settings["patient_id"])
    columns = [table.cells(settings["features"].get(name, name)) for name in features]
    groups = named if any(not is_empty(name) for name in named) else [*zip(*columns, strict=True)]
    rows = [
        (group, label == words[0])
        for group, label, taken in zip(groups, labels, _taken(labels, words, settings), strict=True)
        if taken
    ]
    having = {
        f"{kind} row": len({group for group, positive in rows if positive == (kind == "positive")})
        for kind in ("positive", "negative")
    }
    unit = "patients" if groups is named else "groups of equal rows"
    where, patients = str(settings["path"]), len({group for group, _ in rows})
    return Cohort(patients, having, len(rows), where, unit)


def _labels(table: Table, settings: TableSection) -> tuple[list[str], list[str]]:
    """Return the label of every row, and the words of both classes, the positive first."""
    words = (settings["positive"], *(settings["negative"] or ()))
    return [*map(plain_number, table.cells(settings["label"]))], [*map(plain_number, words)]


def _taken(labels: Sequence[str], words: Sequence[str], settings: TableSection) -> list[bool]:
    """Return which rows are of one of both classes."""
    one_other = settings["negative"] is None
    return [not is_empty(text) if one_other else text in words for text in labels]


def _meant(name: str, columns: Sequence[str]) -> str:
    folded = {column.casefold(): column for column in reversed(columns)}
    close = difflib.get_close_matches(name.casefold(), folded, n=1)
    known = ", ".join(columns[:SHOWN]) + (", …" if len(columns) > SHOWN else "")
    hint = f"did you mean `{folded[close[0]]}`? Name" if close else "name"
    return f"{hint} one of its columns: {known}"
