"""Spoilt sheets, tables, shards and models: a result or a named error."""

from pathlib import Path

import pytest

from support.data_files import FILES
from support.mutations import mutate


def test_spoilt_sheets_tables_and_shards(tmp_path: Path) -> None:
    mutate(tmp_path, tuple(FILES), count=60)


@pytest.mark.campaign
@pytest.mark.parametrize("kind", FILES)
def test_many_spoilt_sheets_tables_and_shards(tmp_path: Path, kind: str) -> None:
    mutate(tmp_path, (kind,), count=5_000)
