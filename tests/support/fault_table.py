"""What must hold when something is wrong: row by row, expected and seen.

``pytest --fault-table=FILE`` runs the tests that ``tests/faults/table.tsv`` names, and writes
what they saw to FILE as a Markdown table.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tomocalc.errors import TomocalcError

TABLE = Path(__file__).parents[1] / "faults/table.tsv"
HEAD = """\
# Faults

`make faults`: what is wrong, what must happen, and what the tests of `tests/faults/table.tsv` saw.
The quoted line is the first error that a test of the row met.

| row | fault | expected | seen |
|---|---|---|---|
"""


def rows() -> list[dict[str, Any]]:
    """Return the rows of the table, each with the names of its ``tests``."""
    with TABLE.open(encoding="utf-8", newline="") as lines:
        found = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [{**row, "tests": row["tests"].split()} for row in found]


def test_name(node: str) -> str:
    """Return the name that the table has for a test: without its class, parameters and group."""
    file, _, rest = node.partition("::")
    name = rest.partition("[")[0].partition("@")[0].rpartition("::")[2]
    return f"{file.removeprefix('tests/')}::{name}"


class FaultTable:
    """Plugin that selects the tests of the table and gathers what they saw."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.outcomes: defaultdict[str, list[str]] = defaultdict(list)
        self.said: dict[str, str] = {}

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Keep the tests that the table names."""
        named = {test for row in rows() for test in row["tests"]}
        other = [item for item in items if test_name(item.nodeid) not in named]
        config.hook.pytest_deselected(items=other)
        items[:] = [item for item in items if test_name(item.nodeid) in named]

    @pytest.fixture(autouse=True)
    def first_error(self, monkeypatch: pytest.MonkeyPatch, record_property: Any) -> Iterator[None]:
        """Record the first error that a test meets."""
        met: list[TomocalcError] = []
        begin = TomocalcError.__init__

        def noted(self: TomocalcError, *arguments: Any, **words: Any) -> None:
            begin(self, *arguments, **words)
            met.append(self)

        monkeypatch.setattr(TomocalcError, "__init__", noted)
        yield
        if met:
            record_property("error", str(met[0]).splitlines()[0])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather an outcome; with several processes, the first one hears of all of them."""
        name = test_name(report.nodeid)
        if report.when == "call" or report.outcome == "skipped":
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
            self.outcomes[name].append(f"{report.outcome} {reason}".strip())
        elif report.outcome == "failed":
            self.outcomes[name].append("failed")
        for key, value in report.user_properties:
            if key == "error":
                self.said.setdefault(name, str(value))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the table, in the process that hears of all tests."""
        if hasattr(session.config, "workerinput"):
            return
        lines = [
            f"| {row['row']} | {row['fault']} | {row['expected']} | {self.seen(row['tests'])} |"
            for row in rows()
        ]
        self.target.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")

    def seen(self, tests: list[str]) -> str:
        """Return what the tests of one row saw."""
        outcomes = [outcome for test in tests for outcome in self.outcomes[test]]
        silent = [test for test in tests if not self.outcomes[test]]
        passed = outcomes.count("passed")
        parts = [f"as expected ({passed} tests)" if passed else ""]
        parts += sorted({outcome for outcome in outcomes if outcome != "passed"})
        parts += [f"**not run: {test}**" for test in silent]
        said = next((self.said[test] for test in tests if test in self.said), "")
        if said:
            parts.append(f"`{plain(said)}`")
        return "; ".join(filter(None, parts))


def plain(line: str) -> str:
    """Return an error without the folders of this run, in one cell."""
    line = re.sub(r"(?<![\w.])/(?:[\w.\-]+/)+", "…/", line)
    return line.replace("|", "\\|").replace("`", "'")[:220]
