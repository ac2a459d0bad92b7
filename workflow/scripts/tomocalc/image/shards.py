"""Shards of a volume: written once, kept as long as their content key says they are current."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from tomocalc.errors import TomocalcError
from tomocalc.files import digest, file_sha256
from tomocalc.image.settings import Settings
from tomocalc.parquet import read_metadata, read_parquet, write_parquet
from tomocalc.tables import SCHEMA_VERSION, SHARD, schema

PACKAGES = ("numpy", "scipy", "scikit-image", "polars", "pyarrow", "pydicom", "imagecodecs")
"""Packages whose version can change a shard."""


@cache
def versions() -> dict[str, str]:
    """Return the versions of everything that can change a shard, our own code included."""
    found = {package: version(package) for package in PACKAGES}
    return {**found, "python": platform.python_version(), "tomocalc": code_digest()}


@cache
def code_digest() -> str:
    """Return a digest of the source that reads and measures slices.

    A shard that older code wrote must not be taken for a current one.
    """
    library = Path(__file__).parent.parent
    sources = sorted([*library.glob("image/*.py"), *library.glob("readers/*.py")])
    sources += [library / name for name in ("tables.py", "parquet.py", "files.py")]
    content = b"".join(path.read_bytes() for path in sources)
    return hashlib.sha256(content).hexdigest()[:16]


def settings_key(settings: Settings) -> str:
    """Return one key for one meaning of the settings."""
    return digest({"schema_version": SCHEMA_VERSION, "settings": settings.as_dict()})


def volume_key(source: Sequence[str], facts: Mapping[str, Any], settings: Settings) -> str:
    """Return one key for everything that decides the content of a volume's shards.

    Parameters
    ----------
    source
        Content key of every slice.
    facts
        Ids, spacing and size of the volume.
    settings
        How it is processed.
    """
    parts = {"source": list(source), "facts": dict(facts), "settings": settings_key(settings)}
    return digest({**parts, "versions": versions()})


def shard_path(folder: Path, index: int) -> Path:
    """Return the path of the shard of slice *index*."""
    return folder / f"{index:04d}.parquet"


def metadata(key: str) -> dict[str, str]:
    """Return the metadata of a shard."""
    return {
        "schema_version": str(SCHEMA_VERSION),
        "key": key,
        "versions": ", ".join(f"{name} {number}" for name, number in sorted(versions().items())),
    }


def write_table(
    path: Path, frame: pl.DataFrame, key: str, more: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Write a table with its content key and return its entry for the manifest."""
    write_parquet(path, frame, {**metadata(key), **(more or {})})
    return entry(path, key, frame.height)


def entry(path: Path, key: str, rows: int) -> dict[str, Any]:
    """Return a table's entry for the manifest."""
    return {"path": path.name, "key": key, "rows": rows, "sha256": file_sha256(path)}


def write_shard(folder: Path, index: int, rows: pl.DataFrame, key: str) -> dict[str, Any]:
    """Write the shard of one slice, its columns as `tables.SHARD` says, and return its entry."""
    frame = rows.select(pl.col(name).cast(kind) for name, kind in schema(SHARD).items())
    return write_table(shard_path(folder, index), frame.sort("candidate_id"), key)


def current_table(path: Path, key: str) -> pl.DataFrame | None:
    """Read a table if it is whole and has this content key, otherwise return None.

    Page checksums cover the rows. The footer has none, so the table must also be exactly the
    bytes that writing it again gives.
    """
    if not path.is_file():
        return None
    try:
        if read_metadata(path).get("key") != key:
            return None
        frame = read_parquet(path)
        again = path.with_name(f"{path.stem}.tmp.check{path.suffix}")
        try:
            write_parquet(again, frame, read_metadata(path))
            return frame if again.read_bytes() == path.read_bytes() else None
        finally:
            again.unlink(missing_ok=True)
    except TomocalcError:
        return None


def current_shard(folder: Path, index: int, key: str) -> dict[str, Any] | None:
    """Return the manifest entry of a shard that need not be written again, otherwise None."""
    path = shard_path(folder, index)
    frame = current_table(path, key)
    if frame is None or dict(frame.schema) != schema(SHARD):
        return None
    return entry(path, key, frame.height)


def sweep(folder: Path, slices: int) -> None:
    """Remove what interrupted runs left, and shards beyond the last slice."""
    if not folder.is_dir():
        return
    known = {shard_path(folder, index).name for index in range(slices)}
    for path in folder.iterdir():
        stray = path.suffix == ".parquet" and path.stem.isdigit() and path.name not in known
        if stray or ".tmp." in path.name:
            path.unlink()
