"""What is wrong with a finished table: names, labels and numbers, each with its first line.

The number of a row's line in its file is the column ``_line``.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import polars as pl

from tomocalc.cells import line_numbers, together
from tomocalc.delimited import table_error
from tomocalc.errors import TomocalcError, raise_all
from tomocalc.identity import EMPTY, unclear_names
from tomocalc.reader_terms import TERMS, rank_of, remedy
from tomocalc.sections import MOST_SUBGROUPS

LARGEST = 3.4e38
"""Numbers are stored in four bytes."""
CODES = {sign * float("9" * digits) for sign in (1, -1) for digits in range(3, 7)} | {
    *(-1.0, -9.0, -99.0, -32768.0, 65535.0, 2147483647.0, -2147483648.0)
}
"""Numbers that stand for no value in tables of SPSS and the like."""
SMALLEST = 99
"""Codes below this are values of columns of whole numbers, such as signs and steps."""
THOUSANDS = r"^-?[1-9]\d{0,2}\.\d{3}$"
TIMES = 10
"""How much larger whole numbers are than those with a point, where that is none of decimals."""
OFTEN = 3
"""Cells of one number that are no chance where no other number comes twice."""


def cell_text(column: str | None) -> pl.Expr:
    """Return the cells of *column* without blanks around them; empty where there is none."""
    if column is None:
        return pl.lit("")
    return pl.col(column).cast(pl.String).str.strip_chars().fill_null("")


def unclear(path: str, table: pl.DataFrame, patient_id: str | None) -> list[TomocalcError]:
    """Name rows without a patient, and patients who seem to have two names."""
    if patient_id is None or nameless(table, patient_id):
        return []
    rows = table.select(cell_text(patient_id), "_line").rows()
    fix = "name the patient of every row, or set table.patient_id to null"
    return together(
        (line, kind, table_error(f"{path}:{line}, column {patient_id}", why, fix))
        for line, kind, why, fix in unclear_names(rows, fix=fix)
    )


def nameless(table: pl.DataFrame, patient_id: str | None) -> bool:
    """Return whether a table names no patient: it has no such column, or an empty one."""
    if patient_id is None:
        return True
    return table.filter(~cell_text(patient_id).str.to_lowercase().is_in(EMPTY)).is_empty()


def like_words(
    path: str, table: pl.DataFrame, label: str, words: Sequence[str]
) -> Iterator[TomocalcError]:
    """Say that a label of the classes is written in another way too."""
    known = {word.casefold(): word for word in words}
    once = table.select(cell_text(label), "_line").unique(label, keep="first", maintain_order=True)
    for word, line in once.iter_rows():
        if word not in words and word.casefold() in known:
            why = f"`{word}` on line {line} differs from "
            why += f"`{known[word.casefold()]}` in spelling alone"
            fix = "write it in one way, in the table and under `table` of the settings"
            yield table_error(f"{path}, column {label}", why, fix)


def split_clusters(
    path: str, table: pl.DataFrame, cluster: str | None, label: str, patient_id: str | None
) -> Iterator[TomocalcError]:
    """Say that rows name no cluster, or that one cluster has two patients or two outcomes."""
    if cluster is None:
        return
    where, name = f"{path}, column {cluster}", cell_text(cluster)
    unnamed = table.filter(name.str.to_lowercase().is_in(EMPTY))
    if unnamed.height:
        why = f"{unnamed.height} of {table.height} rows name no cluster, the first on line "
        why += f"{unnamed['_line'][0]}"
        yield table_error(where, why, "name the cluster of every row, or set table.cluster to null")
        return
    only = "a cluster is of one patient: make its name out of the patient's and its number"
    for column, what, fix in (
        (patient_id, "patients", only),
        (label, "labels", "a cluster has one outcome: write it on all of its rows"),
    ):
        if column is None:
            continue
        rows = table.select(name.alias("of"), cell_text(column).alias("told"), "_line")
        several = rows.filter(pl.col("told").n_unique().over("of") > 1)
        if several.height:
            one = several.filter(pl.col("of") == several["of"][0])
            first = one.unique("told", keep="first", maintain_order=True).head(2)
            shown = " and ".join(
                f"{f'`{told}`' if told else 'none'} (line {line})"
                for _, told, line in first.iter_rows()
            )
            count = several["of"].n_unique()
            why = f"cluster `{one['of'][0]}` has several {what}, {shown}"
            why += f", and so do {count - 1} others" if count > 1 else ""
            yield table_error(where, why, fix)


def not_numbers(
    path: str, table: pl.DataFrame, features: dict[str, str]
) -> Iterator[TomocalcError]:
    """Say that columns of features hold something else than numbers, or codes for none."""
    for column in features.values():
        where, kind = f"{path}, column {column}", table[column].dtype
        if kind not in (pl.String, pl.Boolean, pl.Null) and not kind.is_numeric():
            yield table_error(where, f"it holds {kind}, no numbers", "turn it into numbers")
            continue
        number, text = pl.col(column).cast(pl.Float64).fill_nan(None), pl.lit("")
        if kind == pl.String:
            text = cell_text(column).str.to_lowercase()
            number = text.cast(pl.Float64, strict=False)
        cells = table.select("_line", column, number=number, text=text)
        if kind == pl.String:
            cells = cells.filter(pl.col("text") != "")
        bad = cells.filter(pl.col("number").is_null()) if kind == pl.String else cells.clear()
        endless = cells.filter(pl.col("number").abs() > LARGEST)
        for rows, what in ((bad, "not numbers"), (endless, "infinite or larger than 3.4e38")):
            if rows.height:
                line, value = rows["_line"][0], rows[column][0]
                why = f"{rows.height} of {table.height} cells are {what}, "
                why += f"the first is `{value}` on line {line}"
                fix = "write numbers, without a mark between thousands, or leave cells empty"
                yield table_error(where, why, fix)
        if kind == pl.String and (grouped := _grouped(cells["text"])):
            why = f"{grouped[1]} cells are written as `{grouped[0]}` beside whole numbers that are "
            why += "far larger: the point seems to stand between thousands"
            yield table_error(where, why, "write numbers without a mark between thousands")
        if (code := _stands_for_none(cells["number"].drop_nulls())) is not None:
            count = cells.filter(pl.col("number") == code).height
            why = f"{count} cells are {code:g}, unlike all others: it seems to stand for no value"
            yield table_error(where, why, "leave these cells empty")


def empty_cells(
    path: str, table: pl.DataFrame, features: dict[str, str], *, filled: bool
) -> Iterator[TomocalcError]:
    """Say that cells of features are empty, unless they will be *filled* from others."""
    cells = {column: cell_text(column).str.to_lowercase() for column in features.values()}
    found = table.select(text.is_in(EMPTY).alias(column) for column, text in cells.items())
    for name, column in features.items():
        empty = table["_line"].filter(found[column]).to_list()
        filling = len(empty) < table.height  # there is something to fill them with
        if empty and not (filling and filled):
            none = "empty or BI-RADS 0" if name == "reader_birads" else "empty"
            why = f"{len(empty)} of {table.height} cells are {none} ({line_numbers(empty)})"
            fix = f"fill them, or before a training take {name} out of `features`"
            fix += " or set dataset.impute" * filling
            yield table_error(f"{path}, column {column}", why, fix)


def many_groups(path: str, table: pl.DataFrame, columns: Iterable[str]) -> Iterator[TomocalcError]:
    """Say that columns hold too many values to divide the figures."""
    for name in columns:
        if (number := table.select(cell_text(name)).n_unique()) > MOST_SUBGROUPS:
            why = f"it holds {number} values, too many for subgroups"
            fix = f"make at most {MOST_SUBGROUPS} groups of them, or take it out of table.subgroups"
            yield table_error(f"{path}, column {name}", why, fix)


def _grouped(texts: pl.Series) -> tuple[str, int] | None:
    """Return a number such as ``1.234`` that stands for 1234, and how many there are.

    All numbers with a point have three digits behind it, and the others are whole and much larger:
    these are below a thousand, and those above.
    """
    whole = texts.filter(texts.str.contains(r"^-?[1-9]\d*$")).cast(pl.Float64).abs()
    others = texts.filter(texts.str.contains(r"\D") & ~texts.str.contains(r"^-\d+$"))
    if whole.is_empty() or others.is_empty() or not others.str.contains(THOUSANDS).all():
        return None
    least, most = others.cast(pl.Float64).abs().median(), whole.median()
    apart = float(most or 0) > TIMES * float(least or 0)  # type: ignore[arg-type]
    return (others[0], others.len()) if apart else None


def _stands_for_none(numbers: pl.Series) -> float | None:
    """Return a number such as -999 that cells hold, if nothing else can explain it.

    It is the only one below 0, or lies farther off than the others from each other, or comes again
    and again where no other number does.
    """
    values = numbers.filter(numbers.is_finite()).to_numpy()
    found, counts = np.unique(values, return_counts=True)
    coded = np.isin(found, list(CODES))
    rest, once = found[~coded], counts[~coded].max(initial=1) == 1
    for code, count in zip(found[coded].tolist(), counts[coded].tolist(), strict=True):
        if not rest.size or (abs(code) < SMALLEST and (rest == np.rint(rest)).all()):
            continue
        below = code < 0 <= rest[0]
        far = np.abs(rest - code).min() > rest[-1] - rest[0]
        if below or (abs(code) >= SMALLEST and (far or (once and count >= OFTEN))):
            return code
    return None


def reader_ranks(path: str, table: pl.DataFrame, features: dict[str, str]) -> pl.DataFrame:
    """Return *table* with the terms of a reader as ranks, where *features* asks for them.

    Raises
    ------
    TomocalcError
        ``E302`` for another word, once a column, with its first line.
    """
    errors = []
    for feature in sorted(TERMS.keys() & features.keys()):
        column, ranks = features[feature], dict[str, float | None]()
        for text, line in table.select(cell_text(column), "_line").iter_rows():
            if text in ranks:
                continue
            try:
                ranks[text] = rank_of(feature, text)
            except ValueError as error:
                where = f"{path}, column {column}, line {line}"
                errors.append(table_error(where, str(error), remedy(feature)))
                break
        coded = table.select(cell_text(column)).to_series().replace_strict(ranks, default=None)
        table = table.with_columns(coded.cast(pl.Float64).alias(column))
    raise_all(errors)
    return table
