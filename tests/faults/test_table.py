"""The table of faults names tests that exist."""

import ast
from functools import cache
from pathlib import Path

from support.fault_table import rows

TESTS = Path(__file__).parents[1]


@cache
def functions(file: str) -> set[str]:
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_row_has_tests_that_exist() -> None:
    found = rows()
    assert [int(row["row"]) for row in found] == list(range(1, len(found) + 1))
    named = [test.split("::") for row in found for test in row["tests"]]
    assert all(row["tests"] for row in found)
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not (TESTS / file).is_file() or name not in functions(file)
    ]
    assert missing == []
