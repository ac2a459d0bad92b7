"""The command audits any split of any table, as files or as frames."""

import json
import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest

from support.leaks import copied, shared_patients, table, told_by
from tomocalc.accounts.leakage import Verdict
from tomocalc.audit.tables import audit_table
from tomocalc.command.main import main
from tomocalc.errors import TomocalcError
from tomocalc.pages.audit_files import write_audit

QUICK = ("--permutations", "499")
COLUMNS = ("--label", "label", "--patient", "patient", "--site", "site")


def files(folder: Path, frame: pl.DataFrame) -> tuple[str, str]:
    """Write a table, and its split by the name of the row."""
    frame.drop("part").write_csv(folder / "table.csv")
    frame.select("row", "part").sample(fraction=1, shuffle=True, seed=1).write_csv(
        folder / "split.csv"
    )
    return str(folder / "table.csv"), str(folder / "split.csv")


def test_copies_are_named_in_files_and_the_exit_code_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, names = copied(3, count=5)
    out = tmp_path / "out"
    call = ["audit", *files(tmp_path, rows.frame), *COLUMNS, *QUICK, "--out", str(out)]
    assert main(call) == 0
    assert main([*call, "--fail-on", "leaks"]) == 1
    found = json.loads((out / "audit.json").read_text())
    assert found["verdict"] == "leaks"
    (copies,) = (check for check in found["checks"] if check["name"] == "copies")
    assert (copies["verdict"], copies["count"]) == ("leaks", 5)
    assert {"name", "verdict", "count", "share", "what"} <= set(copies)
    shared = pl.read_csv(out / "shared.tsv", separator="\t")
    assert set(shared.filter(pl.col("check") == "copies")["row"]) == names
    printed = capsys.readouterr().out
    assert printed.startswith("leaks: ")
    assert found["positive"] == "1"
    assert "  positive is `1`: " in printed
    assert f"  features: {len(found['features'])}, of which " in printed
    assert "Exact copies: 5 of " in printed
    assert "(5 of a row of another patient)" in printed
    rows.frame.write_csv(tmp_path / "eu.csv", separator=";", decimal_comma=True)  # as Excel there
    assert main(["audit", str(tmp_path / "eu.csv"), *COLUMNS, *QUICK]) == 0
    assert capsys.readouterr().out.splitlines()[1:6] == printed.splitlines()[1:6]


def test_other_programs_are_told_in_their_own_forms(tmp_path: Path) -> None:
    rows, _ = copied(3, count=5)
    table_file, split_file = files(tmp_path, rows.frame)
    results, picture = tmp_path / "results/audit.sarif", tmp_path / "badge.svg"
    call = ["audit", table_file, split_file, *COLUMNS, *QUICK]
    assert main([*call, "--sarif", str(results), "--badge", str(picture)]) == 0
    log = json.loads(results.read_text())
    (run,) = log["runs"]
    assert (log["version"], run["tool"]["driver"]["name"]) == ("2.1.0", "tomocalc")
    (result,) = run["results"]
    assert (result["ruleId"], result["level"]) == ("copies", "error")
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["copies"]
    assert result["message"]["text"].endswith(".")
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": split_file}
    svg = ElementTree.fromstring(picture.read_text())
    assert svg.attrib["aria-label"] == "split audit: leaks"


def test_a_clean_split_is_clean_in_every_way_to_give_it(tmp_path: Path) -> None:
    frame = table(3).frame
    arguments = {"label": "label", "patient": "patient", "site": "site", "permutations": 499}
    whole = audit_table(frame, **arguments)
    by_file = audit_table(*files(tmp_path, frame), **arguments)
    by_part = audit_table(
        {name: frame.filter(pl.col("part") == name).drop("part") for name in ("train", "test")},
        **arguments,
    )
    assert whole.verdict is by_file.verdict is by_part.verdict is Verdict.CLEAN
    assert whole.checks == by_file.checks
    write_audit(tmp_path / "out", whole)
    assert json.loads((tmp_path / "out/audit.json").read_text())["verdict"] == "clean"
    assert repr(whole).startswith("SplitAudit(verdict=clean, ")
    assert len(repr(whole)) < 200


