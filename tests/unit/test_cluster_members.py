"""From candidates to rows of clusters: who is a member, in which order, with which outcome."""

import polars as pl
import pytest

from support.candidates import as_shard, candidate_rows
from support.defaults import CONFIG
from support.manifests import manifest
from tomocalc.cells import LINE
from tomocalc.contradictions import contradictions
from tomocalc.dataset.clusters import MEMBER_ROWS, annotated_clusters, found_clusters
from tomocalc.errors import TomocalcError
from tomocalc.model.sequences import build_sequences
from tomocalc.neighbours import ClusterSettings
from tomocalc.pages.question import words_of
from tomocalc.plan.checks import missing_outcomes
from tomocalc.tables import names

MEMBERS = {"sequence": {"kind": "members", "slices": 5}}
SETTINGS = ClusterSettings.of({"calcifications": 3, "distance_mm": 2.0, "contrast_to_noise": 3.0})
LABELS = {"tolerance_mm": 0.0, "slice_tolerance": 1}

PLACES = [(10, 10), (10, 20), (10, 25), (10, 12), (60, 60), (60, 70), (70, 60), (90, 10)]
"""Row and column in pixels of 0.1 mm: two clusters, of which the first has a faint candidate."""
CONTRAST = [4.0, 4, 4, 1, 4, 4, 4, 4]


def shard(findings=(0, 0, None, None, 1, None, None, None)):
    rows = candidate_rows(
        candidate_id=list(range(8)),
        slice=[5] * 8,
        patient_id=["p"] * 8,
        centroid_row=[place[0] for place in PLACES],
        centroid_col=[place[1] for place in PLACES],
        row_mm=[place[0] / 10 for place in PLACES],
        col_mm=[place[1] / 10 for place in PLACES],
        contrast_to_noise=CONTRAST,
        area_mm2=[0.1] * 8,
    )
    return as_shard(rows).with_columns(finding_id=pl.Series(list(findings), dtype=pl.Int32))


def spot(number, pathology, kind="calcification", **place):
    where = {"x": 0.0, "y": 0.0, "radius": 1.0, "width": None, "height": None, "slice": None}
    known = {"finding_id": number, "kind": kind, "pathology": pathology, "mask": None}
    return {**where, **known, **place}


def clusters(annotations, rows=None):
    return annotated_clusters(
        shard() if rows is None else rows, annotations, manifest(), SETTINGS, LABELS
    )


def test_the_density_rule_forms_clusters_of_candidates_that_stand_out():
    rows = found_clusters(shard(), SETTINGS, slice_spacing_mm=1.0)
    assert rows.columns == names(MEMBER_ROWS)
    assert rows.group_by("candidate_id", maintain_order=True).agg("member_id").rows() == [
        (0, [1, 2, 0]),  # the centre is at 18.3: 20 is nearest, then 25, then 10
        (1, [4, 5, 6]),  # of equally far ones the first
    ]
    assert rows["slice"].to_list() == [0, 1, 2] * 2
    assert rows["focus"].to_list() == [True, False, False] * 2
    assert rows["member_slice"].to_list() == [5] * 6
    assert rows["cluster_members"].to_list() == [3.0] * 6


def test_a_cluster_is_malignant_where_one_of_its_findings_is():
    rows, counts = clusters([spot(0, "malignant"), spot(1, "benign")])
    assert rows.filter("focus")["label"].to_list() == [1, 0]
    assert (counts.formed, counts.unknown, counts.without_finding) == (2, 0, 0)


def test_a_benign_outline_holds_no_malignant_calcification():
    outline = spot(0, "benign", "cluster", x=15.0, y=10.0, radius=6.0) | {LINE: 2}
    inside = spot(2, "malignant", x=20.0, y=10.0) | {LINE: 7, "volume_id": "v"}
    beside = spot(1, "malignant", x=60.0, y=60.0) | {LINE: 8}
    assert clusters([outline, beside])[0].height
    with pytest.raises(TomocalcError, match=r"E303.*lines 2 and 7\): a malignant calcification"):
        clusters([outline, beside, inside])
    malignant = outline | {"pathology": "malignant"}
    assert clusters([malignant, beside, inside | {"pathology": "benign"}])[0].height


def test_unknown_outcomes_and_what_nobody_annotated_are_left_out_and_counted():
    rows, counts = clusters([spot(0, None)], shard((0, 0, *[None] * 6)))
    assert rows.height == 0
    assert rows.columns == [*names(MEMBER_ROWS), "label", "finding_id"]
    assert (counts.formed, counts.unknown, counts.without_finding) == (1, 1, 1)


def test_outlined_clusters_have_the_members_inside_and_may_be_empty():
    outlined = [
        spot(0, "benign", "cluster", x=15.0, y=10.0, radius=6.0),
        spot(1, "malignant", "cluster", x=40.0, y=90.0, radius=5.0),
    ]
    rows, counts = clusters(outlined, shard([None] * 8))
    assert sorted(rows["member_id"].to_list()) == [0, 1]
    assert rows["label"].to_list() == [0, 0]
    assert (counts.outlined, counts.without_members, counts.without_finding) == (1, 1, 1)


def test_members_are_read_from_the_centre_outwards_and_padding_comes_last():
    rows = found_clusters(shard(), SETTINGS, slice_spacing_mm=1.0)
    read = build_sequences(rows, features=["centre_distance_mm"], kind="members", slices=4)
    assert read.mask.tolist() == [[True, True, True, False]] * 2
    assert read.focus.tolist() == [0, 0]
    first = read.x[0, :, 0]
    assert first[:3] == pytest.approx([0.1667, 0.6667, 0.8333], abs=1e-3)
    assert first[3] == 0
    few = build_sequences(rows, features=["centre_distance_mm"], kind="members", slices=2)
    assert few.x.shape == (2, 2, 1)


@pytest.mark.parametrize("outcomes", [[None, None], ["malignant", None], ["benign"], []])
def test_annotations_without_both_outcomes_are_refused(outcomes):
    rows = [{"pathology": outcome} for outcome in outcomes]
    (error,) = missing_outcomes(rows, "annotations.tsv")
    assert "both outcomes (annotations.tsv, column pathology)" in str(error)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"target": "malignancy"}, "sequence.kind"),
        (MEMBERS, "sequence.kind"),
        ({"features": ["area_mm2", "hull_area_mm2"]}, "features"),
        ({"features": ["texture_entropy"]}, "image.texture"),
        ({"target": "malignancy", **MEMBERS}, "phantom.malignant_fraction"),
    ],
)
def test_settings_that_do_not_fit_the_question_are_named(changes, key):
    found = [error.where for error in contradictions({**CONFIG, **changes}, set())]
    assert f"configuration key {key}" in found


def test_pages_have_the_words_of_the_target():
    config = {**CONFIG, "target": "malignancy"}
    assert words_of(config)["positive"] == "malignant cluster"
    assert words_of({**config, "source": "table"})["row"] == "lesion"
    table = {**CONFIG["table"], "cluster": "c"}
    assert words_of({**config, "source": "table", "table": table})["row"] == "cluster"
