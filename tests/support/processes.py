"""The library in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

SCRIPTS = Path(__file__).parents[2] / "workflow/scripts"


def python(code: str, **variables: str) -> str:
    """Run code that may import the library and its scripts; return what it prints.

    It must end well and complain of nothing. *variables* are of its environment.
    """
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=SCRIPTS,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout
