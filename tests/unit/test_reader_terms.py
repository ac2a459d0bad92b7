"""What a radiologist says of a cluster: terms in the order of suspicion, and never by accident."""

from types import SimpleNamespace
from typing import cast

import pytest

from support.defaults import CONFIG
from support.table_data import read
from tomocalc.contradictions import OF_A_READER, contradictions
from tomocalc.errors import TomocalcError
from tomocalc.model.card import ModelCard
from tomocalc.prediction.fit import check_opinions as check_no_opinion
from tomocalc.reader_terms import TERMS, missing_opinions, opinion_on, rank_of
from tomocalc.tables import READER, names

SHAPE, PLACES, BIRADS = TERMS


@pytest.mark.parametrize(
    ("feature", "text", "rank"),
    [
        (SHAPE, "ROUND_AND_REGULAR", 0),
        (SHAPE, "Coarse heterogeneous", 1),
        (SHAPE, "amorphous", 2),
        (SHAPE, "PUNCTATE-PLEOMORPHIC", 3),  # the more suspicious of two
        (SHAPE, "fine-linear branching", 4),
        (SHAPE, "PLEOMORPHIC-FINE_LINEAR_BRANCHING", 4),
        (PLACES, "DIFFUSELY_SCATTERED", 0),
        (PLACES, "regional/linear", 3),
        (PLACES, "Segmental", 4),
        (BIRADS, "2", 2),
        (BIRADS, "4", 5),  # undivided: between 4a and 4c
        (BIRADS, "4.0", 5),
        (BIRADS, "BI-RADS 4C", 6),
        (BIRADS, "5", 7),
        (BIRADS, "0", None),
        (BIRADS, " ", None),
    ],
)
def test_terms_stand_in_the_order_of_the_shares_that_were_malignant(feature, text, rank):
    assert rank_of(feature, text) == rank


@pytest.mark.parametrize(
    ("feature", "text", "why"),
    [
        (SHAPE, "lobulated", "`lobulated` is no term"),
        (PLACES, "CLUSTERED-round", "`round` is no term"),
        (BIRADS, "6", "the outcome, no opinion"),
        (BIRADS, "malignant", "`malignant` is no term"),
    ],
)
def test_another_word_is_none_of_them(feature, text, why):
    with pytest.raises(ValueError, match=why):
        rank_of(feature, text)


def test_a_cluster_has_the_most_suspicious_of_what_its_findings_are_called():
    said = opinion_on([{"morphology": "round", "birads": "3"}, {"morphology": "amorphous"}, {}])
    assert said == {SHAPE: 2, PLACES: None, BIRADS: 3}
    assert list(said) == names(READER)
    assert all(name.startswith(OF_A_READER) for name in said)


def test_a_table_gives_ranks_where_features_ask_and_names_the_line_of_another_word(tmp_path):
    asked = {"area": "A", BIRADS: "C"}
    rows, _ = read(tmp_path, "A,C,y\n1,4b,yes\n2,n/a,no\n3,2,no\n", features=asked)
    assert rows[BIRADS].to_list() == [5, None, 2]
    with pytest.raises(TomocalcError, match=r"column C, line 3\): `high` is no term"):
        read(tmp_path, "A,C,y\n1,4b,yes\n2,high,no\n", features=asked)
    with pytest.raises(TomocalcError, match="are not numbers"):  # never coded unasked
        read(tmp_path, "A,C,y\n1,4b,yes\n2,2,no\n")


def test_who_asks_for_opinions_needs_clusters_that_somebody_has_read():
    cases = {
        "the rows are candidates": {"source": "volumes"},
        "nobody read the phantom": {"target": "malignancy", "source": "phantom"},
    }
    for why, changes in cases.items():
        config = CONFIG | {"features": ["area", BIRADS]} | changes
        assert any(why in str(error) for error in contradictions(config, set()))
    read_by_none = [{"morphology": None, "distribution": "linear", "birads": None}]
    (error,) = missing_opinions(read_by_none, ["area", PLACES, BIRADS], "sheet.tsv")
    assert "sheet.tsv, column birads): `features` names" in str(error)


def test_a_model_that_reads_opinions_refuses_volumes_that_nobody_has_read():
    card = cast("ModelCard", SimpleNamespace(reads=["area_mm2", SHAPE]))
    with pytest.raises(TomocalcError, match="reader's opinion of every cluster: reader_morphology"):
        check_no_opinion(card)
