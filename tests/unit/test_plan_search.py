"""Who a learned search learns from: training patients alone, and never those that it searches."""

from typing import Any

import pytest

from support.defaults import SCHEMAS, read
from support.plan_data import at
from tomocalc.plan.graph import Plan, plan_run

SEARCHES = ("all", "fold0", "fold1", "fold2")


def planned(**changes: Any) -> Plan:
    config = read("config")
    config["candidates"]["generator"] = "learned"
    return plan_run(config | changes, SCHEMAS, look=True)


def learned_from(plan: Plan, search: str) -> set[str]:
    """Return the patients that a search learns from."""
    return {row["patient_id"] for row in plan.search.volumes_of(at(search=search))}


def test_no_search_learns_from_a_patient_that_it_searches() -> None:
    plan = planned()
    known = {search: learned_from(plan, search) for search in SEARCHES}
    for name in plan.volumes.rows:
        patient = plan.volumes.rows[name]["patient_id"]
        (folder,) = plan.search.by_volume(at(batch=name)).values()
        search = folder.rsplit("/", 1)[1]
        assert patient not in known[search]
        assert (search == "all") == (plan.search.parts[patient] != "train")
        assert plan.search.of_batch(at(batch=name)) == [
            f"<results>/search/{search}/search.safetensors",
            f"<results>/search/{search}/search.json",
        ]
    assert known["all"] == known["fold0"] | known["fold1"] | known["fold2"]
    assert {plan.search.parts[patient] for patient in known["all"]} == {"train"}


def test_patients_with_and_without_a_calcification_are_in_every_part() -> None:
    plan = planned()
    calcified = {row["patient_id"] for row in plan.volumes.rows.values() if row["calcified"]}
    parts = plan.search.parts
    assert len(parts) == 30
    for part, least in (("train", 15), ("validation", 6), ("test", 7)):
        mine = {patient for patient, its in parts.items() if its == part}
        assert len(mine) >= least
        assert mine & calcified
        assert mine - calcified
    assert plan.search.parts_of(at(protocol="honest")) == parts
    assert plan.search.parts_of(at(protocol="paper")) is None


def test_what_is_annotated_as_a_calcification_teaches_nothing() -> None:
    plan = planned()
    rows = plan.search.volumes_of(at(search="all"))
    names = [row["volume_id"] for row in rows]
    assert not any(plan.volumes.rows[name]["calcified"] for name in names)
    assert plan.search.files_of(at(search="all")) == [row["path"] for row in rows]
    few = planned(search={"folds": 3, "slices": 4, "passes": 1, "epochs": 1})
    # one volume of every patient before a second of any
    assert [row["volume_id"] for row in few.search.volumes_of(at(search="all"))] == names[:4]
    assert len({row["patient_id"] for row in rows[:4]}) == 4


def test_another_test_patient_changes_no_search() -> None:
    plan = planned()
    rows, parts = dict(plan.volumes.rows), plan.search.parts
    tested = next(name for name in rows if parts[rows[name]["patient_id"]] == "test")
    for search in SEARCHES:
        assert not any(tested in path for path in plan.search.files_of(at(search=search)))


def test_too_few_patients_are_refused_before_anything_is_measured() -> None:
    plan = planned(phantom=read("config")["phantom"] | {"patients": 5})
    with pytest.raises(SystemExit, match=r"E304.*fewer than the 3 folds.*set search.folds to 2"):
        plan.search.files_of(at(search="all"))


def test_without_a_learned_search_nothing_is_asked_for() -> None:
    plan = plan_run(read("config"), SCHEMAS, look=True).search
    assert plan.of_batch(at(batch="P001-LCC")) == []
    assert plan.by_volume(at(batch="P001-LCC")) == {}
    assert plan.released == {}
    assert plan.account == []
    assert plan.parts_of(at(protocol="honest")) is None
    with pytest.raises(SystemExit, match=r"E104.*this run learns none"):
        plan.files_of(at(search="all"))


def test_of_clusters_every_part_has_patients_of_either_outcome_and_none_teaches() -> None:
    phantom = read("config")["phantom"]
    phantom |= {"patients": 24, "malignant_fraction": 0.5, "calcified_fraction": 0.5}
    members = {"kind": "members", "slices": 12}
    plan = planned(target="malignancy", phantom=phantom, sequence=members)
    rows = plan.volumes.rows.values()
    known = {
        outcome: {row["patient_id"] for row in rows if row["outcome"] == outcome}
        for outcome in ("malignant", "benign")
    }
    for part in ("train", "validation", "test"):
        mine = {patient for patient, its in plan.search.parts.items() if its == part}
        assert mine & known["malignant"]
        assert mine & (known["benign"] - known["malignant"])
    taught = {row["volume_id"] for row in plan.search.volumes_of(at(search="all"))}
    assert taught
    assert not taught & {row["volume_id"] for row in rows if row["calcified"]}
