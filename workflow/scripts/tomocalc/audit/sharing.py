"""What parts share by name or by value: patients, rows, exact copies; and what is in no part."""

from collections.abc import Sequence
from math import prod
from typing import Any

import msgspec
import numpy as np
import polars as pl

from tomocalc.accounts.leakage import Check, Shared, Verdict
from tomocalc.audit.part_copies import FEWEST
from tomocalc.audit.rows import SplitRows
from tomocalc.identity import patient_keys
from tomocalc.metrics import more_by_binomial

COARSE = 0.05
"""Equal rows that chance puts on both sides, from which on features are called coarse."""
LEVEL = 1e-3
"""Largest p-value that is not called chance, where features are coarse."""
NAMES = 3
"""Names that one patient may have."""
YEAR = r"[\W_](19|20)\d\d$"
"""A year at the end of a name, as of a visit where every name has one."""
USUAL = 0.02
"""Chance that two rows have the same value, above which a feature is coarse."""
STEADY = 0.98
"""Share of patients within whom a feature is one value, from which on it is one of patients."""

FIRST: Any = {"keep": "first", "maintain_order": True}
"""Of several rows with the same names or values."""
COLUMNS = ("row", "patient", "part")
"""What names a row and its twin."""
Found = tuple[Check, list[Shared]]


def same_patients(rows: SplitRows) -> list[Found]:
    """Return who is in two parts: test and what is learnt from, and validation and training."""
    return [
        _same_patients(rows, "patients", ("test",), ("train", "validation"), Verdict.LEAKS),
        _same_patients(rows, "patients_validation", ("validation",), ("train",), Verdict.CAUTION),
    ]


def _same_patients(
    rows: SplitRows, name: str, here: Sequence[str], there: Sequence[str], verdict: Verdict
) -> Found:
    known = pl.col("patient") != ""
    asked, learnt = rows.part(*here).filter(known), rows.part(*there).filter(known)
    if asked.is_empty():
        return Check.unseen(name, 0), []
    asked, learnt = (one.select(COLUMNS).unique("patient", **FIRST) for one in (asked, learnt))
    twins = asked.join(learnt, on="patient", suffix="_twin", maintain_order="left")
    check = Check.counted(name, twins.height, asked["patient"].n_unique(), verdict)
    return check, _shared(name, twins.with_columns(patient_twin="patient"), None)


def named_by_side(rows: SplitRows) -> Found:
    """Return the test patients whose names differ from a learnt patient's in little.

    ``P07_L`` and ``P07_R`` are the breasts of one patient, whom the sheet calls two; so are sides,
    views and visits that are written otherwise. What is left of a name must have a digit.
    """
    known = rows.frame.filter(pl.col("patient") != "").unique("patient", maintain_order=True)
    names = known["patient"]
    stem = names.str.replace(YEAR, "")
    if names.str.contains(r"\d.*" + YEAR).all() and NAMES * stem.n_unique() >= len(names):
        names = stem
    stems = pl.Series("stem", [key for name in names for key in patient_keys(name)])
    # row i has keys 2 i and 2 i + 1
    known = known[np.repeat(np.arange(known.height), 2)].select(*COLUMNS, stems)
    asked, learnt = (known.filter((known["part"] == "test") == test) for test in (True, False))
    # of a name that stands in both parts the check of patients tells
    learnt = learnt.unique("stem", **FIRST)
    twins = asked.join(learnt, on="stem", suffix="_twin", maintain_order="left")
    twins = twins.unique("patient", **FIRST)
    check = Check.counted("sides", twins.height, asked["patient"].n_unique(), Verdict.CAUTION)
    return check, _shared("sides", twins, None)


