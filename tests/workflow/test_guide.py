"""What the guide tells people to do works as it is written."""

import itertools
import json
import os
import re
import shlex
import shutil
import string
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
import yaml

from support.archive import running_archive
from support.dicom_objects import report
from support.guide_pages import (
    PAGES,
    blocks,
    commands,
    follow,
    make_defaults_tiny,
    render_site,
    shell,
)
from support.guide_walks import AT_ONCE, CAMPAIGN
from support.pilot import pilot
from support.projects import ROOT, Project, copy_project
from tomocalc.command.main import main

QSUB = """\
#!/bin/sh
# Takes what Grid Engine's takes: options with values, then the script; starts it, prints a number.
echo "$@" >> submitted.txt; [ -d logs ] || touch logs  # else it is the file to write to
for script; do :; done
sh "$script" > /dev/null 2>&1 &
echo $!
"""

RECIPES = ("A feature", "A reader", "A model for the comparison", "A page")


def test_every_command_is_run_by_a_test_that_names_it() -> None:
    walks = AT_ONCE | CAMPAIGN
    run = set(itertools.chain.from_iterable(walks.values()))
    assert {command: page for command, page in commands().items() if command not in run} == {}
    assert run - set(commands()) == set(), "no page has these any more"
    for walk, where in ((AT_ONCE, "test_guide.py"), (CAMPAIGN, "test_guide_campaign.py")):
        tests = re.findall(
            r"^def (test_\w+)", (ROOT / "tests/workflow" / where).read_text(), re.MULTILINE
        )
        assert set(walk) - set(tests) == set()


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
            if "://" not in link:
                assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_the_guide_renders_as_a_site_that_needs_no_network(tmp_path: Path) -> None:
    site = render_site(tmp_path)
    page = (site / "docs/own_volumes.html").read_text()
    assert 'href="errors.html' in page or 'href="reading.html' in page
    loaded = re.compile(r'<(?:script|link|img)[^>]+(?:src|href)="((?:https?:)?//[^"]+)"')
    assert {page.name: loaded.findall(page.read_text()) for page in site.rglob("*.html")} == {
        page.name: [] for page in site.rglob("*.html")
    }
    assert "http" not in (site / "docs/diagrams.js").read_text().replace("http://www.w3.org", "")


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_works_as_it_is_written(tmp_path: Path, recipe: str) -> None:
    text = (ROOT / "docs/extending.md").read_text()
    part = re.split(r"^## ", text, flags=re.MULTILINE)[1 + RECIPES.index(recipe)]
    assert part.startswith(recipe)
    project = copy_project(tmp_path / "project")
    for name in ("tests", "benchmarks", "pyproject.toml"):
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, project.folder / name)
    (patch,) = blocks(part, "diff")
    (project.folder / "my.patch").write_text(patch)
    follow(project.folder, {"git apply my.patch": ""})
    said = ""
    for block in blocks(part, "bash"):
        run = shell(project.folder, block)
        assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
        said = run.stdout.strip()
    assert said == "64" or recipe != "A reader"


def test_own_volumes_reach_an_evaluation(studied: Project) -> None:
    """From the page's sheets and configuration, by its commands: `newcomer.run_study`."""
    said = list(json.loads((studied.folder / "said.json").read_text()).values())
    planned, exported, done, again, followed, *_ = said
    assert "This was a dry-run" in planned
    assert "export_insertions" in exported
    assert f"Open {studied.folder}/results/my_study/index.html" in done
    assert re.search(r"\[(\d+) of \1, 100%\]\nOpen ", done)
    assert "Nothing to be done" in again
    assert re.search(r"epoch 2/2 .* left$", followed, re.MULTILINE)
    results = studied.folder / "results/my_study"
    account = json.loads((results / "qc/detection.json").read_text())
    counted = account["generators"]["local"]["kinds"]["calcification"]
    assert counted["found"]["lower"] > counted["by_chance"]["upper"]
    splits = pl.read_parquet(results / "protocols/honest/splits.parquet")
    assert set(splits["part"]) == {"train", "validation", "test"}
    assert "A-LCC" in pl.read_parquet(results / "evaluation/predictions.parquet")["volume_id"]
    for page in ("eda/eda.html", "evaluation/report.html", "audit/leakage.html"):
        assert (results / page).is_file()
    assert (results / "qc/pictures/A-LCC.png").is_file()


def test_what_takes_seconds_runs_to_its_end(rerun: Project) -> None:
    """On the tiny demo, whose settings are the project's own here; first a picture is lost."""
    results = make_defaults_tiny(rerun).folder / "results"
    shutil.copytree(results, results / "paper")
    sheet = (rerun.folder / "resources/phantom/volumes.tsv").read_text().splitlines(keepends=True)
    (rerun.folder / "new.tsv").write_text("".join(sheet[:2]))
    phantoms = sorted((rerun.folder / "resources/phantom").glob("*.dcm"))
    for name in ("train_images", "test_images"):
        (rerun.folder / name).mkdir()
        (rerun.folder / name / "breast.dcm").symlink_to(phantoms.pop())
    (rerun.folder / "breast.dcm").symlink_to(rerun.folder / "resources/phantom/P001-LCC.dcm")
    (rerun.folder / "pilot").mkdir()
    pilot().write_parquet(rerun.folder / "pilot/predictions.parquet")
    (sample,) = blocks((ROOT / "docs/audit.md").read_text(), "csv")
    (rerun.folder / "my.csv").write_text(sample)
    walk = AT_ONCE["test_what_takes_seconds_runs_to_its_end"]
    shard = results / "features/P001-LCC/0003.parquet"
    before = shard.read_bytes()
    said = follow(rerun.folder, walk)
    assert shard.read_bytes() == before
    made = re.findall(r" (results/[\w./-]+\.\w+)", " ".join(said))
    made += ["results/runs/runs.html", "results/predictions/index.html"]
    assert len(made) >= 8
    assert [path for path in made if not (rerun.folder / path).exists()] == []


