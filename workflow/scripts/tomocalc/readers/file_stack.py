"""The files of a volume as slices in order, whatever their format."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

from tomocalc.accounts.doubts import Doubt
from tomocalc.errors import TomocalcError, fault, raise_all
from tomocalc.readers.file_names import check_names, name_order
from tomocalc.readers.plane import Facts, Plane, Stack, named, unsupported
from tomocalc.readers.sniff import SUFFIXES, Kind, header_of, sniff

ITK_KINDS = {Kind.NIFTI, Kind.NRRD, Kind.META}

Form = tuple[int, int, str, int]
"""Rows, columns, type, bits."""


def file_stack(
    files: list[Path], *, mask: bool = False, axes: tuple[float, ...] | None = None
) -> Stack:
    """Read the headers of *files*, which hold one volume, in the order of their names.

    Parameters
    ----------
    mask
        Whether the values are labels: then palettes and fewer than 8 bits are read too.
    axes
        As in `tomocalc.readers.itk.itk_stack`.

    Raises
    ------
    TomocalcError
        ``E203`` for a file that does not even claim to be an image, ``E207`` when formats are
        mixed; see also `dicom_stack`.
    """
    kinds: dict[Path, Kind] = {}
    faults: dict[Path, TomocalcError] = {}
    for file in files:
        try:
            with named(str(file), doing="cannot read an image"):
                kinds[file] = sniff(file)
        except TomocalcError as error:
            faults[file] = error
    _check_strangers(files, faults)
    found = set(kinds.values())
    if len(found) > 1:
        names = ", ".join(sorted(kind.value for kind in found))
        raise fault("formats_mixed", files[0].parent, f"its files are {names}")
    if Kind.DICOM in found:
        # Imported here: a volume of PNG files does not need pydicom, nor this one tifffile.
        from tomocalc.readers.dicom_stack import dicom_stack

        return dicom_stack(files, faults)
    if len(files) == 1 and found & ITK_KINDS:
        from tomocalc.readers.itk import itk_stack

        return itk_stack(files[0], kinds[files[0]], axes)
    planes: list[Plane | TomocalcError] = []
    for file in files:
        planes += [faults[file]] if file in faults else _planes(file, kinds[file], mask=mask)
    numbered = [
        replace(plane, stored=index) if isinstance(plane, Plane) else plane
        for index, plane in enumerate(planes)
    ]
    return Stack(planes=numbered, facts=_facts(numbered, files))


def _facts(planes: list[Plane | TomocalcError], files: list[Path]) -> Facts:
    sound = [plane for plane in planes if isinstance(plane, Plane)]
    said = {plane.resolution_mm for plane in sound} - {None}
    return Facts(
        doubts=_of_names(files) if len(files) > 1 else (),
        resolution_mm=next(iter(said)) if len(said) == 1 else None,
    )


def _of_names(files: list[Path]) -> tuple[Doubt, ...]:
    """Return what is doubtful about the order of *files*, which their names alone tell."""
    order = name_order(str(file) for file in files)
    check_names(order, str(files[0].parent))
    doubts = []
    if order.others and order.place is not None:
        values = {"used": float(order.place), "others": float(order.others)}
        doubts.append(Doubt(code="names_vary", values=values))
    if order.skipped:
        doubts.append(Doubt(code="numbers_skip", slices=order.skipped))
    if order.without_numbers:
        doubts.append(Doubt(code="names_without_numbers"))
    return tuple(doubts)


def _check_strangers(files: list[Path], faults: dict[Path, TomocalcError]) -> None:
    """Refuse a file among slices that is none: counted as a lost slice, it would shift the rest."""
    if len(faults) == len(files):
        return  # what is wrong with them all is their own fault
    away = "take it away, or name the slices by a pattern such as *.png"
    raise_all(
        [
            fault("stray_file", error.where, error.why, error.fix if header_of(file) else away)
            for file, error in faults.items()
            if file.suffix.lower() not in SUFFIXES
        ]
    )


def _planes(file: Path, kind: Kind, *, mask: bool) -> list[Plane | TomocalcError]:
    try:
        if kind in ITK_KINDS:
            raise unsupported(
                str(file),
                f"a {kind.value} file is read as a whole volume, and this is one of several",
                "join the slices in one file, or name each volume on its own, by its file",
            )
        if kind is Kind.TIFF:
            from tomocalc.readers.tiff import tiff_planes

            return tiff_planes(file, mask=mask)
        from tomocalc.readers.raster import raster_plane

        with named(str(file), doing="an image header cannot be read"):
            return [raster_plane(file, kind, mask=mask)]
    except TomocalcError as error:
        return [error]


def checked_planes(
    planes: list[Plane | TomocalcError], *, max_pixels: int, min_size: int
) -> list[Plane | TomocalcError]:
    """Replace every slice outside the limits, or unlike most of its volume, by its fault."""
    sized = [
        (_size_fault(plane, max_pixels=max_pixels, min_size=min_size) or plane)
        if isinstance(plane, Plane)
        else plane
        for plane in planes
    ]
    counts = Counter(_form(plane) for plane in sized if isinstance(plane, Plane))
    if len(counts) <= 1:
        return sized
    usual = counts.most_common(1)[0][0]
    return [
        _odd_one(plane, usual) if isinstance(plane, Plane) and _form(plane) != usual else plane
        for plane in sized
    ]


def _form(plane: Plane) -> Form:
    return plane.rows, plane.columns, plane.dtype, plane.bits


def _size_fault(plane: Plane, *, max_pixels: int, min_size: int) -> TomocalcError | None:
    size = f"{plane.rows} × {plane.columns} pixels"
    if plane.rows * plane.columns > max_pixels:
        return fault(
            "image_too_large", plane.where, f"it has {size}, more than {max_pixels} in all"
        )
    if min(plane.rows, plane.columns) < min_size:
        why = f"it has {size}, and each side must have at least {min_size}"
        return fault("image_too_small", plane.where, why)
    return None


def _odd_one(plane: Plane, usual: Form) -> TomocalcError:
    found = "{} × {} pixels of {} with {} bits".format(*_form(plane))
    most = "{} × {} of {} with {}".format(*usual)
    return fault("slice_differs", plane.where, f"it has {found}, most have {most}")
