"""Score the candidates of one volume with a released model, and write what a reader needs."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tomocalc.accounts.settings import Settings
from tomocalc.files import write_bytes
from tomocalc.image.overlay import volume_overlay
from tomocalc.log import keep_freed_memory, run
from tomocalc.predict import FILES, predict_volume
from tomocalc.prediction.fit import caution_text
from tomocalc.sections import ClusterSection, ImageSection, PredictSection

log = logging.getLogger("tomocalc.predict_volume")


def main(
    *,
    manifest: str,
    weights: str,
    volume: Mapping[str, Any],
    image: ImageSection,
    rule: ClusterSection,
    settings: PredictSection,
    simulated: bool | None,
    page: str,
    measuring: Mapping[str, Any] | None = None,
    overlay: str | None = None,
    home: str | None = "../index.html",
) -> None:
    """Write marks, clusters, scores, DICOM objects and page of a volume into one folder.

    Parameters
    ----------
    manifest
        Of the volume's features, with the shards beside it; written first when the volume is
        measured.
    weights
        The released model's ``model.safetensors``, its card beside it.
    volume
        Row of the sheet; its path is the file, folder or pattern that holds the volume.
    image
        Section of the configuration.
    rule
        ``evaluation.cluster`` of the configuration.
    settings
        The ``predict`` section of the configuration; with ``identifiers: none`` no DICOM objects
        are written.
    simulated
        Whether the volume is known to be; None where only its ``site`` can tell.
    home
        Address of the page of all volumes, seen from this volume's page.
    page
        Of the volume; everything else goes beside it, under the names of `FILES`.
    measuring
        ``candidates`` and ``sequence_slices`` of the configuration, for a volume that has to be
        measured; its slices are then decoded once for everything.
    overlay
        Picture of a volume that is measured.
    """
    prediction = predict_volume(
        volume["path"],
        model=weights,
        **{name: volume[name] for name in ROW},
        image=image,
        settings=Settings.from_config(image, **measuring) if measuring else None,
        folder=Path(manifest).parent,
        measured=measuring is None,
        spacing_tolerance=settings["spacing_tolerance"],
        cluster=rule,
        simulated=simulated,
    )
    scores, folder = prediction.scores, Path(page).parent
    for caution in scores.cautions:
        log.warning("%s: %s", scores.volume_id, caution_text(caution))
    for name in FILES:  # of an earlier call: this one may not make it
        (folder / name).unlink(missing_ok=True)
    if overlay is not None:
        found = prediction.measured
        picture = volume_overlay(
            found.manifest, found.found, found.previews, in_silico=scores.simulated
        )
        write_bytes(overlay, picture)
    prediction.write_tables(folder)
    if settings["identifiers"] != "none":
        prediction.write_dicom(folder, identifiers=settings["identifiers"])
    files = [name for name in FILES if (folder / name).is_file()]
    prediction.write_page(page, files=files, home=home)


ROW = (
    "volume_id",
    "patient_id",
    "laterality",
    "view",
    "site",
    "pixel_spacing_mm",
    "slice_spacing_mm",
    "sha256",
)
"""What of the sheet's row a volume is scored with."""


if __name__ == "__main__":
    keep_freed_memory()
    run(main, snakemake, manifest=snakemake.params.manifest or snakemake.output.manifest)
