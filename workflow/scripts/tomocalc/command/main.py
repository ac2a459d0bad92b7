"""The command tomocalc: what can be had without a run of the workflow."""

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from tomocalc.command import audit, demo, predict, send
from tomocalc.errors import TomocalcError, fault, in_one_line
from tomocalc.extras import missing_package
from tomocalc.version import VERSION


def add_plan_parser(commands: Any) -> None:
    """Add the command to the sub-commands of a parser."""
    plan = commands.add_parser(
        "plan",
        help="say how many patients a study needs",
        description="Say how many patients a study of the AUROC needs, by playing it many times "
        "with the patients of a pilot.",
    )
    plan.set_defaults(run=_plan)
    plan.add_argument("pilot", help="table with a row per candidate: label, patient and score")
    wanted = plan.add_mutually_exclusive_group(required=True)
    wanted.add_argument("--half-width", type=float, help="of the interval of the AUROC")
    wanted.add_argument("--lead", type=float, help="in AUROC over --other that is to be seen")
    told = "default: %(default)s"
    plan.add_argument("--score", default="probability", metavar="COLUMN", help=told)
    plan.add_argument("--other", metavar="COLUMN", help="score of the other model")
    plan.add_argument("--label", default="label", metavar="COLUMN", help=f"1 is positive; {told}")
    plan.add_argument("--patient", default="patient_id", metavar="COLUMN", help=told)
    plan.add_argument("--share", type=float, help="of patients with a positive row; the pilot's")
    plan.add_argument("--power", type=float, default=0.8, help=f"share of studies; {told}")
    plan.add_argument("--confidence", type=float, default=0.95, help=told)
    plan.add_argument("--seed", type=int, default=0)


def _plan(given: argparse.Namespace) -> int:
    # here: --help need not wait for what computes
    from tomocalc.study.planning import plan_study

    # every option is an argument of the function
    found = plan_study(**{name: vars(given)[name] for name in vars(given) if name not in OWN})
    print(  # noqa: T201
        f"{found.with_calcifications:,} patients with a positive row and {found.without:,} "
        f"without: {found.power:.0%} of such studies reach it.\n"
        f"Pilot: {found.pilot[0]:,} with and {found.pilot[1]:,} without, AUROC {found.auroc:.3f}"
        + ("." if found.lead is None else f", lead {found.lead:+.3f}.")
    )
    return 0


FAULT, INTERRUPTED, UNHEARD = 2, 130, 141
"""Exit codes of bad input, of Ctrl-C and of a closed pipe; 1 is that of ``--fail-on``."""
OWN = ("run", "traceback", "command")
"""What is no argument of the function that a command calls."""


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line, like all others."""

    def error(self, message: str) -> NoReturn:
        raise fault("command_not_understood", self.prog, message, command=self.prog)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code."""
    given = argparse.Namespace(traceback=False)
    try:
        given, unknown = _parser().parse_known_args(arguments)
        return _run(given, unknown)
    except TomocalcError as error:
        told = error
    except KeyboardInterrupt:
        print("interrupted: nothing unfinished stays", file=sys.stderr)  # noqa: T201
        return INTERRUPTED
    except BrokenPipeError:  # the reader, as head, has enough; nor can the rest be flushed
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNHEARD
    except ModuleNotFoundError as error:
        told = missing_package(error)
    except OSError as error:
        why = error.strerror or type(error).__name__
        told = fault("file_unusable", error.filename or "the system", why)
    except Exception as error:
        if given.traceback:
            raise
        # where it failed, without what it said: that may be a value of the data
        place = traceback.extract_tb(error.__traceback__)[-1]
        why = f"{type(error).__name__}, which nobody foresaw"
        told = fault("unforeseen", f"{Path(place.filename).name}:{place.lineno}", why)
    print(in_one_line(told), file=sys.stderr)  # noqa: T201
    return FAULT


def _run(given: argparse.Namespace, unknown: Sequence[str]) -> int:
    if unknown:
        command = f"tomocalc {given.command}"
        raise fault("command_not_understood", command, f"it has no {unknown[0]}", command=command)
    code = given.run(given)
    print(end="", flush=True)  # noqa: T201  where a closed pipe can still be told
    return code


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="tomocalc", description=__doc__)
    parser.add_argument("--traceback", action="store_true", help="of faults of tomocalc itself")
    parser.add_argument("--version", action="version", version=f"tomocalc {VERSION}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    audit.add_parser(commands)
    demo.add_parser(commands)
    add_plan_parser(commands)
    predict.add_parser(commands)
    audit.add_seal_parser(commands)
    send.add_parser(commands)
    return parser
