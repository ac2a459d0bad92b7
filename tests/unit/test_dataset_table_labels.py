"""Labels of a table: two classes that are named, everything else counted, nothing guessed."""

from functools import partial

import pytest

from support import table_data
from tomocalc.dataset.feature_table import TableFacts
from tomocalc.errors import TomocalcError
from tomocalc.model.sequences import build_sequences

read = partial(table_data.read, unlabelled="drop")
OUTCOMES = "A,C,y\n1,2,malignant\n1,3,benign\n1,4,unknown\n1,5,NA\n1,6,benign without callback\n"


def test_labels_of_neither_class_are_left_out_and_counted(tmp_path):
    negative = ["benign", "benign without callback"]
    rows, left_out = read(tmp_path, OUTCOMES, positive="malignant", negative=negative)
    assert rows["label"].to_list() == [1, 0, 0]
    assert rows["candidate_id"].to_list() == [0, 1, 4]
    assert left_out == TableFacts(unlabelled=1, other_labels=1)


@pytest.mark.parametrize(
    ("negative", "message"),
    [
        (None, r"4 different labels, .*which of them are negative is not said.*table\.negative"),
        (["benin"], r"no row is `benin`; it holds .*correct table\.negative"),
        (["malignant"], "one label is both classes"),
        (["benign", "Unknown"], "`unknown` on line 4 differs from `Unknown` in spelling alone"),
    ],
)
def test_labels_are_never_guessed(tmp_path, negative, message):
    with pytest.raises(TomocalcError, match=message):
        read(tmp_path, OUTCOMES, positive="malignant", negative=negative)


def test_a_table_of_one_class_is_refused(tmp_path):
    with pytest.raises(TomocalcError, match=r"E302.*1 different labels.*there is one class only"):
        read(tmp_path, "A,C,y\n1,2,yes\n3,4,yes\n")


def test_unlabelled_rows_can_be_dropped_and_are_counted(tmp_path):
    rows, left_out = read(tmp_path, "A,C,y\n1,2,yes\n1,2,\n3,4,no\n")
    assert (rows.height, left_out) == (2, TableFacts(1, 0))
    assert rows["candidate_id"].to_list() == [0, 2]


MEMBERS = """A,C,y,who,cluster
1,2,yes,a,a1
5,6,no,b,b1
3,4,yes,a,a1
7,8,no,b,b2
9,9,yes,a,a1
"""


def of_clusters(tmp_path, text):
    return read(tmp_path, text, patient_id="who", cluster="cluster")


def test_rows_of_one_cluster_are_the_steps_of_one_candidate(tmp_path):
    rows, _ = of_clusters(tmp_path, MEMBERS)
    assert rows.select("candidate_id", "slice", "focus", "label", "area").rows() == [
        (0, 0, True, 1, 1),
        (0, 1, False, 1, 3),
        (0, 2, False, 1, 9),
        (1, 0, True, 0, 5),
        (3, 0, True, 0, 7),
    ]
    read_by_lstm = build_sequences(rows, features=["area"], kind="members", slices=2)
    assert read_by_lstm.x[0, :, 0].tolist() == [1, 3]
    assert read_by_lstm.mask.sum(axis=1).tolist() == [2, 1, 1]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "b,b2",
            "b,a1",
            r"`a1` has several patients, `a` \(line 2\) and `b` \(line 5\)\..*patient's",
        ),
        ("no,b,b2", "yes,b,b1", r"`b1` has several labels, `no` \(line 3\) and `yes` \(line 5\)"),
        ("no,b,b2", ",b,b1", r"`b1` has several labels, `no` \(line 3\) and none \(line 5\)"),
        ("b,b2", "b,", r"1 of 5 rows name no cluster, the first on line 5\."),
        ("b,b2", "b,NA", r"1 of 5 rows name no cluster, the first on line 5\."),
    ],
)
def test_a_cluster_is_of_one_patient_and_has_one_outcome(tmp_path, old, new, message):
    with pytest.raises(TomocalcError, match=f"E302.*column cluster.*{message}"):
        of_clusters(tmp_path, MEMBERS.replace(old, new))
