"""Candidates per patient and site, and drift between parts and sites."""

import math

import numpy as np
import polars as pl
import pytest
from scipy import stats

from tomocalc.accounts.eda import Balance, Drift, Place
from tomocalc.eda.groups import LARGEST, balance, compare, drift, spread
from tomocalc.eda.table import Table, sort_column


def shift(column, reference, other):
    return compare(column, reference, other, group="test", against="train", feature="area")


def compared(reference, other):
    values = np.concatenate([reference, other]).astype(np.float32)
    first = np.arange(len(values)) < len(reference)
    return shift(sort_column(values), first.astype(int), (~first).astype(int))


@pytest.mark.parametrize("seed", range(5))
def test_largest_gap_equals_scipys(seed):
    draw = np.random.default_rng(seed)
    a, b = draw.integers(0, 20, 200), draw.integers(2, 25, 300)
    found = compared(a, b)
    assert found.ks == pytest.approx(stats.ks_2samp(a, b)[0])
    assert (found.n_reference, found.n) == (200, 300)


def test_stability_index_by_hand():
    # two values: bins are {0} and {1}; (count + 1/2) / (n + 1)
    found = compared([0, 0, 1, 1], [0, 1, 1, 1])
    p, q = np.array([2.5, 2.5]) / 5, np.array([1.5, 3.5]) / 5
    assert found.psi == pytest.approx(((q - p) * np.log(q / p)).sum())
    assert found.psi_chance == pytest.approx(1 * (1 / 4 + 1 / 4))


def test_equal_samples_do_not_drift():
    values = np.random.default_rng(0).normal(size=1000)
    found = compared(values, values)
    assert found.psi == pytest.approx(0, abs=1e-12)
    assert found.ks == 0
    assert found.shift == "none"


def test_chance_alone_is_about_what_is_stated():
    draw = np.random.default_rng(0)
    runs = [compared(draw.normal(size=500), draw.normal(size=200)) for _ in range(60)]
    assert np.mean([run.psi for run in runs]) == pytest.approx(runs[0].psi_chance, rel=0.25)


@pytest.mark.parametrize(("move", "wanted"), [(0, "none"), (0.4, "some"), (1.0, "strong")])
def test_a_shift_is_judged(move, wanted):
    draw = np.random.default_rng(1)
    assert compared(draw.normal(size=5000), draw.normal(move, 1, 5000)).shift == wanted


def test_a_small_sample_is_not_called_shifted():
    draw = np.random.default_rng(2)
    found = compared(draw.normal(size=20), draw.normal(size=12))
    assert found.psi > 0.1
    assert found.shift == "none"


def test_missing_values_are_a_bin_of_their_own():
    whole = np.random.default_rng(0).normal(size=1000)
    gappy = whole.copy()
    gappy[:500] = np.nan
    assert compared(whole, gappy).psi > 0.25
    assert compared(np.full(9, np.nan), np.full(9, np.nan)).ks is None


def test_weights_count_repeated_rows():
    values = np.array([1, 2, 3], dtype=np.float32)
    found = shift(sort_column(values), np.array([1, 1, 1]), np.array([0, 0, 3]))
    assert found.ks == pytest.approx(2 / 3)
    assert found.ks_chance == pytest.approx(1.358 * math.sqrt(6 / 9))


def test_parts_and_sites():
    identity = pl.DataFrame(
        {"volume_id": ["v"] * 400, "candidate_id": list(range(400)), "site": ["a", "b"] * 200},
        schema_overrides={"candidate_id": pl.Int32},
    )
    table = Table(
        features={"area": np.arange(400, dtype=np.float32)},
        label=np.zeros(400, dtype=np.int8),
        identity=identity,
    )
    part = ["train"] * 300 + ["test"] * 100
    splits = identity.select("volume_id", "candidate_id").with_columns(part=pl.Series(part))
    found = drift(table, splits)
    assert [(row.group, row.n) for row in found.parts] == [("test", 100)]
    assert found.parts[0].ks == 1
    assert [row.group for row in found.sites] == ["a", "b"]
    assert found.sites[0].ks == pytest.approx(1 / 200)


def test_one_site_is_not_compared():
    identity = pl.DataFrame({"volume_id": ["v"], "candidate_id": [0], "site": ["a"]})
    table = Table({"area": np.ones(1, np.float32)}, np.zeros(1, np.int8), identity)
    splits = identity.select("volume_id", "candidate_id").with_columns(part=pl.lit("train"))
    assert drift(table, splits) == Drift(parts=[], sites=[])


def identity(**columns):
    n = len(columns["patient_id"])
    filled = {"volume_id": ["v"] * n, "site": [""] * n, "label": [0] * n} | columns
    return pl.DataFrame(filled)


def test_counts_by_hand():
    frame = identity(
        patient_id=["a", "a", "a", "b"], volume_id=["1", "1", "2", "3"], label=[1, 0, 1, 0]
    )
    found = spread(frame, "patient_id")
    assert found.total == 2
    assert found.without_positives == 1
    assert found.largest[0] == Place(name="a", volumes=2, patients=1, candidates=3, positives=2)
    assert found.candidates.five == [1, 1.5, 2, 2.5, 3]
    assert found.candidates.edges == [-0.5, 0.5, 1.5, 2.5, 3.5]
    assert found.candidates.counts == [0, 1, 0, 1]


def test_nameless_data():
    frame = identity(patient_id=["", ""])
    assert balance(Table({}, np.zeros(2, np.int8), frame)) == Balance(sites=None, patients=None)


def test_every_patient_is_in_the_histogram_and_the_largest_are_listed():
    names = [f"p{i:04d}" for i in range(300) for _ in range(i % 91 + 1)]
    found = spread(identity(patient_id=names), "patient_id")
    assert len(found.largest) == LARGEST
    assert sum(found.candidates.counts) == 300
    assert len(found.candidates.counts) <= 31
