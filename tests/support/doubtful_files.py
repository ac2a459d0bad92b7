"""Files of volumes that are doubtful for what they hold, without a DICOM header."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from support.encodings_itk import itk, patched, permuted
from support.image_files import write_dicom
from support.image_volumes import volume_frames, write_volume


def stored(seed: int) -> list[NDArray[Any]]:
    """Return slices of 12 bits."""
    return [frame >> 1 for frame in volume_frames(seed=seed)]


def as_png(place: Path, seed: int) -> Path:
    return write_volume(place, seed=seed)


def with_a_bad_slice(place: Path, seed: int) -> Path:
    as_png(place, seed)
    (place / "s2.png").write_bytes((place / "s2.png").read_bytes()[:5000])
    return place


def with_a_flat_slice(place: Path, seed: int) -> Path:
    as_png(place, seed)
    Image.fromarray(np.full((192, 128), 700, np.uint16)).save(place / "s4.png")
    return place


def of_coloured_pictures(place: Path, seed: int) -> Path:
    """Write pictures with a red mark, a resolution and two numbers in their names, one skipped."""
    place.mkdir()
    for index, frame in enumerate(stored(seed)):
        image = np.dstack([(frame >> 4).astype(np.uint8)] * 3)
        image[5:9, 100:120] = 250 if index else 0, 250, 250
        name = f"kv{28 + index % 2}_s{index + (index > 2)}.png"
        Image.fromarray(image).save(place / name, dpi=(330, 330))
    return place


def of_named_pictures(place: Path, seed: int) -> Path:
    as_png(place, seed)
    for index, name in enumerate(("back", "front", "middle", "rear", "top")):
        (place / f"s{index}.png").rename(place / f"{name}.png")
    return place


def with_a_copy(place: Path, seed: int) -> Path:
    as_png(place, seed)
    (place / "s3.png").write_bytes((place / "s2.png").read_bytes())
    return place


def without_a_spot(place: Path, seed: int) -> Path:
    """Write slices of a breast without any texture, as a wrong background makes them."""
    place.mkdir(parents=True)
    row, col = np.mgrid[:192, :128]
    inside = (row - 96) ** 2 + col**2 < 90**2
    for index in range(5):
        image = np.where(inside, 2000 + seed + index + 2 * row, 60).astype(np.uint16)
        Image.fromarray(image).save(place / f"s{index}.png")
    return place


def of_turned_axes(place: Path, seed: int) -> Path:
    """Write a file of NIfTI whose axes are in the order slices, columns, rows."""
    frames = np.stack(stored(seed))
    return itk(f"{place.name}.nii", permuted((2, 0, 1)), frames)(place.parent)


def of_noise(place: Path, seed: int) -> Path:
    """Write a breast of noise, whose slices are no projections of anything."""
    place.mkdir()
    rng = np.random.default_rng(seed)
    for index in range(8):
        image = rng.integers(900, 1100, (192, 192))
        image[:, 180:] = 20
        Image.fromarray(image.astype(np.uint16)).save(place / f"s{index}.png")
    return place


def of_two_geometries(place: Path, seed: int) -> Path:
    """Write a file of NIfTI whose sform has slices twice as far apart as its pixel sizes."""
    write = itk(f"{place.name}.nii", frames=np.stack(stored(seed)))
    return patched(write, (312, "<4f", 0, 0, 2, 0))(place.parent)


def of_exchanged_bytes(place: Path, seed: int) -> Path:
    place.mkdir()
    for index, frame in enumerate(stored(seed)):
        Image.fromarray(frame.byteswap()).save(place / f"s{index}.png")
    return place


def around_the_breast(frame: NDArray[Any]) -> NDArray[Any]:
    """Make the air the brightest of all."""
    return np.where(frame < 500, 4095, frame).astype(frame.dtype)


def with_a_frame(frame: NDArray[Any]) -> NDArray[Any]:
    return np.pad(frame[2:-2, 2:-2], 2, constant_values=4095)


def with_a_detector_line(frame: NDArray[Any]) -> NDArray[Any]:
    frame[:, 40] = 4095
    return frame


def of_a_film(frame: NDArray[Any]) -> NDArray[Any]:
    """Return the breast beside the edge of a film."""
    return np.pad(frame, ((0, 0), (12, 0)), constant_values=60)


def collimated(frame: NDArray[Any]) -> NDArray[Any]:
    frame[:, 70:] = 60
    return frame


def with_a_blank_box(frame: NDArray[Any]) -> NDArray[Any]:
    frame[30:66, 20:56] = 960
    return frame


def both_breasts(frame: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([frame, frame[:, ::-1]], axis=1)


def with_a_black_box(frame: NDArray[Any]) -> NDArray[Any]:
    """Return the breast with a box at the chest wall that was blanked."""
    frame[90:120, :30] = 0
    return frame


def run_over(frame: NDArray[Any]) -> NDArray[Any]:
    """Return values of which the brightest are too large for their bits and become the darkest."""
    return (frame + (4096 - np.sort(frame, axis=None)[-30])) & 4095


def of_parts(place: Path, seed: int) -> Path:
    """Write two parts of a concatenation that do not say how many there are."""
    place.mkdir()
    for part, frames in enumerate((stored(seed)[:3], stored(seed)[3:])):
        write_dicom(
            place / str(part),
            frames,
            enhanced=True,
            positions=[[-float(3 * part + at), 0.0, 0.0] for at in range(len(frames))],
            ConcatenationUID="1.2.9",
            InConcatenationNumber=part + 1,
            SOPInstanceUID=f"1.2.3.{seed}.{part}",
        )
    return place
