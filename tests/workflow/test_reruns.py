"""A change reruns what depends on it, and nothing else."""

import os

import pytest

from projects import Project

pytestmark = pytest.mark.xdist_group("workflow")
TINY = ("--configfile", "tiny.yaml")
DATASET = {"merge_dataset": 1, "split_dataset": 1}
MODEL = {
    "create_study": 1,
    "tune_lstm": 2,
    "select_hyperparameters": 1,
    "train_lstm": 1,
    "evaluate_lstm": 1,
    "build_index": 1,
    "all": 1,
}


def planned(project: Project, *config: str) -> dict[str, int]:
    return project.planned(*TINY, *config)


def test_an_edited_volume_reruns_its_own_features(rerun: Project):
    volume = rerun.folder / "resources/phantom/P001-LCC.dcm"
    content = bytearray(volume.read_bytes())
    content[-1] ^= 1
    volume.write_bytes(content)
    jobs = planned(rerun)
    assert jobs["extract_features"] == 1
    assert "simulate_volume" not in jobs


def test_an_option_of_the_page_reruns_the_page(rerun: Project):
    assert planned(rerun, "--config", "eda={bins: 20}") == {
        "explore_dataset": 1,
        "build_index": 1,
        "all": 1,
    }


def test_a_model_option_leaves_the_data_alone(rerun: Project):
    jobs = planned(rerun, "--config", "model={batch_size: 64}")
    assert jobs == MODEL


def test_an_edited_library_module_reruns_the_rules_that_import_it(rerun: Project):
    rerun.edit("workflow/scripts/tomocalc/dataset/splits.py", '"""Split', '"""Cut')
    assert planned(rerun) == {"split_dataset": 1, "explore_dataset": 1, **MODEL}


def test_more_trials_keep_the_study(rerun: Project):
    jobs = planned(rerun, "--config", "tuning={trials: 3}")
    assert not set(jobs) & {"extract_features", "merge_dataset", "split_dataset"}
    assert jobs["tune_lstm"] == 2


def test_a_touch_reruns_nothing(rerun: Project):
    for path in rerun.folder.rglob("*"):
        if path.is_file() and ".snakemake" not in path.parts and "results" not in path.parts:
            os.utime(path)
    assert planned(rerun) == {}
