"""extract_features on small volumes of PNG slices."""

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image

from support.image_volumes import CALCIFICATIONS, SHEET, files, run, write_volume
from tomocalc.errors import TomocalcError
from tomocalc.image.shards import read_manifest, read_volume_rows
from tomocalc.tables import SHARD, TEXTURE, names, schema


def test_shards_hold_every_blob_with_its_sequence(tmp_path: Path) -> None:
    manifest = run(write_volume(tmp_path / "raw"), tmp_path / "out")
    assert read_manifest(tmp_path / "out/manifest.json") == manifest
    rows = read_volume_rows(tmp_path / "out/manifest.json", manifest)
    assert dict(rows.schema) == schema(SHARD)
    measured = rows.drop(names(TEXTURE))
    assert measured.null_count().to_numpy().sum() == 0
    run(tmp_path / "raw", tmp_path / "texture", image={"texture": True})
    again = read_manifest(tmp_path / "texture/manifest.json")
    textured = read_volume_rows(tmp_path / "texture/manifest.json", again)
    assert textured.null_count().to_numpy().sum() == 0
    assert textured.drop(names(TEXTURE)).equals(measured)
    for y, x, focus in CALCIFICATIONS:
        near = (pl.col("centroid_row") - y) ** 2 + (pl.col("centroid_col") - x) ** 2 < 4
        mine = rows.filter(near, "focus")
        assert mine["slice"].to_list() == [focus]
        sequence = rows.filter(pl.col("candidate_id") == mine["candidate_id"][0])
        assert sequence["slice"].to_list() == [focus - 1, focus, focus + 1]
        assert sequence["focus_offset"].to_list() == [-1.0, 0.0, 1.0]


def test_a_smaller_radius_links_fewer_objects(tmp_path: Path) -> None:
    source = write_volume(tmp_path / "raw")
    near, far = (
        run(source, tmp_path / str(radius), candidates={"link_radius_mm": radius})
        for radius in (0.01, 0.5)
    )
    assert near.candidates > far.candidates


