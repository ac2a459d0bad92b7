"""A study is files: it goes on after a kill, grows, and is the same on any number of cores."""

import os
import shutil
import signal
import time
from pathlib import Path

from support.projects import Project, copied, start

STUDY = (
    "results/tuning/best.json",
    "--configfile",
    "tiny.yaml",
    "--config",
    "tuning={trials: 3, batch: 2}",
)


def test_a_killed_study_goes_on_with_the_trials_that_are_missing(
    finished: Project, tmp_path: Path
) -> None:
    project = copied(finished, tmp_path)
    folder = project.folder / "results/tuning"
    shutil.rmtree(folder)
    run = start(project, *STUDY)
    second = folder / "trials/1.json"
    while not second.exists():
        assert run.poll() is None
        time.sleep(0.02)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    ended = {path.name: path.read_bytes() for path in (folder / "trials").glob("*.json")}
    assert 1 <= len(ended) < 3
    project.snakemake("--unlock", *STUDY[1:])
    left = project.planned(*STUDY)["run_trial"]
    assert left <= 3 - len(ended) + 2, "at most the two that ran are computed again"
    project.snakemake(*STUDY, "--cores", "1")
    again = {path.name: path.read_bytes() for path in (folder / "trials").glob("*.json")}
    assert ended.items() <= again.items()
    shutil.rmtree(folder)
    project.snakemake(*STUDY, "--cores", "2")
    assert {path.name: path.read_bytes() for path in (folder / "trials").glob("*.json")} == again
