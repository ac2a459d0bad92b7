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
    mask_files,
    predicted_rows,
    protocols,
    runs_to_compare,
    take_short_form,
    volume_rows,
)

ROOT = Path(__file__).parents[2]
VOLUMES, ANNOTATIONS = (
    load_schema(ROOT / f"workflow/schemas/{name}.schema.yaml")
    for name in ("volumes", "annotations")
)
HEADER = "volume_id\tpatient_id\tlaterality\tview\tpath\n"


@pytest.fixture
def config() -> dict[str, Any]:
    """Return the defaults."""
    return yaml.safe_load((ROOT / "config/config.yaml").read_text())


def with_sheet(config: dict[str, Any], folder: Path, path: str = "v.dcm") -> dict[str, Any]:
    """Return a configuration with one volume of a user's own."""
    (folder / "v.dcm").touch()
    (folder / "volumes.tsv").write_text(f"{HEADER}v\tp\tL\tCC\t{path}\n")
    own = {"sheet": str(folder / "volumes.tsv"), "annotations": str(folder / "annotations.tsv")}
    volumes = config["volumes"] | own | {"data_root": str(folder)}
    return config | {"source": "volumes", "volumes": volumes}


def test_the_phantom_has_its_plan_and_a_table_no_volumes(config: dict[str, Any]) -> None:
    rows = volume_rows(config, VOLUMES, look=True)
    assert len(rows) == 2 * config["phantom"]["patients"]
    assert rows["P001-LCC"]["patient_id"] == "P001"
    assert volume_rows(config | {"source": "table"}, VOLUMES, look=True) == {}
    assert predicted_rows(config, rows, VOLUMES, look=True) is rows


def test_images_are_looked_for_once(config: dict[str, Any], tmp_path: Path) -> None:
    own = with_sheet(config, tmp_path)
    assert list(volume_rows(own, VOLUMES, look=True)) == ["v"]
    own = with_sheet(config, tmp_path, "absent.dcm")
    rows = volume_rows(own, VOLUMES, look=False)
    assert rows["v"]["path"] == str(tmp_path / "absent.dcm")
    with pytest.raises(TomocalcError, match="E104"):
        volume_rows(own, VOLUMES, look=True)
    own["predict"] = config["predict"] | {"volumes": own["volumes"]["sheet"]}
    assert list(predicted_rows(own, {}, VOLUMES, look=False)) == ["v"]


def test_masks_of_findings_of_every_kind(config: dict[str, Any], tmp_path: Path) -> None:
    own = with_sheet(config, tmp_path)
    rows = volume_rows(own, VOLUMES, look=True)
    lines = ["volume_id\tslice\tx\ty\tradius\tmask\tkind", "v\t0\t1\t1\t2\t\tmass"]
    for name, kind in (("b", "cluster"), ("a", "mass")):
        (tmp_path / f"{name}.png").touch()
        lines.append(f"v\t0\t\t\t\t{name}.png\t{kind}")
    (tmp_path / "annotations.tsv").write_text("\n".join(lines) + "\n")
    masks = [str(tmp_path / f"{name}.png") for name in "ab"]
    assert mask_files(own, rows, ANNOTATIONS) == masks
    assert mask_files(config, rows, ANNOTATIONS) == []


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
