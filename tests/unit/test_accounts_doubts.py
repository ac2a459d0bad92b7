"""Doubts: their sentences, their counts, and what refuses them."""

from typing import Any

import pytest

from support.defaults import SCHEMAS
from tomocalc.accounts.doubts import (
    KINDS,
    Doubt,
    DoubtCount,
    count_doubts,
    doubt_sentence,
    refuse_doubts,
)
from tomocalc.errors import TomocalcErrors

GAP = Doubt(code="gap", slices=(2, 7), values={"mm": 3.0})
EMPTY = Doubt(code="no_candidate")


def test_a_sentence_has_its_numbers_and_the_first_slices() -> None:
    said = "slices lie unevenly, with a step of up to 3 mm: some are missing, or belong to "
    said += "another volume (slices 2, 7)"
    assert doubt_sentence(GAP) == said
    many = Doubt(code="quarantined", slices=tuple(range(14)))
    assert doubt_sentence(many).endswith("(slices 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 4 more)")


def test_doubts_of_a_cohort_are_counted_by_volume_and_slice() -> None:
    assert count_doubts([("w", [GAP, EMPTY]), ("u", []), ("v", [GAP])]) == (
        DoubtCount(code="gap", volumes=2, slices=4, first=("v", "w")),
        DoubtCount(code="no_candidate", volumes=1, slices=0, first=("w",)),
    )


def test_doubts_are_reported_refused_or_allowed() -> None:
    image: dict[str, Any] = {"doubts": "report", "allowed_doubts": []}
    turned = Doubt(code="side_turned")  # the user has asked for that
    refuse_doubts([GAP, EMPTY], image, "v")
    image["doubts"] = "fail"
    with pytest.raises(TomocalcErrors) as caught:
        refuse_doubts([GAP, EMPTY, turned], image, "volume v")
    gap, empty = str(caught.value).splitlines()
    assert "E209" in gap
    assert "(volume v): slices lie unevenly" in gap
    assert "or add no_candidate to image.allowed_doubts" in empty
    refuse_doubts([GAP, EMPTY], {**image, "allowed_doubts": ["gap", "no_candidate"]}, "v")


def test_every_doubt_that_stops_a_volume_can_be_allowed() -> None:
    section = SCHEMAS["config"]["properties"]["image"]["properties"]["allowed_doubts"]
    assert section["items"]["enum"] == [code for code, kind in KINDS.items() if not kind.settled]
