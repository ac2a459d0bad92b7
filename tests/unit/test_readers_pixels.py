"""Pixels that mean the same give the same array, whatever way they are stored."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from support.image_files import (
    dicom,
    item,
    picture,
    raw_png,
    volume,
    write_dicom,
    write_png,
    write_tiff,
)
from support.opening import opened_spaced as opened
from tomocalc.accounts.doubts import Doubt
from tomocalc.errors import TomocalcError
from tomocalc.readers.colour import grey, unsigned

CODECS = ["explicit", "implicit", "big_endian", "rle", "jpeg_lossless", "jpeg_lossless_sv1"]
CODECS += ["jpegls", "jpeg2000"]


def complement(values: NDArray[Any], bits: int) -> NDArray[Any]:
    """Return two's complement of values minus half their range, in the low *bits* bits."""
    return (values.astype(int) - 2 ** (bits - 1) & (2**bits - 1)).astype(values.dtype)


@pytest.mark.parametrize("syntax", CODECS)
@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_twins_of_every_sign_and_polarity(tmp_path: Path, syntax: str, bits: int) -> None:
    values = picture(bits=bits)
    inverse = (2**bits - 1 - values.astype(int)).astype(values.dtype)
    twins: dict[str, tuple[NDArray[Any], dict[str, Any]]] = {
        "plain": (values, {}),
        "rescaled": (values, {"RescaleSlope": 2.5, "RescaleIntercept": -1000}),
        "windowed": (values, {"WindowCenter": 10, "WindowWidth": 5}),
        "inverted": (inverse, {"PhotometricInterpretation": "MONOCHROME1"}),
        "falling": (inverse, {"RescaleSlope": -1, "RescaleIntercept": 4095}),
        "twice": (
            values,
            {"PhotometricInterpretation": "MONOCHROME1", "RescaleSlope": -1, "RescaleIntercept": 0},
        ),
        "signed": (complement(values, bits), {"PixelRepresentation": 1}),
        "signed and inverted": (
            complement(inverse, bits),
            {"PixelRepresentation": 1, "PhotometricInterpretation": "MONOCHROME1"},
        ),
    }
    for name, (stored, attributes) in twins.items():
        path = write_dicom(tmp_path / "a.dcm", [stored], syntax=syntax, bits=bits, **attributes)
        found = opened(path)
        assert found.header.bits == bits, name
        np.testing.assert_array_equal(found.read(0), values, err_msg=name)


def test_sign_extended_values_and_signed_codestreams(tmp_path: Path) -> None:
    values = picture(bits=12)
    signed = (values.astype(int) - 2048).astype(np.int16)
    for syntax in ("explicit", "implicit", "jpeg2000"):
        path = write_dicom(tmp_path / "a.dcm", [signed], syntax=syntax, bits=12)
        np.testing.assert_array_equal(opened(path).read(0), values)


def test_drawings_in_the_unused_bits_are_cut_off_where_declared(tmp_path: Path) -> None:
    values = picture(bits=12)
    dataset = dicom([values | np.uint16(0x8000)], bits=12)
    dataset.add_new(0x60020102, "US", 15)
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    np.testing.assert_array_equal(opened(tmp_path / "a.dcm").read(0), values)


def test_values_beyond_the_stored_bits_are_kept_and_said(tmp_path: Path) -> None:
    values = picture(bits=12)
    found = opened(write_dicom(tmp_path / "a.dcm", [values], bits=10))
    np.testing.assert_array_equal(found.read(0), values)
    (doubt,) = found.header.doubts
    assert doubt == Doubt(code="bits_exceeded", values={"stored": 10, "needed": 12})