def test_frames_of_another_library_are_welcome() -> None:
    rows, names = shared_patients(2, count=1)
    arrow = rows.frame.with_columns(part=pl.col("part").replace({"test": "TEST"})).to_arrow()
    found = audit_table(arrow, label="label", patient="patient", permutations=0)
    lazy = pl.DataFrame(arrow).lazy()
    assert audit_table(lazy, label="label", patient="patient", permutations=0) == found
    assert found.check("patients").count == 1
    assert {one.distance for one in found.shared} == {None}  # of a patient's rows, not of twins
    assert names <= {one.patient for one in found.shared}


def test_a_split_by_row_numbers_that_leaves_rows_out() -> None:
    frame = table(1).frame
    lines = frame.with_row_index("number").filter(pl.col("number") % 10 > 0)
    split = lines.select(pl.col("number").alias("row"), "part")
    again = split.filter(pl.col("part") == "train").tail(1).with_columns(part=pl.lit("test"))
    split, call = pl.concat([split, again]), {"label": "label", "patient": "patient"}
    found = audit_table(frame.drop("part", "row"), split, **call, permutations=99)
    unassigned = found.check("unassigned")
    assert (unassigned.count, unassigned.verdict) == (frame.height - lines.height, "caution")
    used_twice = [one.row for one in found.shared if one.check == "same_rows"]
    assert used_twice == [str(one) for one in again["row"]]
    assert {check.subject for check in found.checks} & {"row", "row of the table"} == set()