PLANNED = [
    command
    for walk in CAMPAIGN.values()
    for command in walk
    if command.startswith("snakemake ")
    and not re.search(r"--use-conda|profiles/slurm|FOLDER|SHEET|runs=|configfile my_study", command)
]
"""What only the campaign runs to its end, and a dry run understands without more."""


@pytest.mark.xdist_group("guide")
@pytest.mark.parametrize("command", PLANNED)
def test_what_takes_longer_can_be_planned(planning: Project, command: str) -> None:
    _, *arguments = shlex.split(command)
    planning.snakemake(*arguments, "--dry-run", "--quiet")


@pytest.fixture(scope="module")
def planning(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project with the sheets that importing writes."""
    project = copy_project(tmp_path_factory.mktemp("guide") / "project")
    sheet, points = blocks((ROOT / "docs/own_volumes.md").read_text(), "csv")
    others = string.ascii_uppercase[1:14]
    sheet += "".join(f"{name}-LCC,{name},L,CC,my_data/{name}-LCC,0.1,1.0\n" for name in others)
    points += "".join(f"{name}-LCC,12,151,208,3,calcification\n" for name in others[:6])
    for imported in ("dicom_folder", "mini_mias"):
        folder = project.folder / "resources" / imported
        folder.mkdir(parents=True)
        (folder / "volumes.tsv").write_text(sheet.replace(",", "\t"))
        for name in ("annotations.tsv", "../../my_points.tsv"):
            (folder / name).write_text(points.replace(",", "\t"))
    for row in sheet.splitlines()[1:]:
        folder = project.folder / row.split(",")[4]
        folder.mkdir(parents=True)
        (folder / "s1.png").touch()
    return project


def test_the_code_of_the_guide_runs_as_it_is_written(
    finished: Project, studied: Project, tmp_path: Path
) -> None:
    """All blocks of Python, each after those of the pages before it."""
    (tmp_path / "results").symlink_to(finished.folder / "results")
    (tmp_path / "my_data").symlink_to(studied.folder / "my_data")
    (tmp_path / "breast.dcm").symlink_to(finished.folder / "resources/phantom/P001-LCC.dcm")
    candidates = "results/dataset/candidates.parquet"
    code = f"import polars as pl\n\ntable = pl.read_parquet({candidates!r})\n"
    code += "".join(block for page in PAGES for block in blocks(page.read_text(), "python"))
    code += "print(len(slices), len(scores))\n"
    run = shell(
        tmp_path, f"python -c {shlex.quote(code)}", {"PYTHONPATH": str(ROOT / "workflow/scripts")}
    )
    assert run.returncode == 0, run.stderr
    table = pl.read_parquet(tmp_path / candidates)
    assert "contrast" in run.stdout
    assert run.stdout.splitlines()[-1].split()[0] == "15"
    split = pl.read_csv(tmp_path / "my_split.csv")
    assert split.columns == ["volume_id", "candidate_id", "part"]
    assert split.height == table.n_unique(["volume_id", "candidate_id"])


def test_a_pod_runs_the_whole_workflow() -> None:
    job = yaml.safe_load((ROOT / "profiles/kubernetes/job.yaml").read_text())
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    mounted = {one["name"]: one["mountPath"] for one in container["volumeMounts"]}
    assert {one["name"] for one in pod["volumes"]} == set(mounted)
    assert container["workingDir"] in mounted.values()
    assert container["resources"]["limits"] == container["resources"]["requests"]
    known = {one["name"] for one in container["env"]}
    assert set(re.findall(r"\$(\w+)", container["args"][0])) == known


def test_another_scheduler_gets_jobs_with_memory_and_time(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "a project")
    path = project.folder / "bin/qsub"
    path.parent.mkdir()
    path.write_text(QSUB)
    path.chmod(0o755)
    project = replace(project, variables={"PATH": f"{path.parent}{os.pathsep}{os.environ['PATH']}"})
    profile = yaml.safe_load((project.folder / "profiles/generic/profile.yaml").read_text())
    del profile["software-deployment-method"]  # tests/workflow/test_conda.py has the environments
    profile["seconds-between-status-checks"] = 1
    (project.folder / "profiles/generic/profile.yaml").write_text(yaml.safe_dump(profile))

    (command,) = AT_ONCE["test_another_scheduler_gets_jobs_with_memory_and_time"]
    target = "results/batches/P001-LCC.json"
    project.snakemake(*command.split()[1:], "--configfile", "tiny.yaml", "--", target)

    assert (project.folder / target).exists()
    submitted = (project.folder / "submitted.txt").read_text().splitlines()
    rules = {found for line in submitted for found in re.findall(r"-N tomocalc\.(\w+)", line)}
    assert rules == {"simulate_volume", "extract_features"}
    for line in submitted:
        assert re.search(r"-l h_vmem=\d+M,h_rt=0:\d+:0 ", line)


def test_objects_reach_an_archive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (command,) = AT_ONCE["test_objects_reach_an_archive"]
    (tmp_path / "report.dcm").write_bytes(report())
    with running_archive(title="ARCHIVE") as archive:
        places = {"results/predictions": str(tmp_path), "HOST:PORT": archive.address}
        for written, there in places.items():
            command = command.replace(written, there)
        assert main(command.split()[1:]) == 0
    assert len(archive.kept) == 1
