"""Fetch a published feature table and check it against its checksum."""

import hashlib
import urllib.error
import urllib.request

from tomocalc.errors import fault
from tomocalc.files import write_bytes
from tomocalc.log import run

TIMEOUT_S = 60
MAX_BYTES = 2_000_000_000


def main(*, address: str, sha256: str, table: str) -> None:
    """Fetch *address* (http or https) to *table*; its SHA-256 must be *sha256*."""
    if not address.startswith(("http://", "https://")):
        raise fault("table_not_fetched", address, "it is not an http(s) address")
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT_S) as response:  # noqa: S310
            content = response.read(MAX_BYTES)
    except (OSError, urllib.error.URLError) as error:
        raise fault("table_not_fetched", address, str(error)) from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise fault("table_not_fetched", address, f"its SHA-256 is {found}, not {sha256}")
    write_bytes(table, content)


if __name__ == "__main__":
    run(main, snakemake)
