"""What the plan of a run says."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from support.defaults import SCHEMAS, read
from support.plan_data import at, with_sheet
from support.processes import python
from tomocalc.plan.graph import Plan, plan_run
from tomocalc.plan.volumes import batches
from tomocalc.plan.wildcards import every, growing, source_digest


@pytest.fixture
def config() -> dict[str, Any]:
    """Return the defaults."""
    return read("config")


def planned(config: dict[str, Any], **changes: Any) -> Plan:
    return plan_run(config | changes, SCHEMAS, look=True)


def test_a_batch_is_asked_for_by_its_name_and_a_volume_by_its_own(config: dict[str, Any]) -> None:
    plan = planned(config, phantom=config["phantom"] | {"patients": 3})
    volumes = plan.volumes
    unpacked = [plan.detectors, plan.search.of_batch, plan.pages.sealed, plan.prediction.inputs]
    assert "P002" not in repr([*unpacked, plan.protocols.split_inputs, volumes.image_inputs])
    several = {name: found for name, found in volumes.batches.items() if len(found) > 1}
    assert several
    for name, members in several.items():
        assert [row["volume_id"] for row in volumes.batch_volumes(at(batch=name))] == members
        files = [f"resources/phantom/{member}.dcm" for member in members]
        assert volumes.batch_files(at(batch=name)) == files
        assert volumes.batch_minutes(at(batch=name)) == 50 + 10 * len(members)
    (row,) = volumes.batch_volumes(at(batch="P002-RCC"))
    assert row["path"] == "resources/phantom/P002-RCC.dcm"
    assert row["pixel_spacing_mm"] == 0.1
    assert set(row) == set(SCHEMAS["volumes"]["properties"]) - {"vendor", "density"}
    with pytest.raises(SystemExit, match=r"E104.*no such batch.*P009-LCC"):
        volumes.batch_files(at(batch="P009-LCC+"))


def test_a_volume_of_the_users_own_is_where_the_sheet_says(
    config: dict[str, Any], tmp_path: Path
) -> None:
    plan = planned(with_sheet(config, tmp_path))
    assert plan.volumes.batch_accounts(at()) == ["<results>/batches/v.json"]
    assert plan.volumes.all_files(at()) == [str(tmp_path / "v.dcm")]
    assert plan.volumes.all_volumes(at())[0]["pixel_spacing_mm"] is None
    assert plan.volumes.image_inputs(at())["annotations"] == str(tmp_path / "annotations.tsv")
    assert plan.volumes.truth == []
    assert plan.prediction.inputs(at(volume="v")) == {
        "files": [str(tmp_path / "v.dcm")],
        "measured": "<results>/batches/v.json",
        "weights": "<results>/model/model.safetensors",
        "card": "<results>/model/model.json",
    }
    assert plan.prediction.manifest(at(volume="v")) == "results/features/v/manifest.json"
    assert plan.prediction.overlays(at()) == ["results/features/v/overlay.png"]
    assert plan.prediction.measuring is None


def test_what_is_put_into_volumes_counts_as_annotated_and_is_not_predicted(
    config: dict[str, Any], tmp_path: Path
) -> None:
    own = with_sheet(config, tmp_path)
    own["volumes"] |= {"annotations": None}
    plan = planned(own, insertion=config["insertion"] | {"enabled": True, "fraction": 1.0})
    assert plan.protocols.cohort.having == {"calcification": 1}
    assert plan.volumes.calcified(at(batch="v")) == ["v"]
    assert plan.volumes.batch_insertions(at(batch="v")) == ["<results>/insertion/v.json"]
    assert plan.volumes.image_inputs(at())["annotations"] == "<results>/insertion/annotations.tsv"
    assert plan.volumes.truth == "<results>/insertion/truth.tsv" == plan.pages.put_in[0]
    assert plan.prediction.inputs(at(volume="v"))["files"] == [str(tmp_path / "v.dcm")]
    assert "measured" not in plan.prediction.inputs(at(volume="v"))
    assert plan.prediction.volume(at(volume="v"))["path"] == str(tmp_path / "v.dcm")
    assert plan.prediction.measuring is not None
    plain = planned(with_sheet(config, tmp_path)).volumes
    assert plain.batch_insertions(at(batch="v")) == plain.all_insertions(at()) == []


def test_volumes_from_elsewhere_are_measured_with_a_model_from_elsewhere(
    config: dict[str, Any], tmp_path: Path
) -> None:
    own = with_sheet(config, tmp_path)
    for name in ("model.json", "model.safetensors"):
        (tmp_path / name).write_text("{}")
    elsewhere = {"volumes": own["volumes"]["sheet"], "model": str(tmp_path)}
    own["predict"] = config["predict"] | elsewhere
    prediction = planned(own, source="phantom").prediction
    assert not prediction.of_the_phantom
    inputs = prediction.inputs(at(volume="v"))
    assert set(inputs) == {"files", "weights", "card"}
    assert inputs["card"] == str(tmp_path / "model.json")
    assert prediction.manifest(at(volume="v")) is None
    assert prediction.measuring == {"candidates": config["candidates"], "sequence_slices": 7}
    assert prediction.overlays(at()) == ["results/predictions/v/overlay.png"]
    assert prediction.volume(at(volume="v"))["path"] == str(tmp_path / "v.dcm")
    assert set(prediction.dicom_outputs) == {"presentation", "report", "segmentation"}
    with pytest.raises(SystemExit, match=r"E104.*no such volume.*such as v"):
        prediction.inputs(at(volume="v1"))


def test_a_table_has_no_images_and_may_be_fetched(config: dict[str, Any]) -> None:
    address = config["table"] | {"path": "https://example.org/a/table.csv"}
    plan = planned(config, source="table", protocol="paper", table=address)
    assert plan.volumes.dataset_inputs(at()) == {"table": "<resources>/tables/table.csv"}
    assert plan.volumes.image_inputs(at()) == {}
    assert plan.pages.index_inputs(at()) == {}
    assert plan.pages.pictures == plan.pages.case_tables == plan.pages.put_in == []
    assert plan.pages.reproduction == ["<results>/reproduction.html"]
    with pytest.raises(SystemExit, match=r"E104.*the source is a table"):
        plan.volumes.all_files(at())


def test_protocols_begin_with_the_runs_own(config: dict[str, Any], tmp_path: Path) -> None:
    assert planned(config).protocols.names == ["honest", "paper"]
    split = tmp_path / "x.tsv"
    split.write_text("volume_id\tcandidate_id\tpart\nP001-LCC\t0\ttest\nP002-LCC\t0\ttrain\n")
    audit = config["audit"] | {"splits": str(split)}
    protocols = planned(config, protocol="paper", audit=audit).protocols
    assert protocols.names == ["paper", "honest", "own"]
    assert protocols.run_folder == "<results>/protocols/paper"
    assert protocols.split_inputs(at(protocol="own"))["own"] == str(split)
    assert set(protocols.split_inputs(at(protocol="paper"))) == {"candidates"}


def test_a_comparison_reads_every_model_of_every_protocol(config: dict[str, Any]) -> None:
    protocols = planned(config).protocols
    asked = protocols.compared_scores(at(comparison="comparison"))
    assert asked == protocols.compared_scores(at())
    place = "<results>/protocols/{}/lstm/scores.parquet"
    assert asked["lstm_scores"] == [place.format(name) for name in ("honest", "paper")]
    asked = protocols.compared_scores(at(comparison="image_models"))
    assert len(asked["image_scores"]) == 2 * len(config["comparison"]["networks"])
    assert asked["image_accounts"][0].startswith("<results>/protocols/honest/")


@pytest.mark.parametrize(
    ("runs", "why"), [([], "none is named"), (["no"], r"`no/evaluation/metrics.json` is missing")]
)
def test_runs_to_compare_are_named_and_there(
    config: dict[str, Any], runs: list[str], why: str
) -> None:
    with pytest.raises(SystemExit, match=rf"E104.*{why}.*pass --config runs='\[results, "):
        planned(config, runs=runs).pages.runs_to_compare(at())


def test_pages_that_are_there_are_linked(config: dict[str, Any], tmp_path: Path) -> None:
    places = config["pathvars"] | {"results": str(tmp_path)}
    pages = planned(config, pathvars=places, runs=[str(tmp_path)]).pages
    assert pages.on_request(at()) == pages.to_open() == []
    index, new = tmp_path / "index.html", tmp_path / "runs/runs.html"
    for when, page in enumerate([index, new]):
        page.parent.mkdir(exist_ok=True)
        page.touch()
        os.utime(page, (when, when))
    assert pages.to_open() == [f"Open {index}", f"Open {new}"]
    assert str(new) in pages.on_request(at())
    index.touch()
    # no rule of a run with absolute places writes what has a relative path: it stays as it is
    parts = ["external/external", "model/model", "dataset/quality", "evaluation/metrics"]
    for part in [*(f"{one}.json" for one in parts), "evaluation/predictions.parquet"]:
        (tmp_path / part).parent.mkdir(exist_ok=True)
        (tmp_path / part).touch()
    there, *runs = pages.external(at())["external"], *pages.runs_to_compare(at())
    assert [Path(path).is_absolute() for path in (there, *runs)] == [False] * 5
    assert Path(there).resolve() == tmp_path / "external/external.json"
    assert pages.to_open() == [f"Open {index}"]  # which links the other


def test_a_data_set_to_import_is_its_folder_or_what_to_do(
    config: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "Info.txt").touch()
    given = config["import"] | {"mini_mias": str(tmp_path)}
    pages = planned(config, **{"import": given}).pages
    assert pages.import_folder(at(dataset="mini_mias")) == str(tmp_path)
    assert pages.import_tables(at(dataset="mini_mias")) == [str(tmp_path / "Info.txt")]
    before = pages.import_listing(at(dataset="mini_mias"))
    (tmp_path / "mdb001.png").touch()
    assert pages.import_listing(at(dataset="mini_mias")) != before
    asked = "pass --config import='{bcs_dbt: FOLDER}'"
    assert pages.import_folder(at(dataset="bcs_dbt")) == asked
    known = "cbis_ddsm_spacing_mm dicom_laterality dicom_sides dicom_site"
    assert sorted(pages.import_settings) == known.split()


def test_what_is_asked_for_when_a_job_is_planned(tmp_path: Path) -> None:
    assert every("a/{volume}.png", ["v", "w"])(at()) == ["a/v.png", "a/w.png"]
    assert growing(1000)(at(), 2) == 2000
    (tmp_path / "step.py").write_text("import json\n")
    digest = source_digest(tmp_path / "step.py", lambda it: {"a": it.sheet, "b": [__file__]})
    assert [len(digest(at(sheet=name))) for name in ("<results>/a.tsv", __file__)] == [64, 129]


def test_vendor_and_density_divide_figures_and_measure_nothing_anew(config: dict[str, Any]) -> None:
    volumes = planned(config).volumes
    name = next(iter(volumes.rows))
    row = {**volumes.rows[name], "vendor": "Maker", "density": None}
    divided = replace(volumes, rows={**volumes.rows, name: row})
    assert divided.subgroups == {name: {"vendor": "Maker"}}
    assert divided.row(name) == volumes.row(name)


def test_planning_needs_nothing_beside_snakemake() -> None:
    heavy = ("numpy", "polars", "pydicom", "scipy", "tifffile", "torch")
    code = f"import sys, tomocalc.plan.graph; print(*set({heavy}) & set(sys.modules))"
    assert python(code).strip() == ""


NAMES = [f"v{number:05d}" for number in range(5000)]


def test_a_batch_of_one_has_the_name_of_its_volume() -> None:
    assert batches(["b", "a"], 1) == {"a": ["a"], "b": ["b"]}
    assert batches([], 4) == {}


@pytest.mark.parametrize("size", [2, 8, 20, 50])
def test_every_volume_is_in_one_batch(size: int) -> None:
    found = list(batches(reversed(NAMES), size).values())
    assert sorted(name for batch in found for name in batch) == NAMES
    assert all(batch == sorted(batch) for batch in found)
    assert all(1 <= len(batch) <= 2 * size for batch in found)
    assert 0.7 < len(NAMES) / len(found) / size < 1.3


@pytest.mark.parametrize("name", ["a", "v00000x", "v02500x", "zzz"])
def test_a_volume_more_or_less_changes_its_own_batch_only(name: str) -> None:
    before = {tuple(batch) for batch in batches(NAMES, 20).values()}
    after = {tuple(batch) for batch in batches([*NAMES, name], 20).values()}
    touched = [member for batch in before - after for member in batch]
    assert len(touched) <= 40
    assert {member for batch in after - before for member in batch} - {name} <= set(touched)


def test_the_hash_is_the_same_everywhere() -> None:
    assert batches("lkjihgfedcba", 4) == {"b+": [*"ab"], "g+": [*"cdefg"], "l+": [*"hijkl"]}
