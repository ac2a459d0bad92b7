"""The command ``tomocalc``: what can be had without a run of the workflow."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from tomocalc.command import audit, demo, plan, predict, seal, send
from tomocalc.errors import TomocalcError
from tomocalc.extras import missing_package
from tomocalc.version import VERSION

FAULT = 2
"""Exit code of bad input; 1 is that of ``--fail-on``."""


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line, like all others."""

    def error(self, message: str) -> NoReturn:
        raise TomocalcError(
            "E105",
            what="the command cannot be understood",
            where=self.prog,
            why=message,
            fix=f"{self.prog} --help lists what it takes",
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code."""
    try:
        given = _parser().parse_args(arguments)
        return given.run(given)
    except TomocalcError as error:
        print(error, file=sys.stderr)  # noqa: T201
    except ModuleNotFoundError as error:
        print(missing_package(error), file=sys.stderr)  # noqa: T201
    except OSError as error:
        print(f"ERROR [E501] {error}", file=sys.stderr)  # noqa: T201
    return FAULT


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="tomocalc", description=__doc__)
    parser.add_argument("--version", action="version", version=f"tomocalc {VERSION}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    audit.add_parser(commands)
    demo.add_parser(commands)
    plan.add_parser(commands)
    predict.add_parser(commands)
    seal.add_parser(commands)
    send.add_parser(commands)
    return parser
