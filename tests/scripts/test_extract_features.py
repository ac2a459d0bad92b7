"""extract_features on small volumes of PNG slices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image

from extract_features import main
from image_slices import breast_slice
from tomocalc.dataset.shards import read_manifest, read_volume_rows
from tomocalc.errors import TomocalcError
from tomocalc.files import read_json
from tomocalc.tables import SHARD, schema

IMAGE = {
    "max_pixels": 1_000_000,
    "min_size": 16,
    "measure_on": "normalised",
    "blur_sigma_mm": 0.1,
    "on_bad_slice": "fail",
    "side_mismatch": "warn",
    "burned_in": "warn",
}
CANDIDATES = {
    "generator": "local",
    "threshold_k": 4.5,
    "min_diameter_mm": 0.1,
    "max_diameter_mm": 1.5,
    "max_per_slice": 50000,
    "link_radius_mm": 0.5,
}
SHEET = {
    "volume_id": "v1",
    "patient_id": "p1",
    "laterality": "L",
    "view": "CC",
    "path": "",
    "pixel_spacing_mm": 0.1,
    "slice_spacing_mm": 1.0,
    "site": None,
    "sha256": None,
}
CALCIFICATIONS = [(70, 40, 1), (90, 60, 2), (120, 50, 3)]  # (row, column, slice of focus)


def write_volume(folder: Path, slices: int = 5) -> Path:
    """Write a breast of textured noise with three spots that blur over depth."""
    folder.mkdir(parents=True, exist_ok=True)
    row, col = np.mgrid[:192, :128]
    rng = np.random.default_rng(1)
    breast = breast_slice(7, shape=(192, 128), spots=[])
    for index in range(slices):
        image = breast + 10 * rng.random(breast.shape)
        for y, x, focus in CALCIFICATIONS:
            height = 1500 * np.exp(-((index - focus) ** 2) / 2)
            image += height * np.exp(-((row - y) ** 2 + (col - x) ** 2) / 4)
        Image.fromarray(image.astype(np.uint16)).save(folder / f"s{index}.png")
    return folder


def run(source: Path, out: Path, **change: Any) -> dict[str, Any]:
    """Run the script and return the manifest."""
    arguments: dict[str, Any] = {"sequence_slices": 3, **change}
    main(
        volume=SHEET,
        source=str(source),
        manifest=str(out / "manifest.json"),
        objects=str(out / "objects.parquet"),
        overlay=str(out / "overlay.png"),
        image=IMAGE | arguments.pop("image", {}),
        candidates=CANDIDATES | arguments.pop("candidates", {}),
        **arguments,
    )
    return read_json(out / "manifest.json")


def files(folder: Path) -> dict[str, bytes]:
    """Return the content of every file of a folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_shards_hold_every_blob_with_its_sequence(tmp_path: Path) -> None:
    manifest = run(write_volume(tmp_path / "raw"), tmp_path / "out")
    assert read_manifest(tmp_path / "out/manifest.json") == manifest
    rows = read_volume_rows(tmp_path / "out/manifest.json", manifest)
    assert dict(rows.schema) == schema(SHARD)
    assert rows.null_count().to_numpy().sum() == 0
    for y, x, focus in CALCIFICATIONS:
        near = (pl.col("centroid_row") - y) ** 2 + (pl.col("centroid_col") - x) ** 2 < 4
        mine = rows.filter(near, "focus")
        assert mine["slice"].to_list() == [focus]
        sequence = rows.filter(pl.col("candidate_id") == mine["candidate_id"][0])
        assert sequence["slice"].to_list() == [focus - 1, focus, focus + 1]
        assert sequence["focus_offset"].to_list() == [-1.0, 0.0, 1.0]


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
    assert [entry["slice"] for entry in manifest["quarantined"]] == [1, 3]
    assert [shard["path"] for shard in manifest["shards"]] == [
        "0000.parquet",
        "0002.parquet",
        "0004.parquet",
    ]
