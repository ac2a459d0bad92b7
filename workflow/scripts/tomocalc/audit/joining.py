"""Put the parts of a split to the rows of a table, by what both say of them.

Its complaints name columns and lines and never a value: who sends one on gives no patient away.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl
import polars.selectors as cs

from tomocalc.audit.rows import close_to, read_table, unusable
from tomocalc.audit.split_file import (
    KEY,
    ORDER,
    alike,
    name_of,
    own_parts,
    place_of,
    read_parts,
    shared_columns,
)
from tomocalc.delimited import LINE
from tomocalc.errors import TomocalcError
from tomocalc.identity import spelling_key
from tomocalc.text_table import UNTOLD

KEYS = (KEY, KEY[:1], ["patient_id"])
"""Columns that say which candidates of volumes a line is about, the finest first."""
PLACE = " place"
"""Column of the number of a row among all, from 0."""
TOLD, ALIKE = " as told", " alike"
"""Ends of the names of what lines say beside, and of keys in one spelling."""
COUNTED = ("row", ORDER, KEY[1])
"""Keys that are numbers: of these, zeros in front do not count."""


def joined_table(table: Any, split: Any, *, patient: str | None = None) -> tuple[pl.DataFrame, int]:
    """Return the rows with part and number (`PLACE`), and how many of the table are in none.

    Parameters
    ----------
    table, split
        As `tomocalc.audit.tables.audit_table` takes them.
    patient
        Column of the patients, which may say by itself what belongs together.
    """
    if isinstance(table, dict):
        return _one_below_the_other(table).with_row_index(PLACE), 0
    if split is None:
        return read_parts(table).drop(LINE).with_row_index(PLACE), 0
    frame, lines = read_table(table).drop("part", strict=False), read_parts(split)
    frame, lines = alike(frame, lines, patient)
    key = _key(name_of(split), frame, lines, patient)
    frame = frame.with_columns(pl.col(key).cast(pl.String))
    once = key != [patient] and not _names_rows(frame, key)
    rows, lacking = _met(split, frame, lines, key, once=once)
    if lacking:
        raise _strangers(split, frame, lines, lacking, key)
    rest = frame.height - rows[PLACE].n_unique()
    return rows.select(PLACE, *frame.drop(ORDER, strict=False).columns, "part"), rest


def own_rows(
    path: str, frame: pl.DataFrame, *, patient: str | None, of_volumes: bool, whole: bool = True
) -> tuple[pl.DataFrame, int]:
    """Return the rows of a run that its user's split is about, and how many lines are about none.

    A row comes once for every line about it, with its ``part``, the number of the line (`LINE`) and
    its own (`PLACE`). A volume or a patient is in one part, and what lines say beside is what the
    run says.

    Parameters
    ----------
    path
        The split file.
    frame
        All rows of the table; of volumes their candidates, or they themselves.
    patient
        Column of the patients, if there is one.
    of_volumes
        Whether lines name volumes and candidates; else they name rows of a table.
    whole
        Whether *frame* has all that may be named; else a volume or a patient may lack in it.

    Raises
    ------
    TomocalcError
        ``E302``.
    """
    frame, lines = frame.drop(cs.by_name("part", require_all=False) | UNTOLD), own_parts(path)
    frame, lines = alike(frame, lines, patient, numbered=not of_volumes)
    shared = shared_columns(frame, lines)
    key = next((key for key in KEYS if of_volumes and {*key} <= {*shared}), None)
    if of_volumes and key is None:
        told = ", ".join(name for name in lines.columns if name not in ("part", LINE))
        why = f"it has no column that says whom a line is about; it has {told or 'part alone'}"
        raise unusable(path, why, "give volume_id and candidate_id, volume_id, or patient_id")
    if of_volumes and {*KEY} <= {*lines.columns}:
        numbers = lines[KEY[1]].cast(pl.String).str.contains(r"^\s*\d+(\.0+)?\s*$")
        if len(bad := (~numbers.fill_null(value=False)).arg_true()):
            where = f"{place_of(path, lines[LINE][bad[0]])}, column {KEY[1]}"
            fix = "give its number, or no such column where every volume is in one part"
            raise unusable(where, "it is no number of a candidate", fix)
    key = key or _key(path, frame, lines, patient)
    several = KEY[1] in lines.columns if of_volumes else _names_rows(frame, key)
    once = not several or key == [patient]
    rows, lacking = _met(path, frame, lines, key, once=once, of_volumes=of_volumes)
    if lacking and (whole or not once):
        what = "volume or candidate of this run" if of_volumes else "row of the table"
        raise _strangers(path, frame, lines, lacking, key, what=what)
    if key != [patient]:
        counted = key[0] in ("row", ORDER)
        beside = [name for name in shared if name not in key]
        _check_beside(path, rows, beside, counted=counted)
    return rows, len(lacking)


def _met(
    source: Any,
    frame: pl.DataFrame,
    lines: pl.DataFrame,
    key: list[str],
    *,
    once: bool,
    of_volumes: bool = False,
) -> tuple[pl.DataFrame, list[int]]:
    """Return the rows with each of their lines, and the lines about none by their number.

    Parameters
    ----------
    once, of_volumes
        Whether what a line names is in one part; whether lines name volumes and candidates.
    """
    names = [f"{name}{ALIKE}" for name in key]
    frame, lines = (  # 3.0 is 3, as pandas writes it
        one.with_columns(
            pl.col(name)
            .cast(pl.String)
            .str.strip_chars()
            .str.replace(r"^0*(\d+)(\.0+)?$" if name in COUNTED else r"^(\d+)\.0+$", "$1")
            .alias(f"{name}{ALIKE}")
            for name in key
        )
        for one in (frame, lines)
    )
    if once or not _names_rows(frame, names):
        lines = lines.unique([*names, "part"], keep="first", maintain_order=True)
    again = lines.filter(~pl.struct(names).is_first_distinct())
    if once and again.height:
        said = ("all" if len(key) > 1 else "is all") + " that it shares with the "
        said += "run" if of_volumes else "table"
        first = lines.join(again.head(1), on=names, how="semi", nulls_equal=True)[LINE][0]
        raise unusable(
            f"{place_of(source, again[LINE][0])}, column {key[0]}",
            f"{' and '.join(key)} {said}, "
            f"and what this line names is in several parts, also by {place_of(source, first)}",
            "correct it, or name finer what is in a part: by "
            + ("volume_id and candidate_id" if of_volumes else "row, its number from 0"),
        )
    lacking = lines.join(frame, on=names, how="anti", nulls_equal=True)
    rows = frame.with_row_index(PLACE).join(
        lines, on=names, how="inner", suffix=TOLD, nulls_equal=True, maintain_order="left"
    )
    return rows, lacking[LINE].to_list()


def _strangers(
    source: Any,
    frame: pl.DataFrame,
    lines: pl.DataFrame,
    lacking: list[int],
    key: list[str],
    *,
    what: str = "row of the table",
) -> TomocalcError:
    """Return that lines name nothing that is there."""
    first = lines.filter(pl.col(LINE) == lacking[0])[key[0]].cast(pl.String)
    told, known = first.fill_null("")[0], {*frame[key[0]].cast(pl.String).drop_nulls()}
    fix = "correct these lines, or take them out"
    if key[0] in ("row", ORDER) and known == {*map(str, range(frame.height))}:
        fix = f"count rows from 0, without the header: the last one is {frame.height - 1}"
    elif key[0] == "row":
        fix = "write in row what the column row of the table holds"
    elif len(lacking) == lines.height:
        fix = "compare how both spell it, as zeros in front and separators"
    elif told not in known and spelling_key(told) in map(spelling_key, known):
        fix = f"write {key[0]} as it stands there: case, zeros or separators alone differ"
    named = " and ".join("row" if name == ORDER else name for name in key)
    why = f"{len(lacking)} of its lines name no {what} by {named}"
    return unusable(place_of(source, lacking[0]), why, fix)


def _check_beside(path: str, rows: pl.DataFrame, names: Iterable[str], *, counted: bool) -> None:
    """Hold what a split says beside against the rows that it is about: its order may differ."""
    fix = "correct the one that is wrong, or take the column out of the split"
    if counted:
        fix = "see that rows are counted from 0 in the table's order, without the header"
    for name in names:
        kinds = [rows[one].dtype for one in (name, f"{name}{TOLD}")]
        if any(kind.is_temporal() for kind in kinds):
            continue  # written in many ways
        texts = [pl.col(one).cast(pl.String).str.strip_chars() for one in (name, f"{name}{TOLD}")]
        own, told = (text.cast(pl.Float64, strict=False) for text in texts)
        whole = (own % 1 == 0) & (told % 1 == 0)  # others may be rounded
        near = pl.when(whole).then(0).otherwise(1e-5 * own.abs())
        far = ((own - told).abs() > near).fill_null(not any(kind.is_float() for kind in kinds))
        for line, *cells in rows.filter(far).select(LINE, *texts).drop_nulls().iter_rows():
            if all(cells) and len({*map(spelling_key, cells)}) > 1:
                why = "it says otherwise than the row that it is about"
                raise unusable(f"{place_of(path, line)}, column {name}", why, fix)


def _one_below_the_other(table: Mapping[str, object]) -> pl.DataFrame:
    """Return the rows of parts that are tables of their own."""
    parts = [read_table(source).with_columns(part=pl.lit(name)) for name, source in table.items()]
    if len(parts) < 2:
        raise unusable(f"part {next(iter(table))}", "it is the only one", "give train and test")
    first = parts[0].columns
    different = {name for one in parts[1:] for name in {*first} ^ {*one.columns}}
    if different:
        raise unusable(
            "the files of the parts",
            f"not all have the column {min(different)}",
            "give tables with the same columns",
        )
    return pl.concat([one.select(first) for one in parts], how="vertical_relaxed")


def _key(where: str, frame: pl.DataFrame, lines: pl.DataFrame, patient: str | None) -> list[str]:
    """Return the columns by which a line of a split belongs to a row: as few as tell it.

    A column that both have may also be an attribute, such as the scanner or the label, which is
    the same in many rows or empty: what names rows goes first, then the patient.
    """
    shared = shared_columns(frame, lines)
    for name in (ORDER, "row"):
        if name in shared and _names_rows(frame, [name]):
            return [name]
    floats = {name for one in (frame, lines) for name in one.select(cs.float()).columns}
    plain = [name for name in shared if name not in floats]
    for name in plain:
        if _names_rows(frame, [name]):
            return [name]
    of_patients = patient in shared and not lines[patient].is_duplicated().any()
    if not of_patients and plain and _names_rows(frame, plain):
        return plain
    if patient is not None and patient in shared:
        return [patient]
    if shared:
        return plain or shared
    own = [name for name in lines.columns if name not in ("part", LINE)]
    if not own:
        why = (
            f"it has {lines.height} lines, the table {frame.height} rows, and they share no column"
        )
        raise unusable(where, why, "add the column row, the number of the table's row from 0")
    fix = "rename the column that names rows or patients as in the table"
    fix += f" ({patient}, for patients)" * (patient is not None)
    fix += ", or add row, the number of the table's row from 0"
    raise unusable(where, f"it has no column of the table; {close_to(own[0], own)}", fix)


def _names_rows(frame: pl.DataFrame, names: list[str]) -> bool:
    """Return whether every row has a value of its own in these columns."""
    own = frame.select(names)
    return not own.is_duplicated().any() and own[names[0]].null_count() == 0
