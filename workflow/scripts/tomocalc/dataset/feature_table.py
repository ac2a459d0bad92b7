"""Turn a finished feature table (CSV or Parquet) into rows of the data set."""

import difflib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from tomocalc.accounts.quality import DatasetDoubt
from tomocalc.dataset.doubts import table_doubts
from tomocalc.dataset.table_checks import (
    cell_text,
    empty_cells,
    like_words,
    many_groups,
    nameless,
    not_numbers,
    reader_ranks,
    split_clusters,
    unclear,
)
from tomocalc.delimited import LINE, check_header, table_error
from tomocalc.errors import TomocalcError, raise_all
from tomocalc.identity import EMPTY, plain_number
from tomocalc.parquet import BAD, load_parquet
from tomocalc.sections import TABLE, TableSection
from tomocalc.tables import FEATURES, KEYS, LABELS, PLACE, Column, own_columns, schema
from tomocalc.text_table import PARQUET, TWICE, UNTOLD, decimal_comma, text_table

CANDIDATE = KEYS + PLACE + FEATURES + LABELS
"""Columns of ``candidates.parquet`` where every feature is measured here."""


def candidate_columns(features: Iterable[str]) -> tuple[Column, ...]:
    """Return the columns of ``candidates.parquet`` where *features* may be a table's own."""
    return KEYS + PLACE + FEATURES + own_columns(features) + LABELS


NAMING = ("label", "patient_id", "cluster", "site")
"""Keys of the settings that name a column."""
LABELS_SHOWN = 10
"""Different labels that a message counts up, at most."""
COLUMNS_SHOWN = 20
"""The same of columns."""


@dataclass(frozen=True)
class TableFacts:
    """What to know of a table beside its rows.

    Attributes
    ----------
    unlabelled, other_labels
        Rows that are not in the data set: without a label, or with another one.
    doubts
        What may be wrong with it.
    """

    unlabelled: int
    other_labels: int
    doubts: tuple[DatasetDoubt, ...] = ()


