"""Settings of in-silico volumes: those of the demo."""

from __future__ import annotations

from support.defaults import CONFIG
from tomocalc.phantom.settings import Settings

SETTINGS = Settings.from_config(CONFIG["phantom"])
