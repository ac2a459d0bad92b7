"""The files that make up a volume. Standard library only: Snakemake asks while it plans.

A path of the sheet is one file, a folder, or a pattern with ``*``, ``?`` or ``[...]``. A path
that exists is taken literally, even when it holds such characters.
"""

import contextlib
import glob
import hashlib
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from tomocalc.errors import TomocalcError, fault, raise_all
from tomocalc.files import at_home, file_sha256
from tomocalc.readers.file_names import in_order

IGNORED_NAMES = {
    "dicomdir",
    "thumbs.db",
    "desktop.ini",
    "@eadir",  # Synology
    "@tmp",
    "#recycle",
    "#snapshot",
    "$recycle.bin",
    "system volume information",
    "lost+found",
    "__macosx",
}
"""Left behind by browsers, CDs and network drives, like names that start with a dot; no slices."""
WHERE_FROM = (
    "correct the path; it starts from the working directory, in a sheet or from volumes.data_root"
)


def is_slice(name: str) -> bool:
    """Return whether a file of this name in a folder of slices is one of them."""
    return not name.startswith(".") and name.casefold() not in IGNORED_NAMES


def foreign_path(path: str) -> tuple[str, str] | None:
    """Return why a path cannot be meant as it stands, and what mends it; None where it can."""
    if "\0" in path:
        return "a path holds a NUL byte", "write it anew"
    scheme = re.match(r"[a-z][a-z0-9+.-]*://", path, re.IGNORECASE)
    if scheme and not path.startswith("file://"):
        why = f"`{path}` is an address ({scheme[0]}), no path"
        return why, "fetch it and give the path of the file"
    if drive := re.match(r"([A-Za-z]):[\\/]", path):
        here = f"/mnt/{drive[1].lower()}/{path[3:]}".replace("\\", "/")
        return f"`{path}` is a path of Windows", f"write it as it is called here, in WSL {here}"
    if path.startswith("\\\\"):
        why = f"`{path}` is a network path of Windows"
        return why, "mount the share and give the path below its mount point"
    variable = re.search(r"\$\{?[A-Za-z_]\w*\}?|%\w+%", path)
    if variable and not Path(path).exists():
        why = f"`{path}` holds the variable {variable[0]}, which is not filled in"
        return why, "write the path out, or set volumes.data_root and give paths below it"
    return None


def local_path(path: str) -> str:
    """Return a path with the home folder written out, with slashes if it has none, unquoted."""
    if len(path) > 2 and path[0] == path[-1] and path[0] in "'\"":
        path = path[1:-1]  # as "Copy as path" of Windows and terminals put it
    if path.startswith("file:/"):
        path = unquote(re.sub("^file:/+", "/", path))
    if "\\" in path and not os.path.lexists(path):
        path = path.replace("\\", "/")
    return os.path.expanduser(path) if path.startswith("~") else path  # noqa: PTH111


def source_files(path: str | Path) -> list[Path]:
    """Return the files of a volume in natural order of their names, without opening them.

    Parameters
    ----------
    path
        A file, a folder (all its files; names starting with a dot are not slices) or a pattern.

    Raises
    ------
    TomocalcError
        ``E104`` for anything that is not a readable regular file (folder, FIFO, dangling link,
        missing), all of them at once, and for a folder or pattern without files.
    """
    names = source_names(path)
    raise_all([fault for name in names if (fault := _fault(name)) is not None])
    return [Path(name) for name in names]


def source_names(path: str | Path) -> list[str]:
    """Return what `source_files` does as text, without looking at any of the files.

    Raises
    ------
    TomocalcError
        ``E104`` for a folder or pattern that cannot be listed or names nothing.
    """
    path = str(at_home(path))
    try:
        found = _candidates(path)
    except OSError as error:
        why = os.strerror(error.errno or 0)
        raise _missing(path, why, "make the path readable, or correct it in the sheet") from error
    if not found:
        raise _missing(path, "no file is there", WHERE_FROM)
    return in_order(found)


