"""Mistakes in the configuration and in sheets: one line each, all at once, before any job."""

import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from support.projects import ROOT, Project
from tomocalc.plan.command_line import check_command


def lines(project: Project, *arguments: str) -> list[str]:
    run = project.snakemake(*arguments, ok=False)
    output = run.stdout + run.stderr
    assert "rule " not in output
    assert not (project.folder / "results").exists()
    return [line for line in output.splitlines() if line.startswith("ERROR")]


def test_all_mistakes_of_the_configuration(project: Project):
    (project.folder / "mine.yaml").write_text(
        "sorce: volumes\n"
        "seed: -1\n"
        "model: {epochs: many, dropout: 1.5}\n"
        "tuning: {layers: [4, 1]}\n"
        "features: [area, colour]\n"
    )
    found = lines(project, "--configfile", "mine.yaml")
    assert [line.split("configuration key ")[1].split(")")[0] for line in found] == [
        "sorce",
        "features.1",
        "model.dropout",
        "model.epochs",
        "seed",
        "tuning.layers",
    ]
    assert "did you mean `source`?" in found[0]


def test_all_mistakes_of_both_sheets(project: Project):
    for name in ("image.dcm", "other.dcm"):
        (project.folder / name).write_bytes(b"x")
    (project.folder / "volumes.tsv").write_text(
        "volume_id\tpatient_id\tlaterality\tview\tpath\n"
        "a/b\tp1\tL\tCC\timage.dcm\n"
        "v2\tp2\tleft\tCC\tother.dcm\n"
        "v3\tp3\tR\tCC\tnowhere.dcm\n"
        "v4\tp4\tR\tCC\n"
    )
    (project.folder / "points.csv").write_text(
        "volume_id,slice,x,y,radius,kind\nv4,0,1,1,2,lump\nv5,0,1,1,2,cluster\nv5,1,1,1,2,cluster\n"
    )
    found = lines(
        project,
        "--config",
        "source=volumes",
        "volumes={sheet: volumes.tsv, annotations: points.csv}",
    )
    own = [line.split("volumes.tsv:")[1][0] for line in found if "volumes.tsv:" in line]
    assert own == ["2", "3", "5", "4"]
    assert [n for n, line in enumerate(found) if "points.csv:2, column kind" in line] == [4]
    assert "points.csv:3): `v5` is not in the sheet of volumes (lines 3, 4)" in found[5]


def test_a_raw_file_that_vanished_is_noticed(project: Project, tmp_path: Path):
    (project.folder / "volumes.tsv").write_text(
        f"volume_id\tpatient_id\tlaterality\tview\tpath\nv\tp\tL\tCC\t{tmp_path}/gone.dcm\n"
    )
    found = lines(project, "--config", "source=volumes", "volumes={sheet: volumes.tsv}")
    assert "gone.dcm" in found[0]


def test_a_table_or_folder_that_is_not_there(project: Project):
    table = lines(project, "--configfile", "config/paper.yaml", "--config", "table={path: no.csv}")
    assert table == [
        "ERROR [E104] a file that the configuration names is missing (configuration key "
        "table.path): `no.csv` is not a file. Fix: correct the path."
    ]
    sheet, missing = "resources/mini_mias/volumes.tsv", table[0].split("table.path")[0]
    assert lines(project, sheet) == [
        f"{missing}import.mini_mias): it names no folder. "
        "Fix: pass --config import='{mini_mias: FOLDER}'."
    ]
    assert lines(project, sheet, "--config", "import={mini_mias: /my films}") == [
        f"{missing}import.mini_mias): `/my films` is not there. Fix: correct the path."
    ]


def test_volumes_to_predict_stay_inside_the_data_root_too(project: Project):
    (project.folder / "data").mkdir()
    (project.folder / "data/in.dcm").touch()
    (project.folder / "out.dcm").touch()
    (project.folder / "new.tsv").write_text(
        "volume_id\tpatient_id\tlaterality\tview\tpath\n"
        "v\tp\tL\tCC\tin.dcm\nw\tp\tL\tCC\t../out.dcm\n"
    )
    found = lines(project, "--config", "predict={volumes: new.tsv}", "volumes={data_root: data}")
    assert len(found) == 1
    assert "new.tsv:3): `../out.dcm` leads out of data" in found[0]


def test_volumes_to_predict_leave_the_study_its_own_sheet(project: Project):
    (project.folder / "own.yaml").write_text("source: volumes\nvolumes: {sheet: mine.csv}\n")
    found = lines(project, "--configfile", "own.yaml", "--config", "volumes=new.tsv")
    assert "mine.csv" in found[0]


class Mistake(NamedTuple):
    """What a newcomer types, and what the line that answers holds: reason and remedy."""

    arguments: str
    says: tuple[str, ...]
    text: tuple[str, str] | None = None
    """A file that is written first, and its content."""


