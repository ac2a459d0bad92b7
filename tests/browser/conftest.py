"""A headless Chromium, and the pages it looks at."""

import json
import shutil
import time
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from PIL import Image

import build_index
import explore_dataset
import write_model_card
from support.card_data import LABELS, write_accounts
from support.pages_data import FEATURES, HOSTILE, figures, images, rows, write_dataset
from support.predictions import gather, predict, released
from tomocalc.pages.evaluation import evaluation_page
from tomocalc.pages.frame import write_page

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--hide-scrollbars",
)
PATIENCE = 60.0
"""Seconds that a page may take on a busy machine."""


class Browser:
    """One page at a time, watched."""

    def __init__(self, driver):
        self.driver = driver

    def open(self, page, *, width=1280, dark=False):
        """Load *page* from its file and wait until its script is done."""
        self.metrics(width)
        self.theme(dark=dark)
        self.driver.get("about:blank")
        self.console()
        self.requests()
        self.driver.get(Path(page).as_uri())
        self.wait(
            "!document.getElementById('plotly-packed') || document.documentElement.dataset.ready"
        )

    def metrics(self, width, height=900):
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def theme(self, *, dark):
        feature = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})

    def run(self, script, *arguments):
        """Return the value of a JavaScript expression."""
        return self.driver.execute_script(f"return {script}", *arguments)

    def wait(self, condition, *arguments):
        """Wait until a JavaScript expression is true."""
        end = time.monotonic() + PATIENCE
        while not self.run(condition, *arguments):
            assert time.monotonic() < end, f"never true: {condition}"
            time.sleep(0.05)

    def draw_all(self):
        """Scroll through the page until every chart is drawn."""
        height = self.run("document.documentElement.scrollHeight")
        for top in range(0, height + 800, 800):
            self.driver.execute_script("scrollTo({top: arguments[0], behavior: 'instant'})", top)
            time.sleep(0.02)
        self.wait(
            "document.querySelectorAll('.plot').length"
            " === document.querySelectorAll('.plot[data-drawn]').length"
        )

    def assert_quiet(self, page, *, width, dark):
        """Draw the whole *page*: no message, no request, no wider than the screen, no script run.

        Hostile texts of the tests would change the title.
        """
        self.open(page, width=width, dark=dark)
        self.draw_all()
        assert self.console() == []
        assert self.requests() == [page.as_uri()]
        assert self.run("document.documentElement.scrollWidth") == width
        assert "owned" not in self.run("document.title")

    def console(self):
        """Return what was written to the console since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self):
        """Return the addresses asked for since the last call, without the page's own data."""
        events = (
            json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")
        )
        asked = [
            event["params"]["request"]["url"]
            for event in events
            if event["method"] == "Network.requestWillBeSent"
        ]
        return [url for url in asked if not url.startswith(("data:", "blob:", "about:", "chrome:"))]


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """Chromium without a window, on an empty profile."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    driver_path = shutil.which("chromedriver")
    if not chromium or not driver_path:
        pytest.skip("Chromium or chromedriver is not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver_path))
    yield Browser(driver)
    driver.quit()


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """Every page on data with hostile names, beside each other as in a run."""
    folder = tmp_path_factory.mktemp("results")
    names = {f"p{i:03d}": f"{HOSTILE[i % len(HOSTILE)]} {i:03d}" for i in range(24)}
    candidates = rows(sites=HOSTILE).with_columns(pl.col("patient_id").replace(names))
    paths = write_dataset(folder / "dataset", candidates)
    eda, report = folder / "eda" / "eda.html", folder / "evaluation" / "report.html"
    explore_dataset.main(
        **paths,
        features=FEATURES,
        settings={"bins": 40},
        page=str(eda),
        data=str(folder / "eda" / "eda.json"),
    )
    figures().write(folder / "evaluation" / "metrics.json")
    measured = images()
    hostile = measured.patients.with_columns(pl.col("patient_id") + HOSTILE[0])
    metrics = figures(source="phantom", images=measured.facts)
    html = evaluation_page(metrics, clusters=measured.clusters, patients=hostile)
    write_page(report, html)
    picture = folder / "qc" / "v' \"1.png"
    picture.parent.mkdir()
    Image.new("RGB", (600, 400), (30, 60, 90)).save(picture)
    index = folder / "index.html"
    build_index.main(
        page=str(index),
        quality=paths["quality"],
        split=paths["split"],
        metrics=str(folder / "evaluation" / "metrics.json"),
        files=[str(report), str(eda), paths["candidates"]],
        overlays=[str(picture)],
    )
    return {"eda": eda, "report": report, "index": index}


@pytest.fixture(scope="session")
def card(tmp_path_factory):
    """The model card with hostile texts, and an index beside both protocols."""
    folder = tmp_path_factory.mktemp("card")
    accounts = write_accounts(folder)
    keys = ("intended_use", "authors", "contact", "licence", "notes")
    hostile = dict(zip(keys, (*HOSTILE, HOSTILE[0]), strict=True))
    card, index = folder / "model_card.html", folder / "index.html"
    write_model_card.main(
        **accounts,
        labels=LABELS,
        authors=hostile | {"answers": {"tripod_17": HOSTILE[1]}},
        seed=1,
        text=str(folder / "model_card.md"),
        page=str(card),
    )
    read = ("quality", "split", "metrics", "audit", "comparison")
    given: dict[str, Any] = {name: accounts[name] for name in read}
    build_index.main(page=str(index), files=[str(card)], **given)
    return {"card": card, "index": index}


@pytest.fixture(scope="session")
def comparison(compared):
    """The comparison and the audit of both protocols."""
    return {name: compared / f"{name}.html" for name in ("comparison", "leakage")}


@pytest.fixture(scope="session")
def predicted(tmp_path_factory):
    """A scored volume and the page of all volumes, with hostile names in both."""
    folder = tmp_path_factory.mktemp("predictions")
    manifest = released(folder, sequence_slices=3)
    hostile = msgspec.structs.replace(manifest, site=HOSTILE[0])
    hostile.write(folder / "features/manifest.json")
    predict(folder, folder / "v1", dicom=False)
    weights, picture = folder / "model/model.safetensors", folder / "features/overlay.png"
    gather(folder, [folder / "v1"], weights=weights, overlays=[picture])
    return {"volume": folder / "v1/volume.html", "all": folder / "index.html"}
