"""Find the candidates of a batch of volumes, measure them slice by slice and write their shards."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tomocalc.accounts.batch import Batch
from tomocalc.accounts.doubts import doubt_sentence, refuse_doubts, typed_doubts
from tomocalc.errors import TomocalcError, raise_all
from tomocalc.image.extraction import extract
from tomocalc.image.settings import Settings
from tomocalc.log import log_to
from tomocalc.memory import keep_freed_memory
from tomocalc.readers.row import open_row
from tomocalc.readers.sources import check_sha256, unchanged
from tomocalc.readers.spool import spooled
from tomocalc.tables import OBJECTS_FILE

log = logging.getLogger("tomocalc.extract_features")


def main(
    *, volumes: Sequence[Mapping[str, Any]], folder: str, account: str, **settings: Any
) -> None:
    """Measure volumes one after another; name those that failed when all others are done.

    Parameters
    ----------
    volumes
        Rows of the sheet.
    folder
        Gets a folder per volume, with its manifest, shards and picture.
    account
        Written last: a `tomocalc.accounts.batch.Batch`.
    settings
        What `measure_volume` takes for all of them.
    """
    folders, errors = [], list[TomocalcError]()
    for volume in volumes:
        name = volume["volume_id"]
        log.info("volume %s", name)
        place = Path(folder, name)
        folders.append(place)
        try:
            measure_volume(
                volume=volume,
                manifest=str(place / "manifest.json"),
                overlay=str(place / "overlay.png"),
                **settings,
            )
        except TomocalcError as error:
            log.exception("volume %s", name)
            errors.append(error)
    raise_all(errors)
    Batch.of(folders, place=Path(account).parent).write(account)


def measure_volume(
    *,
    volume: Mapping[str, Any],
    manifest: str,
    overlay: str,
    image: Mapping[str, Any],
    candidates: Mapping[str, Any],
    sequence_slices: int,
    looks: str | None = None,
    in_silico: bool = False,
    threads: int = 1,
) -> None:
    """Write one shard per slice, the table of objects, the picture and the manifest.

    Parameters
    ----------
    volume
        Row of the sheet; its path is the file, folder or pattern that holds the volume.
    manifest
        Written last; shards and the table of objects go beside it.
    overlay
        Picture of the volume; one is kept beside the manifest too.
    image, candidates
        Sections of the configuration.
    sequence_slices
        Consecutive slices around the best focus that are measured for each candidate.
    looks
        Slices and candidates for a page to show, if wanted.
    in_silico
        Whether the volume is simulated; the picture then says so.
    threads
        Slices worked on at once.
    """
    source = volume["path"]
    settings = Settings.from_config(image, candidates, sequence_slices)
    if volume["sha256"]:
        check_sha256(source, volume["sha256"])
    stack = open_row(source, volume, image)
    with unchanged(source), spooled(stack) as slices:
        measured = extract(
            slices,
            settings,
            row=volume,
            manifest=manifest,
            objects=Path(manifest).with_name(OBJECTS_FILE),
            overlay=overlay,
            looks=looks,
            on_bad_slice=image["on_bad_slice"],
            in_silico=in_silico,
            threads=threads,
        )
    doubts = typed_doubts(measured["doubts"])
    for doubt in doubts:
        log.warning("%s: %s", volume["volume_id"], doubt_sentence(doubt))
    refuse_doubts(doubts, image, f"volume {volume['volume_id']}, {source}")


if __name__ == "__main__":
    log_to(snakemake.log[0])
    keep_freed_memory()
    main(
        volumes=snakemake.params.volumes,
        folder=snakemake.params.folder,
        account=snakemake.output.account,
        image=snakemake.params.image,
        candidates=snakemake.params.candidates,
        sequence_slices=snakemake.params.sequence_slices,
        in_silico=snakemake.params.in_silico,
        threads=snakemake.threads,
    )
