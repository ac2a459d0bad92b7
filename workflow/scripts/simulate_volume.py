"""Simulate one in-silico tomosynthesis volume, with its annotations and the whole truth."""

from collections.abc import Mapping
from typing import Any

from tomocalc.files import sheet_text, write_bytes, write_text
from tomocalc.log import log_to
from tomocalc.phantom.dicom import dicom_bytes
from tomocalc.phantom.settings import Settings
from tomocalc.phantom.sheets import ANNOTATION_COLUMNS, TRUTH_COLUMNS, annotation_rows, truth_rows
from tomocalc.phantom.volume import BITS, simulate


def main(
    *,
    volume_id: str,
    patient_id: str,
    laterality: str,
    view: str,
    calcified: bool,
    seed: int,
    settings: Mapping[str, Any],
    dicom: str,
    annotations: str,
    truth: str,
) -> None:
    """Write the volume *dicom*, and the sheets *annotations* and *truth* of what is in it.

    Parameters
    ----------
    volume_id, patient_id, laterality, view, calcified
        A row of `tomocalc.phantom.cohort.phantom_volumes`.
    settings
        The configuration's ``phantom`` section.
    dicom
        Breast Tomosynthesis Image, one frame per slice.
    annotations
        Calcifications, in the format of ``annotations.tsv``.
    truth
        Every inserted object, distractors too.
    """
    if view != "CC":
        raise ValueError(f"the phantom has cranio-caudal views only, not {view!r}")
    grid = Settings.from_config(settings)
    simulation = simulate(
        volume_id=volume_id,
        patient_id=patient_id,
        laterality=laterality,
        calcified=calcified,
        seed=seed,
        settings=grid,
    )
    content = dicom_bytes(
        simulation.stored,
        volume_id=volume_id,
        patient_id=patient_id,
        laterality=laterality,
        seed=seed,
        bits=BITS,
        settings=grid,
    )
    write_bytes(dicom, content)
    rows = annotation_rows(volume_id, simulation.truth, grid)
    write_text(annotations, sheet_text(ANNOTATION_COLUMNS, rows))
    write_text(truth, sheet_text(TRUTH_COLUMNS, truth_rows(volume_id, simulation.truth, grid)))


if __name__ == "__main__":
    log_to(snakemake.log[0])
    main(
        **snakemake.params.row,
        seed=snakemake.params.seed,
        settings=snakemake.params.settings,
        dicom=snakemake.output.dicom,
        annotations=snakemake.output.annotations,
        truth=snakemake.output.truth,
    )
