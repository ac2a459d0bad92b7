"""Findings, volumes and patients of the test part: what counts, and as what."""
# pyright: reportOptionalSubscript=false, reportOptionalOperand=false, reportArgumentType=false

import numpy as np
import polars as pl
import pytest

from support.candidates import candidate_rows
from support.defaults import CONFIG
from support.manifests import manifest as made
from tomocalc.accounts.metrics import Cases, Confusion
from tomocalc.evaluation.cases import case_account, patients_of_table
from tomocalc.evaluation.clusters import Marks, Rule
from tomocalc.evaluation.findings import Box, Cluster, box_of, gather_findings
from tomocalc.evaluation.froc import FALSE
from tomocalc.evaluation.images import measure_images, patient_parts
from tomocalc.evaluation.responses import TestPart, cluster_response

RULE = Rule(3, 10.0)
SPLIT = {"validation_fraction": 0.2, "test_fraction": 0.25, "folds": 3}
SETTINGS = CONFIG["evaluation"] | {"prevalences": [0.01]}


def manifest(volume, patient, *, slices=40):
    return made(volume, patient_id=patient, slices=slices)


def spot(volume, x, y, on_slice: int | None = 10, *, pathology=None):
    shape = {"x": x, "y": y, "radius": 2.0, "width": None, "height": None}
    return {
        "volume_id": volume,
        "slice": on_slice,
        **shape,
        "kind": "calcification",
        "pathology": pathology,
    }


def area(volume, x, y, radius, on_slice=10):
    return spot(volume, x, y, on_slice) | {"radius": radius, "kind": "cluster"}


def test_a_box_starts_at_its_corner_and_a_circle_at_its_centre():
    drawn = {"x": 10, "y": 20, "slice": 3, "radius": None, "width": 4, "height": 6}
    assert box_of(drawn) == Box(20, 10, 26, 14, 3)
    assert box_of(drawn).centre == (23, 12)
    assert box_of(drawn | {"radius": 5}) == Box(15, 5, 25, 15, 3)


def test_annotated_clusters_and_groups_of_calcifications_are_clusters():
    sheet = [
        area("v1", 100, 100, 50),  # 0
        spot("v1", 110, 100),  # 1, inside it
        spot("v1", 400, 400),  # 2 to 4: a group of three
        spot("v1", 430, 400, pathology="benign"),
        spot("v1", 400, 440, 13),
        spot("v1", 900, 900),  # 5, alone
        spot("v2", 400, 400),  # 6, elsewhere
    ]
    found = gather_findings(sheet, {v: manifest(v, "p") for v in ("v1", "v2")}, RULE)
    assert [item.finding_id for item in found.calcifications] == [1, 2, 3, 4, 5, 6]
    drawn, formed = found.clusters
    assert drawn.findings == {0, 1}
    assert formed.findings == {2, 3, 4}
    assert (drawn.pathology, formed.pathology) == (False, True)
    assert formed.box == Box(398, 398, 442, 432, 11)


def test_calcifications_of_unknown_depth_are_grouped_as_seen_from_above():
    sheet = [spot("v1", 0, 0, None), spot("v1", 10, 0, 0), spot("v1", 0, 10, 39)]
    (group,) = gather_findings(sheet, {"v1": manifest("v1", "p")}, RULE).clusters
    assert group.box.slice is None
    apart = [spot("v1", 0, 0, 20), *sheet[1:]]
    assert gather_findings(apart, {"v1": manifest("v1", "p")}, RULE).clusters == []


def splits(parts):
    return pl.DataFrame({"patient_id": list(parts), "part": list(parts.values())})


def test_patients_of_the_split_keep_their_part():
    known = {"a": "train", "b": "validation", "c": "test"}
    assert patient_parts(list(known), splits(known), split=SPLIT, seed=1) == known


def test_patients_without_candidates_are_drawn_by_name_and_seed_alone():
    known = splits({"a": "train"})
    names = [f"p{number}" for number in range(2000)]
    parts = patient_parts(["a", *names], known, split=SPLIT, seed=1)
    share = {part: list(parts.values()).count(part) / 2000 for part in ("test", "validation")}
    assert share == pytest.approx({"test": 0.25, "validation": 0.2}, abs=0.03)
    few = patient_parts(names[:3], known, split=SPLIT, seed=1)
    assert few == {name: parts[name] for name in names[:3]}
    assert patient_parts(["a", *names], known, split=SPLIT, seed=2) != parts


