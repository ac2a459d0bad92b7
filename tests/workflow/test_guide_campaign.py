"""Every other command of README and guide, run to its end as it is written, by itself.

A command of the default run is in `test_guide.py`. The settings are the tiny ones, put in place of
the project's own, except where a command is about them.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from support.conda_standin import install
from support.guide_pages import blocks, follow, make_defaults_tiny
from support.guide_walks import CAMPAIGN, PUBLISHED
from support.imports import bcs_dbt_folder, cbis_ddsm_folder, inbreast_folder, victre_folder
from support.local_server import serving
from support.projects import ROOT, TINY, Project, copied
from support.slurm_cluster import write_hasty_profile

pytestmark = pytest.mark.campaign
TABLE = "woods/mammography.csv"


def change(file: Path, sections: Mapping[str, Mapping[str, Any]]) -> None:
    """Change values of a file of settings."""
    whole = yaml.safe_load(file.read_text())
    for section, values in sections.items():
        whole[section] = whole.get(section, {}) | values
    file.write_text(yaml.safe_dump(whole, sort_keys=False))


@pytest.fixture
def tiny(project: Project) -> Project:
    """Return a fresh copy of the project whose own settings are the tiny ones."""
    return make_defaults_tiny(project)


@pytest.fixture
def demo(rerun: Project) -> Project:
    """Return a finished demo whose own settings are those it ran with."""
    return make_defaults_tiny(rerun)


@pytest.fixture
def served(real_data: Path) -> Iterator[str]:
    """Serve the published table as its site on the network does; return its address."""
    with serving(real_data) as address:
        yield f"{address}/{TABLE}"


def first_volume(project: Project) -> str:
    """Return the sheet of the demo's volumes with its first line only."""
    sheet = (project.folder / "resources/phantom/volumes.tsv").read_text()
    return "".join(sheet.splitlines(keepends=True)[:2])


def first_annotations(project: Project) -> str:
    """Return what is annotated in that volume, with the header."""
    sheet = (project.folder / "resources/phantom/annotations.tsv").read_text()
    header, *lines = sheet.splitlines(keepends=True)
    return header + "".join(line for line in lines if line.startswith("P001-LCC\t"))


def test_from_a_clone_to_the_demo(tmp_path: Path) -> None:
    """With an environment of its own, from the registry; the profile names the tiny settings."""
    folder = tmp_path / "tomocalc"
    subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)
    (folder / "tiny.yaml").write_text(TINY)
    with (folder / "profiles/default/profile.yaml").open("a") as profile:
        profile.write("configfile: tiny.yaml\n")
    own = {"PATH": f"{folder}/.venv/bin{os.pathsep}{os.environ['PATH']}"}
    said = follow(folder, CAMPAIGN["test_from_a_clone_to_the_demo"], own)
    assert f"Open {folder}/results/index.html" in said["make demo"]
    assert " passed in " in said["make test"]
    changed = ["git", "-C", folder, "status", "--porcelain", "config", "docs"]
    assert subprocess.run(changed, check=True, capture_output=True).stdout == b""


def test_the_papers_reproduction_and_its_leak(demo: Project, served: str, real_data: Path) -> None:
    """Its table comes from a server of this machine; the network is a small one."""
    small = {"units": [8, 4], "epochs": 2}
    sections = {"table": {"path": served}, "model": small, "tuning": {"epochs": 1}}
    change(demo.folder / "config/paper.yaml", sections)
    shutil.copy(real_data / TABLE, demo.folder)
    said = follow(demo.folder, CAMPAIGN["test_the_papers_reproduction_and_its_leak"])
    assert "Nothing to be done" in said["snakemake --cores all"]
    for page in ("paper/reproduction.html", "paper_honest/index.html", "runs/runs.html"):
        assert (demo.folder / "results" / page).is_file()


def test_the_figures_of_the_repeated_folds(tmp_path: Path, real_data: Path) -> None:
    """On a sample of the table's rows, with one trial of each search: both shorten the training."""
    rows = (real_data / TABLE).read_text().splitlines()
    few = [row for row in rows if row.endswith("'1'")][:60] + rows[:400]
    table = tmp_path / "data" / TABLE
    table.parent.mkdir(parents=True)
    table.write_text("\n".join(few) + "\n")
    walk = CAMPAIGN["test_the_figures_of_the_repeated_folds"]
    said = follow(ROOT, walk, {"TOMOCALC_TEST_DATA": str(tmp_path / "data")})
    assert "LSTM, tuned" in "".join(said.values())


def test_a_sweep_and_what_inputs_are_worth(demo: Project) -> None:
    follow(demo.folder, CAMPAIGN["test_a_sweep_and_what_inputs_are_worth"])
    results = demo.folder / "results"
    assert [(results / f"k{k}/index.html").is_file() for k in (3.5, 4.5, 5.5)] == [True] * 3
    assert "k5.5" in (results / "runs/runs.html").read_text()


def test_reruns_to_their_end(demo: Project) -> None:
    follow(demo.folder, CAMPAIGN["test_reruns_to_their_end"])
    assert (demo.folder / "results/leaking/index.html").is_file()


