"""Measure everything again, or some topics, and sum it up: `python benchmarks/page.py [TOPIC ...]`.

    make benchmarks                          # all, some hours
    python benchmarks/page.py features eda   # two of them
    python benchmarks/page.py --sum          # nothing is measured

TOMOCALC_TEST_DATA names the folder of the reference table and real images; KERAS_PYTHON and
YDATA_PYTHON name interpreters with keras and tensorflow, and with ydata-profiling;
INBREAST_IMAGES is a folder of mammograms at half size and INBREAST_UNLABELLED a list of those
without calcifications. Of all topics those are left out for which a variable is not set.

What a benchmark prints replaces the tables with the same header on its page, `benchmarks/TOPIC.md`,
and the line that says which machine it was. `benchmarks/README.md` takes the figures that were
aimed at from those tables.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aims import AIMS, Aim

COMMANDS = {
    "features": ["benchmarks/features.py 5"],
    "decoding": ["benchmarks/decoding.py"],
    "volumes": ["benchmarks/volumes.py"],
    "detection": ["benchmarks/detection.py 20"],
    "search": [
        "benchmarks/search.py --images $INBREAST_IMAGES --unlabelled $INBREAST_UNLABELLED"
        " --truth $TOMOCALC_TEST_DATA/inbreast/mc_truth_part.csv"
        " --slices $TOMOCALC_TEST_DATA/bcs_dbt_slices",
        "benchmarks/search_phantom.py",
    ],
    "detectors": ["benchmarks/detectors.py --patients 24 --phantoms easy"],
    "insertion": ["benchmarks/insertion.py --slices $TOMOCALC_TEST_DATA/bcs_dbt_slices"],
    "merging": ["benchmarks/merging.py 167"],
    "eda": ["benchmarks/eda.py $YDATA_PYTHON"],
    "training": ["benchmarks/training.py --keras-python $KERAS_PYTHON"],
    "tuning": ["benchmarks/tuning.py --trials 40 --rows 24000 --rounds 1"],
    "woods": ["benchmarks/woods.py paper", "benchmarks/woods.py honest"],
    "comparison": ["benchmarks/comparison.py $TOMOCALC_TEST_DATA/woods/mammography.csv"],
    "prediction": ["benchmarks/prediction.py"],
    "release": [
        "benchmarks/release.py --patients 120 --grid 192 144 10",
        "benchmarks/release.py --patients 60 --grid 192 144 10 --permuted 40",
        "benchmarks/release.py --patients 60 --grid 192 144 10 --permuted 1 --whole",
    ],
    "leaks": ["benchmarks/leaks.py 1 --clean 10"],
    "subgroups": ["benchmarks/subgroups.py 200"],
    "coverage": ["benchmarks/coverage.py 1000"],
    "images": ["benchmarks/images.py 60"],
    "planning": ["benchmarks/planning.py 1000"],
    "installing": ["benchmarks/installing.py"],
    "scale": ["benchmarks/scale.py", "benchmarks/overhead.py 8 60"],
}
"""Topic and the commands that print its page's tables."""
HERE = Path(__file__).parent
SEEN = "Last measured on "


@dataclass(frozen=True)
class Table:
    """A Markdown table and its lines on a page."""

    first: int
    lines: list[str]

    @property
    def columns(self) -> list[str]:
        """Return the cells of the header."""
        return cells(self.lines[0])

    @property
    def rows(self) -> list[list[str]]:
        """Return the cells of every row."""
        return [cells(line) for line in self.lines[2:]]


def cells(line: str) -> list[str]:
    """Return the cells of a table's line, without emphasis."""
    return [cell.strip().replace("*", "") for cell in line.strip().strip("|").split("|")]


def tables(text: str) -> list[Table]:
    """Return the tables of a Markdown text."""
    found: list[Table] = []
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if not line.startswith("|"):
            continue
        if found and found[-1].first + len(found[-1].lines) == number:
            found[-1].lines.append(line)
        else:
            found.append(Table(number, [line]))
    return [table for table in found if len(table.lines) > 1]


def with_new_tables(page: str, output: str, topic: str) -> str:
    """Return *page* with the tables of *output* in place of its own of the same header."""
    lines = page.splitlines()
    fresh = tables(output)
    if not fresh:
        raise SystemExit(f"{topic} printed no table:\n{output}")
    old = tables(page)
    for table in fresh:
        place = next((one for one in old if one.columns == table.columns), None)
        if place is None:
            raise SystemExit(f"benchmarks/{topic}.md has no table {table.lines[0]}: add its header")
        old.remove(place)
        lines[place.first : place.first + len(place.lines)] = table.lines
        shift = len(table.lines) - len(place.lines)
        old = [Table(o.first + shift * (o.first > place.first), o.lines) for o in old]
    return "\n".join(lines) + "\n"


def machine() -> str:
    """Return the machine in words."""
    name = platform.processor() or platform.machine()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    info = Path("/proc/cpuinfo")
    if info.exists() and (found := re.search(r"model name\s*: (.*)", info.read_text())):
        name = found[1]
    load = os.getloadavg()[2]
    return (
        f"{os.cpu_count()} cores ({name}), {memory:.0f} GB, {platform.system()}, Python "
        f"{platform.python_version()}; mean load of the last minutes {load:.1f}"
    )


