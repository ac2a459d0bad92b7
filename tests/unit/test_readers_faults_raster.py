"""Spoilt PNG, TIFF, JPEG and PGM files."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support.image_files import encode, picture, volume, write_png, write_tiff
from support.opening import cut, fault, write_image
from support.opening import opened_spaced as opened

CUTS = [0.1, 0.5, 0.9, 0.99]


@pytest.mark.parametrize("share", CUTS)
@pytest.mark.parametrize("kind", ["png", "tif", "tif_zstd", "jpg", "pgm"])
def test_truncated_raster(tmp_path: Path, kind: str, share: float) -> None:
    options = {"compression": "zstd", "rowsperstrip": 20} if kind == "tif_zstd" else {}
    path = write_image(tmp_path / f"a.{kind[:3]}", picture(200, 150), **options)
    found = fault(cut(path, share))
    assert found.code == "E202"
    assert str(path) in found.where


def test_truncated_multi_page_tiff_is_never_a_short_stack(tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "a.tif", volume(5, rows=100, columns=80), compression="zlib")
    found = opened(cut(path, 0.99))
    assert len(found) == 5
    assert [(index, error.code) for index, error in found.faults.items()] == [(4, "E202")]
    assert "its chain of pages breaks off after" in fault(cut(path, 0.5)).why


def test_flipped_bit_in_a_png_is_noticed(tmp_path: Path) -> None:
    path = write_png(tmp_path / "a.png", picture(bits=16))
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(40):
        spoilt = bytearray(content)
        spoilt[rng.integers(8, len(content))] ^= 1 << int(rng.integers(8))
        path.write_bytes(bytes(spoilt))
        fault(path)


def test_png_kinds_that_are_not_grey_or_rgb(tmp_path: Path) -> None:
    Image.fromarray(picture()).convert("P").save(tmp_path / "palette.png")
    Image.fromarray(picture()).convert("1").save(tmp_path / "one.png")
    assert "palette" in fault(tmp_path / "palette.png").why
    assert "1-bit" in fault(tmp_path / "one.png").why


def test_tiff_and_jpeg_kinds_that_are_not_grey_or_rgb(tmp_path: Path) -> None:
    Image.fromarray(picture()).convert("P").save(tmp_path / "palette.tif")
    Image.fromarray(picture()).convert("1").save(tmp_path / "one.tif")
    Image.fromarray(np.dstack([picture()] * 4), "CMYK").save(tmp_path / "cmyk.tif")
    Image.fromarray(np.dstack([picture()] * 4), "CMYK").save(tmp_path / "cmyk.jpg")
    write_tiff(tmp_path / "codec.tif", [picture()], compression="lzma")
    assert "palette" in fault(tmp_path / "palette.tif").why
    assert "1 bit" in fault(tmp_path / "one.tif").why
    assert "separated" in fault(tmp_path / "cmyk.tif").why
    assert "CMYK" in fault(tmp_path / "cmyk.jpg").why
    assert "LZMA" in fault(tmp_path / "codec.tif").why


def test_jpeg_ls_outside_dicom(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(encode(picture(), "jpegls", bits=8))
    assert "JPEG-LS" in fault(tmp_path / "a.jpg").why
