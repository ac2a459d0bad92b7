"""Pages, and what is made on request.

Methods that take *wildcards* are input functions, or values of params, of rules.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tomocalc.adapters.sheets import listing_digest
from tomocalc.delimited import DATASETS
from tomocalc.errors import fault
from tomocalc.pages.catalogue import KNOWN, ON_REQUEST
from tomocalc.plan.reading import Config
from tomocalc.plan.wildcards import Wildcards, answering, as_it_is

TABLES = ("*.csv", "*.txt")
LIMIT, DETECTORS = "insertion/detection_limit.html", "comparison/detectors.html"
MEASURED_TABLES = ("clusters", "volumes", "patients")
"""Tables of the evaluation that only image volumes have."""


@dataclass(frozen=True, repr=False)
class PagePlan:
    """What the rules of pages and imports are asked for.

    Attributes
    ----------
    config
        The whole configuration, checked.
    """

    config: Config

    @property
    def case_tables(self) -> list[str]:
        """Tables of clusters, volumes and patients; of a table of features they are empty."""
        tables = MEASURED_TABLES if self._has_images else ()
        return [f"<results>/evaluation/{table}.parquet" for table in tables]

    @property
    def put_in(self) -> list[str]:
        """Sheets of what is put into the volumes, if anything is."""
        names = ("truth", "annotations") if self.config["insertion"]["enabled"] else ()
        return [f"<results>/insertion/{name}.tsv" for name in names]

    @property
    def pictures(self) -> list[str]:
        """Folder of the volumes' pictures."""
        return ["<results>/qc/pictures"] if self._has_images else []

    def index_inputs(self, _: Wildcards) -> dict[str, str]:
        """Return what only image volumes have: detection quality, lists and pictures."""
        if not self._has_images:
            return {}
        return {
            "detection": "<results>/qc/detection.json",
            "quarantine": "<results>/qc/quarantine.tsv",
            "volumes": "<results>/features/volumes.tsv",
            "pictures": "<results>/qc/pictures",
        }

    @property
    def reproduction(self) -> list[str]:
        """The page on the reference paper, where a run follows it."""
        follows = not self._has_images and self.config["protocol"] == "paper"
        return ["<results>/reproduction.html"] if follows else []

    def sealed(self, _: Wildcards) -> dict[str, str]:
        """Return the frozen test part that is looked at, where the configuration names a seal."""
        seal = self.config["evaluation"]["seal"]
        return {} if seal is None else {"sealed": "<results>/evaluation/sealed.json"}

    def external(self, _: Wildcards) -> dict[str, str]:
        """Return the account of a validation elsewhere if one is there."""
        path = self._results / "external/external.json"
        return {"external": as_it_is(path, self._results)} if path.is_file() else {}

    def on_request(self, _: Wildcards) -> list[str]:
        """Return the pages made on request that are there: the index links to them as they are.

        Those that the configuration asks for are among them without a request.
        """
        asked = [self._results / page for page in self._asked_for]
        paths = [self._results / one.address for one in ON_REQUEST]
        return [str(path) for path in paths if path in asked or path.is_file()]

    @property
    def asked_for(self) -> list[str]:
        """Pages that are made because the configuration asks for what they show."""
        return [f"<results>/{page}" for page in self._asked_for]

    @property
    def _asked_for(self) -> list[str]:
        asked = {DETECTORS: self.config["detectors"], LIMIT: self.config["insertion"]["enabled"]}
        return [page for page, wanted in asked.items() if wanted]

    def to_open(self) -> list[str]:
        """Return lines that say what a finished run leads to: the index, and newer pages."""
        pages = [self._results / entry.address for entry in KNOWN if entry.is_page]
        made = {page: page.stat().st_mtime_ns for page in pages if page.is_file()}
        return [f"Open {page.absolute()}" for page in made if made[page] >= made.get(pages[0], 0)]

    @answering
    def runs_to_compare(self, _: Wildcards) -> list[str]:
        """Return the files of finished runs to set side by side."""
        names = (
            "evaluation/metrics.json",
            "evaluation/predictions.parquet",
            "model/model.json",
            "dataset/quality.json",
        )
        files = [Path(folder) / name for folder in self.config["runs"] for name in names]
        absent = [f"`{file}` is missing" for file in files if not file.is_file()]
        if absent or not files:
            why = absent[0] if absent else "none is named"
            raise fault("run_not_comparable", "configuration key runs", why)
        return [as_it_is(file, self._results) for file in files]

    def import_folder(self, wildcards: Wildcards) -> str:
        """Return the folder of a data set to import or what to do; sheets made before need none."""
        name = wildcards.dataset
        return self.config["import"][name] or f"pass --config import='{{{name}: FOLDER}}'"

    def import_tables(self, wildcards: Wildcards) -> list[str]:
        """Return the tables that lie beside the images of a data set to import."""
        folder = Path(self.config["import"][wildcards.dataset] or "")
        return sorted(str(path) for kind in TABLES for path in folder.glob(kind) if path.is_file())

    def import_listing(self, wildcards: Wildcards) -> str:
        """Return a digest of the files in a folder to import, so that new ones are taken in."""
        return listing_digest(self.config["import"][wildcards.dataset] or "")

    @property
    def import_settings(self) -> dict[str, Any]:
        """What the configuration says of data sets beside their folders."""
        return {key: it for key, it in self.config["import"].items() if key not in DATASETS}

    @property
    def _has_images(self) -> bool:
        return self.config["source"] != "table"

    @property
    def _results(self) -> Path:
        return Path(self.config["pathvars"]["results"])
