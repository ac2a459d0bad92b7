"""Bad input of every command: one line that can be acted on, exit code 2, and nothing is left."""

import contextlib
import json
import resource
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from support.dicom_objects import report
from support.predictions import released
from tomocalc.command.main import main

SECRET = "MILLER"
"""In every cell that names a patient: no line may show it."""
HEADER = "patient,area,contrast,label,part,score"
LABELS = "--label label --patient patient --permutations 9"
PILOT = "--label label --patient patient --score score"
LIMIT = 300
"""Bytes that a file may have while the disk is full."""


def rows() -> list[str]:
    generator = np.random.default_rng(0)
    found = []
    for number in range(200):
        patient = number // 4
        ill = int(patient % 2 and generator.random() < 0.6)
        one, two, three = generator.normal(size=3) + ill
        part = "train" if patient % 3 == 2 else "test"
        found.append(f"{SECRET}{patient:02},{one:.4f},{two:.4f},{ill},{part},{three:.4f}")
    return found


def table(*columns: str, lines: int = 40) -> str:
    """Return a table; ``{n}`` is the number of the row, ``{odd}`` 1 in every second one."""
    names = [column.partition("=")[0] for column in columns]
    cells = [column.partition("=")[2] for column in columns]
    made = [
        ",".join(cell.format(n=number, odd=number % 2) for cell in cells) for number in range(lines)
    ]
    return "\n".join([",".join(names), *made]) + "\n"


WHO = f"patient={SECRET}{{n}}"
FILES: dict[str, str | bytes] = {
    "good.csv": "\n".join([HEADER, *rows()]) + "\n",
    "empty.csv": "",
    "header.csv": HEADER + "\n",
    "binary.csv": bytes(range(256)) * 8,
    "latin.csv": "patient,area\nMüller,1\n".encode("latin1"),
    "damaged.parquet": b"PAR1 and no more PAR1",
    "book.xlsx": b"PK\x03\x04" + b"0" * 99,
    "nan.csv": table(WHO, "area=nan", "label={odd}", "part=test").replace("test", "train", 9),
    "ids_alone.csv": table(WHO, "n={n}", "label={odd}", "part=test").replace("test", "train", 9),
    "one_class.csv": table(WHO, "area=0.{n}", "label=1", "part=test"),
    "only_test.csv": table(WHO, "area=0.{n}", "label={odd}", "part=test"),
    "one.csv": table("area=0.{n}", "width=1", "label={odd}"),
    "other.csv": table("area=0.{n}", "height=1", "label={odd}"),
    "twice.csv": table(WHO, "area=0.{n}", "area=1", "label={odd}", "part=test"),
    "ids.csv": table("id=x{n}", "part=train"),
    "words.csv": table(WHO, "label={odd}", "score=high", "part=test").replace("test", "train", 1),
    "gaps.csv": table(WHO, "label={odd}", "score="),
    "yes.csv": table(WHO, "label=yes", "score=0.{n}"),
    "ill.csv": table(WHO, "label=1", "score=0.{n}"),
    "untested.csv": table(WHO, "label={odd}", "score=0.{n}", "part=train"),
    "half.seal": '{"schema":',
    "empty.dcm": b"",
    "text.dcm": "no image",
    "empty/nothing.txt": "",
    "junk/a.png": b"no image",
    "file": "",
    "taken/kept.txt": "kept",
    "twin/text.dcm": "no image",
    "blocked/shared.tsv/kept.txt": "kept",
    "ä ö/cases.csv": HEADER + "\n",
}

