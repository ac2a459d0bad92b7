"""Measure a batch of volumes one after another, each as `extract_features` does."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from extract_features import main as extract_volume
from tomocalc.errors import TomocalcError, raise_all
from tomocalc.log import log_to
from tomocalc.memory import keep_freed_memory

log = logging.getLogger("tomocalc.extract_batch")


def main(
    *,
    volumes: Sequence[Mapping[str, Any]],
    sources: Sequence[str],
    manifests: Sequence[str],
    overlays: Sequence[str],
    **settings: Any,
) -> None:
    """Measure every volume of the batch; name those that failed when all others are done.

    Parameters
    ----------
    volumes
        Rows of the sheet.
    sources
        File, folder or pattern of each.
    manifests, overlays
        What `extract_features` writes of each.
    settings
        What it takes for all of them.
    """
    errors = []
    for volume, source, manifest, overlay in zip(
        volumes, sources, manifests, overlays, strict=True
    ):
        log.info("volume %s", volume["volume_id"])
        try:
            extract_volume(
                volume=volume, source=source, manifest=manifest, overlay=overlay, **settings
            )
        except TomocalcError as error:
            log.exception("volume %s", volume["volume_id"])
            errors.append(error)
    raise_all(errors)


if __name__ == "__main__":
    log_to(snakemake.log[0])
    keep_freed_memory()
    main(
        volumes=snakemake.params.volumes,
        sources=snakemake.params.sources,
        manifests=snakemake.output.manifests,
        overlays=snakemake.output.overlays,
        image=snakemake.params.image,
        candidates=snakemake.params.candidates,
        sequence_slices=snakemake.params.sequence_slices,
        in_silico=snakemake.params.in_silico,
        threads=snakemake.threads,
    )
