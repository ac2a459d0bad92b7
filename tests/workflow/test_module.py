"""The workflow as a part of another one, and from another folder."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from support.projects import TINY_VOLUMES, Project, copy_project

pytestmark = pytest.mark.xdist_group("module")
USER = """\
configfile: "own.yaml"


module tomocalc:
    snakefile:
        "../tomocalc/Snakefile"
    config:
        config["tomocalc"]


use rule * from tomocalc as tomocalc_*


rule everything:
    default_target: True
    input:
        "moved/results/index.html",
"""
MOVED = {name: f"moved/{name}" for name in ("results", "resources", "logs")}


@pytest.fixture
def user(tmp_path: Path) -> Project:
    """Return another workflow that has this one beside it and imports it."""
    original = copy_project(tmp_path / "tomocalc")
    config = yaml.safe_load((original.folder / "config/config.yaml").read_text())
    config |= {"pathvars": MOVED}
    config["phantom"] |= {"patients": 12, "rows": 160, "columns": 128, "slices": 8}
    folder = tmp_path / "user"
    folder.mkdir()
    (folder / "own.yaml").write_text(yaml.safe_dump({"tomocalc": config}))
    (folder / "Snakefile").write_text(USER)
    return Project(folder)


def test_it_is_imported_with_its_results_elsewhere(user: Project) -> None:
    target = "moved/resources/phantom/P001-LCC.dcm"
    jobs = user.planned()
    assert jobs["tomocalc_simulate_volume"] == 24
    assert 3 <= jobs["tomocalc_extract_features"] <= 12
    assert jobs["tomocalc_build_index"] == 1
    user.snakemake(target)
    assert (user.folder / target).is_file()
    assert (user.folder / "moved/logs/simulate_volume/P001-LCC.log").is_file()
    assert user.planned(target) == {}
    assert {path.name for path in user.folder.iterdir()} == {
        ".snakemake",
        "Snakefile",
        "moved",
        "own.yaml",
    }


def test_it_runs_from_another_folder(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "tomocalc")
    elsewhere = replace(project, folder=tmp_path / "données 1")
    elsewhere.folder.mkdir()
    command = ("--snakefile", str(project.folder / "Snakefile"))
    tiny = ("--configfile", str(project.folder / "tiny.yaml"))
    elsewhere.snakemake("resources/phantom/P001-LCC.dcm", *command, *tiny)
    assert (elsewhere.folder / "resources/phantom/P001-LCC.dcm").is_file()
    run: subprocess.CompletedProcess[str] = project.snakemake(
        "--directory", str(elsewhere.folder), "--dry-run", *tiny
    )
    assert "simulate_volume" in run.stdout
    assert elsewhere.planned(*command, *tiny)["simulate_volume"] == TINY_VOLUMES - 1
    assert not (project.folder / "resources").exists()


def test_jobs_read_the_library_beside_their_scripts(project: Project, tmp_path: Path) -> None:
    """Also where an environment has another one, earlier than what Snakemake adds to the path."""
    other = tmp_path / "installed/tomocalc/__init__.py"
    other.parent.mkdir(parents=True)
    other.write_text("raise SystemExit('the library that is installed')\n")
    elsewhere = replace(project, variables={"PYTHONPATH": str(tmp_path / "installed")})
    elsewhere.snakemake("resources/phantom/P001-LCC.dcm", "--configfile", "tiny.yaml")
