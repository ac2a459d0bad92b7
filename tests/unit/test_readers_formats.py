"""Every format, read back and compared with what was written or with another decoder."""

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from support.image_files import (
    SECONDARY_CAPTURE,
    dicom,
    item,
    picture,
    volume,
    write_dicom,
    write_jpeg,
    write_pgm,
    write_png,
    write_tiff,
)
from support.opening import opened_spaced as opened
from tomocalc.errors import TomocalcError
from tomocalc.readers.volume import Volume


def check(found: Volume, expected: list[NDArray[Any]]) -> None:
    """Compare every slice, last first, so that none depends on an earlier read."""
    assert len(found) == found.header.slices == len(expected)
    assert not found.faults
    for index in reversed(range(len(expected))):
        image = found.read(index)
        assert image.dtype == found.header.dtype
        assert image.shape == (found.header.rows, found.header.columns)
        assert image.flags.c_contiguous
        assert image.flags.writeable
        np.testing.assert_array_equal(image, expected[index])


@pytest.mark.parametrize(
    ("syntax", "rounding"),  # two JPEG decoders may round the inverse cosine transform differently
    [("jpeg", 1), ("jpeg_extended", 2), ("jpegls_near", 0), ("jpeg2000_lossy", 0)],
)
def test_lossy_dicom_as_pydicom_decodes_it(tmp_path: Path, syntax: str, rounding: int) -> None:
    bits = 8 if syntax == "jpeg" else 12
    frames = volume(2, bits=bits)
    path = write_dicom(tmp_path / "volume.dcm", frames, syntax=syntax, bits=bits, enhanced=True)
    expected = pydicom.dcmread(path).pixel_array
    found = opened(path)
    for index, frame in enumerate(expected):
        image = found.read(index)
        assert np.abs(image.astype(int) - frame).max() <= rounding
        assert np.abs(image.astype(int) - frames[index]).max() < 0.1 * 2**bits


def test_odd_sized_8_bit_frames_lie_without_padding_between_them(tmp_path: Path) -> None:
    frames = volume(3, rows=17, columns=19)
    check(opened(write_dicom(tmp_path / "a.dcm", frames, enhanced=True)), frames)


@pytest.mark.parametrize("syntax", ["explicit", "rle", "jpeg2000"])
def test_colour_dicom_becomes_luma(tmp_path: Path, syntax: str) -> None:
    rgb = np.dstack(volume(3))
    photometric = "YBR_RCT" if syntax == "jpeg2000" else "RGB"
    path = write_dicom(
        tmp_path / "a.dcm",
        [rgb],
        syntax=syntax,
        sop_class=SECONDARY_CAPTURE,
        PhotometricInterpretation=photometric,
    )
    expected = np.array(Image.fromarray(rgb).convert("L"))
    check(opened(path), [expected])


def test_planar_colour_and_full_ybr(tmp_path: Path) -> None:
    rgb = np.dstack(volume(3))
    planes = np.ascontiguousarray(np.moveaxis(rgb, -1, 0))
    options: dict[str, Any] = {"sop_class": SECONDARY_CAPTURE}
    planar = dicom([rgb], PlanarConfiguration=1, PixelData=planes.tobytes(), **options)
    planar["PixelData"].VR = "OB"
    planar.save_as(tmp_path / "planar.dcm", enforce_file_format=True)
    check(opened(tmp_path / "planar.dcm"), [np.array(Image.fromarray(rgb).convert("L"))])
    ybr = write_dicom(tmp_path / "y.dcm", [rgb], PhotometricInterpretation="YBR_FULL", **options)
    check(opened(ybr), [rgb[:, :, 0]])


def test_single_frame_in_several_fragments(tmp_path: Path) -> None:
    from pydicom.encaps import encapsulate

    from support.image_files import encode

    frame = picture(bits=12)
    coded = encapsulate([encode(frame, "jpeg2000", bits=12)], fragments_per_frame=4, has_bot=False)
    path = write_dicom(tmp_path / "a.dcm", [frame], syntax="jpeg2000", bits=12, PixelData=coded)
    check(opened(path), [frame])


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("channels", [2, 3, 4])
def test_png_colour_and_opaque_alpha(tmp_path: Path, bits: int, channels: int) -> None:
    layers = volume(3, bits=bits)
    opaque = np.full_like(layers[0], 2**bits - 1)
    colours = layers[: 1 if channels == 2 else 3]
    image = np.dstack([*colours, opaque] if channels != 3 else colours)
    found = opened(write_png(tmp_path / "a.png", image)).read(0)
    exact = colours[0] if channels == 2 else np.dstack(colours) @ np.array([0.299, 0.587, 0.114])
    assert found.dtype == layers[0].dtype
    # The weights are in 1/65536, so the last digit of 16 bits may differ.
    assert np.abs(found - exact).max() <= (0.5 if bits == 8 else 1.6)


