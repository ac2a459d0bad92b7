"""What the leakage audit catches, on planted leaks, and what it leaves alone."""

import numpy as np
import polars as pl
import pytest
from msgspec.structs import replace

from support.candidates import cohort
from support.leaks import Planted, augmented, changed, copied, table, told_by, with_values
from support.leaks_prepared import scaled
from support.leaks_zoo import ANIMALS
from tomocalc.accounts.leakage import Check, Verdict
from tomocalc.audit.association import associations
from tomocalc.audit.audit import audit_split, features_alone, rows_of_split
from tomocalc.audit.nearness import near_copies
from tomocalc.audit.part_copies import disguised
from tomocalc.audit.preparation import prepared
from tomocalc.audit.rows import SplitRows
from tomocalc.dataset.splits import split_honest, usable_candidates
from tomocalc.errors import TomocalcError
from tomocalc.pages.audit_files import check_words, grounds_of, reasons_of, say_check

FEATURES = ["area", "contrast"]
CAUGHT = (Verdict.CAUTION, Verdict.LEAKS)
PERMUTATIONS = 499
HONEST = ["grades", "shares", "deviation", "axes", "sites", "oversampled", "patients", "counts"]
HONEST += ["empty", "parts of a whole", "thirds"]


@pytest.mark.parametrize("animal", ANIMALS, ids=[animal[0] for animal in ANIMALS])
def test_a_planted_leak_is_caught_and_its_rows_are_named(animal: tuple) -> None:
    _, name, make = animal
    planted: Planted = make(1)
    audit = audit_split(planted[0], permutations=PERMUTATIONS, seed=1)
    assert any(check.name == name and check.verdict in CAUGHT for check in audit.checks)
    assert audit.verdict in CAUGHT
    named = {one.row for one in audit.shared} | {one.patient for one in audit.shared}
    assert len(planted[1] & named) >= 0.8 * len(planted[1])
    assert reasons_of(audit)


@pytest.mark.parametrize("decimals", [None, 2])
@pytest.mark.parametrize(
    ("seed", "rows", "features"), [(3, 10, 2), (3, 20, 6), (12000, 10, 2), (1, 6, 130)]
)
def test_a_clean_split_is_clean(seed: int, rows: int, features: int, decimals: int | None) -> None:
    split = table(seed, rows=rows, features=features, decimals=decimals)
    audit = audit_split(split, permutations=PERMUTATIONS, seed=1)
    assert (audit.verdict, reasons_of(audit), audit.shared) == (Verdict.CLEAN, [], [])


