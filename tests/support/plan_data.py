"""A study of one volume, and wildcards."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

HEADER = "volume_id\tpatient_id\tlaterality\tview\tpath\n"


def at(**wildcards: str) -> Any:
    """Return wildcards as Snakemake hands them over."""
    return SimpleNamespace(**wildcards)


def with_sheet(config: dict[str, Any], folder: Path, path: str = "v.dcm") -> dict[str, Any]:
    """Return a configuration with one volume of a user's own."""
    (folder / "v.dcm").touch()
    (folder / "annotations.tsv").write_text("volume_id\tslice\tx\ty\tradius\tkind\n")
    (folder / "volumes.tsv").write_text(f"{HEADER}v\tp\tL\tCC\t{path}\n")
    own = {"sheet": str(folder / "volumes.tsv"), "annotations": str(folder / "annotations.tsv")}
    volumes = config["volumes"] | own | {"data_root": str(folder)}
    return config | {"source": "volumes", "volumes": volumes}