def test_a_second_run_gives_the_same_bytes(tmp_path: Path) -> None:
    source = write_volume(tmp_path / "raw")
    run(source, tmp_path / "one")
    run(source, tmp_path / "two", threads=3)
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_a_damaged_slice_stops_the_volume_or_is_quarantined(tmp_path: Path) -> None:
    source = write_volume(tmp_path / "raw")
    for name in ("s1.png", "s3.png"):
        whole = (source / name).read_bytes()
        (source / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(TomocalcError) as caught:
        run(source, tmp_path / "out")
    assert str(caught.value).count("ERROR [E2") == 2
    assert not (tmp_path / "out/manifest.json").exists()
    manifest = run(source, tmp_path / "out", image={"on_bad_slice": "quarantine"})
    assert [entry.slice for entry in manifest.quarantined] == [1, 3]
    assert [shard.path for shard in manifest.shards] == [
        "0000.parquet",
        "0002.parquet",
        "0004.parquet",
    ]


def test_a_lost_shard_costs_its_slice_only(tmp_path: Path, decoded: list[int]) -> None:
    source, out = write_volume(tmp_path / "raw"), tmp_path / "out"
    run(source, out)
    undisturbed = files(out)
    decoded.clear()
    # What Snakemake does before it runs the rule again, and a shard that is gone.
    for name in ("manifest.json", "0003.parquet"):
        (out / name).unlink()
    run(source, out)
    assert decoded == [2, 0, 4, 3]  # the reader looks at three slices for side and background
    assert files(out) == undisturbed
    decoded.clear()
    run(source, out)
    assert decoded == [2, 0, 4]


def test_damaged_files_are_made_again(tmp_path: Path) -> None:
    source, out = write_volume(tmp_path / "raw"), tmp_path / "out"
    run(source, out)
    undisturbed = files(out)
    for name in ("0001.parquet", "search.parquet", "previews.parquet"):
        content = bytearray((out / name).read_bytes())
        content[len(content) // 2] ^= 1
        (out / name).write_bytes(bytes(content))
        run(source, out)
        assert files(out) == undisturbed


@pytest.mark.parametrize(
    "after", ["0000.parquet", "0002.parquet", "search.parquet", "previews.parquet"]
)
def test_an_interrupted_run_ends_like_an_undisturbed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: str
) -> None:
    source = write_volume(tmp_path / "raw")
    run(source, tmp_path / "one")
    replace = Path.replace

    def killed(self: Path, target: Path) -> Path:
        result = replace(self, target)
        if Path(target).name == after:
            raise KeyboardInterrupt
        return result

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        run(source, tmp_path / "two")
    monkeypatch.undo()
    (tmp_path / "two/0001.tmp.0123.parquet").write_bytes(b"left by a killed job")
    run(source, tmp_path / "two")
    assert files(tmp_path / "two") == files(tmp_path / "one")


def test_a_changed_slice_changes_its_volume(tmp_path: Path) -> None:
    source, out = write_volume(tmp_path / "raw"), tmp_path / "out"
    before = {shard.key for shard in run(source, out).shards}
    changed = np.asarray(Image.open(source / "s4.png")) + np.uint16(3)
    Image.fromarray(changed).save(source / "s4.png")
    assert before.isdisjoint(shard.key for shard in run(source, out).shards)
    run(source, tmp_path / "fresh")
    assert files(out) == files(tmp_path / "fresh")


def test_a_shorter_volume_leaves_no_shards_of_the_longer(tmp_path: Path) -> None:
    source, out = write_volume(tmp_path / "raw"), tmp_path / "out"
    run(source, out)
    (source / "s4.png").unlink()
    assert len(run(source, out).shards) == 4
    assert not (out / "0004.parquet").exists()


@pytest.mark.parametrize("level", [0, 1234, 65535])
def test_constant_slices_have_a_shard_without_rows(tmp_path: Path, level: int) -> None:
    source = write_volume(tmp_path / "raw")
    for name in ("s0.png", "s2.png"):
        Image.fromarray(np.full((192, 128), level, np.uint16)).save(source / name)
    manifest = run(source, tmp_path / "out")
    flags = [facts.qc_flag for facts in manifest.slice_facts]
    assert flags == ["constant", "ok", "constant", "ok", "ok"]
    assert [shard.rows > 0 for shard in manifest.shards] == [False, True, False, True, True]
    rows = read_volume_rows(tmp_path / "out/manifest.json", manifest)
    assert all(rows.select(pl.selectors.float().is_finite().all()).row(0))


def test_a_volume_of_constant_slices_has_no_candidates(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    for index in range(3):
        image = Image.fromarray(np.full((64, 64), 9, np.uint8))
        image.save(tmp_path / f"raw/s{index}.png")
    manifest = run(tmp_path / "raw", tmp_path / "out")
    assert manifest.candidates == 0
    assert [shard.rows for shard in manifest.shards] == [0, 0, 0]
    with Image.open(tmp_path / "out/overlay.png") as picture:
        assert picture.size[0] > 64


def test_rows_where_a_candidate_has_no_own_object(tmp_path: Path) -> None:
    manifest = run(write_volume(tmp_path / "raw"), tmp_path / "out", sequence_slices=5)
    rows = read_volume_rows(tmp_path / "out/manifest.json", manifest)
    hidden, focus = rows.filter(~pl.col("detected")), rows.filter("focus")
    assert hidden.height > 0
    masks = hidden.join(focus, on="candidate_id", suffix="_focus")
    for name in ("area", "bbox_top", "bbox_left", "shape_descriptor", "centroid_row"):
        assert masks[name].to_list() == masks[f"{name}_focus"].to_list(), name
    assert (masks["contrast"] < masks["contrast_focus"]).to_numpy().mean() > 0.8
    assert focus.height == manifest.candidates
    for number, best in focus.select("candidate_id", "slice").iter_rows():
        sequence = rows.filter(pl.col("candidate_id") == number)["slice"].to_list()
        assert sequence == [index for index in range(best - 2, best + 3) if 0 <= index < 5]


@pytest.mark.parametrize(
    ("image", "candidates"),
    [({"measure_on": "equalised"}, {}), ({}, {"generator": "paper"}), ({}, {"max_per_slice": 1})],
)
def test_other_settings(tmp_path: Path, image: dict[str, Any], candidates: dict[str, Any]) -> None:
    source = write_volume(tmp_path / "raw")
    manifest = run(source, tmp_path / "out", image=image, candidates=candidates)
    rows = read_volume_rows(tmp_path / "out/manifest.json", manifest)
    assert rows.height > 0
    assert rows["gray_level"].is_between(0, 255).all()
    if "max_per_slice" in candidates:
        assert "capped" in {facts.qc_flag for facts in manifest.slice_facts}
        assert "capped" in rows["qc_flag"].to_list()
        assert set(rows.filter("detected").group_by("slice").len()["len"]) == {1}


def test_a_second_generator_runs_where_it_is_asked_for_and_changes_no_shard(tmp_path: Path) -> None:
    source = write_volume(tmp_path / "raw")
    alone, both = run(source, tmp_path / "one"), run(source, tmp_path / "two", compared="paper")
    assert both.generators == ("local", "paper")
    assert both.shards == alone.shards
    for name, generators in (("one", ["local"]), ("two", ["local", "paper"])):
        objects = pl.read_parquet(tmp_path / name / "search.parquet")
        assert sorted(objects["generator"].unique()) == generators


def test_a_wrong_checksum_in_the_sheet_stops_the_volume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SHEET, "sha256", "0" * 64)
    with pytest.raises(TomocalcError, match="E208"):
        run(write_volume(tmp_path / "raw"), tmp_path / "out")


def test_results_name_no_path(tmp_path: Path) -> None:
    source = write_volume(tmp_path / "raw")
    (source / "s1.png").write_bytes(b"")
    run(source, tmp_path / "out", image={"on_bad_slice": "quarantine"})
    for name, content in files(tmp_path / "out").items():
        assert str(tmp_path).encode() not in content, name


def test_memory_does_not_grow_with_the_number_of_slices(tmp_path: Path) -> None:
    few, many = write_volume(tmp_path / "few"), tmp_path / "many"
    many.mkdir()
    for index in range(30):
        (many / f"s{index:02d}.png").write_bytes((few / f"s{index % 5}.png").read_bytes())
    peaks = []
    for source in (few, few, many):  # the first run warms up
        tracemalloc.start()
        run(source, tmp_path / f"out{len(peaks)}")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] - peaks[1] < 25 * 192 * 128  # not half of the slices' own size


def test_equal_pixels_have_equal_content_however_they_are_stored(tmp_path: Path) -> None:
    one = write_volume(tmp_path / "raw")
    (tmp_path / "other").mkdir()
    for path in one.iterdir():
        pixels = np.asarray(Image.open(path))
        Image.fromarray(pixels).save(tmp_path / "other" / f"{path.stem}.tif")
    same = [run(source, tmp_path / f"out{k}") for k, source in enumerate((one, tmp_path / "other"))]
    assert same[0].content == same[1].content != ""
    empty = [tmp_path / name for name in ("empty", "copy", "another")]
    for seed, folder in zip((1, 1, 2), empty, strict=True):
        folder.mkdir()
        for index in range(3):
            noise = np.random.default_rng(seed + index).integers(900, 1100, (120, 100))
            Image.fromarray(noise.astype(np.uint16)).save(folder / f"{index}.png")
    none = [run(source, tmp_path / f"{source.name}-out") for source in empty]
    assert [one.candidates for one in none] == [0, 0, 0]
    assert none[0].content == none[1].content != none[2].content