SHEET = "volume_id,patient_id,laterality,view,path\nv,p,L,CC,slices\n"
OWN = "--config source=volumes 'volumes={sheet: my.csv, annotations: points.csv}'"
MISTAKES = {
    "a target before the other options": Mistake(
        "--configfile tiny.yaml predict --cores 1 --config model=a",
        (" --configfile tiny.yaml --cores 1 --config model=a -- predict`",),
    ),
    "missing --": Mistake(
        "--configfile tiny.yaml results/index.html",
        (" --configfile tiny.yaml -- results/index.html`",),
    ),
    "missing -- behind settings": Mistake(
        "--config seed=1 predict", (" --config seed=1 -- predict`",)
    ),
    "no such study": Mistake("--configfile tini.yaml", ("No such file", "did you mean tiny.yaml?")),
    "a page for a study": Mistake("--configfile results/index.html", ("is no YAML",)),
    "a bracket left open": Mistake(
        "--configfile my.yaml", ("line 2, column 1", "brackets"), ("my.yaml", "split: {folds: 2\n")
    ),
    "blanks of a web page": Mistake(
        "--configfile my.yaml", ("line 2 begins with no-b",), ("my.yaml", "a:\n\u00a0b: 1\n")
    ),
    "an empty study": Mistake("--configfile my.yaml", ("it is empty",), ("my.yaml", "")),
    "a study for a target": Mistake("tiny.yaml", ("--configfile tiny.yaml",)),
    "blanks beside =": Mistake("--config seed = 1", ("blank beside =",)),
    "two of one option": Mistake(
        "--config seed=2 -n --config 'split={folds: 2}'", ("`--config seed=2 'split={folds: 2}'`",)
    ),
    "no quotes": Mistake("--config split={folds: 2}", ("quotes around it",)),
    "no group": Mistake("--config n=1", ("two letters or more",)),
    "misspelt file": Mistake("-n results/indx.html", ("did you mean results/index.html?",)),
    "misspelt rule": Mistake("predct", ("did you mean predict?",)),
    "no spacing": Mistake(
        OWN, ("my.csv:2", "files that end in .png carry none"), ("my.csv", SHEET)
    ),
    "too few patients": Mistake(
        "--config 'phantom={patients: 2}'", ("2 patients", "add 2 or more pat")
    ),
    "no such model": Mistake(
        "predict --config model=modl", ("`modl` is no folder", "give the fol")
    ),
    "a file in the way": Mistake("", ("E501", "a file is in its place"), ("results", "")),
    "no conda": Mistake("--use-conda", ("no conda on the PATH", "leave --use-conda out")),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_newcomers_mistake_is_answered_by_one_line(name: str, project: Project):
    arguments, says, text = MISTAKES[name]
    (project.folder / "slices").mkdir()
    (project.folder / "slices/1.png").write_bytes(b"x")
    (project.folder / "points.csv").write_text("volume_id,slice,x,y,radius,kind\n")
    if text:
        (project.folder / text[0]).write_text(text[1])
    run = project.snakemake(*shlex.split(arguments), ok=False)
    output = run.stdout + run.stderr
    assert "Traceback" not in output
    told = "\n".join(line for line in output.splitlines() if line.startswith("ERROR"))
    assert all(piece in told for piece in says), output


def test_where_home_cannot_be_written_the_cache_is_here(project: Project):
    (project.folder / "home").touch()
    there = Project(project.folder, variables={"HOME": str(project.folder / "home")})
    run = there.snakemake("-n", "resources/phantom/volumes.tsv", "--quiet")
    assert "cache is in .snakemake/cache" in run.stderr
    assert (project.folder / ".snakemake/cache").is_dir()


def test_results_may_lie_below_home(project: Project):
    there = Project(project.folder, variables={"HOME": str(project.folder / "home")})
    run = there.snakemake("-n", "list_volumes", "--config", "pathvars={results: ~/r, logs: l}")
    assert f"output: {project.folder}/home/r/features/volumes.tsv" in run.stdout + run.stderr


def test_what_the_shell_and_snakemake_say_is_on_the_page_of_errors(tmp_path: Path):
    page = (ROOT / "docs/errors.md").read_text()
    run = Project(tmp_path).snakemake("-n", ok=False)
    assert "Error: No Snakefile found" in run.stdout + run.stderr
    for symptom in ("snakemake: command not found", "No Snakefile found", "cannot be locked"):
        assert symptom in page


@pytest.mark.parametrize(
    ("version", "folder", "told"),
    [
        ((3, 10, 9), "a", "Python 3.11, 3.12 or 3.13 is needed"),
        ((3, 14, 0), "a", "Python 3.11, 3.12 or 3.13 is needed"),
        ((3, 11, 2), "R&D é", "a path with `&`; move this folder"),
    ],
)
def test_an_environment_that_would_not_work_is_not_made(
    tmp_path: Path, version: tuple[int, ...], folder: str, told: str
):
    python, inside = tmp_path / "python", tmp_path / folder
    inside.mkdir()
    code = f"import sys; sys.version_info = {version}; exec(sys.argv[2])"
    python.write_text(f"#!/bin/sh\nexec '{sys.executable}' -c '{code}' \"$@\"\n")
    python.chmod(0o755)
    shutil.copy(ROOT / "Makefile", inside)
    (inside / "requirements.lock").touch()
    run = subprocess.run(
        ["make", f"PYTHON={python}", "demo"], cwd=inside, capture_output=True, text=True
    )
    assert told in run.stderr
    assert not (inside / ".venv").exists()


def test_an_environment_that_snakemake_cannot_use_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "executable", "/home/é/My studies/.venv/bin/python")
    with pytest.raises(SystemExit, match=r"My studies.*its path holds ` `"):
        check_command(["--cores", "2"])
    check_command(["--cores", "2", "--use-conda"])
    monkeypatch.setattr(sys, "executable", "/home/é/studies-2/.venv/bin/python")
    check_command(["--cores", "2"])