def two_names(rows: SplitRows) -> Found:
    """Return the test patients who agree with a learnt one in all features of patients."""
    tested = rows.part("test").filter(pl.col("patient") != "")["patient"].n_unique()
    unseen = Check.unseen("two_names", tested), []
    patients = (
        rows.frame.with_row_index("at")
        .filter(pl.col("patient") != "")
        .group_by("patient", maintain_order=True)
        .agg(
            pl.first("at"),
            (pl.col("part") == "test").first().alias("tested"),
            pl.len().alias("rows"),
            pl.col(rows.features).n_unique(),
        )
    )
    several = patients.filter(pl.col("rows") > 1)
    if not tested or 2 * several.height < patients.height:
        return unseen
    steady = [name for name in rows.features if (several[name] == 1).mean() >= STEADY]  # pyright: ignore[reportOperatorIssue]
    first = rows.frame[patients["at"]].select(steady)
    precise = [name for name in steady if name in rows.precise]
    if not precise:
        return unseen
    # what many patients share is of a scanner or a site
    common = first.select(pl.len().over(steady) > NAMES).to_series()
    if (common & ~patients["tested"]).sum() > first.height // 10:
        return unseen
    # few values may have all digits, as thirds have, and agree by chance
    if _agree(first.unique(steady), steady, tested * (first.height - tested)):
        return unseen
    known = patients.select("at", "patient", "tested").hstack(first).drop_nulls(precise)
    there = known.filter(~pl.col("tested")).rename({"at": "twin", "patient": "twin_patient"})
    found = (
        known.filter("tested")
        .join(there.unique(steady, **FIRST), on=steady, nulls_equal=True)
        .filter(pl.col("patient") != pl.col("twin_patient"))
    )
    check = Check.counted("two_names", found.height, tested, Verdict.CAUTION)
    pairs = found.sort("at").select("at", "twin").iter_rows()
    return check, [rows.twin("two_names", *pair) for pair in pairs]


def same_rows(rows: SplitRows) -> Found:
    """Return the rows that are themselves in the test part and in what is learnt from."""
    asked = rows.part("test").select(*COLUMNS, "label").unique("row", **FIRST)
    learnt = rows.part("train", "validation").select(COLUMNS).unique("row", **FIRST)
    twins = asked.join(learnt, on="row", suffix="_twin", maintain_order="left")
    return _pairs("same_rows", twins.with_columns(row_twin="row"), rows.part("test"), Verdict.LEAKS)


def copies(rows: SplitRows) -> list[Found]:
    """Return test rows that equal a learnt row in every feature, validation rows a training row."""
    return [
        _copies("copies", rows, rows.part("test"), rows.part("train", "validation")),
        _copies("copies_validation", rows, rows.part("validation"), rows.part("train")),
    ]


def _copies(name: str, rows: SplitRows, test: pl.DataFrame, learnt: pl.DataFrame) -> Found:
    verdict = Verdict.LEAKS if name == "copies" else Verdict.CAUTION
    twins = _equal(rows, test, learnt)
    if twins.height and _coarse(rows) and rows.named:
        among = learnt.filter(pl.col("patient").n_unique().over(rows.features) > 1, _measured(rows))
        # equal rows of different patients in what is learnt from: what chance gives
        both = twins.height + among.height
        share = test.height / (test.height + learnt.height)
        chance = more_by_binomial(twins.height - 1, both, share)
        if chance > LEVEL:  # counted, for they are equal, but no pair of them is a twin
            check, _ = _pairs(name, twins, test, Verdict.CLEAN)
            return msgspec.structs.replace(check, p=chance), []
    return _pairs(name, twins, test, verdict)


def repeats(rows: SplitRows) -> Found:
    """Return the test rows that repeat an earlier one: they count twice in every figure."""
    test = rows.part("test").with_row_index("place")
    twins = _equal(rows, test, test, "place").filter(pl.col("place") > pl.col("place_twin"))
    verdict = Verdict.CLEAN if twins.height and _coarse(rows) else Verdict.CAUTION
    return _pairs("repeats", twins, rows.part("test"), verdict)


def unassigned(rows: SplitRows) -> Check:
    """Return how many rows of the table are in no part."""
    of = rows.unassigned + rows.frame["row"].n_unique()
    return Check.counted("unassigned", rows.unassigned, of, Verdict.CAUTION)


