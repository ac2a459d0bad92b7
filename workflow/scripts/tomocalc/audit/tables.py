"""The audit of any split of any feature table: files or data frames, no workflow needed.

Its complaints name columns and rows and never a value: who sends one on gives no patient away.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl
from msgspec.structs import replace

from tomocalc.accounts.leakage import SplitAudit
from tomocalc.audit.audit import PERMUTATIONS, audit_split
from tomocalc.audit.joining import PLACE, joined_table
from tomocalc.audit.rows import SplitRows, close_to, unusable
from tomocalc.errors import fault
from tomocalc.identity import EMPTY, is_empty, made_by_spreadsheet, names_nobody, two_spellings
from tomocalc.text_table import decimal_comma

CALLED = re.compile(
    r"(?i)^(row|index|mrn|unnamed(: \d+)?|__index_level_\d+__)$|(^|[\W_]|(?-i:[a-z](?=I)))id$"
    r"|(^|[\W_]|(?-i:[a-z](?=[A-Z])))((row|case|patient|subject|study|series|image|accession|exam|device|serial)"
    r"[\W_]?(id|no|nr|num|number|year)|date|datum)$"
)
"""What columns of whole numbers are called that name rows, patients, scanners or days."""
SHEET_ERROR = r"^#\D.{0,12}$"
"""What spreadsheets write, in their language, where there is no result, as ``#DIV/0!``."""
FEW = 50
"""Different texts up to which a column of text may be a site or a scanner."""


