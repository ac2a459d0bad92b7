"""Shards and tables with content keys: what is kept, what is not, what is swept away."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from support.defaults import CONFIG
from support.image_slices import SETTINGS
from support.manifests import manifest
from tomocalc.accounts.manifest import TableEntry
from tomocalc.accounts.settings import Settings
from tomocalc.image.shards import (
    current_shard,
    current_table,
    settings_key,
    shard_path,
    sweep,
    volume_key,
    write_shard,
)
from tomocalc.parquet import read_metadata
from tomocalc.tables import SCHEMA_VERSION, SHARD, empty, names, schema


def rows(count: int = 5) -> pl.DataFrame:
    rng = np.random.default_rng(1)
    values = {
        name: rng.random(count) if kind == pl.Float32 else [0] * count
        for name, kind in schema(SHARD).items()
    }
    text = {name: ["x"] * count for name in ("volume_id", "patient_id", "qc_flag")}
    return pl.DataFrame(values | text | {"candidate_id": list(range(count))[::-1]})


def kept_entry(folder: Path) -> TableEntry:
    current = current_shard(folder, 0, "key")
    assert current is not None
    return current[0]


def test_a_shard_has_the_schema_sorted_rows_and_metadata(tmp_path: Path) -> None:
    entry, _ = write_shard(tmp_path, 7, rows(), "key")
    frame = pl.read_parquet(tmp_path / "0007.parquet")
    assert dict(frame.schema) == schema(SHARD)
    assert frame["candidate_id"].to_list() == [0, 1, 2, 3, 4]
    assert entry.path == "0007.parquet"
    assert entry.rows == 5
    about = read_metadata(tmp_path / "0007.parquet")
    assert sorted(about) == ["key", "schema_version", "versions"]
    assert about["schema_version"] == str(SCHEMA_VERSION)


def test_an_empty_slice_has_a_shard_with_every_column(tmp_path: Path) -> None:
    entry, _ = write_shard(tmp_path, 0, empty(SHARD), "key")
    assert entry.rows == 0
    assert pl.read_parquet(tmp_path / "0000.parquet").columns == names(SHARD)
    assert kept_entry(tmp_path) == entry


def test_a_current_shard_is_kept_and_leaves_no_trace(tmp_path: Path) -> None:
    entry, _ = write_shard(tmp_path, 0, rows(), "key")
    assert kept_entry(tmp_path) == entry
    assert current_shard(tmp_path, 0, "another key") is None
    assert current_shard(tmp_path, 1, "key") is None
    assert [path.name for path in tmp_path.iterdir()] == ["0000.parquet"]


def test_no_altered_bit_passes_for_a_current_shard(tmp_path: Path) -> None:
    write_shard(tmp_path, 0, rows(), "key")
    path = shard_path(tmp_path, 0)
    whole = path.read_bytes()
    rng = np.random.default_rng(2)
    for place in rng.choice(len(whole) * 8, 60, replace=False):
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << (place % 8)
        path.write_bytes(bytes(damaged))
        assert current_shard(tmp_path, 0, "key") is None, place
    path.write_bytes(whole[:-20])
    assert current_shard(tmp_path, 0, "key") is None
    path.write_bytes(b"")
    assert current_shard(tmp_path, 0, "key") is None


def test_a_table_of_other_columns_is_no_shard(tmp_path: Path) -> None:
    from tomocalc.image.shards import write_table

    path = shard_path(tmp_path, 0)
    write_table(path, rows().drop("area"), "key")
    assert current_table(path, "key") is not None
    assert current_shard(tmp_path, 0, "key") is None


def test_keys_change_with_all_that_matters_and_nothing_else() -> None:
    facts = manifest("v")
    key = volume_key(["a", "b"], facts, SETTINGS)
    assert key == volume_key(["a", "b"], manifest("v"), SETTINGS)
    assert key != volume_key(["a", "c"], facts, SETTINGS)
    assert key != volume_key(["b", "a"], facts, SETTINGS)
    assert key != volume_key(["a", "b"], manifest("w"), SETTINGS)
    assert key != volume_key(["a", "b"], facts, replace(SETTINGS, threshold_k=5.0))


def test_settings_come_from_two_sections_and_limits_of_reading_do_not_matter() -> None:
    image, candidates = CONFIG["image"], CONFIG["candidates"]
    one = Settings.from_config(image, candidates, 7)
    two = Settings.from_config(image | {"max_pixels": 9, "on_bad_slice": ""}, candidates, 7)
    assert one == two == SETTINGS
    assert settings_key(one) == settings_key(SETTINGS)
    with pytest.raises(KeyError):
        Settings.from_config(image, {}, 7)


def test_sweep_removes_leftovers_only(tmp_path: Path) -> None:
    for name in ("0000.parquet", "0003.parquet", "search.parquet", "manifest.json"):
        (tmp_path / name).touch()
    for name in ("0001.tmp.1234.parquet", "manifest.tmp.99.json"):
        (tmp_path / name).touch()
    sweep(tmp_path, 3)
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["0000.parquet", "manifest.json", "search.parquet"]
    sweep(tmp_path / "nothing", 3)
