"""Small copies of pictures, written into a page."""

from __future__ import annotations

import base64
import io
from pathlib import Path

from PIL import Image

LONGER_SIDE = 440
"""In pixels."""


def thumbnail(path: str | Path) -> str:
    """Return a small copy of a picture as a ``data:`` address."""
    with Image.open(path) as picture:
        small = picture.convert("RGB")
        small.thumbnail((LONGER_SIDE, LONGER_SIDE), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=82, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()
