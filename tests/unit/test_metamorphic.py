"""One breast, told in many ways: equal rows and labels, or an error that names the reason."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from support.encodings import one
from support.encodings_files import ENCODINGS
from support.encodings_refused import REFUSED
from support.image_slices import SETTINGS
from support.image_volumes import IMAGE, SHEET
from support.one_breast import AIR, BREAST, FOCUS, SLICES, SPOTS, Encoding, many
from support.opening import opened
from support.table_data import LABELS
from tomocalc.dataset.labels import label_candidates
from tomocalc.dataset.masks import placed
from tomocalc.errors import TomocalcError
from tomocalc.image.extraction import Extracted, measure_volume

ROW = SHEET | {"volume_id": "v", "pixel_spacing_mm": None, "slice_spacing_mm": None}


def measured(source: Path, folder: Path, **options: Any) -> Extracted:
    row = ROW | options
    return measure_volume(source, row=row, image=IMAGE, settings=SETTINGS, folder=folder, keep=True)


def candidates(source: Path, folder: Path, order: Any, **options: Any) -> pl.DataFrame:
    """Return the labelled rows of a volume whose stored image k lies at depth order[k]."""
    found = measured(source, folder, **options)
    line = {"radius": 0.0, "width": None, "height": None, "mask": None, "kind": "calcification"}
    named = list(order).index(FOCUS)
    points = [
        {"volume_id": "v", "_line": 2 + number, "slice": named, "x": x, "y": y, **line}
        for number, (y, x) in enumerate(SPOTS)
    ]
    findings = [
        {**row, "finding_id": number} for number, row in enumerate(placed(points, [found.manifest]))
    ]
    return label_candidates(found.rows, findings, LABELS, found.manifest.pixel_spacing_mm)[0]


@cache
def expected() -> pl.DataFrame:
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        source = ENCODINGS["explicit"].write(folder)
        return candidates(source, folder / "out", range(SLICES))


def check(encoding: Encoding, folder: Path) -> None:
    (folder / "raw").mkdir()
    source = encoding.write(folder / "raw")
    volume = opened(source, laterality="L", **encoding.options)
    assert tuple(doubt.code for doubt in volume.header.doubts) == encoding.doubts
    assert not volume.faults
    assert len(volume) == SLICES
    assert volume.header.spacing_mm == pytest.approx((0.1, 0.1))
    assert volume.header.slice_spacing_mm == 1.0
    for index, image in enumerate(BREAST):
        read = volume.read(index)
        if encoding.same == "values":
            np.testing.assert_array_equal(read, image)
        elif encoding.same == "rows":
            assert np.corrcoef(read.ravel(), image.ravel())[0, 1] > 0.99999
    if encoding.same == "values" and [*encoding.order] == [*range(SLICES)]:
        return  # the same values at the same places are measured alike
    found = candidates(source, folder / "out", encoding.order, **encoding.options)
    wanted = expected()
    if encoding.same == "values":
        assert found.equals(wanted)
        return
    key = ["candidate_id", "slice", "label"]
    assert found.select(key).equals(wanted.select(key))
    near = 0.05 if encoding.same == "rows" else 1.0
    for name in ("centroid_row", "centroid_col"):
        assert float((found[name] - wanted[name]).abs().to_numpy().max(initial=0)) <= near
    if encoding.same == "rows":
        for name in ("area", "gray_level", "contrast"):
            np.testing.assert_allclose(found[name], wanted[name], rtol=0.02)


def test_the_breast_itself() -> None:
    rows = expected()
    assert rows["candidate_id"].n_unique() == 6
    assert rows.filter(label=1)["candidate_id"].n_unique() == len(SPOTS)
    assert len(ENCODINGS) >= 80


@pytest.mark.parametrize("name", ENCODINGS)
def test_every_encoding_gives_the_same_rows(tmp_path: Path, name: str) -> None:
    check(ENCODINGS[name], tmp_path)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_told_is_refused(tmp_path: Path, name: str) -> None:
    write, words = REFUSED[name]
    with pytest.raises(TomocalcError, match=words):
        opened(write(tmp_path)).read(0)


@pytest.mark.parametrize("lost", [4, 100, 60_000])
@pytest.mark.parametrize(
    "name", ["a.nii", "a.nii.gz", "a.nrrd", "NRRD, packed", "a.mha", "MetaImage, packed"]
)
def test_a_file_that_is_cut_short_is_damaged(tmp_path: Path, name: str, lost: int) -> None:
    path = ENCODINGS[name].write(tmp_path)
    path.write_bytes(path.read_bytes()[:-lost])
    with pytest.raises(TomocalcError, match="E202"):
        opened(path).read(0)


def test_a_slice_that_is_there_twice_is_doubted(tmp_path: Path) -> None:
    many(BREAST[[0, 1, 2, 2, 4, 5]]).save_as(tmp_path / "a.dcm", enforce_file_format=True)
    found = measured(tmp_path / "a.dcm", tmp_path / "out")
    (doubt,) = found.manifest.doubts
    assert (doubt.code, doubt.slices) == ("slices_repeat", (3,))


def any_encoding(rng: np.random.Generator) -> Encoding:
    """Return one of many thousand combinations of what single encodings change."""
    order = [int(depth) for depth in rng.permutation(SLICES)]
    inverted, signed = (bool(rng.integers(2)) for _ in range(2))
    padding = rng.choice(["none", "dark", "bright"])
    syntax = str(rng.choice(["explicit", "implicit", "rle", "jpegls", "jpeg2000", "big_endian"]))
    frames = BREAST.astype(np.int64)
    options: dict[str, Any] = {"syntax": syntax}
    if inverted:
        frames = 4095 - frames
        if rng.integers(2):
            options["PhotometricInterpretation"] = "MONOCHROME1"
        else:
            options |= {"RescaleSlope": -1.0, "RescaleIntercept": 4095.0}
    if padding != "none":
        value = 0 if padding == "dark" else 4095
        frames[:, AIR] = value
        options["PixelPaddingValue"] = value - 2048 * signed
    # Two's complement in the twelve low bits, as codestreams hold it.
    stored = ((frames - 2048) & 4095 if signed else frames).astype(np.uint16)
    if signed:
        options["PixelRepresentation"] = 1
    single = bool(rng.integers(2))

    def write(folder: Path) -> Path:
        if not single:
            made = many(stored, order=order, **options)
            made.save_as(folder / "a.dcm", enforce_file_format=True)
            return folder / "a.dcm"
        for name, depth in enumerate(order):
            one(depth, stored[depth], **options).save_as(
                folder / str(name), enforce_file_format=True
            )
        return folder

    reordered = not single and order != sorted(order)
    return Encoding(
        write,
        order=range(SLICES) if single else order,
        same="values" if padding == "none" else "candidates",
        doubts=("frames_reordered",) if reordered else (),
    )


@pytest.mark.parametrize("seed", range(16))
def test_combinations(tmp_path: Path, seed: int) -> None:
    check(any_encoding(np.random.default_rng(seed)), tmp_path)


@pytest.mark.campaign
def test_many_combinations(tmp_path: Path) -> None:
    for seed in range(100, 400):
        (tmp_path / str(seed)).mkdir()
        check(any_encoding(np.random.default_rng(seed)), tmp_path / str(seed))
