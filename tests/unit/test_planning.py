"""What the graph of jobs is planned from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tomocalc.config import load_schema
from tomocalc.errors import TomocalcError
from tomocalc.planning import (
    check_named_files,
    protocols,
    read_sheets,
    runs_to_compare,
    take_short_form,
)

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


def test_protocols_begin_with_the_runs_own(config: dict[str, Any]) -> None:
    assert protocols(config) == ["honest", "paper"]
    config |= {"protocol": "paper", "audit": config["audit"] | {"splits": "x.tsv"}}
    assert protocols(config) == ["paper", "honest", "own"]


def test_runs_to_compare_are_named_or_asked_for(config: dict[str, Any]) -> None:
    assert runs_to_compare(config | {"runs": []}) == [
        "pass --config runs='[results, results/paper]'"
    ]
    files = runs_to_compare(config | {"runs": ["a", "b"]})
    assert len(files) == 8
    assert all(Path(file).is_absolute() for file in files)