def test_single_bits_above_the_stored_ones_are_a_fault(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a.dcm", [picture(bits=12) | np.uint16(0x8000)], bits=12)
    with pytest.raises(TomocalcError, match=r"E202.*above the 4095 of its 12 bits"):
        opened(path).read(0)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_rescale_rules_that_differ_are_applied(tmp_path: Path, photometric: str) -> None:
    frames = [4095 - f if photometric == "MONOCHROME1" else f for f in volume(3, bits=12)]
    rules = [(1.0, 0.0), (2.0, 100.0), (0.5, -50.0)]
    dataset = dicom(frames, bits=12, enhanced=True, PhotometricInterpretation=photometric)
    dataset.PerFrameFunctionalGroupsSequence = [
        item(
            PixelValueTransformationSequence=[item(RescaleSlope=slope, RescaleIntercept=intercept)]
        )
        for slope, intercept in rules
    ]
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    found = opened(tmp_path / "a.dcm")
    sign = -1 if photometric == "MONOCHROME1" else 1
    pairs = zip(frames, rules, strict=True)
    exact = np.array([sign * (slope * frame + intercept) for frame, (slope, intercept) in pairs])
    scaled = (exact - exact.min()) * 65535 / (exact.max() - exact.min())
    read = np.array([found.read(index) for index in range(3)])
    assert found.header.dtype == "uint16"
    assert np.abs(read - scaled).max() <= 0.51


def test_rescale_rules_that_differ_in_a_folder_are_applied(tmp_path: Path) -> None:
    values = picture(bits=12)
    for index, slope in enumerate((1.0, 2.0)):
        write_dicom(
            tmp_path / f"{index}.dcm",
            [values],
            bits=12,
            InstanceNumber=index,
            RescaleSlope=slope,
            RescaleIntercept=0,
        )
    found = opened(tmp_path)
    ratio = found.read(1).astype(float).mean() / found.read(0).mean()
    assert ratio == pytest.approx(2, rel=0.02)


def test_signed_bytes_are_shifted_by_half_their_range(tmp_path: Path) -> None:
    values = picture(bits=8)
    signed = (values.astype(int) - 128).astype(np.int8)
    np.testing.assert_array_equal(opened(write_tiff(tmp_path / "a.tif", [signed])).read(0), values)


@pytest.mark.parametrize("bits", [8, 12])
def test_white_is_zero_in_tiff(tmp_path: Path, bits: int) -> None:
    values = picture(bits=bits)
    options = {"bitspersample": 12} if bits == 12 else {}
    inverse = (2**bits - 1 - values.astype(int)).astype(values.dtype)
    path = write_tiff(tmp_path / "a.tif", [inverse], photometric="miniswhite", **options)
    np.testing.assert_array_equal(opened(path).read(0), values)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_fill_16_bits_over_the_volume(tmp_path: Path, dtype: type[Any]) -> None:
    pages = [(frame / 100 - 7).astype(dtype) for frame in volume(3)]
    found = opened(write_tiff(tmp_path / "a.tif", pages))
    stack = np.array(pages, dtype=float)
    scaled = (stack - stack.min()) * 65535 / (stack.max() - stack.min())
    read = np.array([found.read(index) for index in range(3)])
    assert (found.header.dtype, found.header.bits) == ("uint16", 16)
    assert (read.min(), read.max()) == (0, 65535)
    assert np.abs(read - scaled).max() <= 0.5
    # Order is kept, and equal values stay equal.
    order = np.argsort(stack, axis=None, kind="stable")
    assert (np.diff(read.ravel()[order].astype(int)) >= 0).all()


@pytest.mark.parametrize("dtype", [np.int32, np.uint32, np.int64])
def test_wide_integers_of_a_narrow_range_are_only_shifted(tmp_path: Path, dtype: type[Any]) -> None:
    frame = picture(bits=12)
    wide = frame.astype(dtype) + dtype(100_000)
    found = opened(write_tiff(tmp_path / "a.tif", [wide])).read(0)
    np.testing.assert_array_equal(found, frame - frame.min())


def test_wide_integers_of_a_wide_range_are_scaled(tmp_path: Path) -> None:
    wide = picture(bits=16).astype(np.int32) * 1000 - 5
    found = opened(write_tiff(tmp_path / "a.tif", [wide])).read(0)
    assert (found.min(), found.max()) == (0, 65535)


def test_constant_floats_become_zero(tmp_path: Path) -> None:
    found = opened(write_tiff(tmp_path / "a.tif", [np.full((20, 20), 0.5, np.float32)]))
    assert not found.read(0).any()


def test_white_is_zero_floats_are_negated(tmp_path: Path) -> None:
    frame = picture().astype(np.float32)
    up = opened(write_tiff(tmp_path / "a.tif", [frame])).read(0)
    down = opened(write_tiff(tmp_path / "b.tif", [frame], photometric="miniswhite")).read(0)
    assert np.abs(up.astype(int) + down - 65535).max() <= 1


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_numbers_are_counted(tmp_path: Path, value: float) -> None:
    pages = [frame.astype(np.float32) for frame in volume(3)]
    pages[1][3:5, 7] = value
    found = opened(write_tiff(tmp_path / "a.tif", pages))
    with pytest.raises(TomocalcError, match=r"E206.*page 1.*2 of 1920 pixels are NaN or infinite"):
        found.read(1)
    # The other slices are scaled as if the bad one were absent.
    assert max(found.read(0).max(), found.read(2).max()) == 65535


def test_complex_tiff_is_refused(tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "a.tif", [picture().astype(np.complex64)])
    with pytest.raises(TomocalcError, match=r"E206.*complex numbers have no order"):
        opened(path)


@pytest.mark.parametrize("value", [0, 255])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_constant_slices_are_read_as_they_are(tmp_path: Path, value: int, dtype: type[Any]) -> None:
    image = np.full((20, 20), value, dtype)
    found = opened(write_tiff(tmp_path / "a.tif", [image])).read(0)
    np.testing.assert_array_equal(found, 0 if dtype is np.float32 else image)


def test_transparent_pixels_are_counted(tmp_path: Path) -> None:
    alpha = np.full((48, 40), 255, np.uint8)
    alpha[0, :3] = 254
    path = write_png(tmp_path / "a.png", np.dstack([picture(), alpha]))
    with pytest.raises(TomocalcError, match=r"E206.*3 pixels are not opaque"):
        opened(path).read(0)


def test_a_transparent_grey_level_is_like_an_alpha_channel(tmp_path: Path) -> None:
    from support.image_files import png_chunk

    image = picture()
    lines = b"".join(b"\0" + row.tobytes() for row in image)
    used, unused = int(image[0, 0]), min(set(range(256)).difference(image.ravel()))
    for level in (used, unused):
        chunk = png_chunk(b"tRNS", level.to_bytes(2, "big"))
        content = raw_png(rows=48, columns=40, bits=8, colour=0, lines=lines, extra=chunk)
        (tmp_path / "a.png").write_bytes(content)
        found = opened(tmp_path / "a.png")
        if level == unused:
            np.testing.assert_array_equal(found.read(0), image)
        else:
            with pytest.raises(TomocalcError, match="not opaque"):
                found.read(0)


def test_luma_has_the_documented_weights() -> None:
    pixel = np.array([[[200, 100, 50]]], np.uint8)
    assert grey(pixel, "") == round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)
    assert grey(np.full((1, 1, 3), 65535, np.uint16), "") == 65535
    assert grey(np.array([[[1.0, 2.0, 3.0]]]), "") == pytest.approx(0.299 + 1.174 + 0.342)


def test_sign_shift() -> None:
    np.testing.assert_array_equal(unsigned(np.array([-128, 0, 127], np.int8)), [0, 128, 255])
    np.testing.assert_array_equal(unsigned(np.array([-32768, 32767], np.int16)), [0, 65535])


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "rgb.dcm", "ybr.dcm"])
@pytest.mark.parametrize("spot", [0, 4])
def test_a_coloured_slice_is_doubted(tmp_path: Path, name: str, spot: int) -> None:
    image = np.dstack([picture()] * 3)
    image[8 : 8 + spot, 8:12] = 200, 20, 20
    path = tmp_path / name
    if name.endswith("dcm"):
        frame = image if "rgb" in name else np.array(Image.fromarray(image).convert("YCbCr"))
        kind = "RGB" if "rgb" in name else "YBR_FULL"
        write_dicom(path, [frame], PhotometricInterpretation=kind, bits=8)
    else:
        Image.fromarray(image).save(path)
    codes = [doubt.code for doubt in opened(path).header.doubts]
    assert codes == (["coloured"] if spot else [])
