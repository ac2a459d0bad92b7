"""Shards become one table; a damaged or foreign one is named."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import merge_dataset
from support.candidates import as_shard, cohort
from support.image_files import write_png
from support.manifests import manifest as made
from support.table_data import MAP
from support.table_data import merge_volumes as merge
from tomocalc.accounts.manifest import QuarantinedSlice, SliceFacts, TableEntry
from tomocalc.accounts.quality import QualityAccount
from tomocalc.errors import TomocalcError
from tomocalc.pages.words import cohort as cohort_of
from tomocalc.pages.words import counted
from tomocalc.parquet import read_parquet, write_parquet

BAD = QuarantinedSlice(slice=1, reason="[E202] damaged: cut", fix="copy it again")


def write_volume(folder: Path, name: str, *, candidates: int = 5, **changes) -> Path:
    """Write a volume of two slices, with *candidates* on each."""
    folder = folder / name
    folder.mkdir(parents=True)
    rows = as_shard(cohort(patients=1, each=5)).with_columns(volume_id=pl.lit(name))
    rows = rows.head(candidates)
    shards = []
    for index in (0, 1):
        path = folder / f"{index:04d}.parquet"
        on_slice = rows.with_columns(
            slice=pl.lit(index, dtype=pl.Int32),
            focus=pl.lit(index == 0),
            centroid_row=pl.col("candidate_id").cast(pl.Float32) * 10,
            centroid_col=pl.lit(20.0, dtype=pl.Float32),
        )
        write_parquet(path, on_slice)
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        shards.append(TableEntry(path=path.name, key="k", rows=candidates, sha256=sha256))
    given: dict[str, Any] = {
        "patient_id": "p0",
        "site": "A",
        "settings_key": "s",
        "slices": 2,
        "columns": 100,
        "slice_facts": (SliceFacts(slice=0, objects=5), SliceFacts(slice=1)),
    }
    made(name, shards=tuple(shards), **(given | changes)).write(folder / "manifest.json")
    return folder / "manifest.json"


def test_volumes_are_merged_sorted_and_labelled(tmp_path):
    manifests = [write_volume(tmp_path / "features", name) for name in ("w", "v")]
    account = merge(
        tmp_path, manifests, "v\t0\t20\t30\t2\tcalcification\nw\t\t90\t90\t2\tcluster\n"
    )
    merged = read_parquet(tmp_path / "candidates.parquet")
    assert merged.height == 20
    key = merged.select("volume_id", "candidate_id", "slice")
    assert key.equals(key.sort("volume_id", "candidate_id", "slice"))
    positive = merged.filter(pl.col("label") == 1)
    assert positive.select("volume_id", "candidate_id", "finding_id").unique().rows() == [
        ("v", 3, 0)
    ]
    assert account["annotations"] == {
        "total": 2,
        "lines": 2,
        "on_several_slices": 0,
        "in_several_areas": 0,
        "matched": 1,
        "unmatched": 1,
        "volumes_without_annotation": 0,
        "other_findings": 0,
        "ignored_candidates": 0,
    }
    assert account["slices"] == {"total": 4, "without_objects": 2, "quarantined": 0}
    assert merged["site"].unique().to_list() == ["A"]


def test_areas_apart_in_a_mask_of_one_value_are_told(tmp_path, caplog):
    volume = write_volume(tmp_path / "features", "v")
    mask = np.zeros((100, 100), np.uint8)
    mask[28:33, 18:23] = mask[38:43, 18:23] = 255
    write_png(tmp_path / "m.png", mask)
    account = merge(tmp_path, [volume], f"v\t0\t\t\t\tcalcification\t{tmp_path}/m.png\n", "mask")
    assert account["annotations"]["total"] == account["annotations"]["in_several_areas"] == 1
    assert "1 calcifications are masks of one value whose areas lie apart" in caplog.text


def test_a_readers_opinion_is_in_the_data_set_where_features_ask_and_nowhere_else(tmp_path):
    manifests = [write_volume(tmp_path / "features", name) for name in ("v", "w")]
    line = "{}\t0\t20\t20\t24\tcluster\t{}\t{}\n"
    lines = line.format("v", "benign", "2") + line.format("w", "malignant", "4c")
    rule = {"calcifications": 3, "distance_mm": 5.0, "contrast_to_noise": -9.0}
    for asked, values in (([], [None, None]), (["reader_birads"], [2.0, 6.0])):
        features = ["area", *asked]
        told = {"clusters": rule, "features": features}
        account = merge(tmp_path, manifests, lines, "pathology", "birads", **told)
        merged = read_parquet(tmp_path / "candidates.parquet").filter("focus")
        assert merged["label"].to_list() == [0, 1]
        assert merged["reader_birads"].to_list() == values
        assert ("reader_birads" in account["columns"]) == bool(asked)
    lines = line.format("v", "benign", "0") + line.format("w", "malignant", "4c")
    with pytest.raises(TomocalcError, match="reader_birads is missing"):
        merge(tmp_path, manifests, lines, "pathology", "birads", **told)


def test_volumes_without_a_candidate_are_counted(tmp_path):
    manifests = [
        write_volume(tmp_path / "features", "u", candidates=0, patient_id="p1", site="B"),
        write_volume(tmp_path / "features", "v"),
        write_volume(tmp_path / "features", "w", candidates=0),
    ]
    account = merge(tmp_path, manifests)
    assert (account["volumes"], account["volumes_with_candidate"]) == (3, 1)
    assert (account["patients"], account["patients_with_candidate"]) == (2, 1)
    assert (account["sites"], account["sites_with_candidate"]) == (2, 1)
    quality = QualityAccount.read(tmp_path / "quality.json")
    assert cohort_of(quality) == "3 volumes (2 of them without a candidate) of 2 patients"
    assert counted(quality, "sites") == "2, 1 of them without a candidate"


def test_the_bytes_do_not_depend_on_the_order_of_the_manifests(tmp_path):
    manifests = [write_volume(tmp_path / "features", name) for name in ("a", "b", "c")]
    merge(tmp_path, manifests)
    first = (tmp_path / "candidates.parquet").read_bytes()
    merge(tmp_path, manifests[::-1])
    assert (tmp_path / "candidates.parquet").read_bytes() == first


def test_every_line_outside_its_volume_is_named(tmp_path):
    manifest = write_volume(tmp_path / "features", "v")
    lines = "v\t2\t20\t30\t2\tcluster\nv\t1\t20\t30\t2\tcluster\nv\t\t20\t100\t2\tmass\n"
    with pytest.raises(TomocalcError) as caught:
        merge(tmp_path, [manifest], lines)
    found = str(caught.value).splitlines()
    assert [line.partition("annotations.tsv:")[2][:1] for line in found] == ["2", "4"]
    assert all("2 slices of 100 rows and 100 columns" in line for line in found)


def test_volumes_without_an_annotation_are_told(tmp_path, caplog):
    manifests = [write_volume(tmp_path / "features", name) for name in ("v", "w")]
    merge(tmp_path, manifests, "v\t0\t20\t30\t2\tcluster\n")
    assert "1 of 2 volumes have no annotation of a calcification" in caplog.text
    caplog.clear()
    merge(tmp_path, manifests[:1], "v\t0\t20\t30\t2\tcluster\n")
    rule = {"calcifications": 3, "distance_mm": 5.0, "contrast_to_noise": -9.0}
    line = "v\t0\t20\t20\t24\tcluster\tbenign\n"
    merge(tmp_path, manifests, line, "pathology", clusters=rule)  # of w no cluster is a row
    assert "no annotation" not in caplog.text


def test_annotations_without_candidates_are_told(tmp_path, caplog):
    manifest = write_volume(tmp_path, "v")
    nowhere = "v\t0\t80\t80\t1\tcalcification\nv\t0\t80\t60\t1\tcalcification\n"
    with pytest.raises(TomocalcError, match=r"E303\] no annotation has a candidate .* its 2 find"):
        merge(tmp_path, [manifest], nowhere)
    merge(tmp_path, [manifest], "v\t0\t20\t10\t1\tcalcification\n" + nowhere)
    assert "2 of 3 annotations have no candidate and count as missed" in caplog.text


def test_every_flipped_bit_is_found(tmp_path):
    manifest = write_volume(tmp_path / "features", "v")
    shard = manifest.parent / "0001.parquet"
    content = shard.read_bytes()
    for place in range(0, len(content), len(content) // 40):
        altered = bytearray(content)
        altered[place] ^= 4
        shard.write_bytes(altered)
        with pytest.raises(TomocalcError, match=r"0001\.parquet.*differs from the checksum"):
            merge(tmp_path, [manifest])


def test_a_lost_or_foreign_shard_is_named(tmp_path):
    manifest = write_volume(tmp_path / "features", "v")
    spoil(manifest, 1, lambda rows: rows.drop("contrast"))
    with pytest.raises(TomocalcError, match=r"0001\.parquet.*contrast"):
        merge(tmp_path, [manifest])
    (manifest.parent / "0000.parquet").unlink()
    with pytest.raises(TomocalcError, match=r"0000\.parquet\): the file is missing"):
        merge(tmp_path, [manifest])


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"schema_version": 0}, "schema version 0"),
        ({"quarantined": (BAD,)}, r"E306.*1 of 2 slices"),
    ],
)
def test_an_old_manifest_or_one_of_too_many_bad_slices_is_refused(tmp_path, facts, message):
    with pytest.raises(TomocalcError, match=message):
        merge(tmp_path, [write_volume(tmp_path / "features", "v", **facts)])


def spoil(manifest: Path, index: int, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    """Change the rows of a shard, and its checksum in the manifest."""
    shard = manifest.parent / f"{index:04d}.parquet"
    write_parquet(shard, change(pl.read_parquet(shard)))
    content = json.loads(manifest.read_text())
    content["shards"][index]["sha256"] = hashlib.sha256(shard.read_bytes()).hexdigest()
    manifest.write_text(json.dumps(content))


def test_a_table_is_checked_against_its_checksum(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("A,y\n1,1\n2,0\n")
    columns = MAP | {"features": {"area": "A"}, "positive": "1"}
    kept = []
    right = columns | {"sha256": hashlib.sha256(table.read_bytes()).hexdigest()}
    merge_dataset.merge_table(str(table), right, "fail", append=kept.append)
    merge_dataset.merge_table(str(table), columns | {"sha256": None}, "fail", append=kept.append)
    assert [rows.height for rows in kept] == [2, 2]
    with pytest.raises(TomocalcError, match=r"E208.*t\.csv.*SHA-256"):
        merge_dataset.merge_table(
            str(table), columns | {"sha256": "0" * 64}, "fail", append=kept.append
        )


FIRST = pl.col("candidate_id") == 0


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"area": pl.when(FIRST).then(float("nan")).otherwise("area")}, "area is missing"),
        ({"area": pl.when(FIRST).then(float("inf")).otherwise("area")}, "area is infinite"),
        ({"focus": pl.lit(value=False)}, "not exactly one slice of best focus"),
        ({"candidate_id": pl.lit(0, pl.Int32)}, "two rows on one slice"),
    ],
)
def test_rows_without_meaning_are_named(tmp_path, columns, message):
    manifest = write_volume(tmp_path / "features", "v")
    spoil(manifest, 0, lambda rows: rows.with_columns(**columns).cast(dict(rows.schema)))
    with pytest.raises(TomocalcError, match=message) as caught:
        merge(tmp_path, [manifest])
    assert "v candidate 0 slice 0" in str(caught.value)
