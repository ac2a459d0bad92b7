"""Files that would take all memory are refused at once, in a process that has little of it."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from pydicom.encaps import encapsulate

from support.image_files import (
    dicom,
    encode,
    packed_zeros,
    picture,
    png_bomb,
    png_chunk,
    raw_png,
    tiff_bomb,
    write_dicom,
    write_png,
)
from support.mutations import IMAGES, mutate
from support.opening import opened

PROBE = """
import json, resource, sys, time
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
sys.path[:0] = ["workflow/scripts", "tests"]
from tomocalc.errors import TomocalcError
from tomocalc.log import peak_megabytes
from tomocalc.readers import dicom_stack, tiff
from tomocalc.readers.volume import open_volume

for path in sys.argv[1:]:
    start = time.perf_counter()
    try:
        found = open_volume(
            path,
            pixel_spacing_mm=0.1,
            slice_spacing_mm=1.0,
            max_pixels=100_000_000,
            min_size=16,
        )
        for index in range(len(found)):
            found.read(index)
        message = "read"
    except TomocalcError as error:
        message = str(error)
    seconds = time.perf_counter() - start
    peak = peak_megabytes()
    print(json.dumps({"message": message, "seconds": seconds, "megabytes": peak}))
"""
ROOT = Path(__file__).parents[2]


def probe(*paths: Path) -> list[str]:
    """Open and read *paths* in a small process and return what came of each."""
    run = subprocess.run(
        [sys.executable, "-c", PROBE, *map(str, paths)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
        check=True,
    )
    found = [json.loads(line) for line in run.stdout.splitlines()]
    assert max(line["megabytes"] for line in found) < 500
    assert max(line["seconds"] for line in found) < 5
    return [line["message"] for line in found]


def test_decompression_bombs(tmp_path: Path) -> None:
    paths = [
        png_bomb(tmp_path / "144_megapixels.png", side=12_000),
        png_bomb(tmp_path / "3600_megapixels.png", side=60_000),
        tiff_bomb(tmp_path / "3600_megapixels.tif", side=59 * 1024),
    ]
    assert all(path.stat().st_size < 5_000_000 for path in paths)
    for message in probe(*paths):
        assert "E204" in message
        assert "image.max_pixels" in message


def test_deflated_dicom_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a.dcm", [picture()], syntax="deflated")
    content = path.read_bytes()
    at = 132 + 12 + int.from_bytes(content[140:144], "little")
    path.write_bytes(content[:at] + packed_zeros(8 << 30, raw=True))
    (message,) = probe(path)
    assert "it is deflated" in message


def test_codestreams_that_lie_about_their_size(tmp_path: Path) -> None:
    """The DICOM header is small, the codestream in it claims 60 000 × 60 000."""
    frame = picture()
    paths = []
    for syntax in ("jpeg", "jpeg_lossless", "jpegls", "jpeg2000"):
        stream = bytearray(encode(frame, syntax, bits=8))
        if syntax == "jpeg2000":
            stream[8:16] = (60_000).to_bytes(4, "big") * 2
        else:
            at = stream.index(b"\x00\x30\x00\x28")
            stream[at : at + 4] = (60_000).to_bytes(2, "big") * 2
        content = encapsulate([bytes(stream)])
        path = tmp_path / f"{syntax}.dcm"
        paths.append(write_dicom(path, [frame], syntax=syntax, PixelData=content))
    for message in probe(*paths):
        assert "E202" in message
        assert "60000" in message


def test_parts_of_a_tiff_that_are_larger_than_the_whole(tmp_path: Path) -> None:
    tiled, strip, long = (tmp_path / f"{name}.tif" for name in ("tiled", "strip", "long"))
    tifffile.imwrite(tiled, picture(), tile=(48, 48), compression="zlib")
    with tifffile.TiffFile(tiled, mode="r+") as tif:
        for name in ("TileWidth", "TileLength"):
            tif.pages.first.tags[name].overwrite(60_000)
    tifffile.imwrite(strip, picture(), compression="jpeg")
    content = bytearray(strip.read_bytes())
    at = content.index(b"\xff\xc0") + 5
    content[at : at + 4] = (60_000).to_bytes(2, "big") * 2
    strip.write_bytes(bytes(content))
    parts = iter([packed_zeros(4 << 30)])
    tifffile.imwrite(
        long, parts, shape=(64, 64), dtype=np.uint8, compression="zlib", rowsperstrip=64
    )
    messages = probe(tiled, strip, long)
    assert "its tiles have 60000 × 60000" in messages[0]
    assert "claims 60000 × 60000" in messages[1]


def test_what_is_not_pixels_is_neither_unpacked_nor_read(tmp_path: Path) -> None:
    image = picture()
    note = png_chunk(b"zTXt", b"note\0\0" + packed_zeros(1 << 30))
    lines = b"".join(b"\0" + row.tobytes() for row in image)
    noted = tmp_path / "noted.png"
    noted.write_bytes(raw_png(rows=48, columns=40, bits=8, colour=0, lines=lines, extra=note))
    padded = write_png(tmp_path / "padded.png", image)
    with padded.open("ab") as handle:
        handle.truncate(3 << 30)
    assert "too many for 48 × 40 pixels" in probe(noted, padded)[1]


def test_attributes_of_gigabytes_are_not_read(tmp_path: Path) -> None:
    size = 3 << 30
    dataset = dicom([picture()])
    dataset.add_new(0x00111001, "UN", b"x" * 8)
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    content = (tmp_path / "a.dcm").read_bytes()
    tag = b"\x11\x00\x01\x10UN"
    at = content.index(tag) + 8
    listed = content.replace(tag, b"\x28\x00\x30\x00UN")  # as if it were Pixel Spacing
    paths = [tmp_path / "private.dcm", tmp_path / "listed.dcm"]
    for path, header in zip(paths, (content, listed), strict=True):
        with path.open("wb") as handle:
            handle.write(header[:at] + size.to_bytes(4, "little"))
            handle.seek(size, 1)
            handle.write(header[at + 12 :])
    messages = probe(*paths)
    assert messages[0] == "read"
    assert "E202" in messages[1]


def test_spoilt_files_give_a_result_or_a_named_error(tmp_path: Path) -> None:
    mutate(tmp_path, IMAGES, count=30)


@pytest.mark.campaign
@pytest.mark.parametrize("kind", IMAGES)
def test_10000_spoilt_files(tmp_path: Path, kind: str) -> None:
    mutate(tmp_path, (kind,), count=10_000 // len(IMAGES) + 1)


@pytest.mark.parametrize(
    ("written", "vendor"),
    [
        ("HOLOGIC, Inc.", "Hologic"),
        ("GE MEDICAL SYSTEMS", "GE"),
        ("Siemens Healthineers", "Siemens"),
        ("I.M.S. S.r.l.", "IMS Giotto"),
        ("Ward 7, bought for Jane Doe", "other"),
        ("", None),
    ],
)
def test_the_maker_has_a_listed_name(tmp_path: Path, written: str, vendor: str | None) -> None:
    path = write_dicom(tmp_path / "a.dcm", [picture()], Manufacturer=written)
    assert opened(path).header.vendor == vendor
