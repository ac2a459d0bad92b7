"""The files that a configuration names are looked into before any job runs."""

import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from support.defaults import SCHEMAS, read
from support.projects import ROOT
from tomocalc.config import check_config
from tomocalc.errors import TomocalcError
from tomocalc.plan.checks import check_split
from tomocalc.plan.named import check_contents, check_named_files

VOLUMES = {f"v{n}": {"volume_id": f"v{n}", "patient_id": f"q{n}", "_line": n + 2} for n in (0, 1)}


@pytest.fixture
def config() -> dict[str, Any]:
    """Return the defaults, without cited figures."""
    defaults = read("config")
    defaults["comparison"]["cited"] = str(ROOT / "config/cited.tsv")
    return defaults


@pytest.fixture
def of_a_table(config: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    """Return the configuration of a table of 30 rows."""
    lines = [f"{row},{row / 7},{row % 2},p{row},s{row % 3},d{row % 4}" for row in range(30)]
    path = tmp_path / "t.csv"
    path.write_text("A,C,y,patient,centre,density\n" + "\n".join(lines) + "\n")
    named = {"path": str(path), "features": {"area": "A"}, "label": "y", "positive": "1"}
    table = config["table"] | named | {"patient_id": "patient", "subgroups": ["density"]}
    sequence = config["sequence"] | {"kind": "single_step"}
    own = {"source": "table", "features": ["area", "C"], "table": table, "sequence": sequence}
    return config | own


def test_every_named_file_that_is_missing_is_told(config: dict[str, Any], tmp_path: Path) -> None:
    check_named_files(config)
    config["audit"]["splits"] = str(tmp_path / "splits.tsv")
    config["predict"]["model"] = str(tmp_path)
    config["volumes"]["data_root"] = str(tmp_path / "nowhere")
    config |= {"source": "table", "table": config["table"] | {"path": "no.csv"}}
    with pytest.raises(TomocalcError) as caught:
        check_named_files(config)
    for key in ("audit.splits", "table.path", "predict.model", "volumes.data_root"):
        assert (
            f"E104] a file that the configuration names is missing (configuration key {key})"
            in (str(caught.value))
        )
    (tmp_path / "splits.tsv").touch()
    (tmp_path / "model.json").touch()
    (tmp_path / "model.safetensors").touch()
    config["volumes"]["data_root"] = None
    config["table"]["path"] = "https://example.org/table.csv"
    check_named_files(config)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("change", "where", "fix"),
    [
        ({"label": "Y"}, "table.label", "did you mean `y`?"),
        ({"patient_id": "patients"}, "table.patient_id", "did you mean `patient`?"),
        ({"site": "center"}, "table.site", "did you mean `centre`?"),
        ({"subgroups": ["densty"]}, "table.subgroups", "did you mean `density`?"),
        ({"features": {"area": "Z9"}}, "table.features.area", "name one of its columns: A, C, y"),
        ({"features": {}}, "features", "has no column `area`"),
    ],
)
def test_a_setting_that_names_no_column_is_told(
    of_a_table: dict[str, Any], kind: str, change: dict[str, Any], where: str, fix: str
) -> None:
    path = Path(of_a_table["table"]["path"])
    pl.read_csv(path).write_parquet(path.with_suffix(".parquet"))
    pl.read_csv(path).with_row_index("").write_csv(path)  # with an index, as pandas writes it
    of_a_table["table"] |= {"path": str(path.with_suffix(f".{kind}"))}
    check_contents(of_a_table, {})
    of_a_table["table"] |= change
    with pytest.raises(TomocalcError) as caught:
        check_contents(of_a_table, {})
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"ERROR [E302] the table cannot be used (configuration key {where}): ")
    assert fix in line


def test_columns_without_names_are_numbered(of_a_table: dict[str, Any]) -> None:
    path = Path(of_a_table["table"]["path"])
    path.write_text(path.read_text().partition("\n")[2])
    named = {"features": {"area": "column_1", "C": "column_2"}, "label": "column_3"}
    of_a_table["table"] |= {"header": False, "patient_id": None, "subgroups": [], **named}
    check_contents(of_a_table, {})
    of_a_table["table"]["label"] = "y"
    with pytest.raises(TomocalcError, match=r"table.label.*has no column `y`.*column_1, column_2"):
        check_contents(of_a_table, {})


