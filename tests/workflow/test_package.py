"""The installed package: what the wheel holds is enough for what it offers, in any folder."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.bare import ROOT, bare_environment, build_wheel, run
from support.leaks import copied, table
from support.phantoms import phantom_files
from support.predictions import released
from tomocalc.version import VERSION

COLUMNS = ("--label", "label", "--patient", "patient", "--site", "site")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def audit(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bare_environment(tmp_path_factory.mktemp("audit"), wheel, extra="audit")


@pytest.fixture(scope="module")
def predict(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("predict")
    return bare_environment(folder, wheel, extra="predict", also="ipykernel")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with a model, and a DICOM volume that tells everything about itself."""
    folder = tmp_path_factory.mktemp("files")
    released(folder)
    phantom_files(folder, patient="P1", laterality="R")
    return folder


def test_the_smallest_environment_audits(audit: Path, tmp_path: Path) -> None:
    rows, names = copied(3, count=5)
    rows.frame.write_csv(tmp_path / "cases.csv")
    call = ("audit", "cases.csv", *COLUMNS, "--permutations", "99", "--out", "found")
    done = run(audit / "tomocalc", *call, "--fail-on", "leaks", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert json.loads((tmp_path / "found/audit.json").read_text())["verdict"] == "leaks"
    assert all(name in (tmp_path / "found/shared.tsv").read_text() for name in names)
    assert run(audit / "tomocalc", "--version", cwd=tmp_path).stdout == f"tomocalc {VERSION}\n"


def test_what_an_extra_lacks_is_one_line_that_installs_it(audit: Path, tmp_path: Path) -> None:
    call = "import tomocalc; print(tomocalc.__version__); tomocalc.predict_volume"
    done = run(audit / "python", "-c", call, cwd=tmp_path)
    assert done.stdout == f"{VERSION}\n"
    last = done.stderr.splitlines()[-1]
    assert "ERROR [E406]" in last
    assert "the extra predict" in last
    to_install = re.search(r"pip install (.*)\.$", last)
    assert to_install
    assert {"pydicom", "safetensors", "highdicom"} <= set(to_install[1].split())
    assert not {"numpy", "polars"} & set(to_install[1].split())
    table(1).frame.write_parquet(tmp_path / "cases.parquet")
    done = run(audit / "tomocalc", "audit", "cases.parquet", *COLUMNS, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "the extra parquet. Fix: pip install pyarrow." in done.stderr
    assert done.stderr.count("\n") == 1
    call = ("plan", "cases.csv", "--half-width", "0.05")
    done = run(audit / "tomocalc", *call, cwd=tmp_path)
    assert "the extra plan. Fix: pip install scipy." in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_file_and_a_model_are_enough_for_marks(
    predict: Path, files: Path, tmp_path: Path
) -> None:
    call = ("predict", files / "volume.dcm", "--model", files / "model", "--out", "out")
    done = run(predict / "tomocalc", *call, "--simulated", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("volume: score ")
    written = {path.name for path in (tmp_path / "out/volume").iterdir()}
    assert {"volume.html", "scores.json", "marks.tsv", "report.dcm", "overlay.png"} <= written
    scores = json.loads((tmp_path / "out/volume/scores.json").read_text())
    assert (scores["laterality"], scores["view"], scores["simulated"]) == ("R", "CC", True)
    said = ("--laterality", "R", "--view", "MLO", "--slice-spacing-mm", "2")
    done = run(predict / "tomocalc", *call, *said, "--identifiers", "none", cwd=tmp_path)
    assert "doubt: slice spacing is 1 mm in the header, which is used, and 2 mm" in done.stdout
    scores = json.loads((tmp_path / "out/volume/scores.json").read_text())
    assert (scores["laterality"], scores["view"]) == ("R", "MLO")
    assert not [*(tmp_path / "out/volume").glob("*.dcm")]


def test_objects_show_themselves_in_a_line(predict: Path, files: Path, tmp_path: Path) -> None:
    call = f"""
import tomocalc
path = {str(files / "volume.dcm")!r}
volume, model = tomocalc.open_volume(path), tomocalc.load_model({str(files / "model")!r})
found = tomocalc.predict_volume(path, model)
for one in (volume, model, found, found.measured, found.measured.manifest):
    assert type(one).__name__ in one._repr_html_()
    print(repr(one))
"""
    done = run(predict / "python", "-c", call, cwd=tmp_path)
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert len(lines) == 5
    assert max(map(len, lines)) < 200
    assert "breast=R CC" in lines[0]


@pytest.mark.parametrize("model", [False, True])
def test_the_demo_needs_nothing_but_the_package(
    predict: Path, files: Path, tmp_path: Path, *, model: bool
) -> None:
    out = "my demo" if model else "tomocalc_demo"
    call = ("demo", "--model", files / "model", "--out", out) if model else ("demo",)
    done = run(predict / "tomocalc", *call, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "leaks: 60 of 60 patients" in done.stdout
    assert ("volume.html" in done.stdout) is model
    assert (" candidates (in silico)" in done.stdout) is not model
    assert ("$ tomocalc audit 'my demo/cases.csv' --label" in done.stdout) is model
    assert (tmp_path / out / "audit/audit.json").is_file()
    again = run(predict / "tomocalc", *call, cwd=tmp_path)
    assert again.returncode == 2
    assert again.stderr.startswith("ERROR [E501] the demo would overwrite something")


EXECUTE = """
import sys, nbformat
from nbclient import NotebookClient
book = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(book, timeout=300, kernel_name="bare").execute()
for cell in book.cells:
    for output in cell.get("outputs", []):
        print(output.get("text") or output["data"]["text/plain"])
        print("with HTML:", "text/html" in output.get("data", {}))
"""


def test_the_notebook_goes_from_a_csv_to_an_audit_and_from_a_file_to_marks(
    predict: Path, files: Path, tmp_path: Path
) -> None:
    kernel = tmp_path / "jupyter/kernels/bare/kernel.json"
    kernel.parent.mkdir(parents=True)
    start = [str(predict / "python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    about = {"argv": start, "display_name": "bare", "env": {"PYTHONPATH": ""}}
    kernel.write_text(json.dumps(about | {"language": "python"}))
    for source, place in (
        ("volume.dcm", "resources/phantom/P001-LCC.dcm"),
        ("model", "results/model"),
    ):
        (tmp_path / place).parent.mkdir(parents=True)
        (tmp_path / place).symlink_to(files / source)
    done = subprocess.run(
        [sys.executable, "-c", EXECUTE, ROOT / "docs/notebook.ipynb"],
        cwd=tmp_path,
        env=os.environ | {"JUPYTER_PATH": str(tmp_path / "jupyter")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "SplitAudit(verdict=leaks" in done.stdout
    assert "SplitAudit(verdict=clean" in done.stdout
    assert "Prediction(volume_id=volume, score=" in done.stdout
    assert done.stdout.count("with HTML: True") == 7
    assert max(map(len, done.stdout.splitlines())) < 200
    assert (tmp_path / "results/notebook/P001-LCC.html").read_text().startswith("<!DOCTYPE html>")
    assert (tmp_path / "results/notebook/audit/shared.tsv").is_file()
