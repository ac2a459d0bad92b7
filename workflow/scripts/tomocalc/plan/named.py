"""What the files that a configuration names must hold, told before any job runs.

Only what Snakemake itself needs is imported here; of a Parquet file nothing is told where pyarrow
is missing, as beside jobs with environments of their own: the job that reads it tells.
"""

from __future__ import annotations

import difflib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tomocalc.audit.split_file import (
    Use,
    check_parts,
    is_parquet,
    split_fault,
    split_text,
    split_uses,
    wanted,
)
from tomocalc.cells import Row, line_numbers
from tomocalc.comparison.catalogue import read_cited
from tomocalc.delimited import split_lines, table_error
from tomocalc.errors import TomocalcError, raise_all
from tomocalc.identity import is_empty, plain_number
from tomocalc.sections import MOST_SUBGROUPS, TABLE, TableSection

LARGE = 100_000_000
"""Bytes of a text table above which only the job that reads it looks into it."""
SHOWN = 20
"""Columns that a message counts up."""
MODEL = ("model.safetensors", "model.json")


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


def check_named_files(config: Mapping[str, Any]) -> None:
    """Check that tables, a split file, a model, cited figures and the data's folder are there.

    Raises
    ------
    TomocalcError
        ``E104``, one for each that the configuration names and that is missing.
    """
    raise_all(list(_missing(config)))


def check_contents(config: Mapping[str, Any], volumes: Mapping[str, Row]) -> None:
    """Check what tables, a split file and the sheet of cited figures hold.

    Parameters
    ----------
    volumes
        Rows of the volumes of the run, by their id.

    Raises
    ------
    TomocalcError
        ``E302`` for a column that a table lacks and for faults of a split file, ``E102`` or
        ``E103`` for the sheet of cited figures.
    """
    own, other = config["table"], config["predict"]["table"]
    known = None
    if config["source"] == "table" and not is_address(own["path"]):
        known = read_table(own["path"], header=own["header"])
        raise_all(list(_wrong_columns(known, own["path"], own, config["features"])))
        if known is not None:
            filled = config["dataset"]["impute"] != "none"
            raise_all(list(_wrong_cells(known, own, config["features"], filled=filled)))
    if other is not None:
        found = read_table(other, header=own["header"])
        raise_all(list(_wrong_columns(found, other, own, _features_of_model(config))))
    if (splits := config["audit"]["splits"]) is not None and not is_parquet(splits):
        mine = None if config["source"] == "table" else volumes
        _check_split(splits, mine, known, own["patient_id"])
    if (cited := config["comparison"]["cited"]) is not None:
        read_cited(cited)


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


def _missing(config: Mapping[str, Any]) -> Iterator[TomocalcError]:
    """Say which files are not there."""
    paths = {
        "audit.splits": config["audit"]["splits"],
        "comparison.cited": config["comparison"]["cited"],
        "predict.table": config["predict"]["table"],
    }
    if config["source"] == "table" and not is_address(config["table"]["path"]):
        paths["table.path"] = config["table"]["path"]
    for key, path in paths.items():
        if path and not Path(path).is_file():
            yield _absent(key, f"`{path}` is not a file", "correct the path")
    model, root = config["predict"]["model"], config["volumes"]["data_root"]
    if model is not None and not all(Path(model, name).is_file() for name in MODEL):
        fix = "give the folder of a released model, or leave it empty: the model of this run"
        yield _absent("predict.model", f"`{model}` is no folder with {' and '.join(MODEL)}", fix)
    if root is not None and not Path(root).is_dir():
        yield _absent("volumes.data_root", f"`{root}` is no folder", "correct the path")


def _absent(key: str, why: str, fix: str) -> TomocalcError:
    return TomocalcError(
        "E104",
        what="a file that the configuration names is missing",
        where=f"configuration key {key}",
        why=why,
        fix=fix,
    )


