"""simulate_volume on small phantoms."""

import csv
from functools import partial
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image

from support.phantoms import phantom_files

run = partial(phantom_files, rows=96, columns=80, slices=6, projections=9)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


@pytest.mark.parametrize("laterality", ["L", "R"])
def test_annotations_are_the_calcifications_of_the_truth(tmp_path, laterality):
    run(tmp_path, laterality=laterality)
    annotations, truth = read(tmp_path / "annotations.tsv"), read(tmp_path / "truth.tsv")
    grains = [row for row in truth if row["kind"] == "calcification"]
    assert 3 <= len(annotations) == len(grains)
    assert list(annotations[0]) == ["volume_id", "slice", "x", "y", "radius", "kind", "pathology"]
    assert {(row["slice"], row["x"], row["y"]) for row in annotations} == {
        (row["slice"], row["x"], row["y"]) for row in grains
    }
    stored = pydicom.dcmread(tmp_path / "volume.dcm").pixel_array
    for row in annotations:
        assert row["volume_id"] == f"P001-{laterality}CC"
        assert float(row["radius"]) >= 1
        assert stored[int(row["slice"]), round(float(row["y"])), round(float(row["x"]))] > 0
    for row in truth:
        assert float(row["x_mm"]) == pytest.approx(float(row["x"]) * 0.1, abs=1e-3)
        assert abs(float(row["z_mm"]) - int(row["slice"])) <= 0.5
    kinds = {"calcification", "round_benign", "vascular", "clip", "noise_spike", "end_on_vessel"}
    assert {row["kind"] for row in truth} <= kinds


def test_no_findings_leave_a_header(tmp_path):
    run(tmp_path, calcified=False)
    text = (tmp_path / "annotations.tsv").read_text(encoding="utf-8")
    assert text == "volume_id\tslice\tx\ty\tradius\tkind\tpathology\n"
    assert {row["kind"] for row in read(tmp_path / "truth.tsv")} >= {"noise_spike"}


def test_every_run_writes_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        run(tmp_path / name)
    for file in ("volume.dcm", "annotations.tsv", "truth.tsv"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == [
        "annotations.tsv",
        "truth.tsv",
        "volume.dcm",
    ]


def test_another_view_is_refused(tmp_path):
    with pytest.raises(ValueError, match="cranio-caudal"):
        run(tmp_path, view="MLO")
    assert not list(tmp_path.iterdir())


def test_slices_have_the_stored_values(tmp_path):
    run(tmp_path)
    stored = pydicom.dcmread(tmp_path / "volume.dcm").pixel_array
    run(tmp_path, format="png", image="slices")
    names = sorted(path.name for path in (tmp_path / "slices").iterdir())
    assert names == [f"{index:04d}.png" for index in range(6)]
    for name, expected in zip(names, stored, strict=True):
        with Image.open(tmp_path / "slices" / name) as image:
            assert image.mode == "I;16"
            np.testing.assert_array_equal(np.asarray(image), expected)
