"""Several volumes in one job, as profiles for clusters have it."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from support.projects import TOGETHER, Project, copy_project
from support.volume_projects import ARGUMENTS, add_volumes, errors, manifest

pytestmark = pytest.mark.xdist_group("batches")
NAMES = ("v1", "v2", "v3")
JOB = ("--mode", "remote", "--force", "--nolock", "--ignore-incomplete", "--no-hooks")
"""How a cluster runs a job of Snakemake's."""
TARGETS = [f"results/features/{name}/manifest.json" for name in NAMES]


@pytest.fixture
def own(tmp_path: Path) -> Project:
    """Return a project with three small volumes."""
    return add_volumes(copy_project(tmp_path / "project"), NAMES)


def test_a_batch_gives_what_single_jobs_give(own: Project) -> None:
    own.snakemake(*TARGETS, *ARGUMENTS)
    alone = own.outputs()
    assert len(own.planned(*TARGETS, *ARGUMENTS, *TOGETHER)) == 1
    own.snakemake(*TARGETS, *ARGUMENTS, *TOGETHER, "--touch")
    assert own.planned(*TARGETS, *ARGUMENTS, *TOGETHER) == {}
    other = add_volumes(copy_project(own.folder.parent / "other"), NAMES)
    other.snakemake(*TARGETS, *ARGUMENTS, *TOGETHER)
    assert other.outputs() == alone
    assert len(list((other.folder / "logs/extract_batch").iterdir())) == 1


def test_a_damaged_volume_is_named_and_the_others_are_kept(own: Project) -> None:
    damaged = sorted((own.folder / "raw/v1").iterdir())[3]
    content = damaged.read_bytes()
    damaged.write_bytes(b"")
    run = own.snakemake(*TARGETS, *ARGUMENTS, *TOGETHER, ok=False)
    assert len(errors(run)) == 1
    assert str(Path("raw/v1") / damaged.name) in errors(run)[0]
    damaged.write_bytes(content)
    own.snakemake(*TARGETS, *ARGUMENTS, *TOGETHER)
    (log,) = (own.folder / "logs/extract_batch").iterdir()
    assert log.read_text().count("known from an earlier run") == 2
    for name in NAMES:
        content = json.loads(manifest(own, name).read_text())
        for shard in content["shards"]:
            file = manifest(own, name).parent / shard["path"]
            assert hashlib.sha256(file.read_bytes()).hexdigest() == shard["sha256"]


def test_a_step_of_the_usual_size_measures_no_volume_again(own: Project) -> None:
    own.snakemake(*TARGETS, *ARGUMENTS)
    alone = own.outputs()
    own.edit("workflow/scripts/tomocalc/batches.py", "(50, 4)", "(3, 4)")
    assert list(own.planned(*TARGETS, *ARGUMENTS).values()) == [1]
    own.snakemake(*TARGETS, *ARGUMENTS)
    (log,) = (own.folder / "logs/extract_batch").iterdir()
    assert log.read_text().count("known from an earlier run") == len(NAMES)
    assert own.outputs() == alone
    assert own.planned(*TARGETS, *ARGUMENTS) == {}
    (own.folder / "results/qc/v2.png").unlink()
    own.snakemake("results/qc/v2.png", *ARGUMENTS)
    assert own.outputs() == alone
    first, second, *_ = sorted((own.folder / "raw/v1").iterdir())
    shutil.copyfile(second, first)
    assert list(own.planned(*TARGETS, *ARGUMENTS).values()) == [1]
    own.snakemake(*TARGETS, *ARGUMENTS)
    assert log.read_text().count("known from an earlier run") == len(NAMES) - 1


def test_a_job_on_a_cluster_looks_for_its_own_volume_only(own: Project) -> None:
    shutil.rmtree(own.folder / "raw/v2")
    mine = ("--allowed-rules", "extract_features", "--target-jobs")
    own.snakemake(*JOB, *ARGUMENTS, *mine, "extract_features:volume=v1")
    assert manifest(own, "v1").is_file()
    run = own.snakemake(*JOB, *ARGUMENTS, *mine, "extract_features:volume=v2", ok=False)
    assert "raw/v2" in run.stdout + run.stderr
    (error,) = errors(own.snakemake(*TARGETS, *ARGUMENTS, ok=False))
    assert "raw/v2" in error
