"""Parquet files with page checksums, so that a flipped bit is an error and not a wrong number."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from tomocalc.errors import TomocalcError, fault, quoted
from tomocalc.files import atomic_path, require_regular

BAD = (
    OSError,
    ValueError,
    pa.ArrowException,
    pl.exceptions.PolarsError,
    pl.exceptions.PanicException,
)
"""What a damaged file makes the libraries raise; a ValueError where a name is no text."""


def write_parquet(
    path: str | Path, frame: pl.DataFrame, metadata: Mapping[str, str] | None = None
) -> None:
    """Write *frame* to *path* atomically; *metadata* goes into the Parquet schema metadata.

    Equal frames and metadata give equal bytes.
    """
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    table = table.replace_schema_metadata(dict(sorted((metadata or {}).items())))
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary, **_layout(frame.schema))


@contextlib.contextmanager
def parquet_stream(
    path: str | Path, schema: pl.Schema, *, rows_per_group: int = 100_000
) -> Iterator[Callable[[pl.DataFrame], None]]:
    """Yield a function that appends frames of *schema* to *path*, written atomically.

    Memory holds at most one row group and one frame; the groups, and so the bytes, do not
    depend on how the rows are cut into frames.
    """
    waiting = pl.DataFrame(schema=schema)
    arrow = waiting.to_arrow(compat_level=pl.CompatLevel.oldest()).schema
    with (
        atomic_path(path) as temporary,
        pq.ParquetWriter(temporary, arrow, **_layout(schema)) as writer,
    ):

        def append(frame: pl.DataFrame, least: int = rows_per_group) -> None:
            nonlocal waiting
            waiting = pl.concat([waiting, frame.select(schema.names())])
            while waiting.height >= max(least, 1):
                group = waiting.head(rows_per_group).rechunk()
                table = group.to_arrow(compat_level=pl.CompatLevel.oldest())
                writer.write_table(table, row_group_size=rows_per_group)
                waiting = waiting.slice(rows_per_group)

        yield append
        append(waiting.clear(), least=0)


def _layout(schema: Mapping[str, pl.DataType]) -> dict[str, Any]:
    """Return how the columns are written.

    Measurements hardly repeat: a dictionary of them costs four times the work and half more space.
    """
    repeated = [name for name, kind in schema.items() if not kind.is_float()]
    return {"compression": "zstd", "write_page_checksum": True, "use_dictionary": repeated}


def read_parquet(path: str | Path, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """Read *path*, or some of its *columns*, verifying its page checksums.

    Raises
    ------
    TomocalcError
        ``E301`` when the file is missing, cut short or altered, ``E104`` for another kind of file.
    """
    try:
        return load_parquet(path, columns)
    except BAD as error:
        raise damaged(path, error) from error


def load_parquet(path: str | Path, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """Read a table that somebody else may have written; raises one of `BAD`.

    Not by polars, which can abort on a damaged file, and on text that is none.
    """
    # `pq.read_table` is for folders of files too: it imports a module for that, and pandas if any
    require_regular(path)
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        table = file.read(columns=columns)
    table.validate(full=True)
    about = table.schema.metadata or {}
    for text in (*_texts(pa.struct(list(table.schema))), *about, *about.values()):
        str(text, "utf-8")  # where one is no text, polars prints a panic before it raises
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame


def _texts(kind: pa.DataType) -> Iterator[bytes]:
    """Yield what names a type and its parts, which may be no text."""
    yield (getattr(kind, "tz", None) or "").encode()
    for number in range(kind.num_fields):
        field = kind.field(number)
        yield field.name.encode()
        yield from (text for pair in (field.metadata or {}).items() for text in pair)
        yield from _texts(field.type)


def column_names(path: str | Path) -> list[str]:
    """Return the names of the columns of *path*, without reading a row."""
    try:
        return pq.read_schema(path).names
    except BAD as error:
        raise damaged(path, error) from error


def read_metadata(path: str | Path) -> dict[str, str]:
    """Read the schema metadata of *path* without its rows."""
    try:
        metadata = pq.read_schema(path).metadata or {}
        return {key.decode(): value.decode() for key, value in metadata.items()}
    except BAD as error:
        raise damaged(path, error) from error


def damaged(path: str | Path, error: Exception) -> TomocalcError:
    """Name a Parquet file that cannot be read."""
    why = str(error).splitlines()[0] if str(error) else type(error).__name__
    if Path(path).suffix != ".parquet":  # nothing that a run has written, and could write again
        return fault("file_unusable", path, why)
    return fault("parquet_damaged", path, why, files=quoted(path))
