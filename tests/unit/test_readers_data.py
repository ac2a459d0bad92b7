"""Real files: three DICOM objects, mini-MIAS mammograms, BCS-DBT slices."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image

from tomocalc.errors import TomocalcError
from tomocalc.readers.geometry import side_of
from tomocalc.readers.volume import Volume, open_volume

pytestmark = pytest.mark.data


def opened(path: Path, **options: Any) -> Volume:
    return open_volume(path, max_pixels=10**8, min_size=16, **options)


def test_tomosynthesis_with_more_items_than_frames(real_data: Path) -> None:
    path = real_data / "dicom" / "dbt_bcsdbt_header_jpeg2k_128x128x4.dcm"
    with pytest.raises(TomocalcError) as caught:
        opened(path)
    assert caught.value.code == "E207"
    assert "describes 45 frames and 4 are stored" in caught.value.why
    assert "pixel_spacing_mm and slice_spacing_mm in the sheet" in caught.value.fix
    found = opened(path, pixel_spacing_mm=0.085, slice_spacing_mm=1.0)
    expected = pydicom.dcmread(path).pixel_array
    assert (len(found), found.header.bits, found.header.view) == (4, 10, "CC")
    assert found.header.slice_spacing_mm == 1.0
    for index in range(4):
        # Its padding, 0 to 4, is not imaged; beside it all values are those of the file.
        imaged = expected[index] > 4
        np.testing.assert_array_equal(found.read(index)[imaged], expected[index][imaged])


def test_mammogram_as_secondary_capture(real_data: Path) -> None:
    path = real_data / "dicom" / "sc_mammo_wg04_MG1_j2k_lossy.dcm"
    found = opened(path, pixel_spacing_mm=0.05)
    assert (found.header.rows, found.header.columns, found.header.bits) == (4664, 3064, 12)
    assert (found.header.laterality, found.header.view) == ("L", "MLO")
    np.testing.assert_array_equal(found.read(0), pydicom.dcmread(path).pixel_array)
    with pytest.raises(TomocalcError, match="E205"):
        opened(path)


def test_pattern_with_two_spacings(real_data: Path) -> None:
    path = real_data / "dicom" / "mg_testpattern_512_explicitLE.dcm"
    found = opened(path)
    assert (found.header.spacing_mm, found.header.spacing_source) == ((0.25, 0.25), "PixelSpacing")
    np.testing.assert_array_equal(found.read(0), pydicom.dcmread(path).pixel_array)


@pytest.mark.parametrize("step", [6, pytest.param(1, marks=pytest.mark.campaign)])
def test_slices_of_the_bcs_dbt_set_show_the_side_that_its_own_reader_sees(
    real_data: Path, step: int
) -> None:
    folder = real_data / "bcs_dbt_slices"
    with (folder / "manifest.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == 42
    assert {row["edge_lat"] for row in rows[::step]} == {"L", "R"}
    for row in rows[::step]:
        image = opened(folder / row["file"], pixel_spacing_mm=0.085).read(0)
        assert image.shape == (int(row["height"]), int(row["width"]))
        assert side_of(image) == row["edge_lat"]


def test_colour_jpeg_has_the_luma_that_pillow_computes(real_data: Path) -> None:
    path = min((real_data / "bcs_dbt_slices").glob("*.jpg"))
    image = opened(path, pixel_spacing_mm=0.085).read(0)
    assert np.abs(image.astype(int) - np.array(Image.open(path).convert("L"))).max() <= 1


def test_film_in_a_black_frame_shows_no_side(real_data: Path) -> None:
    for path in sorted((real_data / "mini_mias").glob("*.png"))[::16]:
        image = opened(path, pixel_spacing_mm=0.2).read(0)
        np.testing.assert_array_equal(image, np.array(Image.open(path)))
        assert side_of(image) is None
