"""A training's state between two epochs, enough to go on bit for bit."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import torch

from tomocalc.files import write_bytes

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checkpoint:
    """A file that holds the state of one training.

    Attributes
    ----------
    path
        The file; absent before the first save.
    key
        `tomocalc.model.recipe.Recipe.key`: a state of another training is not resumed.
    """

    path: Path
    key: str

    def save(self, state: dict[str, Any]) -> None:
        """Replace the file by *state* (tensors, numbers, lists, dictionaries).

        The archive is made in memory, because torch calls a full disk an internal error.
        """
        archive = BytesIO()
        torch.save({"key": self.key} | state, archive)
        write_bytes(self.path, archive.getvalue())

    def load(self) -> dict[str, Any] | None:
        """Return the saved state, or None where there is none for this training.

        A damaged file costs time and no result, so it is reported and left aside.
        """
        if not self.path.exists():
            return None
        try:
            state = torch.load(self.path, weights_only=True, map_location="cpu")
            key = state["key"]
        except Exception as error:  # whatever a damaged archive makes torch raise
            log.warning("checkpoint %s cannot be read (%s): starting over", self.path, error)
            return None
        if key != self.key:
            log.warning(
                "checkpoint %s is of other data, settings or code: starting over", self.path
            )
            return None
        return state

    def remove(self) -> None:
        """Delete the file, once the results are written."""
        self.path.unlink(missing_ok=True)
