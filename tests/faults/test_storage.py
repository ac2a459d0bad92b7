"""Full and read-only disks, kills, memory, clocks: nothing is lost, the same command goes on."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml

from support.image_volumes import run as extract
from support.image_volumes import write_volume
from support.projects import ROOT, Project, copy_project, start
from support.volume_projects import ARGUMENTS, MEASURED, account, add_volumes, errors, manifest
from tomocalc.errors import TomocalcError
from tomocalc.files import write_json, write_text
from tomocalc.parquet import parquet_stream, write_parquet

CANDIDATES = "results/dataset/candidates.parquet"


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[None]:
    """Mount a file system of its own on *folder*; skip where that is not allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    kind = ("mount", "-t", "tmpfs", "-o", *options, "tomocalc-test", str(folder))
    if subprocess.run(kind, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a file system")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder with room for 1 MB."""
    with mounted(tmp_path / "disk", "size=1m"):
        yield tmp_path / "disk"


def noise(rows: int) -> pl.DataFrame:
    return pl.DataFrame({"value": np.random.default_rng(1).random(rows)})


def stream(path: Path) -> None:
    frame = noise(100_000)
    with parquet_stream(path, frame.schema, rows_per_group=50_000) as append:
        for _ in range(4):
            append(frame)


WRITERS: dict[str, Callable[[Path], Any]] = {
    "table": lambda folder: write_parquet(folder / "a.parquet", noise(400_000)),
    "stream": lambda folder: stream(folder / "a.parquet"),
    "json": lambda folder: write_json(folder / "a.json", noise(100_000)["value"].to_list()),
    "page": lambda folder: write_text(folder / "a.html", "x" * 3_000_000),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_a_full_disk_leaves_the_old_file_and_nothing_else(small_disk: Path, kind: str) -> None:
    suffix = {"table": "parquet", "stream": "parquet", "json": "json", "page": "html"}[kind]
    old = small_disk / f"a.{suffix}"
    old.write_bytes(b"the old one")
    with pytest.raises(TomocalcError, match=r"E501.*No space left on device.*free space"):
        WRITERS[kind](small_disk)
    assert [path.name for path in small_disk.iterdir()] == [old.name]
    assert old.read_bytes() == b"the old one"


def test_a_disk_that_fills_up_during_the_extraction(small_disk: Path, tmp_path: Path) -> None:
    source = write_volume(tmp_path / "raw")
    extract(source, tmp_path / "whole")
    room = sum(path.stat().st_size for path in (tmp_path / "whole").iterdir())
    for share in (0.1, 0.4, 0.7):
        out = small_disk / str(share)
        filler = small_disk / "filler"
        free = shutil.disk_usage(small_disk).free
        filler.write_bytes(bytes(max(0, free - int(share * room))))
        with pytest.raises(TomocalcError, match="E501"):
            extract(source, out)
        assert not list(small_disk.rglob("*.tmp.*"))
        filler.unlink()
        extract(source, out)
        for path in (tmp_path / "whole").iterdir():
            assert (out / path.name).read_bytes() == path.read_bytes()
        shutil.rmtree(out)


def test_a_full_disk_in_a_real_run(own: Project) -> None:
    results = own.folder / "results"
    with mounted(results, "size=200k"):
        run = own.snakemake(CANDIDATES, *ARGUMENTS, ok=False)
        assert errors(run)
        assert all("E501" in line and "free space" in line for line in errors(run))
        assert not list(results.rglob("*.tmp.*"))
        subprocess.run(["mount", "-o", "remount,size=50m", str(results)], check=True)
        own.snakemake(CANDIDATES, *ARGUMENTS)


def test_a_read_only_folder_is_noticed_before_the_first_job(own: Project) -> None:
    with mounted(own.folder / "results", "ro"):
        run = own.snakemake(CANDIDATES, *ARGUMENTS, ok=False)
    (line,) = re.findall(r"ERROR \[E\d+\].*", run.stdout + run.stderr)
    assert "E501" in line
    assert "results" in line
    assert "Traceback" not in run.stderr
    assert not (own.folder / "logs").exists()


def jobs(project: Project) -> list[int]:
    """Return the processes that run a rule's script in *project*."""
    mark = f"{project.folder}/.snakemake/scripts/".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if len(words) > 1 and words[1].startswith(mark):
                found.append(int(entry.name))
    return found


def wait_for(condition: Callable[[], Any], seconds: float = 120) -> Any:
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)
    return value


def test_after_a_kill_of_snakemake_the_same_command_goes_on(
    own: Project, all_measured: Project
) -> None:
    killed = start(own, *MEASURED)
    orphans = wait_for(lambda: jobs(own))
    for orphan in orphans:
        os.kill(orphan, signal.SIGSTOP)  # goes on later, into the files of the next run
    second = own.snakemake(*MEASURED, ok=False)
    assert "locked" in (second.stdout + second.stderr).lower()
    killed.kill()
    killed.wait()
    locked = own.snakemake(*MEASURED, ok=False)
    assert "--unlock" in locked.stdout + locked.stderr
    own.snakemake("--unlock", *ARGUMENTS)
    again = start(own, *MEASURED)
    for orphan in orphans:
        os.kill(orphan, signal.SIGCONT)
    assert again.wait(300) == 0
    wait_for(lambda: not set(jobs(own)) & set(orphans))
    assert own.outputs() == all_measured.outputs()


def test_a_job_killed_for_its_memory_is_tried_again_with_more(tmp_path: Path) -> None:
    project = add_volumes(copy_project(tmp_path / "project"), ("v1",))
    log = project.folder / "run.txt"
    with log.open("wb") as sink:
        run = subprocess.Popen(
            [
                *(sys.executable, "-m", "snakemake", "--cores", "1", "--retries", "1"),
                *(account("v1"), *ARGUMENTS),
            ],
            cwd=project.folder,
            stdout=sink,
            stderr=sink,
        )
        os.kill(wait_for(lambda: jobs(project))[0], signal.SIGKILL)
        assert run.wait(300) == 0
    (told,) = (project.folder / ".snakemake/log").glob("*.log")
    assert re.findall(r"mem_mb=(\d+)", told.read_text()) == ["1000", "2000"]


def test_dates_in_the_future_rerun_nothing_and_hide_no_change(measured: Project) -> None:
    project, ahead = measured, time.time() + 86_400
    for path in [*(project.folder / "raw/v1").iterdir(), manifest(project, "v1")]:
        os.utime(path, (ahead, ahead))
    assert project.planned(CANDIDATES, *ARGUMENTS) == {}
    old = project.folder / "raw/v2/s1.png"
    old.write_bytes((project.folder / "raw/v2/s3.png").read_bytes())
    rules = ("extract_features", "list_volumes", "merge_dataset")
    assert project.planned(CANDIDATES, *ARGUMENTS) == dict.fromkeys(rules, 1)


def test_files_cut_short_by_a_power_loss_are_named_with_the_remedy(measured: Project) -> None:
    project, before = measured, measured.outputs()
    shard = project.folder / "results/features/v1/0002.parquet"
    shard.write_bytes(shard.read_bytes()[:200])
    (project.folder / CANDIDATES).unlink()
    (line,) = errors(project.snakemake(CANDIDATES, *ARGUMENTS, ok=False))
    assert "0002.parquet" in line
    remedy = re.search(r"run the same command again: rm (.+?)\.?$", line)
    assert remedy is not None
    for path in remedy[1].split():
        (project.folder / path.rstrip(".")).unlink()
    project.snakemake(CANDIDATES, *ARGUMENTS)
    assert project.outputs() == before


def test_late_files_and_lost_jobs_are_waited_for_on_a_cluster() -> None:
    profile = yaml.safe_load((ROOT / "profiles/slurm/profile.yaml").read_text())
    assert profile["latency-wait"] >= 60
    assert profile["retries"] >= 1


@pytest.mark.parametrize("kills", [1, pytest.param(100, marks=pytest.mark.campaign, id="campaign")])
def test_killed_at_random_moments_the_results_are_the_same(
    tmp_path: Path, request: pytest.FixtureRequest, kills: int
) -> None:
    project = copy_project(tmp_path / "project")
    if kills < 10:
        undisturbed, arguments, seconds = "all_measured", MEASURED, 12
        add_volumes(project)
    else:
        undisturbed, arguments, seconds = "finished", ("--configfile", "tiny.yaml"), 60
    expected = request.getfixturevalue(undisturbed).outputs()
    draw = np.random.default_rng(kills)
    dead = 0
    while dead < kills:
        run = start(project, *arguments)
        try:
            assert run.wait(draw.uniform(1, seconds)) == 0
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)
            run.wait()
            dead += 1
        else:  # it got through: begin again, so that kills fall on every stage
            shutil.rmtree(project.folder / "results")
        project.snakemake("--unlock", *arguments[-2:])
    project.snakemake(*arguments)
    assert project.outputs() == expected
