"""A cohort in which one volume, or few, of every doubtful sort is mixed."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from support.doubtful_files import (
    around_the_breast,
    as_png,
    both_breasts,
    collimated,
    of_a_film,
    of_coloured_pictures,
    of_exchanged_bytes,
    of_named_pictures,
    of_noise,
    of_parts,
    of_turned_axes,
    of_two_geometries,
    run_over,
    stored,
    with_a_bad_slice,
    with_a_black_box,
    with_a_blank_box,
    with_a_copy,
    with_a_detector_line,
    with_a_flat_slice,
    with_a_frame,
    without_a_spot,
)
from support.image_files import CT, dicom, item, write_dicom
from support.image_volumes import CANDIDATES, IMAGE, SHEET
from support.normal_volumes import INSERTION, SMALL, normal_volume
from tomocalc.accounts.settings import Settings
from tomocalc.image.extraction import measure_volume
from tomocalc.image.overlay import volume_overlay
from tomocalc.insertion.layer import InsertedVolume
from tomocalc.insertion.planning import plan_insertion
from tomocalc.readers.volume import Volume

Write = Callable[[Path, int], Path]
Change = dict[str, Any]
WORDS = ["DERIVED", "PRIMARY", "TOMOSYNTHESIS"]


@dataclass(frozen=True)
class Sort:
    """One volume of the cohort.

    Attributes
    ----------
    doubts
        What is doubtful about it.
    write
        Writes it beside a path, of a seed, and returns the path for the sheet.
    sheet, settings
        What differs in its row, and in the sections ``image`` and ``candidates``.
    put_in
        What is put into it while it is read.
    """

    doubts: set[str]
    write: Write
    sheet: Change = field(default_factory=dict)
    settings: Change = field(default_factory=dict)
    put_in: Callable[[Volume], Volume] | None = None


def depths(*places: int) -> list[list[float]]:
    """Return positions along the normal of the image plane, in mm."""
    return [[-float(place), 0.0, 0.0] for place in places]


def as_stack(place: Path, frames: list[NDArray[Any]], **attributes: Any) -> Path:
    """Write one DICOM file of slices 1 mm apart."""
    given = {"enhanced": True, "positions": depths(*range(len(frames))), **attributes}
    return write_dicom(place.with_suffix(".dcm"), frames, **given)


def as_dicom(
    change: Callable[[NDArray[Any]], NDArray[Any]] = lambda frame: frame, **attributes: Any
) -> Write:
    """Return what writes the changed slices as one DICOM file with *attributes*."""

    def write(place: Path, seed: int) -> Path:
        return as_stack(place, [change(frame) for frame in stored(seed)], **attributes)

    return write


def as_series(numbers: tuple[int, ...], *beside: Change) -> Write:
    """Return what writes single slices with Instance Numbers, and images *beside* them."""

    def write(place: Path, seed: int) -> Path:
        place.mkdir()

        def save(name: str, frame: NDArray[Any], depth: int, **attributes: Any) -> None:
            uid = f"1.2.3.{seed}.{name}"
            given = {"sop_class": CT, "SOPInstanceUID": uid, "positions": depths(depth)}
            write_dicom(place / name, [frame], **given, **attributes)

        frames = stored(seed)
        for depth, (frame, number) in enumerate(zip(frames, numbers, strict=True)):
            save(str(depth), frame, depth, InstanceNumber=number)
        for number, attributes in enumerate(beside, start=7):
            save(str(number), frames[0], number, InstanceNumber=number, **attributes)
        return place

    return write


def of_growing_spacing(place: Path, seed: int) -> Path:
    """Write frames each of which has a pixel spacing of its own."""
    made: Dataset = dicom(
        stored(seed), enhanced=True, spacing=None, positions=depths(0, 1, 2, 3, 4)
    )
    for index, group in enumerate(made.PerFrameFunctionalGroupsSequence):
        group.PixelMeasuresSequence = [item(PixelSpacing=[0.1 + index * 1e-3] * 2)]
    made.save_as(place.with_suffix(".dcm"), enforce_file_format=True)
    return place.with_suffix(".dcm")


def of_projections(place: Path, _: int) -> Path:
    """Write a normal volume that was reconstructed from projections within 25 degrees."""
    settings = replace(SMALL, half_angle_deg=25.0)
    return normal_volume(place.parent, place.name, settings).path(0)


def put_in(volume: Volume) -> Volume:
    """Put a cluster into a volume, as if the tube moved through 15 degrees to either side."""
    volume = volume.with_header(replace(volume.header, half_angle_deg=None))
    settings = replace(INSERTION, half_angle_deg=15.0, distractors=0.0)
    how: dict[str, Any] = {"volume_id": "v", "calcified": False, "seed": 1, "where": "v"}
    return InsertedVolume(volume, plan_insertion(volume, settings=settings, **how))


def of_few_and_their_mean(place: Path, seed: int) -> Path:
    """Write three slices and, behind them, their mean."""
    frames = stored(seed)[:3]
    return as_stack(place, [*frames, np.rint(np.mean(frames, axis=0)).astype(np.uint16)])


def of_one_inverted(place: Path, seed: int) -> Path:
    """Write a volume of which one slice is inverted."""
    frames = [frame if index != 1 else 4095 - frame for index, frame in enumerate(stored(seed))]
    return as_stack(place, frames)


def of_two_volumes(place: Path, seed: int) -> Path:
    """Write a volume whose every other slice is another breast's."""
    return as_stack(place, [stored(seed + index % 2)[index] for index in range(5)])


