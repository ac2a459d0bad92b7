"""What the guide tells people to do works as it is written."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
import yaml

from guide_site import render_site, shell
from projects import ROOT, TINY, Project, copy_project

DOCS = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RECIPES = ("A feature", "A reader", "A model for the comparison")


def blocks(text: str, kind: str) -> list[str]:
    return [body for language, body in FENCE.findall(text) if language == kind]


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_works_as_it_is_written(tmp_path: Path, recipe: str) -> None:
    text = (ROOT / "docs/extending.md").read_text()
    part = re.split(r"^## ", text, flags=re.MULTILINE)[1 + RECIPES.index(recipe)]
    assert part.startswith(recipe)
    project = copy_project(tmp_path / "project")
    for name in ("tests", "pyproject.toml"):
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, project.folder / name)
    (patch,) = blocks(part, "diff")
    (project.folder / "my.patch").write_text(patch)
    applied = shell(project.folder, "git apply --verbose my.patch")
    assert applied.returncode == 0, applied.stderr
    said = ""
    for command in blocks(part, "bash"):
        run = shell(project.folder, command)
        assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
        said = run.stdout.strip()
    assert said == "64" or recipe != "A reader"


def test_links_lead_somewhere() -> None:
    for page in DOCS:
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


def commands() -> list[str]:
    """Return every command of README and guide that starts with Snakemake, each once."""
    found: dict[str, None] = {}
    for page in DOCS:
        text = page.read_text().replace("\\\n", " ")
        inline = re.findall(r"`(snakemake [^`]+)`", text)
        fenced = [
            line.strip()
            for body in blocks(text, "")
            for line in body.splitlines()
            if line.strip().startswith("snakemake ")
        ]
        found |= dict.fromkeys(" ".join(line.split()) for line in (*fenced, *inline))
    return list(found)


ELSEWHERE = ("--use-conda", "profiles/slurm", "--unlock", "--report", "FOLDER", "runs=", "…")
"""Of commands that other tests run, that act on a run, or that name what only the reader has."""


@pytest.mark.xdist_group("guide")
@pytest.mark.parametrize("command", [c for c in commands() if not any(e in c for e in ELSEWHERE)])
def test_a_command_can_be_planned(planning: Project, command: str) -> None:
    command = command.replace("<volume>", "P001-LCC").replace("$k", "3.5")
    _, *arguments = shlex.split(command, comments=True)
    planning.snakemake(*arguments, "--dry-run", "--quiet")


CHEAP = (
    "snakemake -n",
    "snakemake --unlock",
    "snakemake --cores 1 results/features/P001-LCC/manifest.json",
    "snakemake --cores 1 results/qc/P001-LCC.png",
    "snakemake --cores all results/eda/eda.html",
    "snakemake --cores 1 results/index.html",
    "snakemake --cores 1 results/model/model.onnx",
    "snakemake results/experiments/sequence_gain.html",
    "snakemake predict --cores all --config model=results/model volumes=new.tsv",
    "snakemake compare_runs --config runs='[results, results/paper]'",
    "snakemake build_site",
    "snakemake --report report.zip",
)
"""Of the commands, what a finished run does in seconds, in an order that makes sense."""


def test_what_takes_seconds_runs_to_its_end_as_it_is_written(rerun: Project) -> None:
    """On the tiny demo, whose settings are the project's own here; first a picture is lost."""
    assert [command for command in CHEAP if command not in commands()] == []
    results = rerun.folder / "results"
    shutil.copytree(results, rerun.folder / "paper")
    (rerun.folder / "paper").rename(results / "paper")
    settings = rerun.folder / "config/config.yaml"
    whole = yaml.safe_load(settings.read_text())
    for section, values in yaml.safe_load(TINY).items():
        whole[section] = values | whole[section] | values  # in the order in which it ran
    settings.write_text(yaml.safe_dump(whole, sort_keys=False))
    sheet = (rerun.folder / "resources/phantom/volumes.tsv").read_text().splitlines(keepends=True)
    (rerun.folder / "new.tsv").write_text("".join(sheet[:2]))
    (results / "qc/P001-LCC.png").unlink()
    for command in CHEAP:
        run = shell(rerun.folder, command)
        assert run.returncode == 0, f"{command}\n{run.stdout[-3000:]}{run.stderr[-3000:]}"
    made = re.findall(r" (results/[\w./-]+\.\w+)", " ".join(CHEAP))
    made += ["results/runs/runs.html", "results/site.html", "results/predictions/index.html"]
    assert len(made) == 9
    assert [path for path in made if not (rerun.folder / path).exists()] == []
    assert "predictions/index.html" in (results / "site.html").read_text()


