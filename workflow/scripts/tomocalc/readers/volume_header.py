"""What is known of a volume before its pixels are read."""

from __future__ import annotations

from dataclasses import dataclass

from tomocalc.accounts.doubts import Doubt, doubt_sentence


@dataclass(frozen=True, kw_only=True)
class VolumeHeader:
    """What is known of a volume before its pixels are read."""

    slices: int
    rows: int
    columns: int
    dtype: str
    """Of the arrays that `Volume.read` returns: ``uint8`` or ``uint16``."""
    bits: int
    """Values lie in 0 .. 2**bits - 1."""
    spacing_mm: tuple[float, float]
    """(row, column)."""
    spacing_source: str
    """``PixelSpacing``, ``ImagerPixelSpacing``, ``affine`` or ``sheet``."""
    slice_spacing_mm: float
    """Distance of neighbouring slices; 1.0, without meaning, for a single slice."""
    slice_spacing_source: str
    """``ImagePositionPatient``, ``SpacingBetweenSlices``, ``sheet`` or ``single slice``."""
    study: str
    """Digest of the Study Instance UID; empty where no header names one."""
    laterality: str | None
    """L or R: the sheet's, else the header's."""
    view: str | None
    """From the header: CC, MLO, …"""
    turned: bool
    """Both in-plane axes are reversed, to repair a side that disagreed with the sheet."""
    outside: float | None = None
    """Value of a bright outside that no header calls padding."""
    doubts: tuple[Doubt, ...]
    """As far as headers and the middle slice tell."""
    left_out: tuple[str, ...]
    """Images in its place that are no slices of it: place and reason."""
    half_angle_deg: float | None
    """Half the angle that the tube moved through; None where no header says."""
    projections: int | None
    """X-ray projections of the acquisition; None where no header says."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """The doubts in words."""
        return tuple(doubt_sentence(doubt) for doubt in self.doubts)

    def shown(self) -> dict[str, object]:
        """Return what a volume shows of itself where it is typed."""
        return {
            "slices": self.slices,
            "size": (self.rows, self.columns),
            "spacing_mm": self.spacing_mm,
            "slice_spacing_mm": self.slice_spacing_mm if self.slices > 1 else None,
            "breast": " ".join(filter(None, (self.laterality, self.view))) or None,
            "dtype": self.dtype,
            "doubts": ", ".join(doubt.code for doubt in self.doubts) or None,
        }
