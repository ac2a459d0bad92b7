"""Clean tables of many kinds, as groups write them: by the way they are made, nothing leaks.

Patients, their rows, sites, dates and parts are drawn first, then the label, then what was
measured. Sites and dates know nothing of the label, and whatever is fitted, as a scaler, is
fitted on the training rows alone. How a table is written (names, order, label, split) is drawn.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit

Array = NDArray[Any]


@dataclass
class Study:
    """Patients, their rows and labels, before anything is measured."""

    draw: np.random.Generator
    who: Array
    """(row) number of the patient."""
    label: Array
    """(row) 0 or 1."""
    site: Array
    """(patient) number of the site."""
    day: Array
    """(patient) day of the examination, from 0 to 2,500."""
    part: Array
    """(patient) train, validation or test."""
    by: str
    """What was split: patients, classes, site or time."""

    def learnt(self, found: Array) -> Array:
        """Return the training rows."""
        return found[self.part[self.who] == "train"]

    def fitted(self, scaler: Any, found: Array) -> Array:
        """Return what a *scaler* makes of all rows that was fitted on the training rows."""
        return scaler.fit(self.learnt(found)).transform(found)

    def of_patients(self, how: Callable[..., Array]) -> Array:
        """Return what is drawn once a patient, as often as the patient has rows."""
        return how(size=len(self.site))[self.who]

    def within(self, found: Array, how: pl.Expr) -> Array:
        """Return features that every patient is scaled by, alone; 0 where that is no number."""
        frame = pl.DataFrame(found).select(how.over(pl.Series(self.who)))
        return np.nan_to_num(frame.to_numpy(), posinf=0, neginf=0)


def between(draw: np.random.Generator, low: float, high: float) -> float:
    """Return a number, as often below the geometric mean of both ends as above."""
    return float(np.exp(draw.uniform(np.log(low), np.log(high))))


def study(draw: np.random.Generator, *, each: int, rows: int, fewest: int = 1) -> Study:
    """Return 20 to 400 patients with *fewest* to *each* rows or so, 2 to 50 % of them positive."""
    while True:
        n, per = round(between(draw, 20, 400)), between(draw, fewest, each)
        share = between(draw, 0.02, 0.5)
        equal = draw.random() < 0.4 or each == 1
        counts = np.full(n, round(per)) if equal else np.maximum(draw.poisson(per, n), fewest)
        who = np.repeat(np.arange(n), counts)
        risk = {
            "patients": (draw.random(n) < share) * 1.0,
            "rows": expit(np.log(share / (1 - share)) + draw.normal(size=n)),
            "some rows": (draw.random(n) < share / 0.3) * 0.3,
        }[str(draw.choice(["patients", "rows", "some rows"]))]
        label = (draw.random(len(who)) < risk[who]).astype(int)
        ill = np.bincount(who, label, n) > 0
        site, day = draw.choice(draw.integers(2, 6), n), draw.integers(0, 2500, n)
        by = str(draw.choice(["patients", "classes", "site", "time"], p=[0.5, 0.25, 0.1, 0.15]))
        place = (day if by == "time" else draw.random(n)).argsort(kind="stable").argsort() / n
        for kind in (ill, ~ill) if by == "classes" else ():
            place[kind] = place[kind].argsort().argsort() / kind.sum()
        tested = site == site.max() if by == "site" else place > draw.uniform(0.6, 0.85)
        part = np.where(tested, "test", "train").astype(object)
        if draw.random() < 0.4:
            part[~tested & (draw.random(n) < 0.2)] = "validation"
        sides = [label[part[who] == name] for name in ("train", "test")]
        if len(who) <= rows and ill.sum() >= 4 and all(0 < s.sum() < len(s) > 5 for s in sides):
            return Study(draw, who, label, site, day, part, by)


def normal(s: Study, most: int = 120, *, own: float | None = None, axes: int = 0) -> Array:
    """Return 3 to *most* features, (row, feature), a third of which knows a little of the label.

    Parameters
    ----------
    own
        Share of the variance that is of patients, in every third feature 0.3; None: drawn.
    axes
        Common factors of the features; 0: they are independent.
    """
    features, own = round(between(s.draw, 3, most)), s.draw.uniform(0, 0.7) if own is None else own
    factors = s.draw.normal(size=(axes or 1, features)) / np.sqrt(axes or 1)

    def drawn(count: int) -> Array:
        alone = s.draw.normal(size=(count, features))
        return 0.3 * alone + s.draw.normal(size=(count, axes)) @ factors if axes else alone

    share = np.where(np.arange(features) % 3 == 2, 0.3, own)
    found = np.sqrt(share) * drawn(len(s.site))[s.who] + np.sqrt(1 - share) * drawn(len(s.who))
    telling = np.where(np.arange(features) < features // 3, share < 1, 0)
    much = 0.3 if axes else 1.0  # features with the same factors tell by their difference
    return found + s.draw.uniform(-much, much, features) * s.label[:, None] * telling


def names_of(draw: np.random.Generator, count: int) -> list[str]:
    """Return names of patients as they are given."""
    number = draw.permutation(count) if draw.random() < 0.3 else np.arange(count)
    drawn = draw.choice(900_000, count, replace=False) + 100_000
    more = draw.choice(10**9, count, replace=False)
    syllables = np.array([a + b for a in "bdfgklmnprst" for b in "aeiou"])
    words = sorted({"".join(draw.choice(syllables, 4)) for _ in range(count + 9)})[:count]
    every = [
        [f"P{one + 1:03d}" for one in number],
        [f"{one + 1}" for one in number],
        [f"{one}" for one in drawn],
        [f"{one:05x}" for one in drawn],
        [f"{a:x}-{b:08x}" for a, b in zip(drawn, more, strict=True)],
        [f"{'ABCD'[b % 4]}-{one + 1:04d}" for one, b in zip(number, more, strict=True)],
        [f"MRN{one:07d}" for one in more],
        [f"1.2.840.113619.{a}.{b}" for a, b in zip(drawn, more, strict=True)],
        [words[one] for one in draw.permutation(count)],
    ]
    return every[draw.integers(len(every))]


def written(s: Study, features: pl.DataFrame, made: str) -> tuple[Any, Any, dict[str, Any]]:
    """Return a table, its split (None: in the table), and what `audit_table` is told besides."""
    draw = s.draw
    n, rows = len(s.site), len(s.who)
    names = np.array(names_of(draw, n), object)
    day = pl.Series(np.datetime64("2015-01-01") + s.day[s.who].astype("timedelta64[D]"))
    beside = [
        {},
        {"StudyDate": day.dt.to_string("%Y-%m-%d")},
        {"Datum": day.dt.to_string("%d.%m.%Y")},
        {"scan_date": day.dt.to_string("%Y%m%d").cast(pl.Int64)},
        {"year": day.dt.year()},
        {"case_id": pl.int_range(1, rows + 1)},
        {"image": pl.format("{}/img_{}.png", "pid", pl.int_range(pl.len()).over("pid"))},
        {"uid": pl.Series([f"1.2.826.0.1.{one}" for one in draw.choice(10**9, rows)])},
        {"site": pl.Series([f"Hospital {'NOSTU'[one]}" for one in s.site[s.who]])},
    ]
    frame = pl.DataFrame({"pid": names[s.who].tolist(), "malignant": s.label})
    frame = frame.with_columns(part=pl.Series(s.part[s.who].tolist()))
    chosen = {}
    for place in draw.choice(len(beside), 2, replace=False):
        chosen |= beside[place]
    frame = pl.concat([frame.with_columns(**chosen), features], how="horizontal")
    order = {
        "patients": np.arange(rows),
        "patients at random": draw.permutation(n)[s.who].argsort(kind="stable"),
        "days": s.day[s.who].argsort(kind="stable"),
        "rows at random": draw.permutation(rows),
        "parts": s.part[s.who].astype(str).argsort(kind="stable"),
    }
    frame = frame[order[str(draw.choice(list(order)))]]
    if made:
        frame = pl.concat([frame, made_for_training(draw, made, frame, features.columns)])
    told = {"label": "malignant", "patient": "pid"}
    if "site" in frame.columns and draw.random() < 0.6:
        told["site"] = "site"
    if draw.random() < 0.4:
        word = pl.when(malignant=1).then(pl.lit("malignant")).otherwise(pl.lit("benign"))
        frame, told = frame.with_columns(malignant=word), told | {"positive": "malignant"}
    given = draw.choice(["own", "rows", "patients", "frames"], p=[0.55, 0.15, 0.15, 0.15])
    if given == "own":
        return frame, None, told
    if given == "frames":
        parts = frame.partition_by("part", as_dict=True, include_key=False)
        return {str(part): one for (part,), one in parts.items()}, None, told
    split = frame.select("pid", "part").unique(maintain_order=True)
    if given == "rows":
        split = frame.select(pl.int_range(pl.len()).alias("row"), "part")
    return frame.drop("part"), split, told


def made_for_training(
    draw: np.random.Generator, kind: str, frame: pl.DataFrame, features: list[str]
) -> pl.DataFrame:
    """Return rows that stand in training besides: repeated, between two, or jittered."""
    known = frame.filter(part="train", malignant=1)
    some, others = (known[draw.integers(0, known.height, 200)] for _ in range(2))
    moved = 0.0 if kind == "repeated" else 0.03 * draw.normal(size=(200, len(features)))
    if kind == "between two":
        moved = draw.random((200, 1)) * (others[features] - some[features]).to_numpy()
    made = pl.DataFrame(some[features].to_numpy() + moved, features)
    return some.with_columns(made.get_columns())
