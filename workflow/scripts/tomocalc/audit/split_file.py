"""The lines of a split: their parts, and which columns they share with a table.

Complaints name columns and lines and never a value: who sends one on gives no patient away.
"""

import difflib
import re
from pathlib import Path
from typing import Any

import polars as pl

from tomocalc.audit.rows import read_table, unusable
from tomocalc.delimited import LINE
from tomocalc.sections import PARTS, TABLE
from tomocalc.text_table import PARQUET

WORDS = {
    **dict.fromkeys(("train", "training", "learn", "learning", "derivation"), "train"),
    **dict.fromkeys(("validation", "val", "valid", "dev"), "validation"),
    **dict.fromkeys(("tune", "tuning"), "validation"),
    **dict.fromkeys(("test", "testing", "holdout"), "test"),
}
"""What people call the parts of a split; "development" is one of training or of validation."""
PART = ("part", "split", "subset", "partition", "set", "fold")
"""Columns that may hold the part, the likeliest first."""
PATIENT = ("patientid", "patient", "subjectid", "subject")
"""What the column of the patients is called; of names only letters and digits count."""
CALLED = {"volume_id": ("volume",), "candidate_id": ("candidate",), "row": ()}
"""Columns of splits, and what else they are called."""
KEY = ["volume_id", "candidate_id"]
"""Columns that name a candidate."""
FOLD = re.compile("fold|repeat|iteration|^cv$", re.IGNORECASE)
"""Names of columns that number the splits of a cross-validation."""
ORDER = "_order"
"""Column of the place of rows and lines that have nothing else in common."""


def read_parts(source: Any) -> pl.DataFrame:
    """Return a table or a split with the part of every line, in our words, for its own column.

    The column `LINE` is the number of the line in a text file, else of the row, from 0.
    """
    frame = read_table(source, lines=True)
    frame = frame if LINE in frame.columns else frame.with_row_index(LINE)
    cells = pl.exclude(LINE).cast(pl.String, strict=False).str.strip_chars().fill_null("")
    frame = frame.filter(frame.select(~pl.all_horizontal(cells == "")).to_series())
    plain = {_plain(name): name for name in reversed(frame.columns)}
    column = next((plain[name] for name in PART if name in plain), None)
    if column is None and frame.drop(LINE).width == 1:
        fix = "name the columns in the first line, between them tabs, commas or semicolons; to a "
        fix += "list of names add the column part, and the lines of the other parts"
        raise unusable(name_of(source), "it holds one column, and that is no part", fix)
    if column is None:
        told = ", ".join(name for name in frame.columns[:20] if name != LINE)
        fix = "add one that says train, validation or test, or give the file that has one"
        raise unusable(name_of(source), f"it has no column part; its columns are {told}", fix)
    words = frame[column].cast(pl.String).fill_null("").str.strip_chars().str.to_lowercase()
    words = words.str.replace_all(r"[\W_]+", "")
    words = words.str.replace("^(.{3,}?)(set|cohort|group|data|part)+$", "${1}")
    unknown = (~words.is_in(list(WORDS))).arg_true()
    if len(unknown):
        close = difflib.get_close_matches(words[unknown[0]], PARTS, n=1, cutoff=0.5)
        fix = f"did you mean `{close[0]}`? Use " if close else "use "
        if words.str.contains(r"^\d+$").all():  # of a cross-validation, or 0 and 1
            fix = "audit one fold at a time: write for each number which part it is: "
        where = f"{place_of(source, frame[LINE][unknown[0]])}, column {column}"
        why = f"its word is no part, as in {len(unknown)} rows"
        raise unusable(where, why, f"{fix}{', '.join(PARTS)}")
    parts = words.replace_strict(WORDS, return_dtype=pl.String).alias("part")
    rest = frame.drop(column, LINE)
    once = rest.unique()  # rows of one patient may be lines of one fold
    for name in rest.columns:
        if FOLD.search(name) and rest.width > 1 and once.drop(name).is_duplicated().all():
            why = f"it numbers {rest[name].n_unique()} splits of the same rows, one below the other"
            raise unusable(f"column {name}", why, "give the lines of one of them at a time")
    return rest.with_columns(parts, frame[LINE])


def own_parts(path: str) -> pl.DataFrame:
    """Return the lines of a user's split, of which some train and some test.

    Raises
    ------
    TomocalcError
        ``E302``.
    """
    lines = read_parts(path)
    parts = {*lines["part"]}
    for part in ("train", "test"):
        if part not in parts:
            why = f"no line has the part `{part}`; its parts are {', '.join(sorted(parts))}"
            raise unusable(f"{path}, column part", why, f"say which rows are in {part}")
    return lines


def alike(
    frame: pl.DataFrame, lines: pl.DataFrame, patient: str | None, *, numbered: bool = True
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return rows and lines, with what both say under one name.

    Parameters
    ----------
    patient
        Column of the patients among the rows.
    numbered
        Whether lines may name rows by their number, or by their order alone.
    """
    own = {*lines.columns} - {*frame.columns, "part", LINE}
    plain = {_plain(name): name for name in reversed(lines.columns) if name in own}
    for name in dict.fromkeys((*frame.columns, *CALLED)):
        if name in lines.columns:
            continue
        words = (_plain(name), *CALLED.get(name, ()), *(PATIENT if name == patient else ()))
        told = next((plain.pop(word) for word in words if word in plain), name)
        lines = lines.rename({told: name}, strict=False)
    if not numbered:
        return frame, lines
    if {*KEY} <= {*lines.columns} - {*frame.columns} and (
        lines[KEY[0]].cast(pl.String) == TABLE
    ).all():
        lines = lines.select("part", LINE, row=KEY[1])  # of an earlier run with a table
    if "row" in lines.columns and "row" not in frame.columns:
        frame = frame.with_row_index("row").with_columns(pl.col("row").cast(pl.String))
    elif "row" in lines.columns and _numbers_rows_alone(frame["row"], lines["row"]):
        frame, lines = frame.with_row_index(ORDER), lines.rename({"row": ORDER})
    if {*lines.columns} == {"part", LINE} and lines.height == frame.height:
        frame, lines = frame.with_row_index(ORDER), lines.with_row_index(ORDER)
    return frame, lines


def _numbers_rows_alone(own: pl.Series, told: pl.Series) -> bool:
    """Return whether ``row`` numbers rows in a split, and in its table says where in an image."""
    return bool(own.is_duplicated().any() and not told.is_duplicated().any())


def shared_columns(frame: pl.DataFrame, lines: pl.DataFrame) -> list[str]:
    """Return what lines and rows both say."""
    return [name for name in lines.columns if name in frame.columns and name != "part"]


def name_of(source: Any) -> str:
    """Return the path of a split, or what a frame is called."""
    return str(source) if isinstance(source, str | Path) else "the split"


def place_of(source: Any, line: int) -> str:
    """Return where a line of a text file stands, or a row of a frame."""
    text = isinstance(source, str | Path) and not str(source).lower().endswith(PARQUET)
    return f"{source}:{line}" if text else f"{name_of(source)}, row {line}"


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold())
