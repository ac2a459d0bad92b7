"""Opening volumes, sound and spoilt, with the limits that suit small test images."""

import re
from pathlib import Path
from typing import Any

import pytest
from numpy.typing import NDArray

from support.image_files import write_dicom, write_jpeg, write_pgm, write_png, write_tiff
from tomocalc.errors import TomocalcError
from tomocalc.readers.volume import Volume, open_volume

SPACED: dict[str, Any] = {"pixel_spacing_mm": 0.1, "slice_spacing_mm": 1.0}
"""For formats that carry no spacing."""


def opened(path: Path | str, **options: Any) -> Volume:
    """Open a volume whose files say what its spacing is, unless *options* do."""
    return open_volume(path, **{"max_pixels": 10**6, "min_size": 16, **options})


def opened_spaced(path: Path | str, **options: Any) -> Volume:
    """Open a volume whose files need not say what its spacing is."""
    return opened(path, **{**SPACED, **options})


def fault(path: Path | str, index: int = 0, **options: Any) -> TomocalcError:
    """Open *path*, read one slice, and return the fault that must come."""
    with pytest.raises(TomocalcError) as caught:
        opened_spaced(path, **options).read(index)
    for line in str(caught.value).splitlines():
        assert re.fullmatch(r"ERROR \[E\d{3}\] .+ \(.+\): .+\. Fix: .+\.", line)
    return caught.value


def cut(path: Path, share: float) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def write_image(path: Path, image: NDArray[Any], **options: Any) -> Path:
    """Write one slice in the format of the name's ending."""
    single = {".png": write_png, ".pgm": write_pgm, ".jpg": write_jpeg}
    if path.suffix in single:
        return single[path.suffix](path, image)
    return {".tif": write_tiff, ".dcm": write_dicom}[path.suffix](path, [image], **options)