def read_feature_table(
    path: str,
    columns: TableSection,
    *,
    unlabelled: str,
    needed: Collection[str] = (),
    filled: bool = False,
) -> tuple[pl.DataFrame, TableFacts]:
    """Read a table with one candidate per row through a map of its columns.

    Parameters
    ----------
    path
        CSV (comma, semicolon or tab) or Parquet file.
    columns
        Section of the configuration. A column of patients that is empty throughout names none; of
        a cluster its rows are the members, in the order of the file.
    unlabelled
        ``fail`` or ``drop``: what to do with rows whose label is empty.
    needed, filled
        Features of which no cell may be empty, or some where they will be filled from others.

    Returns
    -------
    rows, facts
        Rows with the columns of ``candidates.parquet``, and what else to know of the table.

    Raises
    ------
    TomocalcError
        ``E302``, naming the setting, the column or the line at fault.
    """
    features, label, site = columns["features"], columns["label"], columns["site"]
    patient_id, cluster = columns["patient_id"], columns["cluster"]
    groups = columns.get("subgroups", [])  # a job may not know them
    table = raw_table(path, header=columns["header"])
    wanted = {"features": [name for name, column in features.items() if name == column]}
    wanted |= {f"table.features.{key}": [name] for key, name in features.items() if key != name}
    wanted |= {f"table.{key}": [name] for key in NAMING if (name := columns[key]) is not None}
    _check_columns(path, table, wanted, groups)
    table = table.drop(UNTOLD)
    twice = sorted(
        name for names in wanted.values() for name in names if f"{name}{TWICE}" in table.columns
    )
    if twice:
        why = f"it has several columns {', '.join(twice)}, and which one is meant is open"
        raise table_error(path, why, "rename or delete one of them")
    called: dict[str, list[str]] = {}
    for key, name in features.items():
        called.setdefault(name, []).append(key)
    for name, keys in called.items():
        if len(keys) > 1:
            why = f"column {name} is said to be {' and '.join(sorted(keys))}"
            raise table_error("configuration key table.features", why, "name one column for each")
    for name in filter(None, (label, patient_id, site, cluster)):
        if (kind := table[name].dtype).is_temporal():
            raise table_error(f"{path}, column {name}", f"it holds {kind}", "turn it into text")
    table = table.with_columns(_one_spelling(table[label])).with_row_index(" row")
    table = table.filter(pl.any_horizontal(pl.exclude(" row", "_line").is_not_null()))
    positive, negative = plain_number(columns["positive"]), columns["negative"]
    negative = None if negative is None else [*map(plain_number, negative)]
    text = cell_text(label)
    raise_all(list(like_words(path, table, label, [positive, *(negative or ())])))
    raise_all(list(split_clusters(path, table, cluster, label, patient_id)))
    words = _labels(path, table, label, positive, negative)
    named = text.is_in([positive, *words])
    unknown = table.filter(~named & text.str.to_lowercase().is_in(EMPTY))
    if unknown.height and unlabelled == "fail":
        line = unknown["_line"][0]
        why = f"{unknown.height} rows have no label, the first on line {line}"
        raise table_error(path, why, "complete them, or set labels.unlabelled: drop")
    other_labels = table.filter(~named).height - unknown.height
    table = table.filter(named)
    table = _with_numbers(table, list(features.values()))
    table = reader_ranks(path, table, features)
    asked = {name: features[name] for name in needed}
    raise_all(
        [
            *not_numbers(path, table, features),
            *empty_cells(path, table, asked, filled=filled),
            *unclear(path, table, patient_id),
        ]
    )
    whose = {"patient_id": patient_id, "cluster": cluster}
    doubts = table_doubts(table, features.values(), label=label, **whose)
    # a cluster is numbered by its first row, and its members count from 0
    of = pl.col(" row") if cluster is None else cell_text(cluster)
    first, member = pl.col(" row").first().over(of), pl.int_range(pl.len()).over(of)
    known = {
        "volume_id": pl.lit(TABLE),
        "candidate_id": first,
        "slice": member,
        "patient_id": pl.lit("") if nameless(table, patient_id) else cell_text(patient_id),
        "detected": pl.lit(value=True),
        "focus": member == 0,
        "qc_flag": pl.lit("ok"),
        "site": cell_text(site),
        "label": text == positive,
        **{name: _number(table, column) for name, column in features.items()},
    }
    rows = table.select(
        known.get(name, pl.lit(None)).cast(kind).alias(name)
        for name, kind in schema(candidate_columns(features)).items()
    )
    return rows.sort("candidate_id", "slice"), TableFacts(unknown.height, other_labels, doubts)


def _labels(
    path: str, table: pl.DataFrame, label: str, positive: str, negative: Sequence[str] | None
) -> list[str]:
    """Return the labels of the negative class, every one of which some row has."""
    held = table.select(cell_text(label).unique().sort()).to_series()
    said = [positive, *(negative or ())]  # `none` is a label where the settings say so
    held = held.filter(~held.str.to_lowercase().is_in(EMPTY) | held.is_in(said))
    others = held.filter(held != positive).to_list()
    shown = ", ".join(held.head(LABELS_SHOWN)) + (", …" if len(held) > LABELS_SHOWN else "")
    shown = shown or "nothing"
    where = f"{path}, column {label}"
    if positive not in held:
        why = f"no row of column {label} is `{positive}`; it holds {shown}"
        raise table_error(where, why, "set table.positive to the label of the positive class")
    if negative is None and len(others) != 1:
        why = f"it holds {len(held)} different labels, {shown}, and which of them are negative "
        why += "is not said" if others else "cannot be said: there is one class only"
        fix = "set table.negative to the list of them; rows of other labels are left out, counted"
        one = "add rows of the other class, or name its label in table.negative"
        raise table_error(where, why, fix if others else one)
    if negative is not None and (absent := sorted(set(negative) - {*others})):
        why = f"no row is `{absent[0]}`" if absent[0] != positive else "one label is both classes"
        raise table_error(where, f"{why}; it holds {shown}", "correct table.negative")
    return others if negative is None else list(negative)