def real_names(path: str) -> list[str]:
    """Return the files of a volume where links lead; of a folder of slices, only its own link.

    Of what cannot be listed there are none: `source_files` says what is wrong.
    """
    try:
        names = source_names(path)
    except (TomocalcError, ValueError):
        return []
    if len(names) == 1:
        return [os.path.realpath(names[0])]
    split = [os.path.split(name) for name in names]
    real = {folder: os.path.realpath(folder) for folder in {folder for folder, _ in split}}
    return [f"{real[folder]}/{name}" for folder, name in split]


def source_sha256(path: str | Path) -> str:
    """Return the SHA-256 of a volume's files, in hexadecimal.

    For one file it is the file's own. For several it is that of the text which
    ``sha256sum`` prints for their bare names in natural order, so anyone can compute it.
    """
    files = source_files(path)
    if len(files) == 1:
        return file_sha256(files[0])
    lines = "".join(f"{file_sha256(file)}  {file.name}\n" for file in files)
    return hashlib.sha256(lines.encode()).hexdigest()


def check_sha256(path: str | Path, expected: str) -> None:
    """Compare a volume's files with the checksum in the sheet.

    Raises
    ------
    TomocalcError
        ``E208`` when they differ.
    """
    found = source_sha256(path)
    if found != expected.strip().lower():
        raise fault(
            "volume_checksum_differs", path, f"the sheet says {expected}, the files give {found}"
        )


@contextlib.contextmanager
def unchanged(path: str | Path) -> Iterator[None]:
    """Check that a volume's files stay as they are while the block reads them.

    Raises
    ------
    TomocalcError
        ``E208`` after the block, when a file came, went, or was written to.
    """
    before = _stamps(path)
    yield
    after = _stamps(path)
    names = sorted(before.keys() | after.keys())
    changed = [name for name in names if before.get(name) != after.get(name)]
    if changed:
        why = f"size or date of {len(changed)} of its files differ from before"
        raise fault("volume_changed", changed[0], why)


def _candidates(path: str) -> list[str]:
    """Return the files of a volume, as text: `Path` costs as much as all else of a long listing."""
    try:
        names = os.listdir(path)  # noqa: PTH208
    except (NotADirectoryError, FileNotFoundError):
        pass
    else:
        folder = "" if path == "." else os.path.join(path, "")  # noqa: PTH118
        return [f"{folder}{name}" for name in names if is_slice(name)]
    if not os.path.lexists(path) and glob.has_magic(path):
        # Path.glob refuses absolute patterns.
        found = glob.glob(_literal_folders(path), recursive=True)  # noqa: PTH207
        return [name for name in found if is_slice(os.path.basename(name))]  # noqa: PTH119
    return [path]


def _literal_folders(pattern: str) -> str:
    """Return *pattern* with the folders in front that exist taken literally, brackets and all."""
    parts = Path(pattern).parts
    for length in range(len(parts) - 1, 0, -1):
        start = Path(*parts[:length])
        if start.is_dir():
            return str(Path(glob.escape(str(start)), *parts[length:]))
    return pattern


def _stamps(path: str | Path) -> dict[str, tuple[int, int]]:
    """Return size and date of every file of a volume."""
    return {
        str(file): (file.stat().st_size, file.stat().st_mtime_ns) for file in source_files(path)
    }


def _fault(file: str) -> TomocalcError | None:
    try:
        mode = os.stat(file).st_mode  # noqa: PTH116
    except FileNotFoundError:
        if Path(file).is_symlink():
            return _missing(file, "the link points to nothing", "restore the link's target")
        return _missing(file, "no such file or folder", WHERE_FROM)
    except OSError as error:
        return _missing(file, os.strerror(error.errno or 0), "make the file readable")
    if stat.S_ISDIR(mode):
        why = "this is a folder, where a slice file is expected"
        return _missing(file, why, "move it away, or name the slices by a pattern such as *.png")
    if not stat.S_ISREG(mode):
        why = "this is a pipe, socket or device, not a regular file"
        return _missing(file, why, "remove it, or name the slices by a pattern such as *.png")
    if not os.access(file, os.R_OK, effective_ids=os.access in os.supports_effective_ids):
        return _missing(file, "permission denied", "make the file readable")
    return None


def _missing(path: str, why: str, fix: str) -> TomocalcError:
    return fault("image_unreadable", path, why, fix)
