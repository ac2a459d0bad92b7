"""A real Slurm for the tests: one node on this machine, with a pretended GPU."""

import fcntl
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from support.projects import ROOT, Project

SCRIPTS = ROOT / "tests/slurm"
HURRY = {
    "slurm-init-seconds-before-status-checks": 2,
    "seconds-between-status-checks": 2,
    "latency-wait": 20,
}


@contextmanager
def running_slurm() -> Iterator[dict[str, str]]:
    """Start Slurm, in a folder that its users can reach; yield the variable that names it.

    A machine has one at a time: another run of the tests waits until it has stopped.
    """
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))
    with (folder.parent / "slurm-of-tests.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        up = subprocess.run(
            [SCRIPTS / "up.sh", folder], capture_output=True, text=True, check=False
        )
        try:
            if up.returncode == 77:
                pytest.skip(up.stderr.strip())
            assert up.returncode == 0, up.stderr
            yield {"SLURM_CONF": str(folder / "slurm.conf")}
        finally:
            subprocess.run([SCRIPTS / "down.sh", folder], check=True)
            shutil.rmtree(folder)


def write_hasty_profile(project: Project, name: str, *, without: str = "") -> None:
    """Write the profile for Slurm as *name*, asking for the state of jobs more often."""
    profile = yaml.safe_load((ROOT / "profiles/slurm/profile.yaml").read_text())
    profile.pop(without, None)
    folder = project.folder / "profiles" / name
    folder.mkdir(exist_ok=True)
    (folder / "profile.yaml").write_text(yaml.safe_dump(profile | HURRY))