def test_the_empty_cells_of_a_feature_are_told_once(of_a_table: dict[str, Any]) -> None:
    path = Path(of_a_table["table"]["path"])
    lines = path.read_text().splitlines()
    for number in (3, 4, 9):
        lines[number - 1] = lines[number - 1].replace(str((number - 2) / 7), " NA ")
    path.write_text("\n".join(lines) + "\n")
    told = r"column C\): 3 of 30 cells are empty \(lines 3, 4, 9\). Fix: fill them, or before"
    with pytest.raises(TomocalcError, match=told) as caught:
        check_contents(of_a_table, {})
    assert len(str(caught.value).splitlines()) == 1
    of_a_table["table"]["negative"] = ["0.0"]
    of_a_table["table"]["positive"] = "2"
    with pytest.raises(
        TomocalcError, match=r"column y\): no row .* is `2`; it holds 0, 1. Fix: set"
    ):
        check_contents(of_a_table, {})
    of_a_table["table"]["positive"] = "1.0"
    of_a_table["table"]["negative"] = ["0"]
    path.write_text(path.read_text().replace(",1,p", ",,p"))
    path.write_text(path.read_text().replace(",,p29", ",1,p29"))
    with pytest.raises(TomocalcError, match=r"column C\): 1 of 16 cells are empty \(line 4\)"):
        check_contents(of_a_table, {})
    of_a_table["dataset"] |= {"impute": "mean"}
    check_contents(of_a_table, {})
    head, *rows = path.read_text().splitlines()
    column = head.split(",").index("C")
    cells = [line.split(",") for line in rows]
    emptied = [",".join([*row[:column], "", *row[column + 1 :]]) for row in cells]
    path.write_text("\n".join([head, *emptied]) + "\n")
    with pytest.raises(
        TomocalcError,
        match=r"16 of 16 cells are empty.*before a training take C out of `features`\.$",
    ):
        check_contents(of_a_table, {})  # nothing to fill them with


def test_a_column_of_many_values_divides_nothing(of_a_table: dict[str, Any]) -> None:
    of_a_table["table"]["subgroups"] = ["patient"]
    with pytest.raises(TomocalcError, match=r"column patient\): it holds 30 values"):
        check_contents(of_a_table, {})


def test_the_table_of_another_site_has_the_columns_of_the_model(
    of_a_table: dict[str, Any], tmp_path: Path
) -> None:
    of_a_table["predict"] |= {"table": of_a_table["table"]["path"], "model": str(tmp_path)}
    (tmp_path / "model.json").write_text(
        '{"features": [{"name": "area"}, {"name": "depth"}], "preprocessing": {}}'
    )
    with pytest.raises(TomocalcError, match=r"key features\).*has no column `depth`"):
        check_contents(of_a_table, {})


def test_a_feature_is_neither_the_label_nor_a_name(of_a_table: dict[str, Any]) -> None:
    check_config(of_a_table, SCHEMAS["config"])
    of_a_table["features"] = ["area", "y", "who"]
    of_a_table["table"]["features"]["who"] = "patient"
    with pytest.raises(TomocalcError) as caught:
        check_config(of_a_table, SCHEMAS["config"])
    label, name = str(caught.value).splitlines()
    assert "`y` is the label itself (table.label). Fix: take `y` out" in label
    assert "`patient` is the patient's name (table.patient_id). Fix: take `who` out" in name


def test_what_is_put_in_can_be_found(config: dict[str, Any]) -> None:
    config["source"] = "volumes"
    config["insertion"] |= {"enabled": True, "diameter_mm": [1.5, 3.0]}
    with pytest.raises(TomocalcError, match=r"insertion.diameter_mm.*candidates.max_diameter_mm"):
        check_config(config, SCHEMAS["config"])


SPLIT = "volume_id,candidate_id,part\nv0,0,train\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("row,parts\n0,test\n", "no column part; its columns are row, parts. Fix: add one that"),
        ("row,part\n0,tset\n", r"split.csv:2, column part\).*did you mean `test`"),
        (
            "row,fold\n0,0\n1,1\n",
            "audit one fold at a time: write for each number which part it is: tr",
        ),
        ("row,part\n0,train\n0.5,test\n", r"split.csv:3\): 1 of its lines name no row .* by row"),
        ("row,part\n", "it holds no rows"),
        ("row,part\n0,train\n1\n", r"split.csv:3, column part\): its word is no part"),
        ("row,part\n1,234,train\n", r"split.csv:2\): a line has more cells than the header"),
        ("row,part\n0,train\n1,train\n", "no line has the part `test`; its parts are train"),
        ("row,part\n0,train\n30,test\n", r"split.csv:3\): 1 of its lines name no row"),
        (f"{SPLIT}v1,0,test\n", "no column of the table; it has volume_id, cand"),
        ("patient,split\np0,train\nP1,test\n", r"csv:3\): 1 of its lines name no .*by patient"),
        ("patient,split\np0,train\np0,test\n", r"csv:3, column patient\).*in several .*: by row,"),
    ],
)
def test_a_split_file_of_a_table_is_checked(
    of_a_table: dict[str, Any], tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "split.csv").write_text(text)
    of_a_table["audit"]["splits"] = str(tmp_path / "split.csv")
    with pytest.raises(TomocalcError, match=rf"E302.*{words}"):
        check_contents(of_a_table, {})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("row,part\n0,train\n1,test\n", "no column that says whom .*; it has row"),
        (f"{SPLIT}v1,abc,test\n", r"split.csv:3, column candidate_id\): it is no number"),
        ("volume_id,part\nv0,train\nv0,test\n", "with the run, .*: by volume_id and candidate_id"),
        (f"{SPLIT}V1,0,test\n", r"split.csv:3\): 1 of its lines name no volume"),
        ("name,part\np,test\nq,train\n", "no column that says whom .*; it has name. Fix: give"),
        ("patient_id,part\np,test\nq0,train\n", r"csv:2\): 1 of its lines .*by patient_id"),
    ],
)
def test_a_split_file_of_volumes_is_checked(
    config: dict[str, Any], tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "split.csv").write_text(text)
    config["audit"]["splits"] = str(tmp_path / "split.csv")
    with pytest.raises(TomocalcError, match=rf"E302.*{words}"):
        check_contents(config, VOLUMES)


