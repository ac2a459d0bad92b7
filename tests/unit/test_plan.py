"""What the graph of jobs is planned from, and what the plan of a run says."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from tomocalc.comparison.catalogue import IMAGE_KEYS
from tomocalc.config import load_schema
from tomocalc.errors import TomocalcError
from tomocalc.plan import asked
from tomocalc.plan.graph import Plan, plan_run
from tomocalc.plan.reading import check_named_files, read_sheets, shipped, take_short_form

ROOT = Path(__file__).parents[2]
SCHEMAS = {
    name: load_schema(ROOT / f"workflow/schemas/{name}.schema.yaml")
    for name in ("volumes", "annotations")
}
HEADER = "volume_id\tpatient_id\tlaterality\tview\tpath\n"


@pytest.fixture
def config() -> dict[str, Any]:
    """Return the defaults."""
    return yaml.safe_load((ROOT / "config/config.yaml").read_text())


def with_sheet(config: dict[str, Any], folder: Path, path: str = "v.dcm") -> dict[str, Any]:
    """Return a configuration with one volume of a user's own."""
    (folder / "v.dcm").touch()
    (folder / "annotations.tsv").write_text("volume_id\tslice\tx\ty\tradius\tkind\n")
    (folder / "volumes.tsv").write_text(f"{HEADER}v\tp\tL\tCC\t{path}\n")
    own = {"sheet": str(folder / "volumes.tsv"), "annotations": str(folder / "annotations.tsv")}
    volumes = config["volumes"] | own | {"data_root": str(folder)}
    return config | {"source": "volumes", "volumes": volumes}


def test_the_phantom_has_its_plan_and_a_table_no_volumes(config: dict[str, Any]) -> None:
    planned = read_sheets(config, SCHEMAS, look=True)
    assert len(planned.volumes) == 2 * config["phantom"]["patients"]
    assert planned.volumes["P001-LCC"]["patient_id"] == "P001"
    assert planned.predicted is planned.volumes
    assert planned.masks == []
    assert read_sheets(config | {"source": "table"}, SCHEMAS, look=True).volumes == {}


def test_images_are_looked_for_once(config: dict[str, Any], tmp_path: Path) -> None:
    own = with_sheet(config, tmp_path)
    assert list(read_sheets(own, SCHEMAS, look=True).volumes) == ["v"]
    own = with_sheet(config, tmp_path, "absent.dcm")
    rows = read_sheets(own, SCHEMAS, look=False).volumes
    assert rows["v"]["path"] == str(tmp_path / "absent.dcm")
    with pytest.raises(TomocalcError, match="E104"):
        read_sheets(own, SCHEMAS, look=True)
    own["predict"] = config["predict"] | {"volumes": own["volumes"]["sheet"]}
    own["source"] = "table"
    assert list(read_sheets(own, SCHEMAS, look=False).predicted) == ["v"]


def test_masks_of_findings_of_every_kind(config: dict[str, Any], tmp_path: Path) -> None:
    own = with_sheet(config, tmp_path)
    lines = ["volume_id\tslice\tx\ty\tradius\tmask\tkind", "v\t0\t1\t1\t2\t\tmass"]
    for name, kind in (("b", "cluster"), ("a", "mass")):
        (tmp_path / f"{name}.png").touch()
        lines.append(f"v\t0\t\t\t\t{name}.png\t{kind}")
    (tmp_path / "annotations.tsv").write_text("\n".join(lines) + "\n")
    masks = [str(tmp_path / f"{name}.png") for name in "ab"]
    assert read_sheets(own, SCHEMAS, look=True).masks == masks
    assert read_sheets(own, SCHEMAS, look=False).masks == []


