"""A change reruns what depends on it, and nothing else."""

import hashlib
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from support.defaults import SCHEMAS
from support.projects import TINY_VOLUMES, Project, copy_project
from support.volume_projects import ARGUMENTS, account, errors, manifest
from tomocalc.plan.graph import plan_run

pytestmark = pytest.mark.xdist_group("workflow")
TINY = ("--configfile", "tiny.yaml")
PHANTOM = {"simulate_volume", "write_phantom_sheets"}
SHARDS = {"extract_features", "list_volumes"}
DATASET = {"merge_dataset", "split_dataset", "explore_dataset"}
BESIDE = {"measure_detection", "fit_feature_models"}


def planned(project: Project, *config: str) -> dict[str, int]:
    return project.planned(*TINY, *config)


@pytest.fixture(scope="module")
def everything(finished: Project) -> dict[str, int]:
    """Return the rules of the whole graph, and how many jobs each has."""
    return planned(finished, "--forceall")


def test_an_edited_volume_and_one_that_failed_are_measured_again(
    rerun: Project, everything: dict[str, int]
) -> None:
    spoil(rerun.folder / "resources/phantom/P001-LCC.dcm")
    (rerun.folder / "results/batches/P006-RCC.json").unlink()
    jobs = planned(rerun)
    assert jobs["extract_features"] == 2 < everything["extract_features"]
    assert set(jobs) == everything.keys() - PHANTOM


def test_a_sheet_may_name_the_volumes_of_the_phantom(finished: Project) -> None:
    sheets = "sheet: resources/phantom/volumes.tsv, annotations: resources/phantom/annotations.tsv"
    jobs = planned(finished, "--config", "source=volumes", f"volumes={{{sheets}}}", "seed=2")
    assert jobs["extract_features"] > 0 == len(jobs.keys() & PHANTOM)


def test_an_edited_mask_reruns_what_reads_it(own: Project) -> None:
    data = own.folder / "data"
    (own.folder / "raw").rename(data)
    sheet = own.folder / "volumes.tsv"
    sheet.write_text(sheet.read_text().replace("raw/", ""))
    size = next((data / "v1").glob("*.png"))
    with Image.open(size) as image:
        mask = np.zeros((image.height, image.width), np.uint8)
    mask[50:130, 25:75] = 255
    Image.fromarray(mask).save(data / "mask.png")
    (own.folder / "annotations.tsv").write_text(
        "volume_id\tslice\tmask\tkind\nv1\t2\tmask.png\tcluster\n"
    )
    own.edit("own.yaml", "{sheet", "{data_root: data, sheet")
    target = ("results/dataset/candidates.parquet", "results/qc/detection.json", *ARGUMENTS)
    own.snakemake(*target)
    assert own.planned(*target) == {}
    mask[45:135, 20:80] = 255
    Image.fromarray(mask).save(data / "mask.png")
    assert own.planned(*target) == {"merge_dataset": 1, "measure_detection": 1}


def test_the_label_of_a_finding_leaves_the_shards_alone(
    rerun: Project, everything: dict[str, int]
) -> None:
    sheet = rerun.folder / "resources/phantom/annotations.tsv"
    lines = sheet.read_text().splitlines()
    sheet.write_text("\n".join(lines[:-1]) + "\n")
    assert set(planned(rerun)) == everything.keys() - PHANTOM - SHARDS


def test_a_setting_of_the_search_reruns_all_shards(
    finished: Project, everything: dict[str, int]
) -> None:
    jobs = planned(finished, "--config", "candidates={threshold_k: 6}")
    assert set(jobs) == everything.keys() - PHANTOM
    assert jobs["extract_features"] == everything["extract_features"]


def test_an_option_of_a_page_and_words_of_the_authors_rerun_their_pages(finished: Project) -> None:
    words = ("eda={bins: 20}", "card={authors: A. Author, answers: {claim_44: none}}")
    pages = ("explore_dataset", "write_model_card", "build_index", "all")
    assert planned(finished, "--config", *words) == dict.fromkeys(pages, 1)


def test_a_page_on_request_reruns_the_index_alone(rerun: Project) -> None:
    page = rerun.folder / "results/runs/runs.html"
    page.parent.mkdir()
    page.write_text("a page")
    assert planned(rerun) == {"build_index": 1, "all": 1}
    page.unlink()
    assert planned(rerun) == {}


def test_a_model_option_leaves_the_data_alone(
    finished: Project, everything: dict[str, int]
) -> None:
    jobs = planned(finished, "--config", "model={batch_size: 64}")
    assert set(jobs) == everything.keys() - PHANTOM - SHARDS - DATASET - BESIDE


def test_another_release_trains_nothing(finished: Project) -> None:
    assert planned(finished, "--config", "model={release: lstm}") == {
        "release_model": 1,
        "evaluate_lstm": 1,
        "write_model_card": 1,
        "build_index": 1,
        "all": 1,
    }


def test_more_trials_keep_the_study(finished: Project, everything: dict[str, int]) -> None:
    jobs = planned(finished, "--config", "tuning={trials: 5}")
    assert set(jobs) == everything.keys() - PHANTOM - SHARDS - DATASET - BESIDE
    assert jobs["run_trial"] == 3


