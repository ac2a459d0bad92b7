"""Opening files that are spoilt: each fault is told in one line, with place and remedy."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tomocalc.errors import TomocalcError
from tomocalc.readers.volume import Volume, open_volume


def opened(path: Path | str, **options: Any) -> Volume:
    defaults: dict[str, Any] = {"pixel_spacing_mm": 0.1, "slice_spacing_mm": 1.0}
    return open_volume(path, **{**defaults, "max_pixels": 10**6, "min_size": 16, **options})


def fault(path: Path | str, index: int = 0, **options: Any) -> TomocalcError:
    """Open *path*, read one slice, and return the fault that must come."""
    with pytest.raises(TomocalcError) as caught:
        opened(path, **options).read(index)
    for line in str(caught.value).splitlines():
        assert re.fullmatch(r"ERROR \[E\d{3}\] .+ \(.+\): .+\. Fix: .+\.", line)
    return caught.value


def cut(path: Path, share: float) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path