def unlabelled(rows: SplitRows) -> list[Check]:
    """Return how many rows are of neither class, where there are any."""
    left = rows.unlabelled + rows.frame["row"].n_unique()
    check = Check.counted("unlabelled", rows.unlabelled, left, Verdict.CAUTION)
    return [check] if rows.unlabelled else []


def unnamed(rows: SplitRows) -> Check:
    """Return how many rows name no patient: of these nobody can say whose they are."""
    count = int((rows.frame["patient"] == "").sum())
    return Check.counted("unnamed", count, rows.frame.height, Verdict.CAUTION)


def learned_from(rows: SplitRows) -> list[Check]:
    """Return from how many patients of the test part the search, or detectors, have learned."""
    tested = set(rows.part("test")["patient"].unique()) - {""}
    return [
        Check.counted(name, len(tested & set(patients)), len(tested), Verdict.LEAKS)
        for name, patients in rows.taught.items()
    ]


def _equal(rows: SplitRows, asked: pl.DataFrame, learnt: pl.DataFrame, *more: str) -> pl.DataFrame:
    """Return the *asked* rows that have an equal one, and COLUMNS (and *more*) of its first."""
    first = learnt.select(*COLUMNS, *more, *rows.features).unique(rows.features, **FIRST)
    return asked.join(
        first, on=rows.features, suffix="_twin", nulls_equal=True, maintain_order="left"
    ).filter(pl.col("row_twin").is_not_null(), _measured(rows))


def _measured(rows: SplitRows) -> pl.Expr:
    """Return whether not all of several values are gaps, or one and the same, as 0."""
    some = rows.features
    return pl.lit(len(some) < FEWEST) | (pl.min_horizontal(some) != pl.max_horizontal(some))


def _coarse(rows: SplitRows) -> bool:
    """Return whether rows of different patients may well be equal in every feature by chance."""
    learnt = int(rows.learnt.sum())
    return _agree(rows.frame, list(rows.features), learnt * (rows.frame.height - learnt))


def _agree(frame: pl.DataFrame, names: list[str], pairs: int) -> bool:
    """Return whether one of *pairs* of rows may well be equal in all of *names* by chance.

    The chance that two rows are equal in a feature is Σ c(c − 1) / n(n − 1) over the counts c of
    its values; as many features as do not follow from others count as independent, or both halves
    of them do. Where all are coarse, half of them do: marks and grades go together.
    """
    values = np.nan_to_num(frame.select(pl.col(names).cast(pl.Float64)).to_numpy())
    free = int(np.linalg.matrix_rank(values - values.mean(axis=0)))
    chances = sorted((_alike(frame, [name]) for name in names), reverse=True)
    ways = [prod(chances[:free]) ** (0.5 if chances[-1] > USUAL else 1.0)]
    once, half = frame.unique(names), (len(names) + 1) // 2  # halves of copies are equal
    halves = (names[::2], names[1::2]), (names[:half], names[half:])
    ways += [_alike(once, one) * _alike(once, other) for one, other in halves if other]
    return max(ways) * pairs > COARSE


def _alike(frame: pl.DataFrame, names: Sequence[str]) -> float:
    """Return the chance that two rows are equal in some features."""
    count = frame.group_by(names).len()["len"].cast(pl.Float64)
    return float((count * (count - 1)).sum()) / max(frame.height * (frame.height - 1), 1)


def _pairs(name: str, twins: pl.DataFrame, test: pl.DataFrame, verdict: Verdict) -> Found:
    check = Check(
        name=name,
        verdict=verdict if twins.height else Verdict.CLEAN,
        count=twins.height,
        of=test.height,
        positives=int((twins["label"] == 1).sum()),
        of_positives=int((test["label"] == 1).sum()),
    )
    return check, _shared(name, twins)


def _shared(name: str, twins: pl.DataFrame, distance: float | None = 0.0) -> list[Shared]:
    columns = {f"twin_{key}": f"{key}_twin" for key in COLUMNS}
    rows = twins.select(COLUMNS, **columns).iter_rows(named=True)
    return [Shared(check=name, distance=distance, **row) for row in rows]
