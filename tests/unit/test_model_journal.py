"""The journal of a study: torn, damaged, on a full disk, written by a process that dies."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from support.studies import PLAN, begin, describe, finish, work
from tomocalc.errors import TomocalcError
from tomocalc.model.journal import cut_torn_end, open_study
from tomocalc.model.trial_queue import Queue


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    return work(begin(tmp_path_factory.mktemp("whole")))


def test_a_journal_that_ends_at_any_record_goes_on_alike(
    tmp_path: Path, whole: pl.DataFrame
) -> None:
    plan = describe(trials=5)
    journal = begin(tmp_path, plan)
    empty = len(journal.read_bytes().splitlines())
    work(journal, plan)
    records = journal.read_bytes().splitlines(keepends=True)
    assert len(records) > empty + 5 * 8
    for kept in range(empty, len(records)):
        journal.write_bytes(b"".join(records[:kept]))
        assert_frame_equal(work(journal, plan), whole.head(5))


def test_a_journal_torn_at_any_byte_is_mended(tmp_path: Path, whole: pl.DataFrame) -> None:
    plan = describe(trials=2)
    journal = begin(tmp_path, plan)
    work(journal, plan)
    content = journal.read_bytes()
    last = content.rstrip(b"\n").rfind(b"\n") + 1
    for cut in range(last, len(content)):
        journal.write_bytes(content[:cut])
        (tmp_path / "study.journal.lock").touch()
        assert_frame_equal(work(journal, plan), whole.head(2))
        cut_torn_end(journal)
        assert journal.read_bytes().endswith(b"\n")


def test_a_writer_killed_while_others_work_does_no_harm(
    tmp_path: Path, whole: pl.DataFrame
) -> None:
    journal = begin(tmp_path)
    queue = Queue(journal, PLAN)
    claim = queue.claim()
    with journal.open("ab") as file:
        file.write(b'{"op_code": 6, "trial_')
    assert claim is not None
    finish(queue, claim)
    queue.leave()
    assert_frame_equal(work(journal), whole)


def test_a_damaged_journal_is_kept_aside(tmp_path: Path) -> None:
    journal = tmp_path / "study.journal"
    journal.write_text("no journal\n")
    begin(tmp_path)
    assert (tmp_path / "study.damaged.journal").read_text() == "no journal\n"
    assert open_study(journal).user_attrs["key"] == PLAN.key


def test_a_full_disk_is_named_and_does_no_harm(
    tmp_path: Path, whole: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = begin(tmp_path)
    queue = Queue(journal, PLAN)

    def full(_: int) -> None:
        with journal.open("r+b") as file:
            file.truncate(journal.stat().st_size - 5)
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(TomocalcError, match=r"E501.*No space left"):
            queue.claim()
    queue.leave()
    assert_frame_equal(work(journal), whole)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "logs").touch()
    with pytest.raises(TomocalcError, match="E501"):
        begin(tmp_path / "logs")