def audit_table(
    table: Any,
    split: Any = None,
    *,
    label: str,
    positive: Any = None,
    negative: Sequence[Any] | None = None,
    patient: str | None = None,
    site: str | None = None,
    features: Sequence[str] | None = None,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> SplitAudit:
    """Audit a split of a feature table.

    Parameters
    ----------
    table
        Path of a CSV, TSV or Parquet file, or a data frame (polars, pandas): one row per case.
    split
        The same, with a column ``part`` (train, validation or test, or common other words) and
        either ``row``, the number of the table's row from 0, or columns that it shares with the
        table. None: the table itself has the column. A mapping of part to file or frame, each
        with rows of its own, takes the place of both: ``{"train": …, "test": …}`` as *table*.
    label, positive
        Column of the label, and the value that means positive; None for a label of two values,
        of which the greater one is.
    negative
        Values that mean negative; rows of all others are left out and counted, as those without a
        label are. None: the one other value.
    patient, site
        Columns, where there are any.
    features
        Columns that models read; None: every numeric column that is no name of a row.

    Raises
    ------
    TomocalcError
        ``E302`` or ``E304``, for what is not there or cannot be told.
    """
    if permutations < 0 or seed < 0:
        raise unusable("permutations and seed", "one of them is negative", "give 0 or more")
    features, negative = (
        one
        if one is None
        else [one]
        if isinstance(one, str) or not isinstance(one, Iterable)
        else [*one]
        for one in (features, negative)
    )
    frame, unassigned = joined_table(table, split, patient=patient)
    place = frame.drop_in_place(PLACE)
    for column in (label, patient, site, *(features or ())):
        if column is not None and column not in frame.columns:
            why = "the table has no such column of numbers or text; "
            why += close_to(column, frame.columns)
            raise unusable(f"column {column}", why, "name a column of the table")
    labels, word = labels_of(frame[label], label, positive, negative)
    unlabelled = labels.null_count()
    place = place.filter(labels.is_not_null())
    frame, labels = frame.filter(labels.is_not_null()), labels.drop_nulls()
    numeric = _numeric(frame.drop("part", *(name for name in (label, patient, site) if name)))
    filled = [name for name in numeric.columns if numeric[name].is_finite().any()]
    names = [name for name in filled if not _is_name(name, numeric[name])]
    used = list(dict.fromkeys(features)) if features else names
    if not used:
        why, fix = "no column of the table holds numbers", "give a table of features"
        if filled:
            why = "its numbers seem to name rows: whole ones, called so or none of them twice"
            fix = "name those that are features: --features"
        raise unusable("features", why, fix)
    if missing := [name for name in used if name not in filled]:
        why = "it holds text" if missing[0] not in numeric.columns else "it holds no number"
        if missing[0] in (label, patient, site):
            why = "it is the label, the patient or the site"
        raise unusable(f"column {missing[0]}", why, "leave it out of the features")
    # whole numbers that are called a name, and that no row lacks, are asked as other names are;
    # of those that count the rows, the order says the same
    whole = [name for name in filled if numeric[name].is_finite().sum() == frame.height]
    called = [name for name in whole if CALLED.search(name) and (numeric[name] != place).any()]
    numbers = [name for name in numeric.columns if name in {*used, *names} or name not in called]
    texts = frame.drop("part", label, *(name for name in (patient,) if name), *numbers)
    known = [name for name in texts.columns if 1 < texts[name].n_unique() <= FEW or name == site]
    row_names = _row_names(texts.select(pl.col(pl.String)), place)
    texts = texts.with_columns(pl.all().cast(pl.String, strict=False).fill_null(""))
    many = [
        name
        for name in texts.columns
        if texts[name].n_unique() > FEW and name not in known and not texts[name].equals(row_names)
    ]
    rows = pl.DataFrame(
        {
            "row": row_names,
            "patient": _patients(frame, patient, place),
            "part": frame["part"],
            "label": labels,
        }
    ).with_columns(
        *(numeric[name].alias(_own(name)) for name in used),
        *(texts[name].alias(_own(name)) for name in (*known, *many)),
    )
    own = ([*map(_own, names)] for names in (used, known, many))
    split_rows = SplitRows(rows, *own, unassigned=unassigned, unlabelled=unlabelled)
    return replace(audit_split(split_rows, permutations=permutations, seed=seed), positive=word)


def _own(name: str) -> str:
    """Return the name of a column beside those that every split has, or gets while it is asked."""
    taken = r".*_twin|row|patient|part|label|place| ?at|rows|tested|twin"
    return f"{name} of the table" if re.fullmatch(taken, name) else name


def labels_of(
    values: pl.Series, name: str, positive: Any, negative: Sequence[Any] | None
) -> tuple[pl.Series, str]:
    """Return 1, 0, or null for a row that is of neither class, and the label that is positive."""
    values = values.cast(pl.Int8) if values.dtype == pl.Boolean else values
    texts = values.cast(pl.String).str.strip_chars().str.strip_chars("'\"")
    said = [] if positive is None else [positive, *(negative or ())]
    kinds = sorted(texts.drop_nulls().unique(), key=lambda text: (_number(text), text))
    kinds = [one for one in kinds if not is_empty(one) or any(_same(one, word) for word in said)]
    wanted = [kind for kind in kinds if _same(kind, positive)] if positive is not None else kinds
    if len(kinds) < 2:
        why = "all labels in it are the same" if kinds else "no row has a label"
        fix = "name the column of the labels, or take rows of both classes"
        raise unusable(f"column {name}", why, fix)
    if not wanted or (positive is None and len(kinds) != 2):
        why = f"it holds {len(kinds)} different labels"
        why += "" if positive is None else ", and none of them is the positive one"
        raise unusable(f"column {name}", why, "say which one is positive: --positive VALUE")
    wanted = wanted[-1:] if positive is None else wanted  # else all spellings of one: 1 and 1.0
    others = [kind for kind in kinds if kind not in wanted]
    if negative is None and len(others) != 1:
        why = f"it holds {len(kinds)} different labels, and which are negative is not said"
        raise unusable(f"column {name}", why, "name them: --negative VALUE …; others are left out")
    if negative is not None:
        others = [kind for kind in others if any(_same(kind, word) for word in negative)]
        if len(others) < len(set(negative)):
            why = "a negative label is in no row, or is the positive one"
            raise unusable(f"column {name}", why, "correct --negative")
    classes = dict.fromkeys(wanted, 1) | dict.fromkeys(others, 0)
    return texts.replace_strict(classes, default=None, return_dtype=pl.Int8), wanted[-1]


def _same(kind: str, positive: Any) -> bool:
    """Return whether a label is the positive one: 1.0 and TRUE are 1, as files write it."""
    as_number = {"true": "1", "false": "0"}
    found, wanted = (as_number.get(text.lower(), text) for text in (kind, str(positive)))
    return found == wanted or _number(found) == _number(wanted) > float("-inf")


def _patients(frame: pl.DataFrame, patient: str | None, place: pl.Series) -> pl.Series:
    if patient is None:
        return pl.Series("patient", [""] * frame.height)
    names = frame[patient].cast(pl.String).fill_null("").str.strip_chars()
    once = names.unique(maintain_order=True).to_list()
    named = [(one, line) for line, one in enumerate(once) if one]
    for again in two_spellings(named, beside=False):
        rows = " and ".join(str(place.filter(names == it)[0]) for it in (again.known, again.name))
        why = "their names differ in spelling alone"
        raise fault("patient_spelt_twice", f"column {patient}, rows {rows}", why)
    vain = (is_empty, names_nobody, made_by_spreadsheet)
    nobody = {name: "" if any(is_vain(name) for is_vain in vain) else name for name in once}
    return names.replace_strict(nobody, return_dtype=pl.String)


def _numeric(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the columns that hold numbers, text that reads as numbers among them.

    A comma in columns without a point is the decimal mark where `decimal_comma` says so of one
    column of the table; else it stands between thousands, as the first of two marks does, and then
    in whole numbers of its column too. Errors of spreadsheets are gaps as ``NA`` is.
    """
    found = {}
    text = pl.col(pl.String).str.strip_chars()
    some = text.str.contains(r"^[-+.,]?\d").any()  # a name may begin with # too
    plain = text.str.replace(SHEET_ERROR, "").str.replace(r"(\d)\s?%$", "$1")
    texts = frame.select(pl.when(some).then(plain).otherwise(text))
    for grouped, point, between in ((r"(,\d{3})+", r"\.", ","), (r"(\.\d{3})+", ",", ".")):
        is_grouped = pl.all().str.contains(rf"^[-+]?\d{{1,3}}{grouped}{point}\d+$")
        is_whole = pl.all().str.contains(rf"^[-+]?\d{{1,3}}{grouped}$")
        is_grouped |= is_grouped.any() & is_whole
        plain = pl.all().str.replace_all(between, "", literal=True)
        texts = texts.with_columns(pl.when(is_grouped).then(plain).otherwise(pl.all()))
    mark = "." if any(map(decimal_comma, texts)) else ""
    for name in frame.columns:
        values = frame[name]
        if values.dtype.is_numeric():
            found[name] = values.cast(pl.Float64).fill_nan(None)
        elif name in texts.columns:
            text = texts[name]
            empty = text.str.to_lowercase().is_in(EMPTY)
            if not text.str.contains(r"\d\.").any():
                text = text.str.replace(",", mark, literal=True)
            numbers = text.cast(pl.Float64, strict=False).fill_nan(None)
            if bool((numbers.is_not_null() | empty.fill_null(value=True)).all()):
                found[name] = numbers
    return pl.DataFrame(found) if found else pl.DataFrame()


def _is_name(name: str, values: pl.Series) -> bool:
    """Return whether a column of whole numbers names rows: called so, or no number comes twice."""
    known = values.drop_nulls()
    once = known.len() > 1 and known.n_unique() == known.len()
    return bool((known % 1 == 0).all()) and (once or CALLED.search(name) is not None)


def _row_names(texts: pl.DataFrame, place: pl.Series) -> pl.Series:
    """Return the first text that names every row and is no number, else its number in the table."""
    for values in texts:
        numbers = values.cast(pl.Float64, strict=False)
        if values.n_unique() == place.n_unique() and numbers.is_null().all():
            return values
    return place.cast(pl.String)


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return float("-inf")
    return number if number == number else float("-inf")  # NaN would stand anywhere in an order
