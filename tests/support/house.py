"""The size and shape of the house, against the limits that it keeps: make house."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
WRITTEN = {".py", ".js", ".css", ".j2", ".tsv"}


@dataclass(frozen=True)
class Count:
    """One figure of the house: what was counted, its limit, and where it should stand."""

    what: str
    found: int
    limit: int
    wanted: int


def counts(root: Path = ROOT) -> list[Count]:
    """Return every figure; *limit* is what a test holds, *wanted* what the house is to become."""
    library = _files(root / "workflow/scripts/tomocalc", WRITTEN)
    pages = [path for path in library if "pages" in path.relative_to(root).parts]
    tests = _files(root / "tests", {".py"})
    rules = _files(root / "workflow/rules", {".smk"})
    smk = "".join(path.read_text(encoding="utf-8") for path in [root / "Snakefile", *rules])
    text = "".join(path.read_text(encoding="utf-8") for path in library)
    scripts = list((root / "workflow/scripts").glob("*.py"))
    loose = [path for path in (root / "tests").iterdir() if path.is_file()]
    return [
        Count("library, lines", _lines(library), LIMITS[0], 27_000),
        Count("library, files", len(library), LIMITS[1], 200),
        Count("pages, lines", _lines(pages), LIMITS[2], 6_000),
        Count("pages, files", len(pages), LIMITS[3], 32),
        Count("scripts", len(scripts), 37, 30),
        Count("rules", len(re.findall(r"^rule \w+:", smk, re.MULTILINE)), 38, 30),
        Count("lines of rules", _lines(rules), 1_445, 1_200),
        Count("functions beside rules", len(re.findall(r"^ *def ", smk, re.MULTILINE)), 10, 10),
        Count(
            "untyped mappings",
            len(re.findall(r"(?:dict|Mapping)\[str, Any\]", text)),
            LIMITS[4],
            130,
        ),
        Count("tests, lines", _lines(tests), LIMITS[5], 17_000),
        Count("files beside the folders of tests", len(loose), 1, 1),
    ]


LIMITS = (51_946, 310, 8_857, 57, 124, 30_792)
"""Of library (lines, files), pages (lines, files), untyped mappings and tests: they only fall."""


def _files(folder: Path, kinds: set[str]) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.suffix in kinds]


def _lines(paths: list[Path]) -> int:
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in paths)


def main() -> int:
    """Print the table; 1 where a limit is passed."""
    print("| what | found | limit | wanted |\n|---|---|---|---|")
    found = counts()
    for one in found:
        print(f"| {one.what} | {one.found:,} | {one.limit:,} | {one.wanted:,} |")
    return int(any(one.found > one.limit for one in found))


if __name__ == "__main__":
    sys.exit(main())
