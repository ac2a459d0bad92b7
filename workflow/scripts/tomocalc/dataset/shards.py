"""Read the shards of a volume, each checked against the manifest that announced it."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from tomocalc.errors import TomocalcError
from tomocalc.files import read_json
from tomocalc.parquet import REMEDY
from tomocalc.tables import SCHEMA_VERSION, SHARD, schema


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
    tables = [_read_shard(folder / shard["path"], shard, path) for shard in manifest["shards"]]
    rows = pl.from_arrow(pa.concat_tables(tables)) if tables else pl.DataFrame(schema=schema(SHARD))
    assert isinstance(rows, pl.DataFrame)
    return rows.sort("candidate_id", "slice")


def _read_shard(path: Path, shard: dict[str, Any], manifest: str | Path) -> pa.Table:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _bad_shard(path, "the file is missing", manifest) from error
    if hashlib.sha256(content).hexdigest() != shard["sha256"]:
        raise _bad_shard(path, "it differs from the checksum in its manifest", manifest)
    table = pq.read_table(io.BytesIO(content))
    found = {
        name: str(kind) for name, kind in zip(table.column_names, table.schema.types, strict=True)
    }
    if found != ARROW_TYPES:
        wrong = sorted(set(found.items()) ^ set(ARROW_TYPES.items()))
        raise _bad_shard(path, f"its columns differ from the schema: {wrong}", manifest)
    return table


def _bad_shard(path: str | Path, why: str, manifest: str | Path) -> TomocalcError:
    return TomocalcError(
        "E301",
        what="a shard cannot be used",
        where=str(path),
        why=why,
        fix=REMEDY.format(path=f"{path} {manifest}" if path != manifest else path),
    )


ARROW_TYPES = {
    field.name: str(field.type)
    for field in pl.DataFrame(schema=schema(SHARD))
    .to_arrow(compat_level=pl.CompatLevel.oldest())
    .schema
}
"""Arrow type of every shard column, as text."""
