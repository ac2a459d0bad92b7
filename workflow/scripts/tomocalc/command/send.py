"""``tomocalc send``: store DICOM objects in an archive (C-STORE)."""

from __future__ import annotations

import argparse
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tomocalc.errors import TomocalcError, fault
from tomocalc.files import require_regular

if TYPE_CHECKING:
    from pydicom import FileDataset

CALLING, CALLED = "TOMOCALC", "ANY-SCP"
DAY_S = 86_400
TITLE = 16
"""Characters of a title of application entity, at most."""
ADDRESS = re.compile(
    r"(?:(?P<called>[^@]{1,16})@)?(?P<host>[^@:]+|\[[0-9A-Fa-f:]+\]):(?P<port>\d+)"
)


def add_parser(commands: Any) -> None:
    """Add the command to the sub-commands of a parser."""
    send = commands.add_parser(
        "send",
        help="store the DICOM objects of a prediction in an archive",
        description="Store DICOM objects in an archive (C-STORE). A folder stands for all "
        "DICOM files in it.",
    )
    send.set_defaults(run=_send)
    send.add_argument("files", nargs="+", type=Path, help="DICOM files, or folders of them")
    send.add_argument("--to", required=True, metavar="[AE@]HOST:PORT", help="the archive")
    send.add_argument("--as", dest="calling", default=CALLING, metavar="AE", help="own AE title")
    send.add_argument("--timeout", type=float, default=30.0, metavar="S", help="for any answer")


def _send(given: argparse.Namespace) -> int:
    sent = send_files(given.files, given.to, calling=given.calling, timeout_s=given.timeout)
    print(f"{sent} stored in {given.to}")  # noqa: T201
    return 0


def send_files(
    files: list[Path], to: str, *, calling: str = CALLING, timeout_s: float = 30.0
) -> int:
    """Store DICOM files in an archive; return how many.

    All are read, and what the archive takes is asked, before the first is sent.

    Parameters
    ----------
    files
        Files, or folders of which all files ``*.dcm`` are meant.
    to
        ``HOST:PORT`` or ``AE@HOST:PORT``.
    calling
        Own title of application entity, at most 16 characters.
    timeout_s
        Longest wait for an answer, s.

    Raises
    ------
    TomocalcError
        ``E604`` when a file is no DICOM object, or the archive cannot be reached, knows neither
        title, does not take such objects, or refuses one.
    """
    from pynetdicom import AE

    called, host, port = _address(to)
    if not 0 < timeout_s < DAY_S or not 0 < len(calling.strip()) <= TITLE:
        why = f"the own title has 1 to {TITLE} characters, the wait is above 0 s and below a day"
        raise _not_sent("--as and --timeout", why, "correct them")
    objects = [(path, _read(path)) for path in _files(files)]
    own = AE(ae_title=calling)
    own.acse_timeout = own.dimse_timeout = own.network_timeout = own.connection_timeout = timeout_s
    kinds = {(str(one.SOPClassUID), str(one.file_meta.TransferSyntaxUID)) for _, one in objects}
    for kind, syntax in sorted(kinds):
        own.add_requested_context(kind, syntax)
    try:
        socket.create_connection((host, port), timeout_s).close()
    except OSError as error:
        why = f"nothing there answers: {getattr(error, 'strerror', None) or error}"
        raise _not_sent(to, why, "mend host, port or network") from None
    archive = own.associate(host, port, ae_title=called)
    if not archive.is_established:
        raise _no_association(archive, to, calling, timeout_s)
    try:
        taken = {str(one.abstract_syntax) for one in archive.accepted_contexts}
        for path, one in objects:
            if str(one.SOPClassUID) not in taken:
                why = f"it does not take objects of the kind {one.SOPClassUID.name}"
                raise _not_sent(f"{path} to {to}", why, "allow them there, or leave this file out")
        for number, (path, one) in enumerate(objects):
            status = archive.send_c_store(one)
            code = status.get("Status")
            # Bxxx are warnings: the object is stored all the same (PS3.4 B.2.3).
            if code is None or (code != 0 and code >> 12 != 0xB):
                why = "the connection was lost" if code is None else f"it answers 0x{code:04X}"
                fix = f"mend it there and send again; {number} of {len(objects)} are stored"
                raise _not_sent(f"{path} to {to}", why, fix)
    finally:
        if archive.is_established:
            archive.release()
    return len(objects)


def _no_association(archive: Any, to: str, calling: str, timeout_s: float) -> TomocalcError:
    """Return why an archive would not talk, and let go of it."""
    if archive.dul.socket and archive.dul.socket.socket:  # which pynetdicom leaves open
        archive.dul.socket.socket.close()
    if archive.is_rejected:
        why = "it rejects the association"
        fix = f"let it know the calling title {calling}, and name its own: --to AE@HOST:PORT"
    elif archive.rejected_contexts:
        why, fix = "it takes none of these kinds of objects", "allow them there"
    else:
        why = f"no answer of a DICOM archive came within {timeout_s:g} s; TLS is not spoken"
        fix = "mend host and port, or have the archive listen without TLS inside your network"
    return _not_sent(to, why, fix)


def _address(to: str) -> tuple[str, str, int]:
    """Return the title, host and port of ``[AE@]HOST:PORT``."""
    found = ADDRESS.fullmatch(to)
    if not found or not 0 < int(found["port"]) < 65536:
        raise _not_sent("--to", f"{to} is not HOST:PORT or AE@HOST:PORT", "give it in this form")
    return found["called"] or CALLED, found["host"].strip("[]"), int(found["port"])


def _files(paths: list[Path]) -> list[Path]:
    found = []
    for path in paths:
        inside = sorted(path.rglob("*.dcm")) if path.is_dir() else [path]
        if not inside:
            raise _not_sent(str(path), "the folder holds no file *.dcm", "name another")
        found += inside
    return found


def _read(path: Path) -> FileDataset:
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    try:
        require_regular(path)
        read = dcmread(path)
    except InvalidDicomError:
        raise _not_sent(str(path), "it is no DICOM file", "leave it out") from None
    except OSError as error:
        raise _not_sent(str(path), error.strerror or "it cannot be read", "mend the path") from None
    for name in ("SOPClassUID", "SOPInstanceUID"):
        if not read.get(name):
            raise _not_sent(str(path), f"its header has no {name}", "leave it out")
    if not read.file_meta.get("TransferSyntaxUID"):
        raise _not_sent(str(path), "its file header has no TransferSyntaxUID", "leave it out")
    return read


def _not_sent(where: str, why: str, fix: str) -> TomocalcError:
    return fault("objects_not_sent", where, why, fix)