def test_texts_of_the_table_are_asked_without_being_named() -> None:
    frame = told_by(1, "site")[0].frame.rename({"site": "Scanner model"})
    found = audit_table(frame, label="label", patient="patient", permutations=499)
    told = {check.subject for check in found.checks if check.verdict is Verdict.CAUTION}
    assert "Scanner model" in told


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty|no rows|no table"),
        (b"PK\x03\x04workbook", "workbook"),
        (b"row,part\n0,train\n1,learn this\n", "split.csv:3, column part"),
        (b"row,part\n0,train\n1,test,Miller\n", "split.csv:3"),
        (b"row,part\n99999,train\n", "name no row"),
        (b"row,group\n0,train\n", "no column part"),
    ],
)
def test_files_that_are_no_split_are_named(
    content: bytes, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = files(tmp_path, table(1).frame)
    Path(other).write_bytes(content)
    assert main(["audit", one, other, "--label", "label"]) == 2
    said = capsys.readouterr().err
    assert any(word in said for word in words.split("|"))
    assert not any(value in said for value in ("learn this", "Miller", "99999"))


def test_two_spellings_of_a_patient_are_refused_without_naming_him() -> None:
    frame = table(1).frame.with_columns(
        patient=pl.when(pl.int_range(pl.len()) == 2).then(pl.lit("p1")).otherwise("patient"),
        label=pl.when(pl.int_range(pl.len()) != 1).then("label"),
    )
    with pytest.raises(TomocalcError, match=r"E303.*differ in spelling alone") as found:
        audit_table(frame, label="label", patient="patient", permutations=0)
    assert "rows 2 and " in str(found.value)
    assert "`" not in str(found.value)


def test_labels_are_counted_and_not_shown() -> None:
    frame = table(1).frame.with_columns(label=pl.lit("carcinoma of Miller"))
    with pytest.raises(TomocalcError, match="all labels in it are the same") as found:
        audit_table(frame, label="label", permutations=0)
    assert "Miller" not in str(found.value)


def test_an_interruption_is_one_line_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tomocalc.audit.tables.audit_table", interrupted)
    out = tmp_path / "out"
    assert main(["audit", *files(tmp_path, table(1).frame), *COLUMNS, "--out", str(out)]) == 130
    assert capsys.readouterr().err == "interrupted: nothing unfinished stays\n"
    assert not out.exists()


def test_nan_is_no_label_and_infinity_no_number() -> None:
    odd = pl.int_range(pl.len()) % 3 == 0
    frame = table(1).frame.with_columns(
        label=pl.when(odd).then(pl.lit("nan")).otherwise(pl.col("label").cast(pl.String)),
        f0=pl.when(odd).then(float("inf")).otherwise("f0"),
    )
    found = audit_table(frame, label="label", patient="patient", permutations=0)
    assert (found.positive, found.check("unlabelled").count) == ("1", -(-frame.height // 3))


def test_rows_of_neither_class_are_left_out_and_counted(tmp_path: Path) -> None:
    frame = table(1).frame
    words = pl.Series(["unknown", None] + ["benign"] * (frame.height - 2))
    labelled = frame.with_columns(
        label=pl.when(pl.col("label") == 1).then(pl.lit("malignant")).otherwise(words)
    )
    kept = labelled["label"].is_in(["benign", "malignant"]).sum()
    call = {"label": "label", "positive": "malignant", "patient": "patient", "permutations": 0}
    if kept < frame.height - 1:
        with pytest.raises(TomocalcError, match=r"3 different labels, and which are negative"):
            audit_table(labelled, **call)
    found = audit_table(labelled, negative=["benign"], **call)
    assert found.check("unlabelled").count == frame.height - kept > 0
    assert sum(part.rows for part in found.parts.values()) == kept
    out = str(tmp_path / "out")
    asked = ["--positive", "malignant", "--negative", "benign", "--permutations", "0"]
    assert main(["audit", *files(tmp_path, labelled), *COLUMNS, *asked, "--out", out]) == 0
    told = {one["name"]: one for one in json.loads(Path(out, "audit.json").read_text())["checks"]}
    assert told["unlabelled"]["count"] == frame.height - kept


@pytest.mark.parametrize("positive", [None, 1, "1", True, np.True_, "TRUE", 1.0])
@pytest.mark.parametrize("kind", ["int64", "float64", "bool", "string"])
def test_frames_of_pandas_are_welcome(kind: Any, positive: object) -> None:
    rows, _ = shared_patients(2, count=1)
    frame = rows.frame.to_pandas()
    frame["label"] = frame["label"].astype(kind)
    frame["note"] = [place if place % 2 else "text" for place in range(len(frame))]
    if kind == "string" and positive:
        frame.loc[::2, "label"] = frame["label"].replace("1", "1.0")
    if (kind, positive) == ("bool", None):
        frame.index = frame.index[::-1]
    call = {"label": "label", "patient": "patient", "positive": positive, "permutations": 0}
    found = audit_table(frame, features=frame.filter(like="f").columns, **call)
    assert found.check("patients").count == 1
    assert sum(part.positives for part in found.parts.values()) == (rows.frame["label"] == 1).sum()


def test_a_closed_output_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call = ["audit", *files(tmp_path, table(1).frame), *COLUMNS, "--permutations", "0"]
    monkeypatch.setattr("sys.stdout", None)
    assert main(call) == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["audit", "PIPE.csv", "--label", "y"],
        ["audit", "PIPE.parquet", "--label", "y"],
        ["audit", "table.csv", "PIPE.csv", "--label", "y"],
        ["plan", "PIPE.csv", "--half-width", "0.05"],
        ["seal", "PIPE.json"],
        ["seal", "new.json", "PIPE.csv", "--label", "y"],
        ["seal", "new.json", "table.csv", "--label", "y", "--open", "PIPE.csv"],
        ["send", "PIPE.dcm", "--to", "127.0.0.1:9"],
        ["predict", "PIPE.dcm", "--model", "model"],
        ["predict", "table.csv", "--model", "PIPES"],
        ["audit-images", "PIPES", "."],
    ],
)
def test_a_pipe_is_never_waited_for(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "PIPES").mkdir()
    for name in ("PIPES/model.json", "PIPES/model.safetensors", "PIPES/a.png"):
        os.mkfifo(name)
    for ending in ("csv", "parquet", "json", "dcm"):
        os.mkfifo(f"PIPE.{ending}")
    rows = [f"{row % 2},{row},{'train' if row % 3 else 'test'}" for row in range(12)]
    Path("table.csv").write_text("\n".join(["y,a,part", *rows]) + "\n")
    assert main(arguments) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
