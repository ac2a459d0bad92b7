"""Options of the whole test suite."""

from pathlib import Path

import pytest

from fault_table import FaultTable


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fault-table", help="run the tests of the fault table and write what they saw"
    )


def pytest_configure(config: pytest.Config) -> None:
    if target := config.getoption("--fault-table"):
        config.pluginmanager.register(FaultTable(Path(target)), "fault-table")