def test_mistakes_of_all_sheets_come_at_once(config: dict[str, Any], tmp_path: Path) -> None:
    own = with_sheet(config, tmp_path, "absent.dcm")
    with (tmp_path / "volumes.tsv").open("a") as sheet:
        sheet.write("short\tp\n")
    with (tmp_path / "annotations.tsv").open("a") as sheet:
        sheet.write("v\t0\t1\t1\t2\tlump\nshort\t0\t1\t1\t2\tcluster\nw\t0\t1\t1\t2\tmass\n")
    own["predict"] = config["predict"] | {"volumes": str(tmp_path / "new.tsv")}
    with pytest.raises(TomocalcError) as caught:
        read_sheets(own, SCHEMAS, look=True)
    found = str(caught.value).splitlines()
    assert [line[7:11] for line in found] == ["E103", "E104", "E103", "E303", "E102"]
    (tmp_path / "volumes.tsv").unlink()
    with pytest.raises(TomocalcError) as caught:
        read_sheets(own, SCHEMAS, look=True)
    found = str(caught.value).splitlines()
    assert ["annotations.tsv" in line for line in found] == [False, True, False]


def test_every_named_file_that_is_missing_is_told(config: dict[str, Any], tmp_path: Path) -> None:
    config["comparison"]["cited"] = None
    check_named_files(config)
    config["audit"]["splits"] = str(tmp_path / "splits.tsv")
    config |= {"source": "table", "table": config["table"] | {"path": "no.csv"}}
    with pytest.raises(TomocalcError) as caught:
        check_named_files(config)
    assert "configuration key audit.splits" in str(caught.value)
    assert "configuration key table.path" in str(caught.value)
    (tmp_path / "splits.tsv").touch()
    config["table"]["path"] = "https://example.org/table.csv"
    check_named_files(config)


