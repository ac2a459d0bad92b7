"""What a run is planned from: settings, sheets, and the files that they name."""

from pathlib import Path
from typing import Any

import pytest

from support.defaults import SCHEMAS, read
from support.plan_data import with_sheet
from support.projects import ROOT
from tomocalc.errors import TomocalcError
from tomocalc.plan.reading import localise_paths, no_utf8, read_sheets, shipped, take_short_form


@pytest.fixture
def config() -> dict[str, Any]:
    """Return the defaults."""
    return read("config")


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


def test_outcomes_are_counted_on_calcifications_after_their_words_are_read(
    config: dict[str, Any], tmp_path: Path
) -> None:
    own = with_sheet(config, tmp_path, "absent.dcm") | {"target": "malignancy"}
    lines = "volume_id\tslice\tx\ty\tradius\tkind\tpathology\nv\t0\t1\t1\t2\tcluster\t{}\n"
    for word, why in {
        "B9": "E103.*:2, column pathology.*`B9` is none",
        "4C": "E103.*:2, column pathology.*`4C` is none",
        "Malignant": "(?s)E104.*of 1 calcifications and clusters are 0 benign, 1 malignant",
        "n/a": "0 benign, 0 malignant, the others unknown; 1 findings are masses",
    }.items():
        (tmp_path / "annotations.tsv").write_text(
            f"{lines.format(word)}v\t0\t1\t1\t2\tmass\tbenign\n"
        )
        with pytest.raises(TomocalcError, match=why):
            read_sheets(own, SCHEMAS, look=True)


def test_no_model_is_validated_on_its_own_patients(config: dict[str, Any], tmp_path: Path) -> None:
    own = with_sheet(config, tmp_path)
    labelled = {"volumes": own["volumes"]["sheet"], "annotations": own["volumes"]["annotations"]}
    for model in (None, "results/model", str(Path("results/model").absolute())):
        own["predict"] = config["predict"] | labelled | {"model": model}
        with pytest.raises(TomocalcError, match=r":2\): `p` is a patient of this run"):
            read_sheets(own, SCHEMAS, look=True)
    own["predict"] |= {"model": "elsewhere/model"}
    assert list(read_sheets(own, SCHEMAS, look=True).predicted) == ["v"]
    own |= {"source": "table", "target": "malignancy"}
    with pytest.raises(TomocalcError, match=r"E304.*annotations.tsv.*0 benign, 0 malignant"):
        read_sheets(own, SCHEMAS, look=True)


def test_the_short_form_names_a_model_and_volumes(config: dict[str, Any], tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("volumes: {sheet: mine.tsv}\n")
    expected = config["volumes"] | {"sheet": "mine.tsv"}
    given = config | {"model": "folder", "volumes": "new.tsv"}
    take_short_form(given, [ROOT / "config/config.yaml", own])
    assert given["predict"] == config["predict"] | {"model": "folder", "volumes": "new.tsv"}
    assert given["model"] == config["model"]
    assert given["volumes"] == expected


def test_paths_of_the_configuration_are_meant_for_this_system(
    config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    config["volumes"] |= {"sheet": "~/study/volumes.csv", "annotations": "points.csv"}
    config["table"] |= {"path": "https://example.org/~me/table.csv"}
    config |= {"runs": ["results", "~/study/results"]}
    localise_paths(config)
    assert config["volumes"]["sheet"] == "/home/me/study/volumes.csv"
    assert config["volumes"]["annotations"] == "points.csv"
    assert config["table"]["path"] == "https://example.org/~me/table.csv"
    assert config["runs"] == ["results", "/home/me/study/results"]
    config["volumes"] |= {"sheet": "D:\\study\\volumes.csv", "data_root": "$STUDY"}
    with pytest.raises(TomocalcError) as caught:
        localise_paths(config)
    windows, variable = str(caught.value).splitlines()
    assert "key volumes.sheet): `D:\\study\\volumes.csv` is a path of Windows" in windows
    assert "key volumes.data_root): `$STUDY` holds the variable $STUDY" in variable


def test_a_path_that_the_locale_cannot_hold_names_the_remedy() -> None:
    with pytest.raises(UnicodeEncodeError) as caught:
        "ä.dcm".encode("ascii")
    assert "PYTHONUTF8=1" in str(no_utf8(caught.value))
    assert ascii("ä.dcm") in str(no_utf8(caught.value))


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
