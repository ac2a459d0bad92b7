"""Volumes in jobs of one and of several."""

import shutil
from pathlib import Path

import pytest

from support.projects import Project, copy_project
from support.volume_projects import (
    ARGUMENTS,
    account,
    add_volumes,
    beside_batches,
    errors,
    manifest,
)

pytestmark = pytest.mark.xdist_group("batches")
NAMES = ("v1", "v2", "v3")
JOB = ("--mode", "remote", "--force", "--nolock", "--ignore-incomplete", "--no-hooks")
"""How a cluster runs a job of Snakemake's."""
LISTED = ("results/features/volumes.tsv", *ARGUMENTS)
TOGETHER = (*LISTED, "--config", "volumes_per_job=100")


Stamps = dict[str, list[int]]


def written(project: Project) -> Stamps:
    """Return when the shards of every volume were written."""
    folder = project.folder / "results/features"
    return {
        name: [path.stat().st_mtime_ns for path in sorted((folder / name).glob("0*.parquet"))]
        for name in NAMES
    }


def test_a_batch_gives_what_single_jobs_give_and_measures_nothing_again(own: Project) -> None:
    own.snakemake(*LISTED)
    alone, stamps = beside_batches(own), written(own)
    assert own.planned(*TOGETHER) == {"extract_features": 1, "list_volumes": 1}
    own.snakemake(*TOGETHER)
    assert written(own) == stamps
    assert beside_batches(own) == alone
    assert own.planned(*TOGETHER) == {}
    other = add_volumes(copy_project(own.folder.parent / "other"), NAMES)
    other.snakemake(*TOGETHER)
    assert beside_batches(other) == alone
    first, second, *_ = sorted((own.folder / "raw/v1").iterdir())
    shutil.copyfile(second, first)
    own.snakemake(*TOGETHER)
    again = written(own)
    assert [name for name in NAMES if again[name] != stamps[name]] == ["v1"]
    changed = {name for name, content in beside_batches(own).items() if content != alone[name]}
    assert {name.split("/")[1] for name in changed if name.startswith("features/v")} == {
        "v1",
        "volumes.tsv",
    }


def test_a_damaged_volume_is_named_and_the_others_are_kept(own: Project) -> None:
    damaged = sorted((own.folder / "raw/v1").iterdir())[3]
    content = damaged.read_bytes()
    damaged.write_bytes(b"")
    (error,) = errors(own.snakemake(*TOGETHER, ok=False))
    assert str(Path("raw/v1") / damaged.name) in error
    assert [manifest(own, name).exists() for name in NAMES] == [False, True, True]
    damaged.write_bytes(content)
    stamps = written(own)
    own.snakemake(*TOGETHER)
    again = written(own)
    assert [name for name in NAMES if again[name] != stamps[name]] == ["v1"]


def test_one_volume_and_one_slice_are_asked_for_alone(own: Project) -> None:
    own.snakemake(*TOGETHER)
    before = own.outputs()
    shard = own.folder / "results/features/v2/0003.parquet"
    others = {path: path.stat().st_mtime_ns for path in shard.parent.glob("000[!3].parquet")}
    shard.unlink()
    own.snakemake(account("v2"), *ARGUMENTS)
    assert shard.read_bytes() == before["features/v2/0003.parquet"]
    assert {path: path.stat().st_mtime_ns for path in others} == others
    (own.folder / account("v2")).unlink()
    assert own.outputs() == before
    assert own.planned(*TOGETHER) == {}
    run = own.snakemake(account("v4"), *ARGUMENTS, ok=False)
    assert "there is no such batch of volumes" in run.stdout + run.stderr


def test_a_job_on_a_cluster_looks_for_its_own_volume_only(own: Project) -> None:
    shutil.rmtree(own.folder / "raw/v2")
    mine = ("--allowed-rules", "extract_features", "--target-jobs")
    own.snakemake(*JOB, *ARGUMENTS, *mine, "extract_features:batch=v1")
    assert manifest(own, "v1").is_file()
    run = own.snakemake(*JOB, *ARGUMENTS, *mine, "extract_features:batch=v2", ok=False)
    assert "raw/v2" in run.stdout + run.stderr
    (error,) = errors(own.snakemake(*LISTED, ok=False))
    assert "raw/v2" in error
