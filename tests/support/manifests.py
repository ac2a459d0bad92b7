"""Manifests of volumes that nobody measured."""

from typing import Any

from support.image_slices import SETTINGS
from tomocalc.accounts.manifest import SliceFacts, TableEntry, VolumeManifest
from tomocalc.image.shards import settings_key
from tomocalc.tables import SCHEMA_VERSION

NOTHING = TableEntry(path="search.parquet", key="k", rows=0, sha256="0" * 64)


def manifest(volume_id: str = "v", **changes: Any) -> VolumeManifest:
    """Return the manifest of a volume of ten slices of 100 by 80 pixels of 0.1 mm."""
    every = tuple(SliceFacts(slice=index, objects=1, qc_flag="ok") for index in range(10))
    given: dict[str, Any] = {
        "patient_id": "p",
        "laterality": "L",
        "view": "CC",
        "site": "",
        "pixel_spacing_mm": (0.1, 0.1),
        "slice_spacing_mm": 1.0,
        "vendor": "",
        "rows": 100,
        "columns": 80,
        "slices": 10,
        "schema_version": SCHEMA_VERSION,
        "settings_key": settings_key(SETTINGS),
        "settings": SETTINGS,
        "generators": ("local",),
        "candidates": 7,
        "study": "",
        "content": "",
        "turned": False,
        "sources": (),
        "breast_share": 0.5,
        "shards": (),
        "objects": NOTHING,
        "slice_facts": every,
        "quarantined": (),
        "doubts": (),
        "versions": {},
    }
    return VolumeManifest(volume_id=volume_id, **(given | changes))
