"""A row of the sheet of volumes, opened with the settings of the configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tomocalc.accounts.doubts import refuse_doubts
from tomocalc.readers.volume import Volume, open_volume
from tomocalc.sections import ReadingSection


def open_row(
    source: str | Path,
    row: Mapping[str, Any],
    image: ReadingSection,
    put_in: Callable[[Volume], Volume] | None = None,
) -> Volume:
    """Open the volume of a sheet's *row*; see `open_volume`.

    Parameters
    ----------
    source
        File, folder or pattern that holds it.
    row
        Its laterality, pixel_spacing_mm and slice_spacing_mm are used.
    image
        Section of the configuration.
    put_in
        What lays something over the slices, if anything does.

    Raises
    ------
    TomocalcError
        Those of `open_volume`, and ``E209`` for a doubt that the configuration refuses.
    """
    volume = open_volume(
        source,
        pixel_spacing_mm=row["pixel_spacing_mm"],
        slice_spacing_mm=row["slice_spacing_mm"],
        laterality=row["laterality"],
        max_pixels=image["max_pixels"],
        min_size=image["min_size"],
        side_mismatch=image["side_mismatch"],
    )
    if put_in is not None:
        volume = put_in(volume)
    refuse_doubts(volume.header.doubts, image, f"volume {row['volume_id']}, {source}")
    return volume
