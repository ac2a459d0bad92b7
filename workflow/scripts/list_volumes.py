"""List the measured volumes and the slices in quarantine."""

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path

from tomocalc.accounts.manifest import Batch
from tomocalc.dataset.listing import checked, write_listing
from tomocalc.files import sheet_text, write_text
from tomocalc.image.shards import read_manifest
from tomocalc.log import run

log = logging.getLogger("tomocalc.list_volumes")

COLUMNS = ("volume_id", "slice", "reason", "fix")


def main(*, batches: Sequence[str], volumes: str, quarantine: str) -> None:
    """Write the sheets of *volumes* and of slices in *quarantine*.

    Parameters
    ----------
    batches
        Accounts of all batches.
    volumes
        One line per volume: its manifest with a checksum, and counts.
    quarantine
        One line per slice that no volume could use, with the reason and the remedy; a header even
        where there is nothing to list.

    Raises
    ------
    TomocalcError
        ``E301`` for a manifest or a picture that is missing or altered.
    """
    manifests = []
    for account in batches:
        folder = Path(account).parent
        for volume in Batch.read(account).volumes:
            manifests.append(checked(folder / volume.manifest, volume.manifest_sha256))
            checked(folder / volume.overlay, volume.overlay_sha256)
    log.info("%d volumes", write_listing(volumes, manifests))
    log.info("%d slices are quarantined", list_quarantine(quarantine, manifests))


def list_quarantine(sheet: str, manifests: Iterable[str]) -> int:
    """Write the *sheet* of slices in quarantine, by volume and slice; return how many they are."""
    rows = [
        {
            "volume_id": volume.volume_id,
            **{name: _line(getattr(entry, name)) for name in COLUMNS[1:]},
        }
        for volume in sorted(map(read_manifest, manifests), key=lambda facts: facts.volume_id)
        for entry in volume.quarantined
    ]
    write_text(sheet, sheet_text(COLUMNS, rows))
    return len(rows)


def _line(value: object) -> str:
    """Return *value* as one cell: a library's message may hold tabs or line ends."""
    return " ".join(str(value).split())


if __name__ == "__main__":
    run(main, snakemake)
