"""The volumes of a run, and the batches in which they are measured.

Methods that take *wildcards* are input functions, or values of params, of rules. Paths that begin
with ``<results>`` or ``<resources>`` are resolved by Snakemake, among inputs and outputs only.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tomocalc.cells import Row
from tomocalc.errors import fault
from tomocalc.files import stable_number
from tomocalc.plan.reading import Config, inserted_volumes, table_file
from tomocalc.plan.wildcards import Wildcards, answering, known_row
from tomocalc.readers.sources import source_names

SUBGROUPS = ("vendor", "density")
"""Columns of the sheet that only divide the figures: what is measured does not depend on them."""
SPACING = ("pixel_spacing_mm", "slice_spacing_mm")
FIRST_MINUTES, MORE_MINUTES = 60, 10
"""Time that a batch asks for: for its first volume, and for every other one."""
SEVERAL = "+"
"""Ends the name of a batch of several volumes; no id of a volume holds it."""


def subgroups_in(rows: Mapping[str, Row]) -> dict[str, dict[str, str]]:
    """Return what the rows of a sheet say of `SUBGROUPS`, by the volumes of which they do."""
    said = {
        name: {key: row[key] for key in SUBGROUPS if row.get(key)} for name, row in rows.items()
    }
    return {name: values for name, values in said.items() if values}


@dataclass(frozen=True, repr=False)
class VolumePlan:
    """What the rules of the feature and the dataset stage are asked for.

    Attributes
    ----------
    config
        The whole configuration, checked.
    columns
        Of the sheet of volumes, without `SUBGROUPS`.
    rows
        Of the volumes of this run, by their id.
    masks
        Files that the annotations name.
    """

    config: Config
    columns: tuple[str, ...]
    rows: Mapping[str, Row]
    masks: list[str]

    @property
    def has_images(self) -> bool:
        """Whether the run begins with image volumes, not with a table of features."""
        return self.config["source"] != "table"

    @property
    def told_source(self) -> str:
        """How accounts and pages call the source: ``inserted`` where findings are put in."""
        return "inserted" if self.inserts else str(self.config["source"])

    @property
    def in_silico(self) -> bool:
        """Whether the volumes of this run are simulated."""
        return self.config["source"] == "phantom"

    @cached_property
    def batches(self) -> dict[str, list[str]]:
        """Names of the volumes that one job measures, by the name of the batch."""
        return batches(self.rows, self.config["volumes_per_job"])

    @cached_property
    def batch_of(self) -> dict[str, str]:
        """Name of the batch that a volume is measured in, by its id."""
        return {name: batch for batch, members in self.batches.items() for name in members}

    @answering
    def batch_files(self, wildcards: Wildcards) -> list[str]:
        """Return the files of the volumes of one batch."""
        return [path for name in self.members(wildcards) for path in self.files(name)]

    @answering
    def batch_volumes(self, wildcards: Wildcards) -> list[Row]:
        """Return what is known of the volumes of one batch before their images are read."""
        return [self.row(name) for name in self.members(wildcards)]

    def batch_minutes(self, wildcards: Wildcards) -> int:
        """Return the longest time that a batch may take."""
        return FIRST_MINUTES + MORE_MINUTES * (len(self.members(wildcards)) - 1)

    def batch_accounts(self, _: Wildcards) -> list[str]:
        """Return the accounts of all batches."""
        return [f"<results>/batches/{name}.json" for name in self.batches]

    @answering
    def all_files(self, _: Wildcards) -> list[str]:
        """Return the files of every volume."""
        return [path for name in self._images() for path in self.files(name)]

    @answering
    def all_volumes(self, _: Wildcards) -> list[Row]:
        """Return what is known of every volume before its images are read."""
        return [self.row(name) for name in self._images()]

    def members(self, wildcards: Wildcards) -> list[str]:
        """Return the volumes of a batch, or refuse its name; one may be asked for by its own."""
        name = wildcards.batch
        if name in self.rows:
            return [name]
        if name not in self.batches:
            why = "it is no volume of the sheet, or volumes_per_job is another than before"
            raise fault("no_such_batch", f"batches/{name}.json, below the results", why)
        return self.batches[name]

    def _images(self) -> Iterable[str]:
        if not self.has_images:
            why = "image models read image volumes, and the source is a table"
            raise fault("no_images", "configuration key source", why)
        return self.rows

    def row(self, name: str) -> Row:
        """Return what is known of a volume of this run, its path resolved."""
        row = {**self.rows[name], **self.spacing, "path": self._source(name)}
        return {column: row.get(column) for column in self.columns}

    def _source(self, name: str) -> str:
        """Return the file, folder or pattern of a volume of this run."""
        if not self.in_silico:
            return str(self.rows[name]["path"])
        folder = f"{self.config['pathvars']['resources']}/phantom"
        if self.config["phantom"]["format"] == "png":
            return f"{folder}/png/{name}"
        return f"{folder}/{name}.dcm"

    def files(self, name: str) -> list[str]:
        """Return the files of a volume of this run."""
        source = self._source(name)
        return [source] if self.in_silico else source_names(source)

    @property
    def spacing(self) -> dict[str, float]:
        """Spacing of in-silico volumes, which PNG slices do not carry; of others nothing."""
        return {key: self.config["phantom"][key] for key in SPACING if self.in_silico}

    @answering
    def phantom_row(self, wildcards: Wildcards) -> Row:
        """Return who a volume of the phantom is."""
        return dict(known_row(self.rows, wildcards.volume))

    def phantom_rows(self, _: Wildcards) -> list[Row]:
        """Return who all volumes of the phantom are, with their spacing."""
        return [{**row, **self.spacing} for row in self.rows.values()]

    @property
    def inserts(self) -> bool:
        """Whether calcifications are put into the volumes while they are read."""
        return bool(self.config["insertion"]["enabled"])

    def batch_insertions(self, wildcards: Wildcards) -> list[str]:
        """Return the account of what is put into the volumes of one batch, if anything is."""
        return [f"<results>/insertion/{wildcards.batch}.json"] if self.inserts else []

    def all_insertions(self, _: Wildcards) -> list[str]:
        """Return the accounts of what is put into all volumes, if anything is."""
        names = self.batches if self.inserts else ()
        return [f"<results>/insertion/{name}.json" for name in names]

    @answering
    def calcified(self, wildcards: Wildcards) -> list[str]:
        """Return the volumes of one batch into which clusters are put."""
        return sorted(inserted_volumes(self.config, self.members(wildcards)))

    @property
    def own_annotations(self) -> dict[str, str]:
        """The user's sheet of annotations, if there is one, as an input of a rule."""
        sheet = self.config["volumes"]["annotations"]
        return {} if sheet is None else {"annotations": str(sheet)}

    @property
    def annotations(self) -> str:
        """Sheet of annotations of the source, with what is put into the volumes."""
        if self.in_silico:
            return "<resources>/phantom/annotations.tsv"
        if self.inserts:
            return "<results>/insertion/annotations.tsv"
        return str(self.config["volumes"]["annotations"])

    @property
    def truth(self) -> str | list[str]:
        """Sheet of all that is put into volumes; of others nothing is known."""
        if self.inserts:
            return "<results>/insertion/truth.tsv"
        return "<resources>/phantom/truth.tsv" if self.in_silico else []

    def image_inputs(self, _: Wildcards) -> dict[str, Any]:
        """Return where the candidates lie and what there is to find; a table has neither."""
        if not self.has_images:
            return {}
        return {
            "volumes": "<results>/features/volumes.tsv",
            "annotations": self.annotations,
            "masks": self.masks,
        }

    def dataset_inputs(self, wildcards: Wildcards) -> dict[str, Any]:
        """Return what the data set is merged from: shards and annotations, or a finished table."""
        if not self.has_images:
            return {"table": table_file(self.config)}
        return self.image_inputs(wildcards) | {"quarantine": "<results>/qc/quarantine.tsv"}

    def evaluation_inputs(self, wildcards: Wildcards) -> dict[str, Any]:
        """Return what there is to find, or the table where its columns divide the figures."""
        if not self.has_images and self.config["table"]["subgroups"]:
            return {"table": table_file(self.config)}
        return self.image_inputs(wildcards)

    @property
    def subgroups(self) -> dict[str, dict[str, str]]:
        """What the sheet says of volumes only to divide the figures, by their id."""
        return subgroups_in(self.rows)


def batches(names: Iterable[str], size: int) -> dict[str, list[str]]:
    """Group volumes into batches that stay as they are when others come or go.

    A name itself decides, by its hash, whether a batch ends with it, on average one name in
    *size*. A volume more or less therefore changes the batch it is in and no other. Batches
    differ in length; none is longer than twice *size*.

    Parameters
    ----------
    names
        Of the volumes, in any order.
    size
        Volumes per batch, on average.

    Returns
    -------
    dict
        Sorted names of the volumes of every batch. One volume alone gives its name to its batch;
        of several it is the last one, with `SEVERAL` behind it.
    """
    found: list[list[str]] = [[]]
    for name in sorted(names):
        found[-1].append(name)
        if stable_number(name) % size == 0 or len(found[-1]) == 2 * size:
            found.append([])
    return {batch[-1] + SEVERAL * (len(batch) > 1): batch for batch in found if batch}
