"""The main job, from nothing to an index page whose links all work."""

import json
import re
import zipfile

import polars as pl

from support.projects import Project, links_work
from support.shared_figures import Key, Told, accounts, contradictions, shared

CATEGORIES = (
    "Comparison",
    "Data set",
    "Evaluation",
    "Leakage audit",
    "Model card",
    "Overview",
    "Quality control",
    "Tuning",
)
TINY = ("--configfile", "tiny.yaml")


def test_a_run_is_told_in_two_lines_a_job_and_the_demo_in_300(finished: Project, project: Project):
    told = (finished.folder / "told.txt").read_text().splitlines()
    jobs = sum(line.startswith("done ") for line in told)
    beside = len(told) - 2 * jobs
    assert jobs > 30
    assert max(map(len, told[:-1])) <= 200
    assert told[-1].startswith("Open ")
    assert 2 * sum(project.planned().values()) + beside <= 300


def test_the_whole_graph_runs_and_every_link_works(finished: Project):
    results = finished.folder / "results"
    assert links_work(results) >= 7
    index = (results / "index.html").read_text()
    assert "in-silico phantom" in index
    for page in ("eda/eda", "audit/leakage", "comparison/comparison", "model_card"):
        assert f'href="{page}.html"' in index
    assert "Honest and paper&#39;s protocol" in index


def told(project: Project) -> dict[Key, list[Told]]:
    return accounts(project.folder / "results", released="average", protocol="honest")


def test_no_two_pages_contradict_each_other(finished: Project):
    found = told(finished)
    assert contradictions(found) == []
    together = shared(found)
    models = pl.read_parquet(finished.folder / "results/comparison/comparison.parquet")
    for row in models.filter("measured").iter_rows(named=True):
        for figure in ("auroc", "average_precision", "f1", "accuracy"):
            pages = together[figure, row["model"], row["protocol"]]
            assert pages >= {"audit", "card", "comparison"}
    assert together["auroc", "average", "honest"] == {
        *("audit", "card", "comparison", "evaluation", "index")
    }
    assert together["verdict", "honest"] == {"audit", "card", "index"}
    assert found["verdict", "paper"][0].words == ("leaks",)
    assert together["AUROC", "Volume"] == {"card", "evaluation", "index"}
    assert together["gap", "average_precision", "average"] == {"audit", "index"}
    rows = together["test part", "rows", "honest"]
    assert rows == {"audit", "card", "comparison", "evaluation", "index"}
    for what in ("threshold", "patients", "findings"):
        assert together["test part", what, "honest"] >= {"card", "evaluation"}
    assert "warned" not in found or together["warned", "groups"] >= {"card", "evaluation", "index"}


ALTERED = [
    ("comparison/comparison.html", r">\d\.\d+ \(", ">0.0007 (", "0.0007"),
    ("index.html", r"<dd>\d\.\d+ <span>", "<dd>0.0007 <span>", "0.0007"),
    ("model_card.html", r"(Clean|Take care): ", "Leaks: ", "leaks"),
    ("audit/leakage.html", r"(leaks|clean|take care); ", "cannot tell; ", "cannot tell"),
]


def test_one_digit_or_word_that_differs_is_seen(rerun: Project):
    for page, old, new, seen in ALTERED:
        path = rerun.folder / "results" / page
        text = path.read_text()
        assert re.search(old, text)
        path.write_text(re.sub(old, new, text, count=1))
        lines = contradictions(told(rerun))
        assert lines
        assert all(seen in line for line in lines)
        path.write_text(text)


def test_the_parts_share_no_patient(finished: Project):
    splits = pl.read_parquet(finished.folder / "results/protocols/honest/splits.parquet")
    assert splits.group_by("patient_id").agg(pl.col("part").n_unique())["part"].max() == 1
    account = json.loads((finished.folder / "results/protocols/honest/split.json").read_text())
    assert account["audit"]["verdict"] == "clean"


def test_every_candidate_of_the_split_has_one_probability(finished: Project):
    results = finished.folder / "results"
    splits = pl.read_parquet(results / "protocols/honest/splits.parquet")
    predictions = pl.read_parquet(results / "evaluation/predictions.parquet")
    assert predictions.height == splits.height
    assert predictions["probability"].is_between(0, 1).all()


def test_nothing_to_be_done_afterwards(finished: Project):
    run = finished.snakemake("--dry-run", *TINY)
    assert "Nothing to be done" in run.stdout + run.stderr


def test_no_machine_path_or_time_reaches_a_result(finished: Project):
    for name, content in finished.outputs().items():
        assert str(finished.folder).encode() not in content, name
    assert (finished.folder / "logs/run_trial/0.log").exists()
    assert not list(finished.folder.glob("<*"))


def test_slices_as_png_give_the_same_candidates(rerun: Project):
    before = pl.read_parquet(rerun.folder / "results/dataset/candidates.parquet")
    sheet, candidates = "resources/phantom/volumes.tsv", "results/png/dataset/candidates.parquet"
    few = ("phantom={format: png, patients: 2}", "pathvars={results: results/png}")
    rerun.snakemake(candidates, sheet, *TINY, "--config", *few)
    rows = (rerun.folder / sheet).read_text().splitlines()[1:]
    assert all("\tresources/phantom/png/P00" in row for row in rows)
    names = [row.split("\t")[0] for row in rows]
    assert len(names) == 4
    after = pl.read_parquet(rerun.folder / candidates)
    assert after.equals(before.filter(pl.col("volume_id").is_in(names)))


def test_the_report_archive_is_written(rerun: Project):
    rerun.snakemake(*TINY, "--report", "report.zip")
    with zipfile.ZipFile(rerun.folder / "report.zip") as archive:
        names = archive.namelist()
        script = "".join(
            archive.read(name).decode() for name in names if name.endswith((".js", "report.html"))
        )
    results = rerun.folder / "results"
    seen = [path for path in results.rglob("*") if path.suffix in {".html", ".png", ".tsv", ".md"}]
    for path in seen:
        if results / "features" in path.parents:  # copies kept beside the shards
            continue
        assert any(name.endswith(f"/{path.name}") for name in names), path.name
    for said in (*CATEGORIES, "results of this run", "Not for diagnosis"):
        assert said in script