CALLS = {  # words of the line: the call; OUT is where something would be left
    "Is a directory": f"audit taken {LABELS}",
    "No such file": f"audit nowhere.csv {LABELS}",
    "it is empty": f"audit empty.csv {LABELS}",
    "no rows": f"audit header.csv {LABELS}",
    "no rows, or": f"audit ä#ö/cases.csv {LABELS}",
    "not UTF-8": f"audit binary.csv {LABELS}",
    "save it as": f"audit latin.csv {LABELS}",
    "no Parquet": f"audit damaged.parquet {LABELS}",
    "a workbook": f"audit book.xlsx {LABELS}",
    "several columns area": f"audit twice.csv {LABELS}",
    "no column of the table holds numbers": f"audit nan.csv {LABELS}",
    "seem to name rows": f"audit ids_alone.csv {LABELS}",
    "all labels in it are the same": f"audit one_class.csv {LABELS}",
    "no row is in it": f"audit only_test.csv {LABELS}",
    "not all have the column": "audit --train one.csv --test other.csv --label label --out OUT",
    "it has no --positve": f"audit good.csv {LABELS} --positve 1",
    "it is the only one": "audit --train one.csv --label label",
    "no column of the table": f"audit good.csv ids.csv {LABELS}",
    "no such column": "audit good.csv --label lable",
    "it is the label": "audit good.csv --label label --features label",
    "negative": "audit good.csv --label label --permutations -5",
    "invalid int": "audit good.csv --label label --permutations many",
    "a file of this name": f"audit good.csv {LABELS} --out file",
    "file is a file": f"audit good.csv {LABELS} --out file/in/it",
    "blocked/shared.tsv": f"audit good.csv {LABELS} --out blocked",
    "a device of this name": f"audit good.csv {LABELS} --badge /dev/null",
    "a folder or a device": f"audit good.csv {LABELS} --out OUT --badge taken",
    "no such folder": "audit-images nowhere taken",
    "none of its": "audit-images junk empty",
    "[E105] there is nothing to compare": "audit-images junk junk",
    "say which one is positive": f"audit good.csv {LABELS} --positive malignant",
    "two kinds of input": f"audit good.csv ids.csv {LABELS} --train good.csv",
    "the pilot has no such column": f"plan good.csv {PILOT}s --half-width 0.05",
    "row 1 holds no number": f"plan words.csv {PILOT} --half-width 0.05",
    "holds no number, as 40": f"plan gaps.csv {PILOT} --half-width 0.05",
    "column label": f"plan yes.csv {PILOT} --half-width 0.05",
    "0 without": f"plan ill.csv {PILOT} --half-width 0.05",
    "no row of the pilot": f"plan untested.csv {PILOT} --half-width 0.05",
    "between 0 and 0.5": f"plan good.csv {PILOT} --half-width nan",
    "a lead between": f"plan good.csv {PILOT} --lead 2 --other area",
    "neither": f"plan good.csv {PILOT} --lead 0.1",
    "are not enough": f"plan good.csv {PILOT} --half-width 0.000001",
    "not all lie": f"plan good.csv {PILOT} --half-width 0.1 --power 1",
    "nowhere/model.json": "predict text.dcm --model nowhere --out OUT",
    "differs from the one": "predict text.dcm --model other_weights --out OUT",
    "its schema is 999": "predict text.dcm --model newer --out OUT",
    "field `texture`": "predict text.dcm --model older --out OUT",
    "it has no bytes": "predict empty.dcm --model model --out OUT",
    "not an image": "predict text.dcm --model model --out OUT",
    "no such file or folder": "predict nowhere.dcm --model model --out OUT",
    "one folder": "predict text.dcm twin/text.dcm --model model --out OUT",
    "is no length in mm": "predict text.dcm --model model --pixel-spacing-mm nan",
    "Connection refused": "send report.dcm --to X@127.0.0.1:1",
    "not HOST:PORT": "send report.dcm --to X@127.0.0.1:99999",
    "is not HOST:PORT": "send report.dcm --to archive",
    "no DICOM file": "send good.csv --to X@127.0.0.1:1",
    "holds no file": "send empty --to X@127.0.0.1:1",
    "the wait": "send report.dcm --timeout nan --to X@127.0.0.1:1",
    "it is there already": "demo --out taken",
    "it is no seal": "seal half.seal",
    "no seal, or": "seal good.csv good.csv --label label",
    "TABLE is missing": "seal OUT --label label",
    "which column": "seal OUT good.csv",
    "nowhere.csv": "seal OUT good.csv --label label --open nowhere.csv",
    "invalid choice": "guess",
    "are required": "audit good.csv",
}


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every bad file, a model, and models that are not quite one."""
    folder = tmp_path_factory.mktemp("given")
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    (folder / "report.dcm").write_bytes(report())
    released(folder)
    for name in ("other_weights", "newer", "older"):
        shutil.copytree(folder / "model", folder / name)
    (folder / "other_weights/model.safetensors").write_bytes(b"x")
    card = json.loads((folder / "newer/model.json").read_text())
    (folder / "newer/model.json").write_text(json.dumps(card | {"schema": 999}))
    del card["domain"]["extraction"]["settings"]["texture"]  # as a version without it wrote it
    (folder / "older/model.json").write_text(json.dumps(card))
    return folder


@pytest.mark.parametrize("words", CALLS)
def test_bad_input_is_one_line_and_leaves_nothing(
    words: str, given: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(given)
    before = sorted(given.rglob("*"))
    assert main([one.replace("#", " ") for one in CALLS[words].split()]) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert "E106" not in said.err
    assert said.err.startswith("ERROR [E")
    assert said.err.count("\n") == 1
    assert said.out == ""
    assert SECRET not in said.err
    assert sorted(given.rglob("*")) == before


@contextlib.contextmanager
def full_disk() -> Iterator[None]:
    """Let no file grow beyond `LIMIT`, not even one that the test suite writes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize(
    "call",
    [
        f"audit good.csv {LABELS} --out OUT/in --badge other.svg",
        "seal OUT good.csv --label label",
        "demo --out OUT",
    ],
)
def test_a_full_disk_is_one_line_and_leaves_nothing(
    call: str, given: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(given)
    before = sorted(given.rglob("*"))
    with full_disk():
        assert main(call.split()) == 2
    said = capsys.readouterr().err
    assert said.startswith("ERROR [E501] cannot write a result")
    assert said.count("\n") == 1
    assert sorted(given.rglob("*")) == before


@pytest.mark.parametrize("answer", [b"", b"\x15\x03\x01\x00\x02\x02\x46"])
def test_what_is_no_archive_or_speaks_tls_is_told(
    answer: bytes, given: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer_once() -> None:
            for _ in range(2):  # one to see whether anybody is there
                connection, _ = server.accept()
                with connection, contextlib.suppress(OSError):
                    if connection.recv(1000):
                        connection.sendall(answer)
                        if not answer:
                            connection.recv(1000)  # until the other side gives up

        thread = threading.Thread(target=answer_once)
        thread.start()
        call = ["send", str(given / "report.dcm"), "--timeout", "1"]
        assert main([*call, "--to", f"127.0.0.1:{server.getsockname()[1]}"]) == 2
        thread.join()
    said = capsys.readouterr().err
    assert "TLS is not spoken" in said
    assert said.count("\n") == 1


def test_a_fault_of_the_program_shows_no_value(
    given: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise ValueError(SECRET)

    monkeypatch.setattr("tomocalc.audit.tables.audit_table", failing)
    call = ["audit", str(given / "good.csv"), "--label", "label"]
    assert main(call) == 2
    said = capsys.readouterr().err
    assert said.startswith("ERROR [E106]")
    assert SECRET not in said
    with pytest.raises(ValueError, match=SECRET):
        main(["--traceback", *call])
