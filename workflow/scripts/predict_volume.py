"""Score the candidates of one volume with a released model, and write what a reader needs."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tomocalc.dataset.shards import read_manifest, read_volume_rows
from tomocalc.files import write_bytes, write_json, write_text
from tomocalc.image.objects import stored_search
from tomocalc.log import log_to
from tomocalc.memory import keep_freed_memory
from tomocalc.model.release import load_model
from tomocalc.pages.frame import write_page
from tomocalc.pages.volume.page import volume_page
from tomocalc.parquet import read_parquet, write_parquet
from tomocalc.prediction.attribution import explained
from tomocalc.prediction.outputs import dicom_objects, looked_at, marks_text
from tomocalc.prediction.scoring import score_volume
from tomocalc.prediction.sites import is_simulated
from tomocalc.readers.row import open_row
from tomocalc.readers.volume import Volume

log = logging.getLogger("tomocalc.predict_volume")

MEANING = {
    "marks.tsv": "one row per candidate, likeliest first",
    "marks.parquet": "the same, typed",
    "clusters.tsv": "one row per cluster of flagged candidates",
    "scores.json": "scores of the volume, drift and warnings",
    "report.dcm": "DICOM structured report of the flagged candidates (TID 1500)",
    "segmentation.dcm": "DICOM segmentation of their pixels",
    "overlay.png": "picture with all candidates",
}


def main(
    *,
    manifest: str,
    weights: str,
    volume: dict[str, Any],
    image: dict[str, Any],
    rule: dict[str, Any],
    settings: dict[str, Any],
    simulated: bool | None,
    home: str | None,
    marks_sheet: str,
    marks_table: str,
    clusters: str,
    scores: str,
    page: str,
    report: str | None,
    segmentation: str | None,
    measuring: Mapping[str, Any] | None = None,
    overlay: str | None = None,
) -> None:
    """Write marks, clusters, scores, page and DICOM objects of a volume.

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
        The ``predict`` section of the configuration.
    simulated
        Whether the volume is known to be; None where only its ``site`` can tell.
    home
        Address of the page of all volumes, seen from this volume's page.
    report, segmentation
        DICOM objects; None where ``predict.identifiers`` is ``none``.
    measuring
        ``candidates`` and ``sequence_slices`` as `extract_features` takes them, for a volume that
        has to be measured; its slices are then decoded once for everything.
    overlay
        Picture of a volume that is measured.

    Raises
    ------
    TomocalcError
        ``E602`` when the model does not fit the volume, ``E404`` when it cannot be read, ``E601``
        when identifiers are to be copied and there are none.
    """
    model, looks = load_model(weights), Path(manifest).with_name("looks.parquet")
    if measuring is not None:
        # Here, because SciPy and scikit-image are of no use for a volume that is measured already.
        from extract_features import measure_volume

        measure_volume(
            volume=volume,
            manifest=manifest,
            overlay=str(overlay),
            image=image,
            looks=str(looks),
            in_silico=is_simulated(volume["site"]),
            **measuring,
        )
    facts = read_manifest(manifest)
    rows = read_volume_rows(manifest, facts)
    tolerance = settings["spacing_tolerance"]
    scored = score_volume(model, rows, facts, rule=rule, tolerance=tolerance, simulated=simulated)
    for warning in scored.facts["warnings"]:
        log.warning("%s: %s", facts["volume_id"], warning)
    write_text(marks_sheet, marks_text(scored.marks))
    write_parquet(marks_table, scored.marks)
    write_text(clusters, marks_text(scored.clusters))
    identifiers = settings["identifiers"]
    found = stored_search(Path(manifest).parent / "search.parquet", facts["generator"])

    def opened() -> Volume:
        """Open the volume where what was kept of it is not enough."""
        return open_row(volume["path"], volume, image)

    seen = read_parquet(looks) if measuring else looked_at(opened(), found, facts)
    written = [marks_sheet, marks_table, clusters, scores]
    if report is not None and segmentation is not None:
        contents = dicom_objects(
            model,
            scored,
            manifest=facts,
            found=found,
            identifiers=identifiers,
            stack=opened() if identifiers == "source" else None,
        )
        for path, content in zip((report, segmentation), contents, strict=True):
            write_bytes(path, content)
        written += [report, segmentation]
    files = [(Path(path).name, MEANING[Path(path).name]) for path in written]
    if (Path(page).parent / "overlay.png").is_file():
        files.append(("overlay.png", MEANING["overlay.png"]))
    html = volume_page(
        scored,
        card=model.card,
        manifest=facts,
        looks=seen,
        explained=explained(model, rows, scored.marks),
        files=files,
        home=home,
    )
    write_page(page, html)
    write_json(scores, scored.facts)


if __name__ == "__main__":
    log_to(snakemake.log[0])
    keep_freed_memory()
    main(
        manifest=snakemake.params.manifest or snakemake.output.manifest,
        weights=snakemake.input.weights,
        volume=snakemake.params.volume,
        image=snakemake.params.image,
        rule=snakemake.params.rule,
        settings=snakemake.params.settings,
        simulated=snakemake.params.simulated,
        home="../index.html",
        marks_sheet=snakemake.output.marks_sheet,
        marks_table=snakemake.output.marks_table,
        clusters=snakemake.output.clusters,
        scores=snakemake.output.scores,
        page=snakemake.output.page,
        report=snakemake.output.get("report"),
        segmentation=snakemake.output.get("segmentation"),
        measuring=snakemake.params.measuring,
        overlay=snakemake.output.get("overlay"),
    )
