"""Simulate one in-silico tomosynthesis volume, with its annotations and the whole truth."""

from pathlib import Path

import numpy as np
from PIL import Image

from tomocalc.files import atomic_path, sheet_text, write_bytes, write_text
from tomocalc.log import run
from tomocalc.phantom.cohort import PhantomVolume
from tomocalc.phantom.dicom import dicom_bytes, image_dataset
from tomocalc.phantom.settings import Settings
from tomocalc.phantom.volume import (
    ANNOTATION_COLUMNS,
    BITS,
    TRUTH_COLUMNS,
    annotation_rows,
    simulate,
    truth_rows,
)
from tomocalc.sections import PhantomSection


def main(
    *,
    row: PhantomVolume,
    seed: int,
    settings: PhantomSection,
    image: str,
    annotations: str,
    truth: str,
) -> None:
    """Write the volume *image*, and the sheets *annotations* and *truth* of what is in it.

    Parameters
    ----------
    row
        Of `tomocalc.phantom.cohort.phantom_volumes`.
    settings
        The configuration's ``phantom`` section.
    image
        Breast Tomosynthesis Image, one frame per slice; or a folder of 16-bit PNG files, as
        *settings* say.
    annotations
        Calcifications, in the format of ``annotations.tsv``.
    truth
        Every inserted object, distractors too.
    """
    if row["view"] != "CC":
        raise ValueError(f"the phantom has cranio-caudal views only, not {row['view']!r}")
    grid = Settings.from_config(settings)
    simulation = simulate(row, seed=seed, settings=grid)
    if settings["format"] == "png":
        write_slices(simulation.stored, Path(image))
    else:
        made = image_dataset(simulation.stored, row, seed=seed, bits=BITS, settings=grid)
        write_bytes(image, dicom_bytes(made))
    name, found = row["volume_id"], simulation.truth
    write_text(annotations, sheet_text(ANNOTATION_COLUMNS, annotation_rows(name, found, grid)))
    write_text(truth, sheet_text(TRUTH_COLUMNS, truth_rows(name, found, grid)))


def write_slices(stored: np.ndarray, folder: Path) -> None:
    """Write slices (slice, row, column) to *folder* as ``0000.png``, … with their stored values."""
    folder.mkdir(parents=True, exist_ok=True)
    for index, slice_ in enumerate(stored):
        with atomic_path(folder / f"{index:04d}.png") as temporary:
            Image.fromarray(slice_).save(temporary, compress_level=6)


if __name__ == "__main__":
    run(main, snakemake)
