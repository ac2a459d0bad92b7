"""The profile for clusters on a real Slurm: one node on this machine, with a pretended GPU."""

import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from support.projects import Project, copy_project
from support.slurm_cluster import write_hasty_profile

pytestmark = pytest.mark.xdist_group("slurm")
START = """\
from snakemake.cli import main
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor

RemoteExecutor.next_seconds_between_status_checks = property(lambda _: 2, lambda *_: None)
main()
"""
"""The plugin waits ten seconds longer each time that no job has ended."""
QUICK = ("--profile", "profiles/quick", "--configfile", "tiny.yaml")
GUARD = 'if __name__ == "__main__":\n'
HANG_ONCE = """\
    import time
    from pathlib import Path

    if not Path("once").exists():
        Path("once").touch()
        time.sleep(120)
"""
VOLUME = "resources/phantom/P001-LCC.dcm"


def on_cluster(project: Project, slurm: dict[str, str]) -> Project:
    """Return the project with a profile for Slurm that asks for the state of jobs more often."""
    # tests/workflow/test_conda.py has the environments
    write_hasty_profile(project, "quick", without="software-deployment-method")
    return replace(project, variables=slurm)


def ask(project: Project, *command: str) -> str:
    """Return what a command of Slurm prints."""
    environment = {**os.environ, **project.variables}
    return subprocess.run(command, capture_output=True, text=True, env=environment).stdout


def jobs(project: Project) -> list[dict[str, str]]:
    """Return what Slurm knows of every job of this project."""
    lines = ask(project, "scontrol", "show", "jobs", "--oneliner").splitlines()
    found = [dict(re.findall(r"(\w+)=(\S+)", line)) for line in lines]
    mine = f"WorkDir={project.folder}"
    return [job for job, line in zip(found, lines, strict=True) if mine in line]


def start(project: Project, *arguments: str) -> tuple[subprocess.Popen[str], Path]:
    """Start Snakemake on Slurm; return its process and the file of what it prints."""
    command = [sys.executable, "-c", START, *arguments, *QUICK]
    output = project.folder / "output.txt"
    with output.open("w") as stream:
        process = subprocess.Popen(
            command,
            cwd=project.folder,
            env={**os.environ, "OMP_NUM_THREADS": "1", **project.variables},
            stdout=stream,
            stderr=stream,
            text=True,
        )
    return process, output


def test_the_demo_in_batches_of_volumes(slurm: dict[str, str], rerun: Project) -> None:
    """What was measured and learned is lost: Slurm makes it again, and no page has to change."""
    plain = rerun.folder.rename(rerun.folder.with_name("a project"))  # as Slurm prints it
    cluster = on_cluster(replace(rerun, folder=plain), slurm)
    for lost in ("batches", "features", "dataset", "tuning/trials", "protocols/honest/lstm"):
        shutil.rmtree(cluster.folder / "results" / lost)
    run, output = start(cluster, "results/protocols/honest/lstm/scores.parquet")
    assert run.wait(timeout=900) == 0, output.read_text()[-8000:]
    submitted = {job["Comment"]: job for job in jobs(cluster)}
    batches = [name for name in submitted if "extract_features" in name]
    assert 0 < len(batches) <= 6
    assert all(rule in " ".join(submitted) for rule in ("run_trial", "train_lstm"))
    for name, job in submitted.items():
        training = re.search("train_lstm|run_trial", name) is not None
        asked = [value for key, value in job.items() if key.startswith("TresPer")]
        assert asked == (["gres:gpu:1"] if training else []), name
    assert "Nothing to be done" in cluster.snakemake(*QUICK, "--dry-run").stdout


def test_a_job_cancelled_in_mid_run_is_tried_again_with_more_memory(
    slurm: dict[str, str], tmp_path: Path
) -> None:
    cluster = on_cluster(copy_project(tmp_path / "a project"), slurm)
    cluster.edit("workflow/scripts/simulate_volume.py", GUARD, GUARD + HANG_ONCE)
    run, output = start(cluster, VOLUME)
    while not (cluster.folder / "once").exists() and run.poll() is None:
        time.sleep(0.5)
    (running,) = [job for job in jobs(cluster) if job["JobState"] == "RUNNING"]
    ask(cluster, "scancel", running["JobId"])
    assert run.wait(timeout=300) == 0, output.read_text()
    assert (cluster.folder / VOLUME).is_file()
    first, second = jobs(cluster)
    assert first["JobState"] == "CANCELLED"
    assert second["JobState"] == "COMPLETED"
    assert (first["MinMemoryNode"], second["MinMemoryNode"]) == ("1500M", "3000M")
