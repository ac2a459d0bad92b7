"""Choose which calcifications and distractors are put into the volumes of a batch, and where."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from tomocalc.accounts.insertion import InsertionPlan, Insertions
from tomocalc.dataset.annotations import own_lines
from tomocalc.errors import TomocalcError, raise_all
from tomocalc.insertion.drawing import InsertionSettings
from tomocalc.insertion.planning import plan_insertion
from tomocalc.log import run
from tomocalc.readers.opening import open_row
from tomocalc.sections import ReadingSection

log = logging.getLogger("tomocalc.insert_findings")


def main(
    *,
    volumes: Sequence[Mapping[str, Any]],
    calcified: Sequence[str],
    image: ReadingSection,
    settings: Mapping[str, Any],
    slice_tolerance: int,
    seed: int,
    account: str,
    annotations: str | None = None,
    data_root: str | None = None,
) -> None:
    """Write a `tomocalc.accounts.insertion.Insertions` of all volumes, or name what cannot work.

    Parameters
    ----------
    volumes
        Rows of the sheet.
    calcified
        Ids of those that get clusters.
    image, settings
        Sections ``image`` and ``insertion`` of the configuration.
    slice_tolerance
        Slices above and below an annotated one that nothing may change on either.
    annotations
        The user's own sheet, if there is one.
    data_root
        Folder that the masks of the annotations are in, or None.
    """
    how = InsertionSettings.from_config(settings)
    own = own_lines(annotations, data_root)
    plans, errors = list[InsertionPlan](), list[TomocalcError]()
    for volume in volumes:
        name = volume["volume_id"]
        try:
            plans.append(
                plan_insertion(
                    open_row(volume["path"], volume, image),
                    volume_id=name,
                    where=f"volume {name}, {volume['path']}",
                    calcified=name in calcified,
                    settings=how,
                    seed=seed,
                    annotations=[row for row in own if row["volume_id"] == name],
                    slice_tolerance=slice_tolerance,
                )
            )
        except TomocalcError as error:
            log.exception("volume %s", name)
            errors.append(error)
            continue
        log.info("%s: %d groups, %s", name, len(plans[-1].groups), plans[-1].motion)
    raise_all(errors)
    Insertions(volumes=tuple(plans)).write(account)


if __name__ == "__main__":
    run(main, snakemake)
