"""Volumes of a cohort seen together: one woman under two ids, one id for many women."""

from typing import Any

import pytest
from msgspec.structs import replace

from support.manifests import manifest
from tomocalc.accounts.doubts import Doubt
from tomocalc.dataset.doubts import doubts_of_all
from tomocalc.dataset.listing import check_cohort, cohort_doubts
from tomocalc.errors import TomocalcError

REPORT: dict[str, Any] = {"doubts": "report", "allowed_doubts": []}


def test_the_same_pixels_under_two_patients_are_a_doubt_of_both() -> None:
    volumes = [
        manifest("a", patient_id="p", content="x"),
        manifest("b", patient_id="q", content="x"),
        manifest("c", patient_id="q", content="y"),
        manifest("d", patient_id="r", content=""),  # nothing tells the last two apart
        manifest("e", patient_id="s", content=""),
        manifest("f", patient_id="t", content="z"),
        manifest("g", patient_id="t", content="z"),  # one patient's
    ]
    same = (Doubt(code="same_pixels", values={"others": 1}),)
    assert cohort_doubts(volumes) == {"a": same, "b": same, **dict.fromkeys("cdefg", ())}
    with pytest.raises(TomocalcError, match=r"E209.*same_pixels.*volume a"):
        check_cohort(volumes, {**REPORT, "doubts": "fail"})


def test_many_studies_of_one_patient_are_a_doubt() -> None:
    few = [manifest(f"a{k}", patient_id="p", study=f"s{k}") for k in range(4)]
    many = [manifest(f"b{k}", patient_id="q", study=f"t{k % 5}") for k in range(6)]
    found = cohort_doubts([*few, *many])
    doubt = (Doubt(code="many_studies", values={"studies": 5}),)
    assert {doubts for name, doubts in found.items() if name.startswith("a")} == {()}
    assert all(doubts == doubt for name, doubts in found.items() if name.startswith("b"))


def test_a_study_of_two_patients_is_refused_unless_allowed() -> None:
    volumes = [manifest(name, patient_id=f"p-{name}", study="s") for name in "ab"]
    with pytest.raises(TomocalcError, match=r"E103.*volumes a, b.*share one StudyInstanceUID"):
        check_cohort(volumes, REPORT)
    found = check_cohort(volumes, {**REPORT, "allowed_doubts": ["study_shared"]})
    assert found["a"] == (Doubt(code="study_shared", values={"patients": 2}),)


def test_volumes_that_are_each_their_own_patient_or_simulated_are_told() -> None:
    alone = [manifest("v1", patient_id="V1"), manifest("v2", patient_id="v-2")]
    (found,) = doubts_of_all(alone)
    assert (found.code, found.values) == ("patients_as_volumes", {"volumes": 2.0})
    other = [alone[0], manifest("v3", patient_id="p")]
    assert [*doubts_of_all(other), *doubts_of_all(alone[:1])] == []
    (found,) = doubts_of_all([replace(other[0], vendor="in silico"), other[1]])
    assert (found.code, found.values) == ("simulated", {"volumes": 1.0})
