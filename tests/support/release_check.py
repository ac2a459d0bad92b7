"""Say what still keeps this tree from being released: `make release-check` asks after the tests."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

from tomocalc.version import VERSION  # noqa: E402


def obstacles(root: Path, version: str) -> list[str]:
    """Return a line for everything that is missing; nothing when *version* can be tagged."""
    changes = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    found = []
    heading = re.search(rf"^## {re.escape(version)}\b(.*)$", changes, re.MULTILINE)
    if not heading:
        found.append(f"CHANGELOG.md has no heading for {version}: say what changed for users")
    elif not re.fullmatch(r" \(\d{4}-\d{2}-\d{2}\)", heading[1]):
        found.append(f"CHANGELOG.md: write the date of {version} as (YYYY-MM-DD)")
    if git(root, "status", "--porcelain"):
        found.append("the working tree has changes: commit them")
    if git(root, "tag", "--list", f"v{version}"):
        found.append(f"v{version} is tagged already: raise VERSION in tomocalc/version.py")
    return found


def git(root: Path, *arguments: str) -> str:
    run = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True)
    return run.stdout.strip()


if __name__ == "__main__":
    missing = obstacles(ROOT, VERSION)
    for line in missing:
        print(f"not yet: {line}")
    if not missing:
        print(f"ready: git tag v{VERSION}")
    sys.exit(bool(missing))
