"""Every rule runs in an environment that holds what its YAML names, and nothing else."""

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from support.conda_standin import INTERRUPT, create, install, make_environment
from support.projects import ROOT, Project, copy_project
from support.volume_projects import beside_batches

pytestmark = pytest.mark.xdist_group("conda")
FILM = "mdb001 G CALC B 25 25 5\n"
IMPORT = ("resources/mini_mias/volumes.tsv", "--use-conda", "--config", "import={mini_mias: film}")


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return no project yet: a host where nothing but Snakemake is installed, and conda."""
    folder = tmp_path_factory.mktemp("host")
    make_environment(folder / "snakemake", ["snakemake"])
    path = f"{install(folder / 'conda')}{os.pathsep}{os.environ['PATH']}"
    return Project(folder, python=str(folder / "snakemake/bin/python"), variables={"PATH": path})


@pytest.fixture
def fresh(bare: Project, tmp_path: Path) -> Project:
    """Return a fresh copy of the project on that host, with a folder of film to import."""
    project = replace(bare, folder=copy_project(tmp_path / "project").folder)
    (project.folder / "film").mkdir()
    (project.folder / "film/Info.txt").write_text(FILM)
    (project.folder / "film/mdb001.pgm").write_text("P2\n1024 1024\n")
    return project


def environments(project: Project) -> list[Path]:
    return sorted((project.folder / ".snakemake/conda").glob("*_/"))


def test_the_whole_graph_in_its_environments_gives_the_same_bytes(
    fresh: Project, finished: Project
) -> None:
    """In another folder, on a host that has nothing else, beside a run in one environment.

    One volume is simulated, the others are copied; one job measures all.
    """
    phantom = fresh.folder / "resources/phantom"
    phantom.mkdir(parents=True)
    for made in sorted((finished.folder / "resources/phantom").glob("P*")):
        if not made.name.startswith("P001-LCC"):
            shutil.copy2(made, phantom)
    tiny = ("--use-conda", "--configfile", "tiny.yaml")
    run = fresh.snakemake(*tiny, "--config", "volumes_per_job=100")
    assert f"Open {fresh.folder}/results/index.html" in run.stdout + run.stderr
    first, second = beside_batches(finished), beside_batches(fresh)
    assert first.keys() == second.keys()
    assert [name for name in first if second[name] != first[name]] == []
    header, first_volume, *_ = (phantom / "volumes.tsv").read_text().splitlines()
    (fresh.folder / "one.tsv").write_text(f"{header}\n{first_volume}\n")
    fresh.snakemake("predict", *tiny, "--config", "model=results/model", "volumes=one.tsv")
    assert (fresh.folder / "results/predictions/index.html").is_file()
    assert len(environments(fresh)) == 10


def test_an_environment_outside_the_default_run(tmp_path: Path) -> None:
    """The networks on image patches take long: their script is imported only."""
    create(ROOT / "envs/image_models.yaml", tmp_path / "env")
    scripts = {**os.environ, "PYTHONPATH": str(ROOT / "workflow/scripts")}
    command = [tmp_path / "env/bin/python", "-c", "import fit_image_model"]
    subprocess.run(command, check=True, env=scripts)


def test_a_dependency_that_is_not_named_stops_the_rule(fresh: Project) -> None:
    """Snakemake itself has this one, and would serve it in silence."""
    fresh.edit("envs/imports.yaml", "  - jsonschema >=4,<5\n", "")
    run = fresh.snakemake(*IMPORT, ok=False)
    assert "No module named 'jsonschema'" in run.stdout + run.stderr


def test_an_interrupted_environment_is_made_again(fresh: Project, tmp_path: Path) -> None:
    interrupted = replace(
        fresh, variables={**fresh.variables, INTERRUPT: str(tmp_path / "interrupted")}
    )
    run = interrupted.snakemake(*IMPORT, ok=False)
    assert "Could not create conda environment" in run.stdout + run.stderr
    assert (tmp_path / "interrupted").is_file()
    assert not (fresh.folder / "resources/mini_mias").exists()
    interrupted.snakemake(*IMPORT)
    assert (fresh.folder / "resources/mini_mias/volumes.tsv").is_file()
    assert len(environments(fresh)) == 1


def test_the_container_file_is_current(fresh: Project) -> None:
    """After a change of an environment: snakemake --containerize > Dockerfile."""
    assert fresh.snakemake("--containerize").stdout == (ROOT / "Dockerfile").read_text()


def test_the_stand_in_refuses_what_is_not_installed(tmp_path: Path) -> None:
    file = tmp_path / "future.yaml"
    text = (ROOT / "envs/imports.yaml").read_text()
    file.write_text(text.replace("numpy >=2.3", "numpy >=99"))
    with pytest.raises(SystemExit, match="numpy"):
        create(file, tmp_path / "env")
