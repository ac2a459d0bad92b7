"""Whether names, places, gaps and order of rows, which a model must not need, tell the label.

Every row gets a score from the labels of the rows on the *other* side of the split: their mean
label at the same site, of the nearest rows of the table, with the same words in their names.
What such scores reach by chance comes from giving the labels of whole patients to other patients:
rows of one patient have one site and stand together, so that shuffling rows would call every
site telling.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import exp, lgamma

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tomocalc.accounts.leakage import Check, Verdict
from tomocalc.audit.rows import SplitRows

NEIGHBOURS = 5
"""Rows of the other side before and after a row whose labels are asked."""
TELLING = 0.6
"""AUROC from which on something is said to tell the label, if chance does not explain it."""
GAPS_TELLING = 0.75
"""The same of gaps in a feature: what is hard to measure may well be missing more often."""
LEVEL, ALONE = 0.02, 0.15
"""Chance of a false alarm over all that is asked together, and of one in the test rows alone."""
ROWS = 3000
"""Rows, or patients, that are asked at most."""

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Scorer = Callable[[Floats], Floats]
"""From labels (row, order) to scores (row, order), one column for every order of the labels."""


@dataclass(frozen=True)
class _Table:
    """Rows, or patients, of which is asked what tells their label."""

    level: str
    frame: pl.DataFrame
    test: Bools
    label: Floats
    block: NDArray[np.int64]

    @classmethod
    def of(cls, level: str, frame: pl.DataFrame) -> _Table:
        first = pl.col(" at").first().over("patient")
        first = pl.when(pl.col("patient") == "").then(" at").otherwise(first).rank("dense")
        return cls(
            level,
            frame,
            (frame["part"] == "test").to_numpy(),
            frame["label"].to_numpy().astype(np.float64),
            frame.with_row_index(" at").select(first).to_series().to_numpy().astype(np.int64) - 1,
        )

    @property
    def both_classes(self) -> bool:
        return all(0 < self.label[side].sum() < side.sum() for side in (self.test, ~self.test))

    def orders(self, permutations: int, generator: np.random.Generator) -> Floats:
        """Return the labels, and after them random orders of their blocks, (row, order)."""
        place = np.tile(np.arange(self.block.max() + 1), (permutations, 1))
        place, by = generator.permuted(place, axis=1), np.argsort(self.block, kind="stable")
        # every block keeps its labels in order and goes to the place that its number drew
        order = np.argsort(place[:, self.block[by]], axis=1, kind="stable")
        labels = np.tile(self.label, (1 + permutations, 1))
        labels[1:, by] = self.label[by][order]
        return labels.T

    def attainable(self) -> float:
        """Return the smallest p-value that the orders of the blocks admit."""
        positive = (np.bincount(self.block, self.label) > 0).tolist()
        kinds = Counter[bool | bytes](positive)
        if all(positive):  # which of their rows are so is what is moved
            by = np.argsort(self.block, kind="stable")
            blocks = np.split(self.label[by], np.flatnonzero(np.diff(self.block[by])) + 1)
            kinds = Counter(it.tobytes() for it in blocks)
        return exp(sum(lgamma(n + 1) for n in kinds.values()) - lgamma(len(positive) + 1))


def associations(rows: SplitRows, *, permutations: int, seed: int) -> list[Check]:
    """Return what every identifier, the order and the words of names tell, each on two levels.

    ``_rows``: every row counts; ``_patients``: every patient once, positive when a row of his is.
    """
    tables = [_Table.of("rows", _some(rows.frame))]
    if rows.named:
        tables.append(_Table.of("patients", _some(_once_a_patient(rows))))
    generator = np.random.default_rng(seed)
    usable = [table for table in tables if table.both_classes]
    checks = [] if usable else [Check.unseen("association", 0)]
    for table in usable:
        labels = table.orders(permutations, generator)
        probes = list(_probes(table, rows))
        # of the test rows alone too: those that were made for training, as by oversampling there,
        # have names and a place of their own
        asked = _Table.of(table.level, table.frame.filter(table.test))
        truth = asked.orders(permutations, np.random.default_rng(seed))
        alone = ALONE if asked.attainable() <= ALONE else 1  # so few show nothing by themselves
        found, scores = np.empty((len(probes), 1 + permutations)), []
        for i, (_, _, scorer) in enumerate(probes):
            scored = scorer(labels)
            found[i] = aurocs(labels, scored)
            scores.append(scored[table.test, :1])
        centre, spread = found[:, 1:].mean(axis=1), found[:, 1:].std(axis=1)
        standard = (found - centre[:, None]) / np.where(spread > 0, spread, np.inf)[:, None]
        # what the most telling of all probes reaches by chance: Westfall and Young, 1993
        highest = standard[:, 1:].max(axis=0)
        level = LEVEL / len(usable)
        for i, (name, subject, _) in enumerate(probes):
            p = float((1 + (highest >= standard[i, 0] - 1e-9).sum()) / (1 + permutations))
            least = float(centre[i] + spread[i] * np.quantile(highest, 1 - level))
            telling = GAPS_TELLING if name == "gaps" else TELLING
            detectable = max(telling, least)
            could = max(table.attainable(), 1 / (1 + permutations)) <= level and detectable < 1
            verdict = Verdict.CLEAN if could else Verdict.UNSEEN
            if found[i, 0] >= telling and p <= level:
                of_test = aurocs(truth, np.broadcast_to(scores[i], truth.shape))
                likely = (of_test >= of_test[0] - 1e-9).mean()
                if of_test[0] >= telling:
                    verdict = Verdict.CAUTION if likely <= alone else Verdict.UNSEEN
            checks.append(
                Check(
                    name=f"{name}_{table.level}",
                    subject=subject,
                    verdict=verdict,
                    count=int(table.label.sum()),
                    of=len(table.label),
                    value=float(found[i, 0]),
                    p=p,
                    detectable=detectable,
                )
            )
    return checks


def aurocs(labels: Floats, scores: Floats) -> Floats:
    """Return the AUROC of every column of *scores* (0 to 1), ties counted half."""
    rows, orders = labels.shape
    # the label is the last bit of a key that sorts as the score does, to nine decimals: of scores
    # between 0 and 1, with many ties, that is three times as fast as ranking them
    key = 2 * np.round(1e9 * scores.T).astype(np.int64) + labels.T.astype(np.int64)
    key.sort(axis=1)
    begins = np.diff(key >> 1, axis=1, prepend=-1) != 0
    tie = np.flatnonzero(begins)  # place of every first of a tie, counted through all orders
    size = np.diff(np.append(tie, begins.size))
    positive = np.add.reduceat((key & 1).ravel(), tie)
    order, first = np.divmod(tie, rows)
    rank = np.bincount(order, positive * (first + (size + 1) / 2), minlength=orders)  # sums, from 1
    positives = labels.sum(axis=0)
    return (rank - positives * (positives + 1) / 2) / (positives * (rows - positives))


def _some(frame: pl.DataFrame) -> pl.DataFrame:
    """Return at most `ROWS` rows, in their order; drawn, for a fixed step may meet a pattern."""
    if frame.height <= ROWS:
        return frame
    return frame[np.sort(np.random.default_rng(0).choice(frame.height, ROWS, replace=False))]


def _once_a_patient(rows: SplitRows) -> pl.DataFrame:
    kept = [name for name in (*rows.identifiers, *rows.texts) if name not in ("row", "patient")]
    return rows.frame.group_by("patient", maintain_order=True).agg(
        pl.col("label").max(), pl.col("part", *kept).first()
    )


def _probes(table: _Table, rows: SplitRows) -> Iterator[tuple[str, str, Scorer]]:
    frame = table.frame
    for name in rows.identifiers:
        words = [frozenset({value}) for value in frame[name].cast(pl.String).fill_null("")]
        if len(set(words)) > 1:
            yield "identifier", name, _by_words(words, table.test)
    for name in rows.features if table.level == "rows" else ():
        words = [
            frozenset({str(gap)}) for gap in frame[name].cast(pl.Float64).fill_null(np.nan).is_nan()
        ]
        if len(set(words)) > 1:
            yield "gaps", name, _by_words(words, table.test)
    standing = np.arange(frame.height)
    yield "order", "", _by_neighbours(table.test, standing)
    for name in [one for one in ("row", "patient", *rows.texts) if one in frame.columns]:
        subject = f"names of {name}s" if name in ("row", "patient") else name
        values = frame[name].cast(pl.String).fill_null("")
        counted = _by_number(values)
        running, bare = (counted == standing).all(), values.str.contains(r"^\d+$").all()
        if not running:
            yield "numbers", subject, _by_neighbours(table.test, counted)
        for probe, split in (("words", _words), ("spelling", _spelling)):
            if running and bare and (name == "row" or probe == "words"):
                continue  # of running numbers the order of the rows says the same
            if probe == "spelling" and name != "row" and table.level == "rows" and rows.named:
                continue  # asked of patients: their odd and even numbers take turns
            words = [split(value) for value in values]
            if len(set(words)) > 1:
                yield probe, subject, _by_words(words, table.test)


def _words(name: str) -> frozenset[str]:
    """Return the words of a name; numbers by the count of their digits: a new one tells nothing."""
    found = re.findall(r"[^\W\d_]+|\d+", name.lower())
    return frozenset(f"{len(word)} digits" if word.isdigit() else word for word in found)


def _spelling(name: str) -> frozenset[str]:
    """Return how a name is written, one word: its case, and whether its last number is odd."""
    numbers = re.findall(r"\d+", name)
    odd = int(numbers[-1][-1]) % 2 if numbers else None
    return frozenset({f"{name.islower()} {name.isupper()} {odd}"})


def _by_words(words: list[frozenset[str]], test: Bools) -> Scorer:
    """Return the scorer by the mean label of each word on the other side, meaned over a row's."""
    number = {word: place for place, word in enumerate(sorted(set().union(*words)))}
    counts = np.array([len(found) for found in words])
    # every occurrence of a word: the row that has it, and the number of the word
    row = np.repeat(np.arange(len(words)), counts)
    word = np.array([number[one] for found in words for one in sorted(found)], np.int64)

    def scorer(labels: Floats) -> Floats:
        total, overall = np.zeros_like(labels.T), labels.mean(axis=0)
        for here in (test, ~test):
            asked, there = here[row], ~here[row]
            # one row's worth of the overall mean: a word seen once tells little
            seen = np.bincount(word[there], minlength=len(number)) + 1
            teller, told, asker, about = row[there], word[there], row[asked], word[asked]
            for order, label in enumerate(labels.T):
                mean = (np.bincount(told, label[teller], len(number)) + overall[order]) / seen
                total[order] += np.bincount(asker, mean[about], len(words))
        return (total / np.maximum(counts, 1)).T

    return scorer


def _by_number(names: pl.Series) -> NDArray[np.int64]:
    """Return the rows in the order of the numbers in their names, the first number first.

    A number of four digits goes before others, as the year in 31/12/2020. Rows of the same
    numbers keep their order.
    """
    found = [re.findall(r"\d+", name) for name in names]
    keys = [[*map(int, sorted(numbers, key=lambda one: len(one) != 4))] for numbers in found]
    return np.array(sorted(range(len(keys)), key=keys.__getitem__), np.int64)


def _by_neighbours(test: Bools, order: NDArray[np.int64]) -> Scorer:
    """Return the scorer by the mean label of the nearest rows of the other side in an *order*."""

    def scorer(labels: Floats) -> Floats:
        scores = np.empty_like(labels)
        standing, side = labels[order], test[order]
        for here in (side, ~side):
            place = np.flatnonzero(~here)
            at = np.searchsorted(place, np.flatnonzero(here))
            low, high = np.maximum(at - NEIGHBOURS, 0), np.minimum(at + NEIGHBOURS, len(place))
            total = np.concatenate([np.zeros((1, labels.shape[1])), standing[place].cumsum(axis=0)])
            scores[order[here]] = (total[high] - total[low]) / (high - low)[:, None]
        return scores

    return scorer
