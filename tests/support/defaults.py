"""The default configuration, that of the reference paper, and schemas, for tests and benchmarks."""

from pathlib import Path
from typing import Any

import yaml

from tomocalc.config import load_schema

FOLDER = Path(__file__).parents[2] / "config"


def read(name: str) -> dict[str, Any]:
    """Return a configuration file as plain values."""
    return yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))


CONFIG = read("config")
PAPER = read("paper")
"""What it changes of `CONFIG`."""
SCHEMA_PATHS = {
    name: str(FOLDER.parent / f"workflow/schemas/{name}.schema.yaml")
    for name in ("config", "volumes", "annotations")
}
SCHEMAS = {name: load_schema(path) for name, path in SCHEMA_PATHS.items()}
