"""Opening files that are spoilt: each fault is told in one line, with place and remedy."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from support.opening import opened_spaced as opened
from tomocalc.errors import TomocalcError


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