def test_a_released_model_is_read_from_python_as_it_is_written(finished: Project) -> None:
    _, reading = blocks((ROOT / "docs/python.md").read_text(), "python")
    command = f"PYTHONPATH=workflow/scripts python -c {shlex.quote(reading)}"
    run = shell(finished.folder, command)
    assert run.returncode == 0, run.stderr
    assert "contrast" in run.stdout


@pytest.fixture(scope="module")
def planning(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project that has the files which the guide has its reader write."""
    project = copy_project(tmp_path_factory.mktemp("guide") / "project")
    text = (ROOT / "docs/own_volumes.md").read_text()
    sheet, points = blocks(text, "csv")
    (project.folder / "my_volumes.csv").write_text(sheet)
    (project.folder / "my_points.csv").write_text(points)
    study, table = blocks(text, "yaml")
    (project.folder / "my_study.yaml").write_text(study)
    (project.folder / "my_table.yaml").write_text(table)
    (project.folder / "my_candidates.csv").write_text("Area,Contrast,Malignant,Patient\n1,2,1,p\n")
    (project.folder / "mammography.csv").write_text("1,2,3,4,5,6,'1'\n")
    (project.folder / "my_split.csv").write_text("row,part\n0,train\n")
    (project.folder / "new.tsv").write_text(sheet.replace(",", "\t"))
    for imported in ("dicom_folder", "mini_mias"):
        folder = project.folder / "resources" / imported
        folder.mkdir(parents=True)
        (folder / "volumes.tsv").write_text(sheet.replace(",", "\t"))
        (folder / "annotations.tsv").write_text(points.replace(",", "\t"))
    for name in ("data/example-LCC.dcm", "results/model/model.safetensors"):
        (project.folder / name).parent.mkdir(parents=True)
        (project.folder / name).touch()
    (project.folder / "results/model/model.json").write_text("{}")
    for row in sheet.splitlines()[1:]:
        folder = project.folder / row.split(",")[4]
        folder.mkdir(parents=True)
        (folder / "s1.png").touch()
    return project


@pytest.mark.campaign
def test_own_volumes_from_the_guide_reach_an_evaluation(tmp_path: Path) -> None:
    """Make a user's folders of PNG slices from the phantom, then follow the page to its end."""
    project = copy_project(tmp_path / "project")
    tiny = project.folder / "tiny.yaml"
    sheets = "resources/phantom/volumes.tsv"
    as_png = ("--configfile", "tiny.yaml", "--config", "phantom={format: png}")
    project.snakemake(sheets, *as_png)
    made = (project.folder / sheets).read_text().splitlines()
    project.snakemake(*(line.split("\t")[4] for line in made[1:]), *as_png)
    found = (project.folder / "resources/phantom/annotations.tsv").read_text()
    (project.folder / "resources").rename(project.folder / "my_data")
    lines = [line.replace("resources/", "my_data/").replace("\t", ",") for line in made]
    (project.folder / "my_volumes.csv").write_text("\n".join(lines) + "\n")
    (project.folder / "my_points.csv").write_text(found.replace("\t", ","))
    study, _ = blocks((ROOT / "docs/own_volumes.md").read_text(), "yaml")
    small = "\n".join(line for line in TINY.splitlines() if not line.startswith("phantom"))
    (project.folder / "my_study.yaml").write_text(f"{study}{small}\n")
    tiny.unlink()
    plan, run = blocks((ROOT / "docs/own_volumes.md").read_text(), "")[0].splitlines()
    for command in (plan, run):
        done = shell(project.folder, command)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert (project.folder / "results/my_study/index.html").exists()