def test_new_volumes_are_scored(demo: Project) -> None:
    # as another woman's: a model is not validated on a patient that it was made with
    (demo.folder / "SHEET").write_text(first_volume(demo).replace("\tP001\t", "\tX001\t"))
    (demo.folder / "SHEET").rename(demo.folder / "new.tsv")
    (demo.folder / "SHEET").symlink_to("new.tsv")
    (demo.folder / "ANNOTATIONS").write_text(first_annotations(demo))
    for name in ("FOLDER", "OTHER_FOLDER"):
        shutil.copytree(demo.folder / "results/model", demo.folder / name)
    follow(demo.folder, CAMPAIGN["test_new_volumes_are_scored"])
    for results in ("results", "results/other_model"):
        assert (demo.folder / results / "predictions/P001-LCC/volume.html").is_file()
    assert (demo.folder / "results/external/external.html").is_file()


def test_published_sets_from_their_folders(tiny: Project, real_data: Path) -> None:
    bcs_dbt_folder(tiny.folder / "bcs_dbt")
    cbis_ddsm_folder(tiny.folder / "cbis_ddsm")
    inbreast_folder(tiny.folder / "inbreast")
    victre_folder(tiny.folder / "victre")
    film = tiny.folder / "mini_mias"
    film.mkdir()
    info = shutil.copy(real_data / "mini_mias/Info.txt", film)
    calcified = {line.split()[0] for line in Path(info).read_text().splitlines() if "CALC" in line}
    images = sorted(
        (real_data / "mini_mias").glob("mdb*.png"), key=lambda path: path.stem not in calcified
    )
    for path in (*images[:10], *images[-4:]):
        shutil.copy(path, film)
    follow(tiny.folder, CAMPAIGN["test_published_sets_from_their_folders"])
    for name in PUBLISHED:
        assert (tiny.folder / f"resources/{name}/volumes.tsv").is_file()
    assert (tiny.folder / "results/mini_mias/index.html").is_file()


def test_benign_or_malignant_of_simulated_clusters(tiny: Project) -> None:
    follow(tiny.folder, CAMPAIGN["test_benign_or_malignant_of_simulated_clusters"])
    assert "malignant" in (tiny.folder / "results/malignancy/model_card.md").read_text()


def test_a_tree_of_dicom_files(tiny: Project, finished: Project) -> None:
    """The annotations, which are the reader's to add, are the phantom's."""
    phantom = finished.folder / "resources/phantom"
    shutil.copytree(phantom, tiny.folder / "FOLDER")
    *imports, run = CAMPAIGN["test_a_tree_of_dicom_files"]
    follow(tiny.folder, dict.fromkeys(imports, ""))
    sheets = tiny.folder / "resources/dicom_folder"
    volumes = pl.read_csv(sheets / "volumes.tsv", separator="\t")
    names = {Path(path).stem: name for path, name in volumes.select("path", "volume_id").rows()}
    points = pl.read_csv(phantom / "annotations.tsv", separator="\t")
    points = points.with_columns(pl.col("volume_id").replace_strict(names))
    points.write_csv(tiny.folder / "my_points.tsv", separator="\t")
    follow(tiny.folder, {run: ""})
    assert (tiny.folder / "results/my_study/index.html").is_file()


def with_conda(folder: Path) -> dict[str, str]:
    """Return the path with a stand-in for conda in front, which `test_conda.py` tells of."""
    first = (str(install(folder / "conda")), str(Path(sys.executable).parent))
    return {"PATH": os.pathsep.join((*first, os.environ["PATH"]))}


def test_an_environment_per_rule(tiny: Project, tmp_path: Path) -> None:
    follow(tiny.folder, CAMPAIGN["test_an_environment_per_rule"], with_conda(tmp_path))
    assert (tiny.folder / "results/index.html").is_file()


def test_the_guides_commands_on_slurm(tiny: Project, slurm: dict[str, str], tmp_path: Path) -> None:
    """Which asks for the state of jobs every 2 s here."""
    write_hasty_profile(tiny, "slurm")
    variables = slurm | with_conda(tmp_path)
    follow(tiny.folder, CAMPAIGN["test_the_guides_commands_on_slurm"], variables)
    assert (tiny.folder / "results/index.html").is_file()
    assert (tiny.folder / "results/eda/eda.html").is_file()


def test_a_table_and_a_split_of_their_own(studied: Project, tmp_path: Path) -> None:
    project = copied(studied, tmp_path)
    candidates = pl.read_parquet(project.folder / "results/my_study/dataset/candidates.parquet")
    best = candidates.filter("focus")
    part = pl.when(pl.col("patient_id").is_in(["A", "P001"])).then(pl.lit("test"))
    split = best.select("volume_id", "candidate_id", part=part.otherwise(pl.lit("train")))
    split.write_csv(project.folder / "my_split.csv")
    study = project.folder / "my_study.yaml"
    study.write_text(study.read_text() + "audit: {splits: my_split.csv}\n")
    walk = CAMPAIGN["test_a_table_and_a_split_of_their_own"]
    follow(project.folder, walk)
    audit = (project.folder / "results/my_study/audit/leakage.html").read_text()
    assert "your own split" in audit.lower()
    *_, table = blocks((ROOT / "docs/own_volumes.md").read_text(), "yaml")
    study.write_text(table)
    best.select(
        Area="area", Contrast="contrast", Malignant=pl.col("label"), Patient="patient_id"
    ).write_csv(project.folder / "my_candidates.csv")
    follow(project.folder, walk)
    assert (project.folder / yaml.safe_load(table)["pathvars"]["results"] / "index.html").is_file()
