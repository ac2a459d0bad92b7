"""Train a search on slices of training patients into which spots are put."""

import logging
from collections.abc import Iterator, Sequence
from math import ceil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tomocalc.accounts.settings import Settings
from tomocalc.cells import Row
from tomocalc.errors import TomocalcError
from tomocalc.files import stable_number
from tomocalc.image.slices import Spacing
from tomocalc.learned.learning import SearchRecipe, learn_search
from tomocalc.learned.search import save_search
from tomocalc.log import run
from tomocalc.readers.opening import open_row
from tomocalc.readers.sources import check_sha256, unchanged
from tomocalc.sections import CandidatesSection, ImageSection, ReadingSection

log = logging.getLogger("tomocalc.train_search")


def main(
    *,
    volumes: Sequence[Row],
    image: ImageSection,
    candidates: CandidatesSection,
    sequence_slices: int,
    slices: int,
    passes: int,
    epochs: int,
    seed: int,
    account: str,
) -> None:
    """Write the search beside its *account*.

    Parameters
    ----------
    volumes
        Rows of the sheet, of training patients alone.
    image
        Section of the configuration: how files are read.
    candidates, sequence_slices
        Of the classical search, among whose objects it chooses.
    slices, passes, epochs
        As the ``search`` section of the configuration has them.
    """
    recipe = SearchRecipe(passes=passes, epochs=epochs, seed=seed)
    search = learn_search(
        training_slices(volumes, image, wanted=slices, seed=seed),
        settings=Settings.from_config(image, candidates, sequence_slices),
        recipe=recipe,
        patients=tuple(sorted({volume["patient_id"] for volume in volumes})),
    )
    save_search(Path(account).parent, search)


def training_slices(
    volumes: Sequence[Row], image: ReadingSection, *, wanted: int, seed: int
) -> Iterator[tuple[NDArray[np.unsignedinteger], Spacing]]:
    """Yield about *wanted* slices, as many of every volume, drawn at random.

    A slice that cannot be read is passed over where the configuration puts such slices into
    quarantine.
    """
    for volume in volumes:
        name, source = volume["volume_id"], volume["path"]
        if volume["sha256"]:
            check_sha256(source, volume["sha256"])
        stack = open_row(source, volume, image)
        rng = np.random.default_rng(stable_number("slices", seed, name))
        count = min(ceil(wanted / len(volumes)), len(stack))
        with unchanged(source):
            for index in sorted(rng.choice(len(stack), size=count, replace=False)):
                try:
                    raw = stack.read(int(index))
                except TomocalcError as error:
                    if image["on_bad_slice"] == "fail":
                        raise
                    log.warning("%s, slice %d is left out: %s", name, index, error)
                    continue
                yield raw, stack.header.spacing_mm
        log.info("%s: %d slices", name, count)


if __name__ == "__main__":
    run(main, snakemake)