def test_a_split_that_is_not_by_patient_has_no_volumes():
    twice = pl.DataFrame({"patient_id": ["a", "a"], "part": ["train", "test"]})
    assert patient_parts(["a"], twice, split=SPLIT, seed=1) is None
    assert patient_parts(["a"], splits({"": "test"}), split=SPLIT, seed=1) is None


def test_a_cluster_mark_is_right_when_half_of_it_is():
    clusters = [
        Cluster("v1", Box(0, 0, 1, 1, 0), frozenset({0, 1}), pathology=False),
        Cluster("v1", Box(0, 0, 1, 1, 0), frozenset({2, 3}), pathology=False),
    ]
    rows = pl.DataFrame({"finding_id": [0, 1, None, None, 2, 3]})
    members = [[0, 1, 2], [0, 2, 3], [0, 1, 4, 5], [0, 4, 5], [2, 3], [0, 2]]
    marks = Marks(np.linspace(0.9, 0.4, 6), [np.array(group) for group in members])
    part = TestPart.of([manifest("v0", "p0"), manifest("v1", "p1")])
    given = cluster_response({"v1": (rows, marks)}, clusters, part)
    assert given.finding.tolist() == [0, FALSE, 0, 1, FALSE, 0]
    assert given.patient.tolist() == [1] * 6
    assert given.volume_patient.tolist() == [0, 1]


def cohort():
    """Three patients of the test part: one with candidates, one without, one healthy.

    v1 has three calcifications with candidates and one without; v2 has three that nothing was
    found of; v3 has a false candidate; v4 belongs to the training part.
    """
    volumes = [manifest(f"v{n}", f"p{n}") for n in (1, 2, 3, 4)]
    sheet = [spot("v1", 100 + 10 * n, 100) for n in range(4)]
    sheet += [spot("v2", 100 + 10 * n, 100) for n in range(3)]
    rows = candidate_rows(
        volume_id=["v1", "v1", "v1", "v1", "v3", "v4"],
        patient_id=["p1", "p1", "p1", "p1", "p3", "p4"],
        candidate_id=[0, 1, 2, 3, 0, 0],
        slice=[10] * 6,
        centroid_row=[100.0, 100, 100, 900, 100, 100],
        centroid_col=[100.0, 110, 120, 900, 100, 100],
        row_mm=[10.0, 10, 10, 90, 10, 10],
        col_mm=[10.0, 11, 12, 90, 10, 10],
        label=[1, 1, 1, 0, 0, 0],
        finding_id=[0, 1, 2, None, None, None],
    ).with_columns(probability=pl.Series([0.9, 0.8, 0.3, 0.6, 0.4, 0.9]))
    # the patient without candidates is not in the split
    return rows, splits({"p1": "test", "p3": "test", "p4": "train"}), volumes, sheet


def measured(seed=1, **changes):
    names = ("candidates", "splits", "manifests", "annotations")
    given = {**dict(zip(names, cohort(), strict=True)), **changes}
    return measure_images(*given.values(), threshold=0.5, settings=SETTINGS, split=SPLIT, seed=seed)


def seed_that_tests(patient, *, tests=True):
    """A seed with which the patient comes into the test part, or does not."""
    known = splits({"a": "train"})
    drawn = (patient_parts([patient], known, split=SPLIT, seed=seed) for seed in range(100))
    return next(seed for seed, part in enumerate(drawn) if (part == {patient: "test"}) == tests)


def test_every_annotated_finding_of_the_test_part_counts():
    images = measured(seed_that_tests("p2"))
    curve = images.facts.froc.calcifications
    # four in v1 and three in v2; candidates lie on three
    assert (curve.findings, curve.with_candidate, curve.volumes) == (7, 3, 3)
    assert curve.operating_point.found == 2
    assert curve.operating_point.false == 1
    assert curve.curve.sensitivity[-1] == pytest.approx(3 / 7, abs=1e-6)
    clusters = images.facts.froc.clusters
    assert (clusters.findings, clusters.with_candidate) == (2, 1)
    assert clusters.curve.threshold == [0.5, 0.3]
    assert clusters.curve.sensitivity == [0, 0.5]
    assert images.facts.patients_drawn == 1


