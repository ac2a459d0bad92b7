"""A zoo of planted leaks, and clean splits of many shapes."""

from collections.abc import Callable, Iterator

import numpy as np
import polars as pl

from tomocalc.audit.rows import SplitRows

Planted = tuple[SplitRows, set[str]]


def table(
    seed: int,
    *,
    patients: int = 60,
    rows: int = 20,
    features: int = 6,
    positive: float = 0.4,
    effect: float = 0.7,
    shift: float = 1.0,
    decimals: int | None = None,
    named: bool = True,
) -> SplitRows:
    """Return a clean split by patient: patients have effects of their own."""
    generator = np.random.default_rng(seed)
    frames = []
    part = generator.permutation(
        np.repeat(["train", "validation", "test"], _shares(patients)).tolist()
    )
    sites = generator.choice(["A", "B", "C"], patients)
    for number in range(patients):
        count = int(generator.integers(max(1, rows // 2), rows + rows // 2 + 1))
        has = generator.random() < positive
        label = (generator.random(count) < 0.3) & has
        values = generator.normal(size=(count, features)) + effect * generator.normal(size=features)
        values[:, : max(1, features // 2)] += shift * label[:, None]
        values = values if decimals is None else values.round(decimals)
        frames.append(
            pl.DataFrame(
                {
                    "row": [f"V{number:03d}-{i}" for i in range(count)],
                    "patient": [f"P{number:03d}" if named else ""] * count,
                    "part": [str(part[number])] * count,
                    "site": [str(sites[number])] * count,
                    "label": label.astype(np.int8),
                    **{f"f{k}": values[:, k] for k in range(features)},
                }
            )
        )
    return SplitRows(pl.concat(frames), [f"f{k}" for k in range(features)], ["site"])


def _shares(patients: int) -> list[int]:
    test, validation = max(8, patients // 4), max(4, patients // 6)
    return [patients - test - validation, validation, test]


def changed(rows: SplitRows, frame: pl.DataFrame, **other: object) -> SplitRows:
    """Return the same with another frame."""
    known = {"features": rows.features, "identifiers": rows.identifiers, "unassigned": 0} | other
    return SplitRows(frame, **known)  # pyright: ignore[reportArgumentType]


def shared_patients(seed: int, *, count: int, of: str = "test") -> Planted:
    """Let some rows of patients of the test part, or *of* another, stand in training."""
    rows = table(seed)
    names = rows.part(of)["patient"].unique(maintain_order=True)[:count].to_list()
    half = pl.col("patient").is_in(names) & (pl.int_range(pl.len()) % 2 == 0)
    part = pl.when(half).then(pl.lit("train")).otherwise("part")
    return changed(rows, rows.frame.with_columns(part=part)), set(names)


def copied(seed: int, *, count: int, noise: float = 0.0, named: bool = True, d: int = 6) -> Planted:
    """Put training rows into the test part under another name, with a little noise."""
    rows = table(seed, features=d, named=named)
    generator = np.random.default_rng(seed + 1)
    here, there = drawn(rows, generator, count)
    values = rows.numbers.copy()
    values[here] = values[there] + noise * generator.normal(size=(count, d)) * values.std(axis=0)
    return with_values(rows, values), set(rows.frame["row"].gather(here).to_list())


def drawn(
    rows: SplitRows, generator: np.random.Generator, count: int, part: str = "test"
) -> Iterator[np.ndarray]:
    """Yield the numbers of *count* rows of a part, then of as many of the training part."""
    for one in (part, "train"):
        places = np.flatnonzero((rows.frame["part"] == one).to_numpy())
        yield generator.choice(places, count, replace=False)


def by_rows(seed: int, *, named: bool) -> Planted:
    """Split rows at random, whatever patient they are of."""
    rows = table(seed)
    generator = np.random.default_rng(seed)
    part = generator.permutation(rows.frame["part"].to_numpy())
    frame = rows.frame.with_columns(part=pl.Series(part.tolist()))
    if not named:
        return changed(rows, frame.with_columns(patient=pl.lit(""))), set()
    return changed(rows, frame), set(frame.filter(pl.col("part") == "test")["patient"].unique())


def repeated(seed: int) -> Planted:
    """Let test rows stand in the test part twice."""
    rows = table(seed)
    twice = rows.part("test").head(8).with_columns(row=pl.col("row") + "-again")
    return changed(rows, pl.concat([rows.frame, twice])), set(twice["row"].to_list())


def by_breast(seed: int, first: str = "{}_L", second: str = "{}_R") -> Planted:
    """Call the two breasts of test patients two patients, one of them in training."""
    rows = table(seed)
    names = rows.part("test")["patient"].unique(maintain_order=True)[:4].to_list()
    right = pl.col("patient").is_in(names) & (pl.int_range(pl.len()) % 2 == 0)
    name = pl.when(right).then(pl.format(second, "patient"))
    frame = rows.frame.with_columns(
        part=pl.when(right).then(pl.lit("train")).otherwise("part"),
        patient=name.otherwise(pl.format(first, "patient")),
    )
    return changed(rows, frame), {first.format(name) for name in names}


def missing(seed: int) -> Planted:
    """Let a gap in one feature tell the label."""
    rows = table(seed)
    gap = pl.when(pl.col("label") == 1).then(None).otherwise("f5")
    return changed(rows, rows.frame.with_columns(f5=gap)), set()


def same_row(seed: int) -> Planted:
    """Let test rows be training rows as well."""
    rows = table(seed)
    both = rows.part("train").head(5).with_columns(part=pl.lit("test"))
    return changed(rows, pl.concat([rows.frame, both])), set(both["row"].to_list())


def partly(seed: int) -> Planted:
    """Make a split file that covers nine in ten rows."""
    rows = table(seed)
    kept = rows.frame.filter(pl.int_range(pl.len()) % 10 != 0)
    return changed(rows, kept, unassigned=rows.frame.height - kept.height), set()


def told_by(seed: int, how: str) -> Planted:
    """Let a site, a name or the order of the table tell which patients have calcifications."""
    rows = table(seed)
    frame, ill = rows.frame, pl.col("label").max().over("patient") == 1
    if how == "site":
        frame = frame.with_columns(site=pl.when(ill).then(pl.lit("A")).otherwise(pl.lit("B")))
    elif how == "site of most":
        generator = np.random.default_rng(seed)
        names = frame["patient"].unique(maintain_order=True)
        wrong = {name: bool(generator.random() < 0.1) for name in names}
        odd = pl.col("patient").replace_strict(wrong, return_dtype=pl.Boolean)
        site = pl.when(ill != odd).then(pl.lit("A")).otherwise(pl.lit("B"))
        frame = frame.with_columns(site=site)
    elif how == "patient names":
        name = pl.when(ill).then(pl.lit("mal_")).otherwise(pl.lit("ben_")) + pl.col("patient")
        frame = frame.with_columns(patient=name)
    elif how == "row names":
        name = pl.when(pl.col("label") == 1).then(pl.lit("calc_")).otherwise(pl.lit("other_"))
        frame = frame.with_columns(row=name + pl.col("row"))
    elif how == "order":
        frame = frame.with_columns(ill=ill).sort("ill", maintain_order=True).drop("ill")
    elif how == "order of rows":
        frame = frame.sort("label", maintain_order=True)
    elif how == "feature":
        frame = frame.with_columns(f5=pl.col("label") + pl.col("f5") * 1e-3)
    return changed(rows, frame), set()


def altered(seed: int, change: Callable[[np.ndarray, np.random.Generator], None]) -> Planted:
    """Put ten training rows into the test part under other names, and *change* them in place."""
    rows = table(seed)
    generator = np.random.default_rng(seed + 1)
    here, there = drawn(rows, generator, 10)
    values = rows.numbers.copy()
    copied_rows = values[there].copy()
    change(copied_rows, generator)
    values[here] = copied_rows
    return with_values(rows, values), set(rows.frame["row"].gather(here).to_list())


def one_feature_anew(values: np.ndarray, generator: np.random.Generator) -> None:
    """Draw one feature of every row anew."""
    place = generator.integers(0, values.shape[1], len(values))
    values[np.arange(len(values)), place] = generator.normal(size=len(values))


def interpolated(seed: int) -> Planted:
    """Let thirty test rows lie between a training row and one of the five around it."""
    rows = table(seed)
    generator = np.random.default_rng(seed + 1)
    here, there = drawn(rows, generator, 30)
    values = rows.numbers.copy()
    train = values[(rows.frame["part"] == "train").to_numpy()]
    for row, parent in zip(here, there, strict=True):
        around = np.argsort(((train - values[parent]) ** 2).sum(axis=1))
        other = train[around[generator.integers(1, 6)]]
        values[row] = values[parent] + generator.random() * (other - values[parent])
    return with_values(rows, values), set(rows.frame["row"].gather(here).to_list())


def augmented(seed: int, *, times: int) -> Planted:
    """Add changed copies of every row under names of other patients, then split by patient."""
    rows = table(seed, rows=4)
    generator = np.random.default_rng(seed + 1)
    frames = [rows.frame]
    for number in range(times):
        noise = 0.02 * generator.normal(size=rows.numbers.shape) * rows.numbers.std(axis=0)
        whose = pl.format("{}{}", pl.lit("ABCDE"[number]), "patient")
        copies = with_values(rows, rows.numbers + noise).frame
        frames.append(copies.with_columns(patient=whose, row=pl.format("{}.{}", number, "row")))
    frame = pl.concat(frames)
    names = frame["patient"].unique(maintain_order=True)
    part = generator.choice(["train", "train", "test"], len(names)).tolist()
    part = pl.col("patient").replace_strict(names, pl.Series(part))
    return changed(rows, frame.with_columns(part=part)), set()


def swapped(values: np.ndarray, generator: np.random.Generator) -> None:
    """Exchange two features."""
    values[:, [1, 2]] = values[:, [2, 1]]


def encoded(seed: int, how: str) -> Planted:
    """Let two features together, a gap in most rows, or a mean over the patient be the label."""
    rows = table(seed)
    generator = np.random.default_rng(seed + 1)
    values, label = rows.numbers.copy(), rows.label
    if how == "exclusive or":
        side = np.where(generator.random(len(label)) < 0.5, 1, -1)
        values[:, 4] = side * np.abs(values[:, 4])
        values[:, 5] = np.where(label == 1, -side, side) * np.abs(values[:, 5])
    elif how == "sum":
        values[:, 5] = label + 0.05 * generator.normal(size=len(label)) - values[:, 4]
    elif how == "both ends":
        values[:, 5] = np.sign(values[:, 5]) * (1 + 2 * label) + 0.2 * values[:, 4]
    elif how == "one value":
        values[label == 1, 5] = 0.1234
    elif how == "gap":
        values[generator.random(len(label)) < np.where(label == 1, 0.9, 0.1), 5] = np.nan
    elif how == "patients":
        mean = rows.frame.select(pl.col("label").mean().over("patient"))["label"].to_numpy()
        values[:, 5] = mean + 0.01 * generator.normal(size=len(label))
    return with_values(rows, values), set()


def numbered(seed: int, of: str) -> Planted:
    """Number patients or rows by class, wherever they stand."""
    rows = table(seed)
    key = pl.col("label").max().over("patient") if of == "patient" else pl.col("label")
    names = rows.frame.with_columns(key=key).sort("key", maintain_order=True)[of]
    names = names.unique(maintain_order=True).to_list()
    other = {name: f"N{number:05d}" for number, name in enumerate(names)}
    return changed(rows, rows.frame.with_columns(pl.col(of).replace_strict(other))), set()


def copied_into_validation(seed: int) -> Planted:
    """Put training rows into the validation part under another name."""
    rows = table(seed)
    here, there = drawn(rows, np.random.default_rng(seed + 1), 8, "validation")
    values = rows.numbers.copy()
    values[here] = values[there]
    return with_values(rows, values), set(rows.frame["row"].gather(here).to_list())


def with_values(rows: SplitRows, values: np.ndarray) -> SplitRows:
    """Return the same with other values of the features."""
    columns = {name: pl.Series(values[:, k]) for k, name in enumerate(rows.features)}
    return changed(rows, rows.frame.with_columns(**columns))
