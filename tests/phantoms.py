"""Settings of in-silico volumes: those of the demo."""

from __future__ import annotations

from tomocalc.phantom.settings import Settings

SETTINGS = Settings(
    rows=384,
    columns=256,
    slices=24,
    pixel_spacing_mm=0.1,
    slice_spacing_mm=1.0,
    projections=15,
    half_angle_deg=15.0,
    photons=3000.0,
    end_on_vessels=7.0,
)
