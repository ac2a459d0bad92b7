"""What a command writes: looked into before any work, and taken away where the work fails."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from tomocalc.errors import fault, raise_all


@contextlib.contextmanager
def outputs(*, folders: list[Path | None], files: list[Path | None]) -> Iterator[None]:
    """Make sure that results can be written; where the block fails, none of them stays.

    What was there before is kept, and folders that were not are taken away with what is in them.

    Parameters
    ----------
    folders, files
        That will be written; those that were not asked for are None.

    Raises
    ------
    TomocalcError
        ``E501``, one for each that cannot be written.
    """
    wanted = [*((one, True) for one in folders if one), *((one, False) for one in files if one)]
    faults = [(path, _fault(path, folder=folder)) for path, folder in wanted]
    raise_all([fault("output_refused", path, why) for path, why in faults if why])
    fresh = [_highest_missing(path) for path, _ in wanted if not path.exists()]
    try:
        yield
    except BaseException:
        for path in fresh:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        raise


def _fault(path: Path, *, folder: bool) -> str | None:
    """Return why a result cannot be written, or None."""
    if path.exists() and not folder and not path.is_file():
        return "there is a folder or a device of this name"
    if path.exists() and folder and not path.is_dir():
        return "there is a file of this name"
    existing = next(one for one in (path, *path.absolute().parents) if one.exists())
    if not existing.is_dir() and existing != path:
        return f"{existing} is a file"
    if not os.access(existing, os.W_OK | (os.X_OK if existing.is_dir() else 0)):
        return "nothing can be written there"
    return None


def _highest_missing(path: Path) -> Path:
    """Return the path itself, or the outermost of the folders that are made for it."""
    absolute = path.absolute()
    return [one for one in (absolute, *absolute.parents) if not one.exists()][-1]
