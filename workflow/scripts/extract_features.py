"""Find the candidates of a batch of volumes, measure them slice by slice and write their shards."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tomocalc.accounts.insertion import Insertions
from tomocalc.accounts.manifest import Batch
from tomocalc.accounts.settings import Settings, compared_generator
from tomocalc.errors import TomocalcError, raise_all
from tomocalc.files import write_bytes
from tomocalc.image.extraction import measure_volume
from tomocalc.image.overlay import volume_overlay
from tomocalc.insertion.layer import putting_in
from tomocalc.learned.search import load_search
from tomocalc.log import keep_freed_memory, run
from tomocalc.sections import CandidatesSection, ImageSection

log = logging.getLogger("tomocalc.extract_features")


def main(
    *,
    volumes: Sequence[Mapping[str, Any]],
    folder: str,
    account: str,
    image: ImageSection,
    candidates: CandidatesSection,
    sequence_slices: int,
    searches: Mapping[str, str] | None = None,
    in_silico: bool = False,
    insertions: str | None = None,
    threads: int = 1,
) -> None:
    """Measure volumes one after another; name those that failed when all others are done.

    Parameters
    ----------
    volumes
        Rows of the sheet; the path of each is the file, folder or pattern that holds the volume.
    folder
        Gets a folder per volume, with its manifest, shards and picture.
    account
        Written last: a `tomocalc.accounts.manifest.Batch`.
    image, candidates
        Sections of the configuration.
    sequence_slices
        Consecutive slices around the best focus that are measured for each candidate.
    searches
        Folder of the learned search of every volume, where they have one.
    in_silico
        Whether the volumes are simulated; their pictures then say so.
    insertions
        Account of what is put into the volumes while they are read, if anything is.
    threads
        Slices worked on at once.
    """
    settings = Settings.from_config(image, candidates, sequence_slices)
    planned = Insertions.plans([insertions]) if insertions else {}
    folders, errors = [], list[TomocalcError]()
    for volume in volumes:
        name = volume["volume_id"]
        log.info("volume %s", name)
        place = Path(folder, name)
        folders.append(place)
        try:
            found = measure_volume(
                volume["path"],
                row=volume,
                image=image,
                settings=settings,
                folder=place,
                compared=compared_generator(candidates["compare"], in_silico=in_silico),
                threads=threads,
                put_in=putting_in(planned[name], name) if planned else None,
                search=load_search(searches[name]) if searches else None,
            )
            picture = volume_overlay(
                found.manifest, found.found, found.previews, in_silico=in_silico
            )
            write_bytes(place / "overlay.png", picture)
        except TomocalcError as error:
            log.exception("volume %s", name)
            errors.append(error)
    raise_all(errors)
    Batch.of(folders, place=Path(account).parent).write(account)


if __name__ == "__main__":
    keep_freed_memory()
    run(main, snakemake, insertions=next(iter(snakemake.input.insertions), None))