def by_training(rows: SplitRows, how: str) -> SplitRows:
    """Prepare features honestly, by the training rows alone, or leave them as shares."""
    train = rows.frame["part"] == "train"
    values, known = rows.numbers.copy(), rows.numbers[train.to_numpy()]
    if how == "grades":  # that go together, so that rows are equal more often than by chance
        grade = np.round(rows.frame["patient"].str.slice(1).cast(pl.Float64).to_numpy() % 3)
        values = np.clip(grade[:, None] + values[:, :4].round(), 0, 3)[:, [0, 1, 2, 3, 0, 1]]
    elif how == "shares":
        values = np.clip(0.5 + 0.4 * values, 0, 1)
    elif how == "deviation":
        values = (values - known.mean(axis=0)) / known.std(axis=0)
    elif how == "axes":
        values = (values - known.mean(axis=0)) @ np.linalg.svd(known, full_matrices=False)[2].T
    elif how == "patients":  # every patient by himself
        values -= rows.frame.select(pl.col(rows.features).mean().over("patient")).to_numpy()
    elif how == "counts":  # whose mean is a whole number by chance, and the most frequent of them
        at = np.arange(len(values) // 16 * 16)
        values[:, 5], values[at, 5] = 2, np.where(at % 8, 2, 1 + 2 * (at // 8 % 2))
    elif how == "empty":  # of some nothing was found
        values[::7] = np.where(rows.label[::7, None] == 1, np.nan, 0)
    elif how == "parts of a whole":  # two of the rows are equal, by chance
        drawn = np.random.default_rng(1).multinomial(1200, [0.25] * 4, len(values))
        values = drawn[:, [0, 1, 2, 3, 0, 1]]
        values[(~rows.learnt).argmax()] = values[rows.learnt.argmax()]
    elif how == "thirds":  # of patients: all digits of few values, so that two may agree
        draw, names = np.random.default_rng(1), rows.frame["patient"].rank("dense").to_numpy()
        values[:, :5] = draw.integers(0, 4, (names.max() + 1, 5))[names] / 3
    elif how == "sites":
        mean = rows.frame.filter(train).group_by("site").agg(pl.col("label").mean())
        values[:, 5] = rows.frame["site"].replace_strict(*mean, return_dtype=pl.Float64).to_numpy()
    frame = with_values(rows, values).frame
    if how == "oversampled":
        more = frame.filter(train & (frame["label"] == 1))
        new = [pl.format("{} {}", one, pl.lit("new")).alias(one) for one in ("row", "patient")]
        frame = pl.concat([frame, *[more.with_columns(new)] * 5])
    return changed(rows, frame)


@pytest.mark.parametrize("how", HONEST)
def test_what_was_prepared_by_the_training_rows_is_clean(how: str) -> None:
    audit = audit_split(by_training(table(4, rows=4), how), permutations=PERMUTATIONS, seed=1)
    assert (audit.verdict, reasons_of(audit)) == (Verdict.CLEAN, [])


@pytest.mark.parametrize("over", ["rows", "ends", "size"])
def test_scaling_by_all_rows_is_seen_in_three_decimals(over: str) -> None:
    rows, _ = scaled(3, over)
    rounded = changed(rows, rows.frame.with_columns(pl.col(rows.features).round(3), patient="row"))
    assert audit_split(rounded, permutations=0).check("scaled").verdict is Verdict.CAUTION


def test_shares_of_three_decimals_are_not_told_to_be_scaled() -> None:
    few = table(1, patients=60, rows=1)  # clipped at the ends of the training rows
    known = few.numbers[(few.frame["part"] == "train").to_numpy()]
    clipped = np.clip((few.numbers - known.min(axis=0)) / np.ptp(known, axis=0), 0, 1)
    assert prepared(with_values(few, clipped))[0].count == 0
    few = table(1, patients=60, rows=1, features=20)
    for seed, constant in ((4, 0), (15, -1)):  # in the middle of whole numbers
        gap = np.random.default_rng(seed).random(few.numbers.shape) < 0.1
        whole = np.where(gap, constant, (10 * few.numbers).round())
        assert prepared(with_values(few, whole))[2].count == 0
    rows = table(3)
    for seed in range(20):
        shares = np.random.default_rng(seed).beta(2, 1, rows.numbers.shape).round(3)
        shares[[*np.flatnonzero(rows.learnt)[:2], (~rows.learnt).argmax()]] = 1
        assert prepared(with_values(rows, shares * (shares > 0.1)))[0].count == 0
        logs = np.log1p(np.random.default_rng(seed).poisson(1, shares.shape))  # of counts
        assert disguised(with_values(rows, logs))[0].count == 0


def test_the_order_of_the_table_is_no_range_of_a_feature() -> None:
    rows = table(3)
    in_turn = (pl.int_range(pl.len()) % 2).cast(pl.Float64)
    sorted_ = rows.frame.sort("label").with_columns(f5=in_turn)
    audit = audit_split(changed(rows, sorted_), permutations=0)
    assert audit.check("feature_alone").verdict is Verdict.CLEAN


def test_codes_of_diagnoses_are_the_label_and_what_only_says_whose_rows_these_are_is_not() -> None:
    rows = table(3, patients=32, rows=120)
    frame = rows.frame.with_columns(label=pl.col("label").max().over("patient"))
    age = pl.col("patient").str.slice(1).cast(pl.Int64).mul(7).mod(31).cast(pl.Float64)
    code = 2.0 * (pl.int_range(pl.len()) % 4) + pl.col("label")
    twice = (2.0 * pl.int_range(pl.len()).over("label").mod(500) + pl.col("label")).sin()
    for f5, told in ((age, False), (twice, False), (code, True)):
        audit = audit_split(changed(rows, frame.with_columns(f5=f5)), permutations=0)
        assert (audit.check("feature_alone").verdict is Verdict.CAUTION) == told


def test_few_patients_may_be_parted_by_chance() -> None:
    rows = table(1, patients=32, rows=6, named=False)
    frame = pl.concat([rows.part("train").head(8), rows.part("test").head(4)])
    frame = frame.with_columns(label=pl.int_range(pl.len()) % 6 // 5)
    few = changed(rows, frame.with_columns(f5=pl.col("label").cast(pl.Float64)))
    assert audit_split(few, permutations=0).check("feature_alone").verdict is Verdict.UNSEEN
    rows = table(1, rows=1, features=60)  # three of 60 are not
    made = rows.frame.with_columns(label=pl.int_range(pl.len()) % 20 // 19)
    audit = audit_split(changed(rows, made.with_columns(f5="label")), permutations=0)
    assert audit.check("feature_alone").verdict is Verdict.CAUTION


def test_rows_that_coarse_features_make_equal_are_counted_and_no_leak() -> None:
    rows = table(3, features=2, decimals=0)
    audit = audit_split(rows, permutations=0)
    learnt = set(rows.part("train", "validation").select(rows.features).rows())
    equal = sum(row in learnt for row in rows.part("test").select(rows.features).rows())
    found = audit.check("copies")
    assert (found.count, found.verdict) == (equal, Verdict.CLEAN)
    assert not any(one.check == "copies" for one in audit.shared)
    assert found.p is not None
    assert grounds_of(audit)[0].startswith(f"{equal} of {found.of} test rows equal one of another")


def test_the_copies_and_their_twins_are_named_exactly() -> None:
    rows, names = copied(2, count=5)
    audit = audit_split(rows, permutations=0)
    assert {one.row for one in audit.shared} == names
    by_name = {row["row"]: row for row in rows.frame.to_dicts()}
    for one in audit.shared:
        here, there = by_name[one.row], by_name[one.twin_row]
        assert [here[name] for name in rows.features] == [there[name] for name in rows.features]
        assert (one.part, one.twin_part, one.distance) == ("test", "train", 0)


def test_what_cannot_be_told_is_not_called_clean() -> None:
    rows = table(4)
    few = rows.part("test").filter(pl.col("label") == 0).head(9)
    one = rows.part("test").filter(pl.col("label") == 1).head(1)
    frame = pl.concat([rows.part("train").head(40), few, one])
    # of patients with the same labels each, no order differs from another
    alike = rows.frame.filter(pl.int_range(pl.len()).over("patient") < 4)
    alike = alike.with_columns(label=(pl.int_range(pl.len()) % 2).cast(pl.Int8))
    for given, orders in ((frame, 199), (alike, 199), (rows.frame, 20)):
        checks = associations(changed(rows, given), permutations=orders, seed=1)
        assert {check.verdict for check in checks} == {Verdict.UNSEEN}


def test_rows_that_are_all_alike_have_no_near_copies() -> None:
    rows = table(4)
    assert near_copies(with_values(rows, np.ones_like(rows.numbers)))[0].verdict is Verdict.UNSEEN


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_rows_that_agree_in_coarse_features_are_no_near_copies(seed: int) -> None:
    rows = table(seed, features=3)
    values = rows.numbers.copy()
    values[:, 1] = values[:, 1].clip(0)
    values[:, 2] = rows.frame["patient"].rank("dense").to_numpy() % 7  # as the voltage of a tube
    audit = audit_split(with_values(rows, values), permutations=0)
    assert audit.check("near_copies").verdict is Verdict.CLEAN
    # beside others, copies under new names are found all the same
    rows, _ = augmented(seed, times=1)
    beside = np.hstack([rows.numbers[:, :3], rows.numbers[:, 3:].round()])
    assert near_copies(with_values(rows, beside))[0].verdict is Verdict.LEAKS


def test_a_site_is_judged_by_whole_patients() -> None:
    # two sites, the label by site: certain with 60 patients
    checks = associations(told_by(5, "site")[0], permutations=PERMUTATIONS, seed=1)
    site = next(one for one in checks if (one.subject, one.name) == ("site", "identifier_patients"))
    assert (site.value, site.p) == (1, 1 / (1 + PERMUTATIONS))
    # also where few patients are in the test part, or some are told wrong
    rows = told_by(5, "site")[0]
    whose = [
        rows.part("test").filter(site=it)["patient"].unique(maintain_order=True) for it in "AB"
    ]
    few = (pl.col("part") != "test") | pl.col("patient").is_in([*whose[0][:2], *whose[1][:3]])
    for told in (changed(rows, rows.frame.filter(few)), told_by(6, "site of most")[0]):
        found = associations(told, permutations=199, seed=1)
        assert {one.verdict for one in found if one.subject == "site"} == {Verdict.CAUTION}
    # what the test rows may show by chance is neither told nor called clean
    found = associations(by_training(table(4, rows=4), "oversampled"), permutations=199, seed=1)
    assert [it.verdict for it in found if it.name == "spelling_rows"] == [Verdict.UNSEEN]
    # and where the rows of a patient do not stand together
    rows, ill = table(4), pl.col("label").max().over("patient")
    mixed = rows.frame.with_columns(label=ill).sample(fraction=1, shuffle=True, seed=1)
    by_rows = associations(changed(rows, mixed), permutations=199, seed=1)[0]
    assert (by_rows.name, by_rows.subject) == ("identifier_rows", "site")
    assert (by_rows.detectable or 0) > 0.64


def test_features_alone_in_the_better_direction() -> None:
    frame = pl.DataFrame(
        {"row": list("abcd"), "patient": list("abcd"), "part": ["train"] * 2 + ["test"] * 2,
         "label": [1, 1, 0, 0], "area": [1.0, 2, 3, 4], "contrast": [4.0, 1, 2, None]}
    )  # fmt: skip
    found = features_alone(SplitRows(frame, FEATURES))
    assert [(one.feature, one.auroc) for one in found] == [("area", 1), ("contrast", 0.5)]


@pytest.mark.parametrize("name", ["search_knows", "detectors_know"])
def test_the_audit_knows_from_whom_search_and_detectors_have_learned(name: str) -> None:
    focus = usable_candidates(cohort(60, each=6), used=FEATURES, duplicates="drop")
    splits = split_honest(focus, seed=1, validation_fraction=0.2, test_fraction=0.25, folds=3)
    train, test = (set(splits.filter(part=part)["patient_id"]) for part in ("train", "test"))
    for more, verdict in ((0, Verdict.CLEAN), (2, Verdict.LEAKS)):
        taught = {name: train | set(sorted(test)[:more])}
        rows = rows_of_split(splits, focus, used=FEATURES, whole=False, taught=taught)
        audit = audit_split(rows, permutations=0)
        check = audit.check(name)
        assert (check.count, check.of) == (more, len(test))
        assert check.verdict is audit.verdict is verdict
    assert f"slices of 2 of {check.of} patients" in say_check(check, "found")


def test_every_check_has_its_words() -> None:
    for check in audit_split(told_by(1, "site")[0], permutations=PERMUTATIONS, seed=1).checks:
        for what in ("title", "found", "sees", "blind", "advice"):
            assert not {*"{["} & {*say_check(check, what)}
    one, two = (Check(name="same_rows", verdict=Verdict.LEAKS, count=n, of=9) for n in (1, 2))
    assert "is itself among" in say_check(one, "found")
    assert "are themselves among" in say_check(two, "found")
    assert set(check_words()["copies"]) == {"check", "title", "found", "sees", "blind", "advice"}


def test_what_leaks_is_said_first() -> None:
    rows, _ = told_by(1, "site")
    both = pl.concat([rows.frame, rows.part("train").head(3).with_columns(part=pl.lit("test"))])
    reasons = reasons_of(audit_split(changed(rows, both), permutations=PERMUTATIONS, seed=1))
    assert "also stands in training or validation" in reasons[0]
    assert any(reason.startswith("Site alone") for reason in reasons[1:])


def test_what_several_features_have_in_common_is_said_once() -> None:
    rows, _ = told_by(1, "site")
    audit = audit_split(rows, permutations=0)
    alone = [
        Check(name="feature_alone", verdict=Verdict.CAUTION, count=1, of=1, subject=name, value=1.0)
        for name in ("area", "contrast", "noise")
    ]
    (reason,) = reasons_of(replace(audit, checks=alone))
    assert reason.startswith("Area alone separates")
    assert reason.endswith("The same holds of contrast, noise.")


def test_a_split_without_a_test_part_is_refused() -> None:
    rows = table(1)
    with pytest.raises(TomocalcError, match=r"E304.*part test"):
        changed(rows, rows.part("train"))


def test_the_share_of_nothing_is_nothing() -> None:
    assert Check(name="copies", verdict=Verdict.CLEAN, count=0, of=0).share == 0
    assert np.isclose(Check(name="copies", verdict=Verdict.LEAKS, count=1, of=4).share, 0.25)