def test_an_edited_library_module_reruns_the_rules_that_import_it(rerun: Project) -> None:
    module = "workflow/scripts/tomocalc/eda/histograms.py"
    rerun.edit(module, '"""', '"""\n')
    assert planned(rerun) == {"explore_dataset": 1, "build_index": 1, "all": 1}
    rerun.edit(module, '"""\n', '"""')
    assert planned(rerun) == {}


def test_deleted_pages_are_made_again(rerun: Project) -> None:
    for page in ("eda/eda.html", "comparison/comparison.html"):
        (rerun.folder / "results" / page).unlink()
    jobs = planned(rerun)
    assert {"explore_dataset", "compare_models", "build_index", "all"} <= set(jobs)
    assert jobs.keys() & {"merge_dataset", "run_trial", "train_lstm", "evaluate_lstm"} == set()


def test_jobs_that_failed_and_lost_their_output_run_again(rerun: Project) -> None:
    """Snakemake deletes what a failed job wrote, though results of an earlier run stand on it."""
    trees = {
        "grow_trees": "protocols/honest/trees/trees.json",
        "fit_feature_models": "protocols/paper/feature_models.json",
    }
    for lost in (trees, {"run_trial": "tuning/trials/1.json"}):
        for path in lost.values():
            (rerun.folder / "results" / path).unlink()
        jobs = planned(rerun)
        assert {rule: jobs[rule] for rule in lost} == dict.fromkeys(lost, 1)


def test_deleted_pictures_are_drawn_again(rerun: Project) -> None:
    pictures = rerun.folder / "results/qc/pictures"
    before = {path.name: path.read_bytes() for path in pictures.glob("*.png")}
    assert len(before) == TINY_VOLUMES
    shutil.rmtree(pictures)
    jobs = planned(rerun)
    assert jobs["measure_detection"] == 1
    assert not {"extract_features", "list_volumes"} & jobs.keys()
    rerun.snakemake("results/qc/pictures", *TINY)
    assert {path.name: path.read_bytes() for path in pictures.glob("*.png")} == before
    assert planned(rerun) == {"build_index": 1, "all": 1}


def test_a_deleted_table_of_objects_is_named_and_made_again(measured: Project) -> None:
    target = ("results/qc/detection.json", *ARGUMENTS)
    before = measured.outputs()
    (measured.folder / "results/features/v2/search.parquet").unlink()
    assert measured.planned(*target) == {}
    (error,) = errors(measured.snakemake(*target, "--forcerun", "measure_detection", ok=False))
    assert "search.parquet" in error
    assert "again: rm results/batches/v2.json results/features/volumes.tsv" in error
    manifest(measured, "v2").unlink()
    (error,) = errors(measured.snakemake(*target, ok=False))
    assert "manifest.json" in error
    (measured.folder / account("v2")).unlink()
    (measured.folder / "results/features/volumes.tsv").unlink()
    measured.snakemake(*target)
    assert measured.outputs() == before


def test_a_touch_reruns_nothing(rerun: Project) -> None:
    for path in rerun.folder.rglob("*"):
        if path.is_file() and ".snakemake" not in path.parts and "results" not in path.parts:
            os.utime(path)
    assert planned(rerun) == {}


def test_a_changed_test_patient_does_not_teach_the_search_again(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    with (project.folder / "tiny.yaml").open("a") as file:
        file.write("candidates: {generator: learned}\n")
        file.write("search: {folds: 2, slices: 16, passes: 2, epochs: 1}\n")
    settings = yaml.safe_load((project.folder / "config/config.yaml").read_text())
    settings |= {"phantom": settings["phantom"] | {"patients": 6, "calcified_fraction": 0.5}}
    settings["candidates"]["generator"] = "learned"
    settings["split"] |= {"folds": 2, "test_fraction": 0.34, "validation_fraction": 0.25}
    plan = plan_run(settings, SCHEMAS, look=True)
    tested = next(patient for patient, part in plan.search.parts.items() if part == "test")
    volume = f"{tested}-LCC"
    target = (f"results/batches/{volume}.json", *TINY)
    project.snakemake(*target)
    about, weights = (
        project.folder / f"results/search/all/search.{ending}" for ending in ("json", "safetensors")
    )
    taught, content = json.loads(about.read_text()), weights.read_bytes()
    assert {plan.search.parts[patient] for patient in taught["patients"]} == {"train"}
    measured = json.loads((project.folder / f"results/features/{volume}/manifest.json").read_text())
    assert measured["search"] == taught["weights_sha256"] == hashlib.sha256(content).hexdigest()
    assert project.planned(*target) == {}
    spoil(project.folder / f"resources/phantom/{volume}.dcm")
    assert project.planned(*target) == {"extract_features": 1}
    # a training that was lost is made again, to the same bytes
    about.unlink()
    project.snakemake("results/search/all/search.json", *TINY)
    assert json.loads(about.read_text()) == taught
    assert weights.read_bytes() == content
    spoil(project.folder / f"resources/phantom/{taught['patients'][0]}-LCC.dcm")
    spoil(project.folder / f"resources/phantom/{taught['patients'][0]}-RCC.dcm")
    assert project.planned(*target) == {"train_search": 1, "extract_features": 1}


def spoil(file: Path) -> None:
    """Change the last byte of a file, if it is there."""
    if file.is_file():
        content = bytearray(file.read_bytes())
        content[-1] ^= 1
        file.write_bytes(content)
