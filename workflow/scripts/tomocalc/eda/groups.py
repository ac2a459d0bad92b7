"""Patients, sites and parts of the split: how rows are spread over them, and whether they drift."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tomocalc.accounts.eda import Balance, Counts, Drift, Place, Shift, Spread
from tomocalc.eda.table import Ordered, Table, last_of_equals
from tomocalc.metrics import BINS, stability

MOST_SITES = 30
"""Sites that are compared, the largest ones."""

LARGEST = 50
"""Patients and sites that are listed one by one."""


def balance(table: Table) -> Balance:
    """Count candidates and calcifications per site and per patient."""
    return Balance(
        sites=spread(table.identity, "site"), patients=spread(table.identity, "patient_id")
    )


def spread(identity: pl.DataFrame, column: str) -> Spread | None:
    """Count rows and calcifications per value of *column*; None when all are empty."""
    named = identity.filter(pl.col(column).fill_null("") != "")
    if not named.height:
        return None
    groups = (
        named.group_by(pl.col(column).alias("name"))
        .agg(
            volumes=pl.col("volume_id").n_unique(),
            patients=pl.col("patient_id").filter(pl.col("patient_id") != "").n_unique(),
            candidates=pl.len(),
            positives=(pl.col("label") == 1).sum(),
        )
        .sort(["candidates", "name"], descending=[True, False])
    )
    return Spread(
        total=groups.height,
        largest=[Place(**row) for row in groups.head(LARGEST).iter_rows(named=True)],
        candidates=_counts(groups["candidates"]),
        positives=_counts(groups["positives"]),
        without_positives=int((groups["positives"] == 0).sum()),
    )


def _counts(counts: pl.Series) -> Counts:
    values = counts.to_numpy().astype(np.float64)
    top = max(int(values.max()), 1)
    step = max(1, -(-(top + 1) // 30))  # whole numbers fall into whole bins
    edges = np.arange(0, top + step + 1, step) - 0.5
    return Counts(
        five=np.percentile(values, (0, 25, 50, 75, 100)).tolist(),
        mean=float(values.mean()),
        edges=edges.tolist(),
        counts=np.histogram(values, bins=edges)[0].tolist(),
    )


def drift(table: Table, splits: pl.DataFrame) -> Drift:
    """Compare every feature between the training part and the others, and between sites."""
    return Drift(parts=_parts(table, splits), sites=_sites(table))


def compare(
    column: Ordered,
    reference: NDArray[np.integer],
    other: NDArray[np.integer],
    *,
    group: str,
    against: str,
    feature: str,
) -> Shift:
    """Compare two samples of one feature.

    Parameters
    ----------
    column
        The feature over all rows.
    reference, other
        How often each row occurs in the one sample and in the other, (rows,).
    group, against, feature
        How *other*, *reference* and the feature are called.
    """
    n, m = int(reference.sum()), int(other.sum())
    below = [np.cumsum(weights[column.place]) for weights in (reference, other)]
    return Shift(
        group=group,
        against=against,
        feature=feature,
        ks=largest_gap(column, below),
        n=m,
        n_reference=n,
        **stability(*binned(column, below, (n, m)), n, m),
    )


def binned(
    column: Ordered, below: Sequence[NDArray[np.integer]], sizes: tuple[int, int]
) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """Return the rows of reference and other in each bin.

    Bins hold a tenth of the reference each (fewer where values repeat), and one is for missing
    values where there are any.

    Parameters
    ----------
    column
        The feature.
    below
        For reference and other, how many rows lie at or before each place of the order.
    sizes
        Rows of reference and other, those with a missing value included.
    """
    cuts = np.empty(0, np.intp)
    known = int(below[0][-1]) if len(column.values) else 0
    if known:
        wanted = np.arange(1, BINS) / BINS * known
        edges = column.values[np.searchsorted(below[0], wanted, side="left")]
        cuts = np.unique(np.searchsorted(column.values, edges, side="right")) - 1
    counts = []
    for cumulated, size in zip(below, sizes, strict=True):
        inside = int(cumulated[-1]) if len(cumulated) else 0
        counts.append(np.diff([0, *cumulated[cuts], inside, size]))
    used = (counts[0] + counts[1]) > 0
    return counts[0][used], counts[1][used]


def largest_gap(column: Ordered, below: Sequence[NDArray[np.integer]]) -> float | None:
    """Return the largest distance of the two distribution functions (Kolmogorov and Smirnov)."""
    if not len(column.values) or not all(cumulated[-1] for cumulated in below):
        return None
    last = last_of_equals(column.values)
    first, second = (cumulated[last] / cumulated[-1] for cumulated in below)
    return float(np.abs(first - second).max())


def _parts(table: Table, splits: pl.DataFrame) -> list[Shift]:
    times = _uses(table, splits)
    return [
        compare(column, times["train"], times[part], group=part, against="train", feature=feature)
        for part in ("test", "validation")
        if times[part].any() and times["train"].any()
        for feature, column in table.ordered.items()
    ]


def _uses(table: Table, splits: pl.DataFrame) -> dict[str, NDArray[np.intp]]:
    """Count how often each row of the table is used in each part."""
    volumes = pl.Enum(table.identity["volume_id"].unique().sort())
    keys, used = (_keys(frame, volumes) for frame in (table.identity, splits))
    order = np.argsort(keys, kind="stable")
    place = order[np.searchsorted(keys, used, sorter=order).clip(max=len(keys) - 1)]
    known = keys[place] == used
    part = splits["part"]
    return {
        name: np.bincount(place[known & (part == name).to_numpy()], minlength=table.rows)
        for name in ("train", "validation", "test")
    }


def _keys(frame: pl.DataFrame, volumes: pl.Enum) -> NDArray[np.int64]:
    """Return one number per (volume, candidate); -1 for a volume that is not listed."""
    volume = frame["volume_id"].cast(volumes, strict=False).to_physical().cast(pl.Int64)
    return (volume * 2**32 + frame["candidate_id"].cast(pl.Int64)).fill_null(-1).to_numpy()


def _sites(table: Table) -> list[Shift]:
    site = table.identity["site"].fill_null("")
    counts = site.value_counts(name="n").sort(["n", "site"], descending=[True, False])
    if counts.height < 2:
        return []
    rows = []
    for name in counts["site"].head(MOST_SITES).sort():
        own = (site == name).to_numpy().astype(np.int32)
        rows += [
            compare(column, 1 - own, own, group=name, against="others", feature=feature)
            for feature, column in table.ordered.items()
        ]
    return rows
