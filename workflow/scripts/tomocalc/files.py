"""Files that are either the old one or the whole new one, and whose damage is noticed."""

import contextlib
import csv
import errno
import hashlib
import json
import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tomocalc.errors import TomocalcError, fault, raise_all


@contextlib.contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside *path* that replaces it when the block succeeds.

    The temporary name is unique, so that an orphaned job of an earlier run cannot write into
    this one's file. It ends in the suffix of *path*, because writers look at suffixes.

    Raises
    ------
    TomocalcError
        ``E501`` when the file system refuses (disk full, read-only).
    """
    path = at_home(path)
    temporary = path.with_name(f"{path.stem}.tmp.{uuid.uuid4().hex}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refused(path, error) from error
    try:
        yield temporary
        with temporary.open("rb") as handle:
            os.fsync(handle.fileno())
        temporary.replace(path)
    except OSError as error:
        if error.errno is None or isinstance(error, FileNotFoundError):
            raise
        raise _refused(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def _refused(path: Path, error: OSError) -> TomocalcError:
    return fault("result_not_written", path, os.strerror(error.errno or 0))


def read_content(path: str | Path) -> bytes:
    """Return the content of a file that somebody names; see `require_regular`."""
    require_regular(at_home(path))
    return at_home(path).read_bytes()


def at_home(path: str | Path) -> Path:
    """Return a path whose ``~`` is the home folder."""
    return Path(os.path.expanduser(path))  # noqa: PTH111  as it stands where there is no such user


def require_regular(path: str | Path) -> None:
    """Refuse what has a name and may never answer: a pipe, a socket, a device.

    What a shell hands over as ``<(…)`` is read.

    Raises
    ------
    OSError
        With the path.
    """
    if os.fspath(path).startswith(("/dev/fd/", "/dev/stdin", "/proc/self/fd/")):
        return
    if Path(path).exists() and not Path(path).is_file() and not Path(path).is_dir():
        why = "it is a pipe, socket or device, not a regular file"
        raise OSError(errno.EINVAL, why, os.fspath(path))


def require_writable(folders: Sequence[str | Path]) -> None:
    """Check before any work that results can be written.

    Parameters
    ----------
    folders
        Folders that exist or will be made.

    Raises
    ------
    TomocalcError
        ``E501``, one for each folder that cannot be written to.
    """
    raise_all([_read_only(folder) for folder in folders if not _writable(Path(folder))])


def _writable(folder: Path) -> bool:
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)


def _read_only(folder: str | Path) -> TomocalcError:
    return fault("results_read_only", folder, "the folder is read-only, or a file is in its place")


def write_bytes(path: str | Path, content: bytes) -> None:
    """Write *content* to *path* atomically."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: str | Path, text: str) -> None:
    """Write *text* to *path* atomically, as UTF-8."""
    write_bytes(path, text.encode())


def write_together(folder: str | Path, contents: Mapping[str, bytes]) -> None:
    """Write files of *folder*, by name: all of them, or none where one cannot be.

    Raises
    ------
    TomocalcError
        ``E501``.
    """
    for name in contents:
        if at_home(Path(folder) / name).is_dir():
            raise _read_only(Path(folder) / name)
    with contextlib.ExitStack() as stack:
        for name, content in contents.items():
            temporary = stack.enter_context(atomic_path(Path(folder) / name))
            temporary.write_bytes(content)


def canonical_json(value: Any) -> str:
    """Render *value* as JSON with sorted keys; NaN and infinity are refused."""
    return json.dumps(value, sort_keys=True, indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def write_json(path: str | Path, value: Any) -> None:
    """Write *value* to *path* as canonical JSON, atomically."""
    write_text(path, canonical_json(value))


def read_json(path: str | Path) -> Any:
    """Read a JSON file; a `TomocalcError` (``E104``) when it is missing or damaged."""
    try:
        return json.loads(read_content(path))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or f"it is no whole JSON ({error})"
        raise fault("file_unusable", path, why) from error


def digest(value: Any) -> str:
    """Return the SHA-256 of *value*'s canonical JSON, in hexadecimal: one key for one meaning."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def stable_number(*parts: object) -> int:
    """Return 128 bits that depend on *parts* alone: the root of every random choice."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")


def file_sha256(path: str | Path) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal."""
    require_regular(path)
    with Path(path).open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


VOLUME_COLUMNS = [
    "volume_id",
    "patient_id",
    "laterality",
    "view",
    "path",
    "pixel_spacing_mm",
    "slice_spacing_mm",
    "site",
]
ANNOTATION_COLUMNS = [
    "volume_id",
    "slice",
    "x",
    "y",
    "radius",
    "width",
    "height",
    "mask",
    "kind",
    "pathology",
    "morphology",
    "distribution",
    "birads",
]
IMPORT_COLUMNS = [*VOLUME_COLUMNS, "kind", "slices", "rows", "columns"]
"""Columns of the sheets, in the order in which the workflow writes them; the last of imports."""


def sheet_text(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """Render *rows* as a tab-separated sheet with a header; None becomes an empty cell."""
    lines = ["\t".join(columns)]
    lines += ["\t".join(_cell(row.get(column)) for column in columns) for row in rows]
    return "\n".join(lines) + "\n"


def sheet_rows(path: str | Path) -> list[dict[str, str]]:
    """Read a sheet as `sheet_text` writes it: its rows, by column."""
    with Path(path).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE))


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    if any(mark in text for mark in "\t\r\n"):
        raise ValueError(f"a sheet cell cannot hold a tab or a line end: {text!r}")
    return text