def _features_of_model(config: Mapping[str, Any]) -> list[str]:
    """Return what the model to predict with reads; of an unreadable card nothing is known here."""
    folder = config["predict"]["model"]
    if folder is None:
        return config["features"]
    try:
        card = json.loads(Path(folder, MODEL[1]).read_text(encoding="utf-8"))
        return [feature["name"] for feature in card["features"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _wrong_columns(
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


def _wrong_cells(
    table: Table, settings: TableSection, features: Iterable[str], *, filled: bool
) -> Iterator[TomocalcError]:
    """Name a label that no row has, and the features with empty cells in rows that are taken.

    Empty cells that will be *filled* are fine beside others.
    """
    if table.rows is None:
        return
    labels = [plain_number(text) for text in table.cells(settings["label"])]
    words = [plain_number(text) for text in (settings["positive"], *(settings["negative"] or ()))]
    where = f"{settings['path']}, column {settings['label']}"
    for word in [word for word in words if word not in labels]:
        held = [text for text in dict.fromkeys(labels) if not is_empty(text)]
        why = f"no row is `{word}`; it holds {', '.join(sorted(held)[:SHOWN])}"
        yield table_error(where, why, "correct table.positive, or table.negative")
    one_other = settings["negative"] is None
    taken = [not is_empty(text) if one_other else text in words for text in labels]
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


def _meant(name: str, columns: Sequence[str]) -> str:
    folded = {column.casefold(): column for column in reversed(columns)}
    close = difflib.get_close_matches(name.casefold(), folded, n=1)
    known = ", ".join(columns[:SHOWN]) + (", …" if len(columns) > SHOWN else "")
    hint = f"did you mean `{folded[close[0]]}`? Name" if close else "name"
    return f"{hint} one of its columns: {known}"


def _check_split(
    path: str, volumes: Mapping[str, Row] | None, table: Table | None, patient_id: str | None
) -> None:
    """Hold a split file against the volumes of the run, or without any against its table."""
    of_table = volumes is None
    uses = split_uses(path, *split_text(path), of_table=of_table)
    check_parts(path, {use.part for use in uses})
    column = "volume_id" if uses[0].patient_id is None else "patient_id"
    by_row = column == "volume_id" and all(use.volume_id == TABLE for use in uses)
    if column == "volume_id" and by_row is not of_table and TABLE not in (volumes or ()):
        named = ("it names volumes", "a table") if of_table else ("it numbers rows", "volumes")
        why = f"{named[0]}, and this run has {named[1]}"
        raise split_fault(path, why, wanted(of_table=of_table))
    if volumes is not None:
        _need_known(path, uses, {str(row[column]) for row in volumes.values()}, column)
    elif not by_row and patient_id is None:
        why = "it names patients, and the table has no column of them"
        raise split_fault(path, why, "name it in table.patient_id, or give row and part")
    elif not by_row and table is not None and table.rows is not None:
        _need_known(path, uses, {*table.cells(str(patient_id))}, column)
    elif by_row and table is not None and table.rows is not None:
        last = max(uses, key=lambda use: use.candidate_id or 0)
        if (last.candidate_id or 0) >= len(table.rows):
            why = f"it names row {last.candidate_id}, and the table's rows are 0 to "
            fix = "count rows from 0, without the header"
            raise split_fault(f"{path}:{last.line}", f"{why}{len(table.rows) - 1}", fix)


def _need_known(path: str, uses: Sequence[Use], known: Collection[str], column: str) -> None:
    """Name the first of the patients or volumes of a split file that are none of this run."""
    named = {getattr(use, column): use.line for use in reversed(uses)}
    unknown = {name: line for name, line in reversed(named.items()) if name not in known}
    if unknown:
        name, line = next(iter(unknown.items()))
        folded = {one.casefold(): one for one in known}
        close = difflib.get_close_matches(name.casefold(), folded, n=1)
        what = column.partition("_")[0]
        why = f"{len(unknown)} of its {what}s are none of this run, the first is `{name}`"
        fix = f"write every {what} as in the sheet of volumes, or the table"
        hint = f"did you mean `{folded[close[0]]}`? Otherwise {fix}" if close else fix
        raise split_fault(f"{path}:{line}, column {column}", why, hint)