def test_a_split_file_may_be_written_as_pandas_and_people_do(
    of_a_table: dict[str, Any], config: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "split.csv"
    for settings in (of_a_table, config):
        settings["audit"]["splits"] = str(path)
    path.write_text(",Row,Part\n0,0.0,Train\n1,1.0,val\n2,2.0,TEST\n")
    check_contents(of_a_table, {})
    path.write_text("a,part\n0,train\n3,test\n")
    check_contents(of_a_table, {})
    path.write_text("Patient;Subset\np0;training\np0;train\np3;holdout\n")
    check_contents(of_a_table, {})
    for text in (f"{SPLIT}v1,1,testing\n", "volume,split\nv0,train\nv1,test\n"):
        path.write_text(text)
        check_contents(config, VOLUMES)
    path.write_text("patient_id,part\nq0,train\nq1,test\n")
    check_contents(config, VOLUMES)
    path.write_text("volume_id,view,path,part\nv0,LCC,a.dcm,train\nv1,RCC,b.dcm,test\n")
    check_contents(config, {name: VOLUMES[name] | {"view": "CC", "path": "/a"} for name in VOLUMES})


@pytest.mark.parametrize(
    ("patient_id", "why"),
    [
        ("patient", "3 of 12 patients have a positive row, and the test part and each of 5 folds"),
        (None, "4 of 13 groups of equal rows have a positive row"),
    ],
)
def test_whether_a_table_can_be_split_is_told_before_any_job(
    of_a_table: dict[str, Any], patient_id: str | None, why: str
) -> None:
    lines = [f"{row / 7},{row},{int(row < 4)},p{max(row, 1)}" for row in range(13)]
    lines += ["0.0,0,1,p1", "7,8,,p99"]
    table = of_a_table["table"] | {"patient_id": patient_id, "subgroups": []}
    Path(table["path"]).write_text("A,C,y,patient\n" + "\n".join(lines) + "\n")
    found = check_contents(of_a_table | {"table": table}, {})
    with pytest.raises(TomocalcError, match=f"E304.*t.csv.*{why}"):
        check_split(found, of_a_table["split"])
    check_split(found, of_a_table["split"] | {"folds": 2})


def test_what_a_split_says_beside_is_held_against_the_rows(
    of_a_table: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "rows.csv"
    config = of_a_table | {"audit": of_a_table["audit"] | {"splits": str(path)}}
    lines = [f"{row},P-0{row},{'test' if row > 20 else 'train'}" for row in range(30)]
    path.write_text("row,patient_id,part\n" + "\n".join(lines) + "\n")
    check_contents(config, {})
    other = "\n".join(f"{line},{row / 7:.7e}" for row, line in enumerate(lines))
    path.write_text(f"row,patient_id,part,C\n{other}\n")
    check_contents(config, {})
    path.write_text(path.read_text().replace("1.4285714e-01", "1.4385714e-01"))
    with pytest.raises(TomocalcError, match=r"rows\.csv:3, column C\): it says otherwise"):
        check_contents(config, {})
    lines = [line.replace(",P-0", ",P-01", 1) for line in lines]
    path.write_text("row,patient,part\n" + "\n".join(lines) + "\n")
    with pytest.raises(
        TomocalcError, match=r"rows\.csv:2, column patient\): it says otherwise than the row"
    ):
        check_contents(config, {})


def test_a_parquet_table_is_read_and_without_its_packages_none(
    of_a_table: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(of_a_table["table"]["path"]).with_suffix(".parquet")
    frame = pl.read_csv(path.with_suffix(".csv"))
    frame.with_columns(C=pl.when(pl.col("A") != 3).then("C")).write_parquet(path)
    of_a_table["table"]["path"] = str(path)
    with pytest.raises(TomocalcError, match=r"column C\): 1 of 30 cells are empty \(line 4\)"):
        check_contents(of_a_table, {})
    monkeypatch.setitem(sys.modules, "tomocalc.dataset.feature_table", None)
    assert check_contents(of_a_table, {}) is None