def read_subgroups(path: str, columns: Sequence[str], *, header: bool) -> pl.DataFrame:
    """Return ``candidate_id`` and *columns* of a table as text, empty cells as empty text.

    Raises
    ------
    TomocalcError
        ``E302`` for a column that is not there, or holds too many values to be groups.
    """
    table = raw_table(path, header=header)
    _check_columns(path, table, {}, columns)
    rows = table.select(pl.int_range(pl.len(), dtype=pl.Int32).alias("candidate_id"))
    return rows.with_columns(table.select(cell_text(name).alias(name) for name in columns))


def _check_columns(
    path: str, table: pl.DataFrame, wanted: dict[str, list[str]], groups: Sequence[str]
) -> None:
    """Check that a table has the columns *wanted* by keys of the configuration, and its groups."""
    known = [name for name in table.columns if name not in ("", LINE)]
    untold = table.select(UNTOLD).schema
    asked = {*groups}.union(*wanted.values())
    fix = "turn it into numbers or text, or name another column"
    errors = [
        table_error(f"{path}, column {name}", f"it holds {kind}", fix)
        for name, kind in untold.items()
        if name in asked
    ]
    told = [name for name in groups if name in known and name not in untold]
    errors += many_groups(path, table, told)
    for key, columns in (wanted | {"table.subgroups": groups}).items():
        if absent := [column for column in columns if column not in known]:
            why = f"{path} has no column {', '.join(f'`{column}`' for column in absent)}"
            errors.append(table_error(f"configuration key {key}", why, _meant(absent[0], known)))
    raise_all(errors)


def _meant(name: str, columns: Sequence[str]) -> str:
    folded = {column.casefold(): column for column in reversed(columns)}
    close = difflib.get_close_matches(name.casefold(), folded, n=1)
    known = ", ".join(columns[:COLUMNS_SHOWN]) + (", …" if len(columns) > COLUMNS_SHOWN else "")
    hint = f"did you mean `{folded[close[0]]}`? Name" if close else "name"
    return f"{hint} one of its columns: {known}"


def raw_table(path: str, *, header: bool) -> pl.DataFrame:
    """Read a table as it is, with the lines of its rows; what is in a text file stays text."""
    try:
        if Path(path).suffix.lower() in PARQUET:
            return load_parquet(path).with_row_index(LINE, 1)
        table = text_table(path, header=header, lines=True)
        if header:
            check_header(path, [name for name in table.columns if name != LINE], [])
    except TomocalcError as error:
        raise table_error(error.where, error.why, error.fix) from error
    except BAD as error:
        why = str(error).splitlines()[0]
        raise table_error(path, why, "give the path of a CSV or Parquet file") from error
    return table


def _one_spelling(labels: pl.Series) -> pl.Series:
    """Return labels as text, numbers in one spelling: ``1`` and ``1.0`` are one label."""
    texts = labels.cast(pl.String)
    return texts.replace({text: plain_number(text) for text in texts.drop_nulls().unique()})


def _with_numbers(table: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """Empty the cells of text *columns* that hold ``NA`` and the like; read decimal commas.

    A comma is the decimal mark where `decimal_comma` says so and no number has a point.
    """
    texts = [name for name in columns if table[name].dtype == pl.String]
    plain = [pl.col(name).str.strip_chars() for name in texts]
    table = table.with_columns(
        pl.when(~cell.str.to_lowercase().is_in(EMPTY)).then(cell).alias(name)
        for name, cell in zip(texts, plain, strict=True)
    )
    nothing = pl.Series("cell", [], pl.String)
    cells = pl.concat([nothing, *(table[name].alias("cell") for name in texts)])
    if not decimal_comma(cells) or cells.str.contains(r"^-?\d*\.\d").any():
        return table
    return table.with_columns(pl.col(texts).str.replace(r"^(-?\d+),(\d+([eE][+-]?\d+)?)$", "$1.$2"))


def _number(table: pl.DataFrame, column: str) -> pl.Expr:
    """Return the cells of *column* as numbers; null where they are empty."""
    if table[column].dtype != pl.String:
        return pl.col(column).cast(pl.Float64).fill_nan(None)
    text = pl.col(column).str.strip_chars()
    return pl.when(text != "").then(text).cast(pl.Float64)
