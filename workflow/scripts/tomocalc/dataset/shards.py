"""Read the shards of a volume, each checked against the manifest that announced it."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import polars as pl

from tomocalc.errors import TomocalcError
from tomocalc.files import read_json
from tomocalc.parquet import REMEDY
from tomocalc.tables import SCHEMA_VERSION, SHARD, schema

SCHEMA = pl.Schema(schema(SHARD))
LISTING = "volumes.tsv"
"""Sheet of the measured volumes, in the folder that holds a folder for each."""


def read_manifest(path: str | Path) -> dict[str, Any]:
    """Read a manifest of this schema version.

    Raises
    ------
    TomocalcError
        ``E301`` when it is unreadable or of another version.
    """
    try:
        manifest = read_json(path)
        version = manifest["schema_version"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _bad_shard(path, f"the manifest cannot be read: {error}", path) from error
    if version != SCHEMA_VERSION:
        why = f"it has schema version {version}, this is version {SCHEMA_VERSION}"
        raise _bad_shard(path, why, path)
    return manifest


def read_volume_rows(path: str | Path, manifest: dict[str, Any]) -> pl.DataFrame:
    """Read every shard that the manifest at *path* names.

    Returns
    -------
    polars.DataFrame
        Columns `tables.SHARD`, sorted by (candidate_id, slice).

    Raises
    ------
    TomocalcError
        ``E301``, naming the shard that is missing, altered or of another schema.
    """
    folder = Path(path).parent
    contents = [_verified(folder / shard["path"], shard, path) for shard in manifest["shards"]]
    if not contents:
        return pl.DataFrame(schema=SCHEMA)
    try:
        rows = pl.scan_parquet(contents).collect()  # type: ignore[arg-type]
    except pl.exceptions.PolarsError as error:
        for shard, content in zip(manifest["shards"], contents, strict=True):
            _check_schema(folder / shard["path"], content, path)
        raise _bad_shard(path, str(error).splitlines()[0], path) from error
    if rows.schema != SCHEMA:
        _check_schema(folder / manifest["shards"][0]["path"], contents[0], path)
    return rows.sort("candidate_id", "slice")


def remains(manifest: str | Path) -> str:
    """Return the files to delete so that a volume is made again.

    These are the lists that name it: Snakemake looks for the account of a batch only where the
    list of volumes has to be made. A volume from elsewhere is in none, and has its manifest.
    """
    folder = Path(manifest).parent
    features, entry = folder.parent, f'"volume_id": "{folder.name}"'
    accounts = sorted((features.parent / "batches").glob("*.json"))
    lists = [path for path in accounts if entry in path.read_text(encoding="utf-8")]
    listing = features / LISTING
    return " ".join(map(str, [*lists, *([listing] if listing.is_file() else [])])) or str(manifest)


def _verified(path: Path, shard: dict[str, Any], manifest: str | Path) -> bytes:
    """Return the content of a shard: the very bytes that were checked are then parsed."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _bad_shard(path, "the file is missing", manifest) from error
    if hashlib.sha256(content).hexdigest() != shard["sha256"]:
        raise _bad_shard(path, "it differs from the checksum in its manifest", manifest)
    return content


def _check_schema(path: Path, content: bytes, manifest: str | Path) -> None:
    found = pl.read_parquet_schema(io.BytesIO(content))
    if pl.Schema(found) != SCHEMA:
        wrong = sorted({name for name, _ in set(found.items()) ^ set(SCHEMA.items())})
        raise _bad_shard(path, f"its columns differ from the schema: {', '.join(wrong)}", manifest)


def _bad_shard(path: str | Path, why: str, manifest: str | Path) -> TomocalcError:
    return TomocalcError(
        "E301",
        what="a shard cannot be used",
        where=str(path),
        why=why,
        fix=REMEDY.format(
            path=f"{path} {remains(manifest)}" if path != manifest else remains(path)
        ),
    )
