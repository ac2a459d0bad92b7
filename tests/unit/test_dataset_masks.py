"""Masks are as little trusted as images."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.image_files import picture, write_dicom
from tomocalc.dataset.masks import read_mask
from tomocalc.errors import TomocalcError


def test_a_deflated_mask_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "mask.dcm", [picture()], syntax="deflated")
    with pytest.raises(TomocalcError, match=r"E203.*it is deflated"):
        read_mask(str(path))


def test_a_dicom_image_is_a_mask(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "mask.dcm", [picture()])
    assert list(read_mask(str(path))) == [None]
