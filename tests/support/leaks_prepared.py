"""Planted leaks of how a table was made: digits, names, scaling, gaps, copies in disguise."""

import numpy as np
import polars as pl

from support.leaks import Planted, changed, table, with_values

POSITIVE = pl.col("label") == 1
ILL = POSITIVE.max().over("patient")


def written(seed: int, how: str) -> Planted:
    """Let the digits of a feature tell the label."""
    rows = table(seed)
    values = rows.numbers.copy()
    if how == "rounding":
        values[:, 5] = np.where(rows.label == 1, values[:, 5].round(2), values[:, 5])
    else:
        values[:, 5] = (2 * (500 * values[:, 5]).round() + rows.label) / 1000
    return with_values(rows, values), set()


def spelt(seed: int, of: str) -> Planted:
    """Let odd numbers of patients, or capitals in the names of rows, tell the label."""
    rows = table(seed)
    if of == "row":
        name = pl.when(POSITIVE).then(pl.col("row").str.to_uppercase())
        row = name.otherwise(pl.col("row").str.to_lowercase())
        return changed(rows, rows.frame.with_columns(row=row)), set()
    number = 2 * pl.col("patient").str.slice(1).cast(pl.Int64) + ILL.cast(pl.Int64)
    return changed(rows, rows.frame.with_columns(patient=pl.format("P{}", number))), set()


def beside(seed: int, what: str) -> Planted:
    """Let a column of paths or of dates tell which patients have calcifications."""
    rows = table(seed)
    generator = np.random.default_rng(seed)
    if what == "path":
        kind = pl.when(ILL).then(pl.lit("Cancer")).otherwise(pl.lit("Normal"))
        text = pl.format("{}/{}.dcm", kind, "row")
    else:
        ill = rows.frame.select("patient", ILL.alias("ill")).unique(maintain_order=True).rows()
        year = {name: int(generator.integers(2015, 2018) + 3 * has) for name, has in ill}
        draw, whose = generator.integers, pl.col("patient")
        day = {name: f"{draw(1, 29):02d}.{draw(1, 13):02d}." for name, _ in ill}
        text = whose.replace_strict(day) + whose.replace_strict(year).cast(pl.String)
    return changed(rows, rows.frame.with_columns(text.alias("beside")), texts=["beside"]), set()


def scaled(seed: int, over: str) -> Planted:
    """Scale every feature over all rows, or in every part by itself."""
    rows = table(seed, features=20 if over == "size" else 6)
    one = pl.col(rows.features)
    standard = (one - one.mean()) / one.std(ddof=0)
    if over == "parts":
        standard = standard.over("part")
    elif over == "ends":
        standard = (one - one.min()) / (one.max() - one.min())
    elif over == "size":
        standard = one / one.abs().max()
    elif over == "sites":
        standard = standard.over("site")
    elif over == "axes":
        values = rows.numbers - rows.numbers.mean(axis=0)
        return with_values(rows, values @ np.linalg.svd(values, full_matrices=False)[2].T), set()
    return changed(rows, rows.frame.with_columns(standard)), set()


def mean_label(seed: int, of: str, *, others: bool = False) -> Planted:
    """Let a feature be the mean label of a site or a patient, or of the other rows there."""
    rows = table(seed)
    label = pl.col("label").cast(pl.Float64)
    total, count = label.sum().over(of), pl.len().over(of)
    mean = (total - label) / (count - 1) if others else total / count
    return changed(rows, rows.frame.with_columns(f5=mean)), set()


def filled(seed: int, over: str) -> Planted:
    """Fill gaps in two features with the mean of their class, or with that of all rows."""
    rows = table(seed)
    generator = np.random.default_rng(seed)
    values = rows.numbers.copy()
    for place in (0, 5):
        gap = generator.random(len(values)) < 0.2
        for kind in (rows.label == 0, rows.label == 1) if over == "class" else (rows.label >= 0,):
            values[gap & kind, place] = values[~gap & kind, place].mean()
    return with_values(rows, values), set()


def renamed(seed: int, *, everybody: bool = False) -> Planted:
    """Give four test patients, of whom every row tells the size of the breast, a second name.

    Or all of them, and put the half of everybody's rows that has it into training.
    """
    rows = table(seed)
    names = rows.part("test")["patient"].unique(maintain_order=True)[:4].to_list()
    patients = rows.frame["patient"].unique(maintain_order=True).to_list()
    size = dict(
        zip(patients, np.random.default_rng(seed).lognormal(6, 0.4, len(patients)), strict=True)
    )
    moved = pl.col("patient").is_in(patients if everybody else names)
    moved &= pl.int_range(pl.len()) % 2 == 0
    second = pl.format("X{}", 7 * pl.col("patient").str.slice(1).cast(pl.Int64) + 500)
    frame = rows.frame.with_columns(
        f5=pl.col("patient").replace_strict(size),
        part=pl.when(moved).then(pl.lit("train")).otherwise("part"),
        patient=pl.when(moved).then(second).otherwise("patient"),
    )
    return changed(rows, frame), set(names)


def turned(values: np.ndarray, generator: np.random.Generator) -> None:
    """Put every feature into the place of the one before it."""
    del generator
    values[:] = np.roll(values, 1, axis=1)


def multiplied(values: np.ndarray, generator: np.random.Generator) -> None:
    """Multiply every row by a number of its own."""
    values *= generator.uniform(0.5, 2, (len(values), 1))