def test_the_short_form_names_a_model_and_volumes(config: dict[str, Any], tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("volumes: {sheet: mine.tsv}\n")
    expected = config["volumes"] | {"sheet": "mine.tsv"}
    given = config | {"model": "folder", "volumes": "new.tsv"}
    take_short_form(given, [ROOT / "config/config.yaml", own])
    assert given["predict"] == config["predict"] | {"model": "folder", "volumes": "new.tsv"}
    assert given["model"] == config["model"]
    assert given["volumes"] == expected


def planned(config: dict[str, Any], **changes: Any) -> Plan:
    return plan_run(config | changes, SCHEMAS, look=True)


def at(**wildcards: str) -> Any:
    """Return wildcards as Snakemake hands them over."""
    return SimpleNamespace(**wildcards)


def test_a_batch_is_asked_for_by_its_name_and_a_volume_by_its_own(config: dict[str, Any]) -> None:
    volumes = planned(config, phantom=config["phantom"] | {"patients": 3}).volumes
    several = {name: found for name, found in volumes.batches.items() if len(found) > 1}
    assert several
    for name, members in several.items():
        assert [row["volume_id"] for row in volumes.batch_volumes(at(batch=name))] == members
        assert volumes.batch_files(at(batch=name)) == [
            f"resources/phantom/{member}.dcm" for member in members
        ]
        assert volumes.batch_minutes(at(batch=name)) == 50 + 10 * len(members)
    (row,) = volumes.batch_volumes(at(batch="P002-RCC"))
    assert row["path"] == "resources/phantom/P002-RCC.dcm"
    assert row["pixel_spacing_mm"] == 0.1
    assert set(row) == set(SCHEMAS["volumes"]["properties"])
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


def test_volumes_from_elsewhere_are_measured_with_a_model_from_elsewhere(
    config: dict[str, Any], tmp_path: Path
) -> None:
    own = with_sheet(config, tmp_path)
    own["predict"] = config["predict"] | {"volumes": own["volumes"]["sheet"], "model": "released"}
    prediction = planned(own, source="phantom").prediction
    assert not prediction.of_the_phantom
    inputs = prediction.inputs(at(volume="v"))
    assert set(inputs) == {"files", "weights", "card"}
    assert inputs["card"] == str(Path("released/model.json").absolute())
    assert prediction.manifest(at(volume="v")) is None
    assert prediction.measuring == {"candidates": config["candidates"], "sequence_slices": 7}
    assert prediction.overlays(at()) == ["results/predictions/v/overlay.png"]
    assert prediction.volume(at(volume="v"))["path"] == str(tmp_path / "v.dcm")
    assert set(prediction.dicom_outputs) == {"report", "segmentation"}


def test_a_table_has_no_images_and_may_be_fetched(config: dict[str, Any]) -> None:
    address = config["table"] | {"path": "https://example.org/a/table.csv"}
    plan = planned(config, source="table", protocol="paper", table=address)
    assert plan.volumes.dataset_inputs(at()) == {"table": "<resources>/tables/table.csv"}
    assert plan.volumes.image_inputs(at()) == {}
    assert plan.pages.index_inputs(at()) == {}
    assert plan.pages.pictures == plan.pages.case_tables == []
    assert plan.pages.reproduction == ["<results>/reproduction.html"]
    with pytest.raises(SystemExit, match=r"E104.*the source is a table"):
        plan.volumes.all_files(at())


def test_protocols_begin_with_the_runs_own(config: dict[str, Any], tmp_path: Path) -> None:
    assert planned(config).protocols.names == ["honest", "paper"]
    split = tmp_path / "x.tsv"
    split.write_text("row\tpart\n0\ttest\n")
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
    assert asked["lstm_scores"] == [
        f"<results>/protocols/{name}/lstm/scores.parquet" for name in ("honest", "paper")
    ]
    asked = protocols.compared_scores(at(comparison="image_models"))
    assert len(asked["image_scores"]) == 2 * len(IMAGE_KEYS)
    assert asked["image_accounts"][0].startswith("<results>/protocols/honest/")


def test_runs_to_compare_are_named_or_asked_for(config: dict[str, Any]) -> None:
    assert planned(config).pages.runs_to_compare(at()) == [
        "pass --config runs='[results, results/paper]'"
    ]
    files = planned(config, runs=["a", "b"]).pages.runs_to_compare(at())
    assert len(files) == 8
    assert all(Path(file).is_absolute() for file in files)


def test_pages_that_are_there_are_linked(config: dict[str, Any], tmp_path: Path) -> None:
    places = config["pathvars"] | {"results": str(tmp_path)}
    pages = planned(config, pathvars=places).pages
    assert pages.on_request(at()) == pages.to_open() == pages.site_pages(at()) == []
    for name in ("index.html", "site.html", "runs/runs.html"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert str(tmp_path / "runs/runs.html") in pages.on_request(at())
    assert pages.site_pages(at()) == [
        str(tmp_path / "index.html"),
        str(tmp_path / "runs/runs.html"),
    ]
    assert pages.to_open() == [f"Open {tmp_path / 'index.html'}"]


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
    assert set(pages.import_settings) == {
        "cbis_ddsm_spacing_mm",
        "dicom_laterality",
        "dicom_sides",
        "dicom_site",
    }


def test_a_shipped_file_gives_way_to_one_of_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home").mkdir()
    (tmp_path / "home/cited.tsv").touch()
    assert shipped("cited.tsv", tmp_path / "home") == "home/cited.tsv"
    assert shipped("other.tsv", tmp_path / "home") == "other.tsv"
    assert shipped(None, tmp_path / "home") is None
    (tmp_path / "cited.tsv").touch()
    assert shipped("cited.tsv", tmp_path / "home") == "cited.tsv"


def test_what_is_asked_for_when_a_job_is_planned(tmp_path: Path) -> None:
    assert asked.every("a/{volume}.png", ["v", "w"])(at()) == ["a/v.png", "a/w.png"]
    assert asked.growing(1000)(at(), attempt=2) == 2000
    (tmp_path / "step.py").write_text("import json\n")
    assert len(asked.code_of(tmp_path / "step.py")(at())) == 64