def test_equal_channels_are_kept_exactly(tmp_path: Path) -> None:
    frame = picture(bits=16)
    check(opened(write_png(tmp_path / "a.png", np.dstack([frame] * 3))), [frame])


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"compression": "zlib"},
        {"compression": "zlib", "predictor": True},
        {"compression": "lzw"},
        {"compression": "zstd"},
        {"compression": "packbits"},
        {"compression": "zstd", "rowsperstrip": 7},
        {"compression": "zlib", "tile": (16, 16)},
        {"rowsperstrip": 5},
        {"byteorder": ">"},
        {"bigtiff": True},
    ],
    ids=str,
)
@pytest.mark.parametrize("bits", [8, 16])
def test_tiff_pages_are_slices(tmp_path: Path, options: dict[str, Any], bits: int) -> None:
    frames = volume(3, bits=bits)
    path = tmp_path / "volume.tif"
    file_options = {key: options[key] for key in ("byteorder", "bigtiff") if key in options}
    page_options = {key: options[key] for key in options if key not in file_options}
    with tifffile.TiffWriter(path, **file_options) as writer:
        for frame in frames:
            writer.write(frame, metadata=None, contiguous=False, **page_options)
    check(opened(path), frames)


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_tiff_written_by_pillow(tmp_path: Path, compression: str) -> None:
    frames = volume(3)
    images = [Image.fromarray(frame) for frame in frames]
    path = tmp_path / "volume.tiff"
    images[0].save(path, compression=compression, save_all=True, append_images=images[1:])
    check(opened(path), frames)


def test_jpeg_tiff_as_pillow_decodes_it(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    Image.fromarray(picture()).save(path, compression="jpeg", quality=95)
    check(opened(path), [np.array(Image.open(path))])


def test_tiff_rgb_contiguous_and_separate(tmp_path: Path) -> None:
    rgb = np.dstack(volume(3))
    expected = np.array(Image.fromarray(rgb).convert("L"))
    write_tiff(tmp_path / "a.tif", [rgb], photometric="rgb")
    write_tiff(
        tmp_path / "b.tif",
        [np.ascontiguousarray(np.moveaxis(rgb, -1, 0))],
        photometric="rgb",
        planarconfig="separate",
    )
    write_tiff(
        tmp_path / "c.tif",
        [np.repeat(rgb[None, :, :, 0], 3, axis=0)],
        photometric="rgb",
        planarconfig="separate",
    )
    coloured = opened(tmp_path / "a.tif")
    check(coloured, [expected])
    (doubt,) = coloured.header.doubts
    assert (doubt.code, doubt.slices) == ("coloured", (0,))
    assert doubt.values["share"] > 0.9
    with pytest.raises(TomocalcError, match=r"E203.*3 planes of colour differ.*save them as pages"):
        opened(tmp_path / "b.tif").read(0)
    grey = opened(tmp_path / "c.tif")
    check(grey, [rgb[:, :, 0]])
    assert grey.header.doubts == ()


def test_folder_of_tiffs(tmp_path: Path) -> None:
    frames = volume(11, bits=12)
    for index, frame in enumerate(frames):
        write_tiff(tmp_path / f"{index}.tif", [frame], compression="zstd")
    check(opened(tmp_path / "*.tif"), frames)


@pytest.mark.parametrize("largest", [255, 4095, 65535])
def test_pgm(tmp_path: Path, largest: int) -> None:
    frame = picture(bits=largest.bit_length())
    found = opened(write_pgm(tmp_path / "a.pgm", frame, largest=largest))
    assert found.header.bits == largest.bit_length()
    check(found, [frame])


def test_grey_jpeg_as_pillow_decodes_it(tmp_path: Path) -> None:
    path = write_jpeg(tmp_path / "a.jpg", picture())
    check(opened(path), [np.array(Image.open(path))])


@pytest.mark.parametrize("subsampling", [0, 2])
def test_colour_jpeg_gives_its_luma(tmp_path: Path, subsampling: int) -> None:
    grey = np.dstack([picture()] * 3)
    path = write_jpeg(tmp_path / "a.jpeg", grey, subsampling=subsampling)
    found = opened(path).read(0).astype(int)
    assert np.abs(found - np.array(Image.open(path).convert("L"))).max() <= 1


def test_12_bit_jpeg(tmp_path: Path) -> None:
    from support.image_files import encode

    frame = picture(bits=12)
    (tmp_path / "a.jpg").write_bytes(encode(frame, "jpeg_extended", bits=12))
    found = opened(tmp_path / "a.jpg")
    assert (found.header.dtype, found.header.bits) == ("uint16", 12)
    assert np.abs(found.read(0).astype(int) - frame).max() < 60


def test_functional_groups_beyond_the_allow_list_are_harmless(tmp_path: Path) -> None:
    frame = picture()
    dataset = dicom([frame], enhanced=True)
    dataset.SharedFunctionalGroupsSequence[0].FrameVOILUTSequence = [
        item(WindowCenter=512, WindowWidth=100)
    ]
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    check(opened(tmp_path / "a.dcm"), [frame])
