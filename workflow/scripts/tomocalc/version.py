"""The version of tomocalc: here, because scripts run without an installed package.

``pyproject.toml`` and ``CITATION.cff`` say the same; a test compares the three.
"""

VERSION = "0.2.0"
