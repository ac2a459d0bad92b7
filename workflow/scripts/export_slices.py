"""Export a tomosynthesis DICOM file as one 16-bit PNG per slice."""

from pathlib import Path

from PIL import Image
from pydicom import dcmread
from pydicom.pixels.utils import iter_pixels

from tomocalc.files import atomic_path
from tomocalc.log import log_to


def main(*, dicom: str, folder: str) -> None:
    """Write the frames of *dicom* to *folder* as ``0000.png``, …, with the stored values.

    Slices that an earlier, longer volume left in the folder are removed.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    written: set[Path] = set()
    for index, frame in enumerate(iter_pixels(dcmread(dicom))):
        path = target / f"{index:04d}.png"
        with atomic_path(path) as temporary:
            Image.fromarray(frame).save(temporary, compress_level=6)
        written.add(path)
    for stale in set(target.glob("[0-9][0-9][0-9][0-9].png")) - written:
        stale.unlink()


if __name__ == "__main__":
    log_to(snakemake.log[0])
    main(dicom=snakemake.input.dicom, folder=snakemake.output.folder)
