"""A volume that is read twice is decoded once."""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from support.image_files import volume, write_dicom
from tomocalc.readers.opening import spooled
from tomocalc.readers.volume import Volume, open_volume

LIMITS: dict[str, Any] = {"max_pixels": 10**6, "min_size": 16, "slice_spacing_mm": 1.0}


def opened(folder: Path, syntax: str, decoded: list[int]) -> tuple[list[NDArray[Any]], Volume]:
    frames = volume(5, bits=12)
    path = write_dicom(folder / "v.dcm", frames, bits=12, syntax=syntax, spacing=(0.1, 0.1))
    found = open_volume(path, **LIMITS)
    decoded.clear()  # the reader has looked at the middle slice
    return frames, found


def test_a_compressed_slice_is_decoded_once(tmp_path: Path, decoded: list[int]) -> None:
    frames, found = opened(tmp_path, "jpeg2000", decoded)
    with spooled(found) as stack:
        for _ in range(3):
            for index in (4, 0, 2, 1, 3):
                np.testing.assert_array_equal(stack.read(index), frames[index])
        assert stack.key(2) == found.key(2)
        stack.read(0)[:] = 0
        np.testing.assert_array_equal(stack.read(0), frames[0])
    assert sorted(decoded) == [*range(5)]


def test_threads_read_at_once(tmp_path: Path, decoded: list[int]) -> None:
    frames, found = opened(tmp_path, "jpegls", decoded)
    with spooled(found) as stack, ThreadPoolExecutor(4) as pool:
        list(pool.map(stack.read, range(5)))
        for index, image in enumerate(pool.map(stack.read, [*range(5)] * 20)):
            np.testing.assert_array_equal(image, frames[index % 5])
    assert len(decoded) == 5


def test_a_slice_stored_as_it_is_needs_no_scratch_space(tmp_path: Path, decoded: list[int]) -> None:
    frames, found = opened(tmp_path, "explicit", decoded)
    with spooled(found) as stack:
        for _ in range(2):
            np.testing.assert_array_equal(stack.read(1), frames[1])
    assert decoded == [1, 1]


def test_without_scratch_space_slices_are_decoded_again(
    tmp_path: Path, decoded: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    frames, found = opened(tmp_path, "jpeg2000", decoded)
    device = Path("/dev/full")
    if not device.exists():
        pytest.skip("needs /dev/full")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "TemporaryFile", lambda **_: device.open("r+b", buffering=0))
        with spooled(found) as stack:
            for index in (0, 1, 0):
                np.testing.assert_array_equal(stack.read(index), frames[index])
    assert decoded == [0, 1, 0]
    assert caplog.text.count("no scratch space") == 1
