"""What has been put into a volume stays in it; the tube's motion is read from the header."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from support.image_files import item, volume, write_dicom
from support.opening import opened
from tomocalc.readers.opening import spooled
from tomocalc.readers.volume import Volume


class Brighter(Volume):
    """A volume into which something has been put."""

    def read(self, index: int) -> NDArray[Any]:
        return super().read(index) + 1

    def key(self, index: int) -> str:
        return f"brighter {super().key(index)}"


@pytest.mark.parametrize("syntax", ["jpeg2000", "explicit"])
def test_a_scratch_file_and_another_header_keep_what_was_put_in(
    tmp_path: Path, syntax: str
) -> None:
    frames = volume(3, bits=12)
    path = write_dicom(tmp_path / "v.dcm", frames, bits=12, syntax=syntax, spacing=(0.1, 0.1))
    plain = opened(path, slice_spacing_mm=1.0)
    layered = Brighter(header=plain.header, planes=plain.planes, scale=plain.scale)
    other = layered.with_header(replace(plain.header, view="MLO"))
    with spooled(other) as stack:
        for _ in range(2):
            np.testing.assert_array_equal(stack.read(1), frames[1] + 1)
        assert stack.key(1) == f"brighter {plain.key(1)}"
    assert other.header.view == "MLO"
    assert layered.header.view == plain.header.view


def shots(*angles: float) -> list[Dataset]:
    """Return the acquisition of a file that names the angle of every projection."""
    each = [item(PositionerPrimaryAngle=angle) for angle in angles]
    return [item(PerProjectionAcquisitionSequence=each)]


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"XRay3DAcquisitionSequence": shots(-7.5, 0, 7.5)}, (7.5, 3)),
        ({"XRay3DAcquisitionSequence": shots(0)}, (None, None)),
        ({"XRay3DAcquisitionSequence": [item(PrimaryPositionerScanArc=50.0)]}, (25, None)),
        ({"TomoAngle": 30}, (15, None)),
        ({"TomoAngle": 0}, (None, None)),
        ({}, (None, None)),
    ],
)
def test_the_angle_of_the_tube_is_read_where_the_header_has_it(
    tmp_path: Path, attributes: dict[str, Any], expected: tuple[float | None, int | None]
) -> None:
    path = write_dicom(tmp_path / "v.dcm", volume(3, bits=12), bits=12, spacing=(0.1, 0.1))
    assert opened(path, slice_spacing_mm=1.0).header.half_angle_deg is None
    write_dicom(path, volume(3, bits=12), bits=12, spacing=(0.1, 0.1), **attributes)
    header = opened(path, slice_spacing_mm=1.0).header
    assert (header.half_angle_deg, header.projections) == expected