def test_a_volume_without_candidates_scores_nothing():
    images = measured(seed_that_tests("p2"))
    rows = {row["volume_id"]: row for row in images.volumes.iter_rows(named=True)}
    assert [rows[volume]["score"] for volume in ("v1", "v2", "v3")] == [0.9, 0, 0.4]
    assert [rows[volume]["cluster_score"] for volume in ("v1", "v2")] == [0.3, 0]
    assert (rows["v2"]["findings"], rows["v2"]["found"], rows["v2"]["part"]) == (3, 0, "test")
    assert (rows["v1"]["with_candidate"], rows["v1"]["found"], rows["v1"]["flagged"]) == (3, 2, 3)
    patients = images.facts.cases.patients
    assert (patients.n, patients.positives, patients.without_candidates) == (3, 2, 1)
    # the healthy patient scores 0.4: above the overlooked one, below the other
    assert patients.metrics["auroc"].value == 0.5
    assert patients.confusion == Confusion(tn=1, fp=0, fn=1, tp=1)


def test_the_dbtex_metric_counts_the_overlooked_cluster():
    facts = measured(seed_that_tests("p2")).facts.dbtex
    assert (facts.lesions, facts.volumes_with_lesion, facts.marks) == (2, 2, 1)
    for figures in (facts.rules.nearest, facts.rules.first):
        assert figures.mean_sensitivity == 0.5
    assert facts.biopsied is False
    assert facts.least_mm == (10, 10)


def test_a_patient_in_another_part_is_not_counted():
    images = measured(seed_that_tests("p2", tests=False))
    assert images.facts.froc.calcifications.findings == 4
    assert images.facts.patients_drawn == 0
    assert images.volumes.height == 4


def test_a_candidate_in_an_annotated_cluster_is_not_a_false_calcification():
    rows, _, _, sheet = cohort()
    rows = rows.with_columns(
        label=pl.Series([1, 1, 1, 1, 0, 0], dtype=pl.Int8),
        finding_id=pl.Series([0, 1, 2, 7, None, None], dtype=pl.Int32),
    )
    facts = measured(candidates=rows, annotations=[*sheet, area("v1", 900, 900, 30)]).facts
    assert facts.froc.calcifications.operating_point.false == 0


def test_without_findings_the_page_is_told_why():
    facts = measured(annotations=[]).facts
    assert facts.froc.calcifications is None
    assert facts.froc.clusters is None
    assert facts.dbtex is None
    assert facts.cases.volumes.metrics == {}


def test_cases_of_one_class_have_counts_only():
    cases = pl.DataFrame(
        {
            "patient_id": ["a", "b"],
            "findings": [0, 0],
            "candidates": [1, 0],
            "score": [0.4, 0.0],
            "cluster_score": [0.0, 0.0],
        }
    )
    facts = case_account(cases, threshold=0.5, settings=SETTINGS)
    assert facts == Cases(n=2, positives=0, without_candidates=1)


def test_a_patient_of_a_table_has_its_likeliest_row():
    rows = pl.DataFrame(
        {
            "volume_id": "table",
            "candidate_id": [0, 1, 2, 3],
            "patient_id": ["a", "a", "b", "c"],
            "label": [1, 0, 0, 1],
            "part": ["test", "test", "test", "train"],
            "probability": [0.4, 0.9, 0.2, 0.8],
        }
    )
    found = patients_of_table(rows, threshold=0.5)
    shown = ("patient_id", "part", "score", "candidates", "flagged", "findings", "found")
    assert found.select(shown).rows() == [
        ("a", "test", 0.9, 2, 1, 1, 0),
        ("b", "test", 0.2, 1, 0, 0, 0),
        ("c", "train", 0.8, 1, 1, 1, 1),
    ]
    for column, value in (("patient_id", "a"), ("patient_id", "")):
        several = rows.with_columns(pl.lit(value).alias(column))
        assert patients_of_table(several, threshold=0.5).is_empty()