def of_rows(place: Path, seed: int) -> Path:
    """Write a volume whose slices lie across the true ones."""
    frames = np.repeat(np.stack(stored(seed)), 4, axis=0).transpose(1, 0, 2)
    return as_stack(place, [*frames])


WOMAN, STUDY, UNNAMED = {"patient_id": "p-0000"}, "1.2.3.99", {"spacing": None}
COHORT: dict[str, Sort] = {
    "sound": Sort(set(), as_png),
    "side": Sort({"side_differs", "same_pixels"}, as_png, {"laterality": "R"}),
    "twin": Sort({"same_pixels"}, lambda place, _: as_png(place, 1)),
    "turned": Sort({"side_turned"}, as_png, {"laterality": "R"}, {"side_mismatch": "repair"}),
    "both": Sort({"side_unclear", "two_regions"}, as_dicom(both_breasts, ImageLaterality="R")),
    "detector": Sort({"detector_spacing"}, as_dicom(ImagerPixelSpacing=[0.1, 0.1], **UNNAMED)),
    "magnified": Sort(
        {"magnified"},
        as_dicom(
            ImagerPixelSpacing=[0.15] * 2, EstimatedRadiographicMagnificationFactor=1.5, **UNNAMED
        ),
    ),
    "sheet": Sort(
        {"pixel_spacing_differs", "slice_spacing_differs", "view_differs"},
        as_dicom(ViewPosition="MLO"),
        {"pixel_spacing_mm": 0.2, "slice_spacing_mm": 2.0, "view": "CC"},
    ),
    "pictures": Sort(
        {"coloured", "names_vary", "numbers_skip", "file_spacing_differs", "slice_unlike"},
        of_coloured_pictures,
    ),
    "words": Sort({"names_without_numbers"}, of_named_pictures),
    "copied": Sort({"slices_repeat"}, with_a_copy),
    "deep": Sort({"depth_unlikely"}, as_png, {"slice_spacing_mm": 45.0}),
    "across": Sort(
        {"more_than_rows", "neighbours_unlike", "straight_line", "slice_unlike", "clipped"}, of_rows
    ),
    "two": Sort({"neighbours_unlike"}, of_two_volumes),
    "framed": Sort({"framed"}, as_dicom(with_a_frame)),
    "thin": Sort(
        {"slices_apart", "imager_spacing_differs"},
        as_dicom(SliceThickness=0.4, ImagerPixelSpacing=[0.02, 0.02]),
    ),
    "steps": Sort({"positions_differ"}, as_dicom(SpacingBetweenSlices=2.0)),
    "spread": Sort({"spacings_differ"}, of_growing_spacing),
    "frames": Sort({"header_contradicts"}, as_dicom(positions=depths(0, 1, 2, 3))),
    "gap": Sort({"gap"}, as_dicom(positions=depths(0, 1, 2, 5, 6))),
    "shuffled": Sort({"frames_reordered"}, as_dicom(positions=depths(0, 2, 1, 3, 4))),
    "nowhere": Sort({"one_position"}, as_dicom(positions=depths(0, 0, 0, 0, 0))),
    "axes": Sort({"axes_turned"}, of_turned_axes),
    "reversed": Sort({"order_reversed"}, as_series((5, 4, 3, 2, 1))),
    "muddled": Sort({"order_differs"}, as_series((1, 3, 2, 4, 5))),
    "numbered": Sort({"numbers_repeat"}, as_series((1, 1, 2, 2, 3))),
    "beside": Sort(
        {"left_out"}, as_series((1, 2, 3, 4, 5), {"ImageType": [*WORDS, "GENERATED_2D"]})
    ),
    "slab": Sort({"slab"}, as_dicom(ImageType=[*WORDS, "MAXIMUM"])),
    "synthetic": Sort({"synthetic_2d"}, as_dicom(ImageType=[*WORDS, "GENERATED_2D"])),
    "bits": Sort({"bits_exceeded"}, as_dicom(BitsStored=10, HighBit=9)),
    "bright": Sort({"bright_outside"}, as_dicom(around_the_breast)),
    "nameless": Sort({"no_class"}, as_dicom(SOPClassUID=None)),
    "text": Sort({"burned_in"}, as_dicom(BurnedInAnnotation="YES")),
    "lost": Sort({"quarantined"}, with_a_bad_slice, {}, {"on_bad_slice": "quarantine"}),
    "flat": Sort({"constant"}, with_a_flat_slice),
    "crowd": Sort({"capped"}, as_png, {}, {"max_per_slice": 1}),
    "empty": Sort({"no_candidate", "clipped"}, without_a_spot),
    "angle": Sort({"angle_differs"}, of_projections, put_in=put_in),
    "noise": Sort(
        {"geometry_misfit", "straight_line", "no_candidate", "clipped", "no_air"},
        of_noise,
        put_in=put_in,
    ),
    **{
        f"one-{name}": Sort(
            {"study_shared"}, as_dicom(StudyInstanceUID=STUDY), {"patient_id": name}
        )
        for name in ("ada", "eva")
    },
    **{
        f"visit{name}": Sort({"many_studies"}, as_dicom(StudyInstanceUID=f"{STUDY}.{name}"), WOMAN)
        for name in range(5)
    },
    "affines": Sort({"affine_contradicts"}, of_two_geometries),
    "bytes": Sort({"bytes_swapped", "no_candidate", "wrapped"}, of_exchanged_bytes),
    "window": Sort({"clipped"}, as_dicom(lambda frame: np.minimum(frame, 1150))),
    "lying": Sort({"lies_across"}, as_dicom(lambda frame: np.ascontiguousarray(frame.T))),
    "black": Sort({"blank_area"}, as_dicom(with_a_black_box)),
    "film": Sort(set(), as_dicom(of_a_film)),
    "collimated": Sort({"straight_line"}, as_dicom(collimated)),
    "blanked": Sort({"blank_area"}, as_dicom(with_a_blank_box)),
    "wrapped": Sort({"wrapped"}, as_dicom(run_over)),
    "averaged": Sort({"slice_unlike"}, of_few_and_their_mean),
    "inverted": Sort({"slice_unlike"}, of_one_inverted),
    "inside": Sort(
        {"no_air", "blank_area"}, as_dicom(lambda frame: np.where(frame < 500, 960, frame))
    ),
    "line": Sort({"straight_line", "clipped"}, as_dicom(with_a_detector_line)),
    "oblong": Sort({"pixels_oblong", "pixel_spacing_differs"}, as_dicom(spacing=(0.1, 0.11))),
    "parts": Sort({"parts_uncounted"}, of_parts),
    "computed": Sort({"other_modality"}, as_dicom(Modality="CT")),
}
"""Volumes by their names."""
TOGETHER = {"same_pixels", "many_studies", "study_shared"}
"""Doubts that volumes tell only together."""


def measure_cohort(folder: Path) -> None:
    """Write, measure and draw every volume below *folder*."""
    (folder / "raw").mkdir()
    for seed, (name, sort) in enumerate(COHORT.items()):
        image, search = (
            given | {key: value for key, value in sort.settings.items() if key in given}
            for given in (IMAGE, CANDIDATES)
        )
        found = measure_volume(
            sort.write(folder / "raw" / name, seed),
            row=sheet_row(name),
            image=image,
            settings=Settings.from_config(image, search, 3),
            folder=folder / "features" / name,
            put_in=sort.put_in,
        )
        picture = volume_overlay(found.manifest, found.found, found.previews, in_silico=False)
        (folder / "features" / name / "overlay.png").write_bytes(picture)


def sheet_row(name: str) -> Change:
    """Return the row of a volume, without its path."""
    return SHEET | {"volume_id": name, "patient_id": f"p-{name}"} | COHORT[name].sheet
