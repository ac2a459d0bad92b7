"""Make the pictures of the README from the results of the demo: `make pictures`.

The detection limit comes from a second run: calcifications are put into those of the demo's volumes
in which none was simulated. Chromium and its driver draw the pages (`make test` installs them).
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml
from PIL import Image
from selenium import webdriver

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs/images"
WIDTH, HEIGHT = 1000, 640
"""Of every picture, in pixels: three of one shape stand side by side in the README."""
STUDY = {
    "source": "volumes",
    "volumes": {"sheet": "resources/pictures.csv", "annotations": None},
    "insertion": {"enabled": True},
    "pathvars": {"results": "results/pictures", "logs": "logs/pictures"},
}


def normal_volumes(phantom: Path, sheet: Path) -> None:
    """Write the sheet of the volumes in *phantom* whose list of annotations is empty."""
    rows = []
    for path in sorted(phantom.glob("*.annotations.tsv")):
        with path.open(newline="") as handle:
            if not list(csv.DictReader(handle, delimiter="\t")):
                name = path.name.removesuffix(".annotations.tsv")
                patient, place = name.split("-")
                rows.append((name, patient, place[0], place[1:], phantom / f"{name}.dcm"))
    with sheet.open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(("volume_id", "patient_id", "laterality", "view", "path"))
        writer.writerows(rows)


def shoot(page: Path, picture: Path, *, at: str, opened: str = "details.none") -> None:
    """Write *page* from the element *at* on to *picture*, what *opened* selects unfolded."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    with tempfile.TemporaryDirectory() as profile:
        for flag in ("headless", "no-sandbox", "hide-scrollbars", f"user-data-dir={profile}"):
            options.add_argument(f"--{flag}")
        service = webdriver.ChromeService(shutil.which("chromedriver"))
        driver = webdriver.Chrome(options=options, service=service)
        size = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        driver.get(page.resolve().as_uri())
        script = (
            "document.querySelectorAll(arguments[1]).forEach(part => part.open = true);"
            "document.querySelector(arguments[0]).scrollIntoView({behavior: 'instant'})"
        )
        driver.execute_script(script, at, opened)
        time.sleep(2)  # charts are drawn when they come into view
        driver.save_screenshot(str(picture))
        driver.quit()
    with Image.open(picture) as drawn:
        drawn.crop((0, 0, WIDTH, HEIGHT)).quantize(128).save(picture, optimize=True)


def main() -> None:
    """Run the second study, then make the three pictures."""
    normal_volumes(ROOT / "resources/phantom", ROOT / STUDY["volumes"]["sheet"])
    study = ROOT / "resources/pictures.yaml"
    study.write_text(yaml.safe_dump(STUDY))
    limit = Path("results/pictures/insertion/detection_limit.html")
    command = [sys.executable, "-m", "snakemake", "--cores", "all", "--configfile", str(study)]
    subprocess.run([*command, "--", str(limit)], cwd=ROOT, check=True)  # noqa: S603
    shutil.copy(ROOT / "results/qc/pictures/P010-RCC.png", IMAGES / "marked_slice.png")
    shoot(ROOT / limit, IMAGES / "detection_limit.png", at="#search")
    shoot(
        ROOT / "results/audit/leakage.html",
        IMAGES / "audit.png",
        at="#shared",
        opened="#shared details",
    )


if __name__ == "__main__":
    main()