def with_machine(page: str) -> str:
    """Return *page* with the machine as its last line."""
    kept = [line for line in page.rstrip().splitlines() if not line.startswith(SEEN)]
    return "\n".join(kept).rstrip() + f"\n\n{SEEN}{machine()}.\n"


def lacking(topic: str) -> list[str]:
    """Return the variables that a topic needs and the environment lacks."""
    names = re.findall(r"\$(\w+)", " ".join(COMMANDS[topic]))
    return [name for name in names if not os.environ.get(name)]


def chosen(asked: Sequence[str]) -> list[str]:
    """Return the topics to measure; of all, those are left out whose data are not there.

    Raises
    ------
    SystemExit
        For a topic that was asked for and lacks a variable.
    """
    missing = {topic: lacking(topic) for topic in asked or COMMANDS}
    for topic, names in missing.items():
        if names and asked:
            raise SystemExit(f"{topic} needs {names[0]}: python benchmarks/page.py --help")
        if names:
            print(f"{topic} is left out: {', '.join(names)} not set", file=sys.stderr)
    return [topic for topic, names in missing.items() if not names]


def measure(topic: str) -> None:
    """Run a topic's benchmark and put what it prints on its page."""
    page = HERE / f"{topic}.md"
    for command in map(os.path.expandvars, COMMANDS[topic]):
        print(f"{topic}: python {command}", file=sys.stderr, flush=True)
        run = subprocess.run(
            [sys.executable, *shlex.split(command)],
            cwd=HERE.parent,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        page.write_text(with_machine(with_new_tables(page.read_text(), run.stdout, topic)))


def look_up(reference: str) -> str:
    """Return the cell that ``topic | start of a row | column`` names, of the first table with both.

    ``topic#2`` names the second table of the page; the row ``lowest`` the least value of the rows
    that are numbered.
    """
    place, row, column = (part.strip() for part in reference.split("|"))
    topic, _, number = place.partition("#")
    found = tables((HERE / f"{topic}.md").read_text())
    for table in [found[int(number) - 1]] if number else found:
        if column not in table.columns:
            continue
        at = table.columns.index(column)
        if row == "lowest":
            return min((line[at] for line in table.rows if line[0].isdigit()), key=value)
        for line in table.rows:
            if " ".join(line).startswith(row):
                return line[at]
    raise SystemExit(f"benchmarks/{topic}.md has no row {row!r} with a column {column!r}")


def value(text: str) -> float:
    """Return the first number of a cell."""
    found = re.search(r"[−+-]?[\d,]*\.?\d+", text)
    if found is None:
        raise SystemExit(f"no number in {text!r}")
    return float(found[0].replace(",", "").replace("−", "-"))


def line_of(aim: Aim) -> str:
    """Return an aim's line of the table: whether it is met, and by how much."""
    ours, peer = look_up(aim.ours), look_up(aim.peer) if aim.peer else ""
    if aim.ratio == "ours / peer":
        measured = value(ours) / value(peer)
    elif aim.ratio == "peer / ours":
        measured = value(peer) / value(ours)
    elif aim.ratio == "ours - peer":
        measured = value(ours) - value(peer)
    else:
        measured = value(look_up(aim.ratio) if aim.ratio else ours)
    met = measured <= aim.limit if aim.at_most else measured >= aim.limit
    sign = "≤" if aim.at_most else "≥"
    topic = topic_of(aim)
    shown = f"{measured:,.{3 if aim.unit else 4}g}{aim.unit}"
    cells = (
        f"**{shown}**",
        "–" if aim.why_not else f"{sign} {aim.limit:,g}{aim.unit}",
        aim.why_not or ("yes" if met else "**no**"),
        aim.what,
        ours if aim.ratio else "",
        f"{peer} ({aim.beside})" if peer else "",
        f"[{topic}]({topic}.md)",
    )
    return "| " + " | ".join(cells) + " |"


def topic_of(aim: Aim) -> str:
    """Return the page that an aim's figure is on."""
    return aim.ours.split("|")[0].partition("#")[0].strip()


def summary() -> str:
    """Return the page that sums up, ratios first."""
    head = ("measured", "aim", "met", "what", "ours", "peer", "page")
    lines = [
        "# Benchmarks",
        "",
        "What was aimed at and what was measured, by `make benchmarks` or, for one page,",
        "`python benchmarks/page.py TOPIC`. Peers are measured in the same run; ratios come first,",
        "because they move less from machine to machine than seconds do. Each page says how it was",
        "measured, what else was seen, and on which machine.",
        "",
        "| " + " | ".join(head) + " |",
        "|---" * len(head) + "|",
        *map(line_of, AIMS),
        "",
        "Without an aim: " + ", ".join(f"[{name}]({name}.md)" for name in without_aim()) + ".",
    ]
    return "\n".join(lines) + "\n"


def without_aim() -> list[str]:
    """Return the pages that no aim names."""
    named = {topic_of(aim) for aim in AIMS} | {"README"}
    return sorted(page.stem for page in HERE.glob("*.md") if page.stem not in named)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("topics", nargs="*", metavar="TOPIC", help="default: all")
    parser.add_argument("--sum", action="store_true", help="only write benchmarks/README.md")
    options = parser.parse_args()
    for topic in [] if options.sum else chosen(options.topics):
        measure(topic)
    (HERE / "README.md").write_text(summary())


if __name__ == "__main__":
    main()
