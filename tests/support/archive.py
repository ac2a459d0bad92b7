"""An archive on loopback that keeps the DICOM objects that it is sent."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydicom.uid import (
    ComprehensiveSRStorage,
    GrayscaleSoftcopyPresentationStateStorage,
    MammographyCADSRStorage,
    SegmentationStorage,
)
from pynetdicom import AE, evt
from pynetdicom.transport import ThreadedAssociationServer

KINDS = (
    ComprehensiveSRStorage,
    GrayscaleSoftcopyPresentationStateStorage,
    MammographyCADSRStorage,
    SegmentationStorage,
)


class Archive:
    """A store that answers *status*, and keeps what it was given."""

    def __init__(self, *, kinds: Any = KINDS, status: int = 0, title: str | None = None) -> None:
        self.kept: list[str] = []
        own = AE(ae_title=title or "ARCHIVE")
        own.require_called_aet = title is not None
        for kind in kinds:
            own.add_supported_context(kind)

        def store(event: evt.Event) -> int:
            self.kept.append(event.dataset.SOPInstanceUID)
            return status

        handlers: Any = [(evt.EVT_C_STORE, store)]
        server = own.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
        assert isinstance(server, ThreadedAssociationServer)
        self.server = server
        self.address = f"127.0.0.1:{self.server.server_address[1]}"


@contextmanager
def running_archive(**settings: Any) -> Iterator[Archive]:
    """Start an archive, and stop it."""
    made = Archive(**settings)
    try:
        yield made
    finally:
        made.server.shutdown()
