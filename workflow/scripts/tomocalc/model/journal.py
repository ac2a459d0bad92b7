"""The study's journal file: shared by worker processes, whole after any of them was killed.

Locks are kernel locks on files beside the journal: they end with their holder, so that a lock
is never stale, and a worker is alive exactly as long as it holds the lock on its own file.
Several nodes need a shared file system that honours ``flock`` (NFS 4, Lustre, BeeGFS, GPFS).
"""

from __future__ import annotations

import contextlib
import fcntl
import glob
import logging
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from tomocalc.errors import TomocalcError

log = logging.getLogger(__name__)
optuna.logging.set_verbosity(optuna.logging.WARNING)
NAME = "tomocalc"


class JournalLock(JournalFileOpenLock):
    """The lock under which a record is appended; a torn end of the journal is cut first."""

    def __init__(self, journal: Path) -> None:
        super().__init__(str(journal))
        self.journal = journal
        self.path = _beside(journal, "lock")
        self.first = _first_line(journal)
        self.handle: IO[bytes] | None = None

    def acquire(self) -> bool:
        """Wait for the lock, then make sure that an append gives a valid journal."""
        self.handle = _locked(self.path)
        if self.first and self.first != _first_line(self.journal):
            self.release()
            raise TomocalcError(
                "E403",
                what="the study was replaced while this worker ran",
                where=str(self.journal),
                why="its journal now begins with another study",
                fix="let this job end; the run that replaced the study goes on",
            )
        cut_torn_end(self.journal)
        return True

    def release(self) -> None:
        """Let the next one write."""
        assert self.handle is not None
        self.handle.close()
        self.handle = None


class Journal(JournalFileBackend):
    """A journal whose records are appended under `JournalLock`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(str(path), lock_obj=JournalLock(path))

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append records; what a full disk leaves of them is cut before the next append."""
        try:
            super().append_logs(logs)
        except OSError as error:
            raise _refused(self.path, error) from error


@contextlib.contextmanager
def exclusive(journal: Path, purpose: str) -> Iterator[None]:
    """Hold the lock for *purpose* (a file beside *journal*) during the block."""
    handle = _locked(_beside(journal, purpose))
    try:
        yield
    finally:
        handle.close()


class Owner:
    """A living worker: its name, and the lock that proves that it lives."""

    def __init__(self, journal: Path) -> None:
        self.journal = journal
        self.name = uuid.uuid4().hex
        self.handle = _locked(self._path(self.name))

    def alive(self, name: str | None) -> bool:
        """Whether the worker called *name* still holds its lock."""
        if name == self.name:
            return True
        if name is None or not self._path(name).exists():
            return False
        with self._path(name).open("ab") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def bury_dead(self) -> None:
        """Remove what killed workers left. Call it, and begin an owner, under the plan's lock."""
        for path in self.journal.parent.glob(f"{glob.escape(self.journal.name)}.worker.*"):
            name = path.name.rpartition(".")[2]
            if not self.alive(name):
                path.unlink(missing_ok=True)

    def leave(self) -> None:
        """End this worker's own proof of life."""
        self._path(self.name).unlink(missing_ok=True)
        self.handle.close()

    def _path(self, name: str) -> Path:
        return _beside(self.journal, f"worker.{name}")


def cut_torn_end(journal: Path) -> None:
    """Cut what a killed writer left after the last whole line. Call it under the lock."""
    with journal.open("r+b") as file:
        content = file.read()
        whole = content.rfind(b"\n") + 1
        if whole == len(content):
            return
        file.truncate(whole)
        os.fsync(file.fileno())
    log.warning("cut %d bytes of an unfinished record from %s", len(content) - whole, journal)


def open_study(journal: Path) -> optuna.Study:
    """Open the study in *journal*, after mending a torn end.

    Raises
    ------
    TomocalcError
        ``E403`` when there is no study.
    """
    if not journal.exists():
        raise _no_study(journal, "the file does not exist")
    lock = JournalLock(journal)
    lock.acquire()
    lock.release()
    try:
        return optuna.load_study(
            study_name=NAME,
            storage=JournalStorage(Journal(journal)),
            sampler=optuna.samplers.RandomSampler(seed=0),
        )
    except (KeyError, ValueError) as error:
        raise _no_study(journal, f"it cannot be read ({error})") from error


def new_study(journal: Path, facts: dict[str, str]) -> None:
    """Put a journal with an empty study that carries *facts* in the place of *journal*."""
    temporary = _beside(journal, f"tmp.{uuid.uuid4().hex}")
    try:
        journal.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch()
    except OSError as error:
        raise _refused(journal, error) from error
    try:
        storage = JournalStorage(Journal(temporary))
        study = optuna.create_study(study_name=NAME, storage=storage, direction="maximize")
        for key, value in facts.items():
            study.set_user_attr(key, value)
        with exclusive(journal, "lock"):
            temporary.replace(journal)
    finally:
        temporary.unlink(missing_ok=True)
        _beside(temporary, "lock").unlink(missing_ok=True)


def _beside(journal: Path, suffix: str) -> Path:
    return journal.with_name(f"{journal.name}.{suffix}")


def _locked(path: Path) -> IO[bytes]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.open("ab")
    except OSError as error:
        raise _refused(path, error) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError as error:
        handle.close()
        raise TomocalcError(
            "E403",
            what="a study's files cannot be locked",
            where=str(path),
            why=os.strerror(error.errno or 0),
            fix="put the logs on a file system that honours flock, such as NFS 4 or a local disk",
        ) from error
    return handle


def _first_line(journal: Path) -> bytes:
    try:
        with journal.open("rb") as file:
            return file.readline()
    except FileNotFoundError:
        return b""


def _refused(path: Path, error: OSError) -> TomocalcError:
    return TomocalcError(
        "E501",
        what="cannot write the study",
        where=str(path),
        why=os.strerror(error.errno or 0),
        fix="free space or make the folder writable, then run the same command again",
    )


def _no_study(journal: Path, why: str) -> TomocalcError:
    return TomocalcError(
        "E403",
        what="there is no study to work on",
        where=str(journal),
        why=why,
        fix=f"rm -f {journal} && snakemake --forcerun create_study",
    )
