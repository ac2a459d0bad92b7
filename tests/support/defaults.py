"""The default configuration, and that of the reference paper, for tests and benchmarks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[2] / "config"


def read(name: str) -> dict[str, Any]:
    """Return a configuration file as plain values."""
    return yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))


CONFIG = read("config")
PAPER = read("paper")
"""What it changes of `CONFIG`."""
