"""Shards of a volume: written once, current as long as their content key says so, read again.

A reader checks every shard against the manifest that announced it.
"""

import hashlib
import io
import platform
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

import msgspec
import polars as pl

from tomocalc.accounts.manifest import TableEntry, VolumeFacts, VolumeManifest
from tomocalc.accounts.settings import Settings
from tomocalc.errors import TomocalcError, fault, quoted
from tomocalc.files import digest, file_sha256
from tomocalc.parquet import read_metadata, read_parquet, write_parquet
from tomocalc.tables import SCHEMA_VERSION, SHARD, schema

PACKAGES = ("numpy", "scipy", "scikit-image", "polars", "pyarrow", "pydicom", "imagecodecs")
"""Packages whose version can change a shard."""

SCHEMA = pl.Schema(schema(SHARD))
LISTING = "volumes.tsv"
"""Sheet of the measured volumes, in the folder that holds a folder for each."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_order(
    function: Callable[[Item], Result], items: Iterable[Item], threads: int
) -> Iterator[Result]:
    """Yield ``function(item)`` in the order of *items*, at most *threads* under way at once.

    Decoders and numpy release the interpreter lock, so threads share the work without copies.
    """
    if threads <= 1:
        yield from map(function, items)
        return
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[Result]] = deque()
        for item in items:
            if len(waiting) == threads:
                yield waiting.popleft().result()
            waiting.append(pool.submit(function, item))
        while waiting:
            yield waiting.popleft().result()


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
    others = ("learned/search.py", "neighbours.py", "tables.py", "parquet.py", "files.py")
    sources += [library / name for name in others]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]


def settings_key(settings: Settings) -> str:
    """Return one key for one meaning of the settings."""
    return digest({"schema_version": SCHEMA_VERSION, "settings": settings.as_dict()})


def volume_key(
    source: Sequence[str], facts: VolumeFacts, settings: Settings, search: str = ""
) -> str:
    """Return one key for everything that decides the content of a volume's shards.

    Parameters
    ----------
    source
        Content key of every slice.
    facts
        Ids, spacing and size of the volume.
    settings
        How it is processed.
    search
        Key of the learned search that found its candidates; empty where none did.
    """
    parts = {"source": list(source), "facts": msgspec.to_builtins(facts), "search": search}
    return digest({**parts, "settings": settings_key(settings), "versions": versions()})


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
) -> TableEntry:
    """Write a table with its content key and return its entry for the manifest."""
    write_parquet(path, frame, {**metadata(key), **(more or {})})
    return table_entry(path, key, frame.height)


def table_entry(path: Path, key: str, rows: int) -> TableEntry:
    """Return a table's entry for the manifest."""
    return TableEntry(path=path.name, key=key, rows=rows, sha256=file_sha256(path))


def write_shard(
    folder: Path, index: int, rows: pl.DataFrame, key: str
) -> tuple[TableEntry, pl.DataFrame]:
    """Write the shard of one slice, its columns as `tables.SHARD` says; return entry and rows."""
    frame = rows.select(pl.col(name).cast(kind) for name, kind in schema(SHARD).items())
    frame = frame.sort("candidate_id")
    return write_table(shard_path(folder, index), frame, key), frame


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


def current_shard(folder: Path, index: int, key: str) -> tuple[TableEntry, pl.DataFrame] | None:
    """Return entry and rows of a shard that need not be written again, otherwise None."""
    path = shard_path(folder, index)
    frame = current_table(path, key)
    if frame is None or frame.schema != SCHEMA:
        return None
    return table_entry(path, key, frame.height), frame


def sweep(folder: Path, slices: int) -> None:
    """Remove what interrupted runs left, and shards beyond the last slice."""
    if not folder.is_dir():
        return
    known = {shard_path(folder, index).name for index in range(slices)}
    for path in folder.iterdir():
        stray = path.suffix == ".parquet" and path.stem.isdigit() and path.name not in known
        if stray or ".tmp." in path.name:
            path.unlink()


def read_manifest(path: str | Path) -> VolumeManifest:
    """Read a manifest of this schema version.

    Raises
    ------
    TomocalcError
        ``E301`` when it is unreadable or of another version.
    """
    try:
        manifest = VolumeManifest.read(path)
    except TomocalcError as error:
        raise _bad_shard(path, error.why, path) from error
    if manifest.schema_version != SCHEMA_VERSION:
        version = manifest.schema_version
        why = f"it has schema version {version}, this is version {SCHEMA_VERSION}"
        raise _bad_shard(path, why, path)
    return manifest


def read_volume_rows(path: str | Path, manifest: VolumeManifest) -> pl.DataFrame:
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
    contents = [_verified(folder / shard.path, shard, path) for shard in manifest.shards]
    if not contents:
        return pl.DataFrame(schema=SCHEMA)
    try:
        rows = pl.scan_parquet(contents).collect()  # type: ignore[arg-type]
    except pl.exceptions.PolarsError as error:
        for shard, content in zip(manifest.shards, contents, strict=True):
            _check_schema(folder / shard.path, content, path)
        raise _bad_shard(path, str(error).splitlines()[0], path) from error
    if rows.schema != SCHEMA:
        _check_schema(folder / manifest.shards[0].path, contents[0], path)
    return rows.sort("candidate_id", "slice")


def remains(manifest: str | Path) -> list[str]:
    """Return the files to delete so that a volume is made again.

    These are the lists that name it: Snakemake looks for the account of a batch only where the
    list of volumes has to be made. A volume from elsewhere is in none, and has its manifest.
    """
    folder = Path(manifest).parent
    features, entry = folder.parent, f'"volume_id": "{folder.name}"'
    accounts = sorted((features.parent / "batches").glob("*.json"))
    lists = [path for path in accounts if entry in path.read_text(encoding="utf-8")]
    listing = features / LISTING
    return [*map(str, [*lists, *([listing] if listing.is_file() else [])])] or [str(manifest)]


def beside_manifest(path: Path) -> pl.DataFrame:
    """Read a table that lies beside the manifest of its volume.

    Raises
    ------
    TomocalcError
        ``E301`` when it is missing or damaged.
    """
    try:
        return read_parquet(path)
    except TomocalcError as error:
        raise unusable(path, error.why) from error


def unusable(path: Path, why: str) -> TomocalcError:
    """Name a table that lies beside a manifest, and what to delete so that it is made again."""
    again = quoted(*remains(path.with_name("manifest.json")))
    return fault("objects_unusable", path, why, files=again)


def _verified(path: Path, shard: TableEntry, manifest: str | Path) -> bytes:
    """Return the content of a shard: the very bytes that were checked are then parsed."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _bad_shard(path, "the file is missing", manifest) from error
    if hashlib.sha256(content).hexdigest() != shard.sha256:
        raise _bad_shard(path, "it differs from the checksum in its manifest", manifest)
    return content


def _check_schema(path: Path, content: bytes, manifest: str | Path) -> None:
    found = pl.read_parquet_schema(io.BytesIO(content))
    if pl.Schema(found) != SCHEMA:
        wrong = sorted({name for name, _ in set(found.items()) ^ set(SCHEMA.items())})
        raise _bad_shard(path, f"its columns differ from the schema: {', '.join(wrong)}", manifest)


def _bad_shard(path: str | Path, why: str, manifest: str | Path) -> TomocalcError:
    again = [*([] if path == manifest else [path]), *remains(manifest)]
    return fault("shard_unusable", path, why, files=quoted(*again))
