"""Microcalcifications in digital breast tomosynthesis: audit, measure, score.

The names of `NAMES` are loaded when they are asked for, so that no one needs another's packages.
"""

import importlib
import logging
from typing import Any

from tomocalc.extras import missing_package
from tomocalc.version import VERSION

__version__ = VERSION
logging.getLogger(__name__).addHandler(logging.NullHandler())  # results hold what is told

NAMES = {
    "TomocalcError": "tomocalc.errors",
    "audit_images": "tomocalc.audit.images",
    "audit_table": "tomocalc.audit.tables",
    "load_model": "tomocalc.model.release",
    "open_volume": "tomocalc.readers.volume",
    "plan_study": "tomocalc.study.planning",
    "predict_volume": "tomocalc.predict",
    "read_seal": "tomocalc.study.seal",
    "write_audit": "tomocalc.pages.audit_files",
}
"""What the package offers, and the module where it stands."""

__all__ = list(NAMES)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


def __getattr__(name: str) -> Any:
    if name not in NAMES:
        raise AttributeError(f"module 'tomocalc' has no attribute {name!r}")
    try:
        return getattr(importlib.import_module(NAMES[name]), name)
    except ModuleNotFoundError as error:
        raise missing_package(error) from None
