"""Subgroups: their figures, which are too small, and which differences are told."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from support.manifests import manifest
from tomocalc.accounts.figures import FEWEST, Division, Interaction
from tomocalc.evaluation.intervals import equal_values
from tomocalc.evaluation.subgroups import Known, Rows, divide, holm
from tomocalc.evaluation.subgroups import subgroups_of as measured
from tomocalc.evaluation.weighted import figures_of_merit, within_groups_left_out
from tomocalc.model.card import Distribution
from tomocalc.pages.levels import differences, subgroup_values

CONFIDENCE = 0.95


def cohort(patients: int = 60, *, drop: float = 0.0, seed: int = 5) -> tuple[Rows, np.ndarray]:
    """Return rows, and the vendor of each; of vendor B calcifications score lower by *drop*."""
    generator = np.random.default_rng(seed)
    patient = np.repeat(np.arange(patients), 20)
    label = (generator.random(len(patient)) < 0.3).astype(np.int8)
    vendor = np.where(generator.random(patients) < 0.5, "A", "B")[patient]
    mood = 0.5 * generator.normal(size=patients)[patient]
    logit = -1 + (2 - drop * (vendor == "B")) * label + mood + generator.normal(size=len(label))
    score = 1 / (1 + np.exp(-logit))
    return Rows(label, score, patient.astype(np.int32), 0.5, CONFIDENCE), vendor


def test_a_subgroup_has_the_figures_that_its_rows_alone_have() -> None:
    rows, vendor = cohort()
    found = divide(rows, list(vendor), by="vendor", unit="candidates")
    assert [group.name for group in found.subgroups] == ["A", "B"]
    inside = vendor == "A"
    alone = figures_of_merit(
        rows.label[inside],
        rows.score[inside],
        rows.group[inside],
        threshold=0.5,
        confidence=CONFIDENCE,
    )
    figures = dict(found.subgroups[0].figures)
    within = figures.pop("auroc_within")
    assert figures["auroc"].value < within.value < 1  # moods blur the one and not the other
    for name, figure in figures.items():
        assert figure == alone[name]


def test_auroc_within_patients_by_hand() -> None:
    label = np.array([1, 1, 0, 0, 1, 0, 1, 0], np.int8)
    score = np.array([0.9, 0.2, 0.2, 0.1, 0.3, 0.4, 0.8, 0.95])
    group = np.array([0, 0, 0, 0, 1, 1, 2, 3], np.int32)  # 2 and 3 have no pair of their own
    found, blocks = within_groups_left_out(label, score, group, group)
    # 0.9 is above both others of its patient, 0.2 above one and tied with one; 0.3 is below
    assert found.values["auroc_within"] == pytest.approx((1 + 0.75 + 0) / 3)
    assert found.without["auroc_within"] == pytest.approx([0, 0.875])
    assert blocks.tolist() == [0, 1]


def test_a_drop_that_moods_hide_is_told_within_patients() -> None:
    generator = np.random.default_rng(2)
    patient = np.repeat(np.arange(60), 20)
    label = (generator.random(len(patient)) < 0.3).astype(np.int8)
    lower = patient % 2 == 0
    mood = 2 * generator.normal(size=60)[patient]
    logit = mood + (2 - lower) * label + generator.normal(size=len(label))
    rows = Rows(label, 1 / (1 + np.exp(-logit)), patient.astype(np.int32), 0.5, CONFIDENCE)
    found = divide(rows, list(np.where(lower, "B", "A")), by="vendor", unit="candidates")
    p_values = {one.figure: one.p_value for one in found.interactions}
    assert p_values["auroc_within"] < 0.001 < min(p_values["recall"] or 0, p_values["auroc"] or 0)


def test_a_planted_drop_is_told_with_its_place_and_none_without() -> None:
    for drop, told in ((1.5, True), (0.0, False)):
        rows, vendor = cohort(drop=drop)
        view = np.where(np.arange(len(vendor)) % 2, "CC", "MLO")  # both of every patient
        divisions = holm(
            [
                division
                for by, names in (("vendor", vendor), ("view", view))
                if (division := divide(rows, list(names), by=by, unit="candidates"))
            ]
        )
        found = differences(divisions, CONFIDENCE)
        assert bool(found) is told
        assert {(one.by, one.lowest) for one in found} <= {("vendor", "B")}


def test_few_patients_are_listed_and_not_measured() -> None:
    rows, _ = cohort(40)
    few = np.where(rows.group < FEWEST - 1, "rare", "common")
    found = divide(rows, list(few), by="site", unit="candidates")
    common, rare = found.subgroups
    assert common.figures
    assert (rare.figures, rare.rarer_groups, rare.n) == ({}, FEWEST - 1, 140)
    assert found.interactions == ()
    section = subgroup_values([found], CONFIDENCE)["subgroups"]
    assert section["too_small"] == 1
    assert "too small" in section["rows"][1]


def test_one_value_divides_nothing_and_unknown_ones_are_counted() -> None:
    rows, vendor = cohort()
    assert divide(rows, ["A"] * len(vendor), by="vendor", unit="candidates") is None
    some = [None if place < 100 else name for place, name in enumerate(vendor)]
    found = divide(rows, some, by="vendor", unit="candidates")
    assert found.unknown == 100


def test_perfect_subgroups_are_compared_as_if_two_more_had_been_seen() -> None:
    every = np.arange(20, dtype=np.int32)
    perfect = (1.0, np.ones(20), every, 20)
    assert equal_values([perfect, perfect]) == pytest.approx(1.0)
    poor = (0.4, 0.4 + 0.01 * np.sin(every), every, 20)
    p = equal_values([perfect, poor])
    assert p < 0.05


def test_holm_by_hand() -> None:
    def division(*values: float | None) -> Division:
        tests = [Interaction(figure="auroc", lowest="A", p_value=p, adjusted=None) for p in values]
        common: dict[str, Any] = {"unit": "candidates", "unknown": 0, "subgroups": ()}
        return Division(by="site", interactions=tuple(tests), **common)

    first, second = holm([division(0.01, 0.04), division(0.03, None)])
    assert [test.adjusted for test in first.interactions] == pytest.approx([0.03, 0.06])
    assert second.interactions[0].adjusted == pytest.approx(0.06)
    assert second.interactions[1].adjusted is None


def test_everything_that_the_sheet_and_the_volumes_know_divides_the_rows() -> None:
    rows, vendor = cohort()
    names = [f"v{place}" for place in rows.group]
    candidates = pl.DataFrame(
        {
            "volume_id": names,
            "candidate_id": np.arange(len(names), dtype=np.int32),
            "slice": np.arange(len(names)) % 30,
            "site": np.where(rows.group % 2, "north", "south"),
            "area_mm2": np.linspace(0, 1, len(names)),
            "label": rows.label,
            "probability": rows.score,
            "group": rows.group,
        }
    )
    volumes = [
        manifest(volume_id=f"v{place}", slices=30, view="CC" if place % 3 else "MLO", vendor="GE")
        for place in range(60)
    ]
    sheet = {name: {"vendor": str(which)} for name, which in zip(names, vendor, strict=True)}
    del sheet["v0"]  # of which the header alone says who made its system
    numbers = (0.1, 0.2, 0.5, 0.6, 0.7)
    features = {"area_mm2": Distribution(values=(), below=(), classes={"1": numbers}, missing=0.0)}
    columns = candidates.select("candidate_id").with_columns(
        age=pl.when(pl.col("candidate_id") % 2 == 0).then(pl.lit("over 60")).otherwise(pl.lit(""))
    )
    found = measured(
        candidates,
        pl.DataFrame({"findings": []}),
        Known(features, volumes, sheet, columns),
        threshold=0.5,
        confidence=CONFIDENCE,
    )
    by = {one.by: [group.name for group in one.subgroups] for one in found}
    assert by == {
        "site": ["north", "south"],
        "vendor": ["A", "B", "GE"],
        "view": ["CC", "MLO"],
        "depth": ["lowest third", "middle third", "uppermost third"],
        "size": ["larger", "smaller"],
    }
    assert next(one.cut for one in found if one.by == "size") == 0.5
