"""Who a learned search learns from, and which one searches a volume.

Patients are split before anything is measured: a search knows slices of training patients alone.
The one called ``all`` has learned from all of them; it searches everybody else and is released.
Training patients are searched by ``fold0``, ``fold1``, …, none of which knows its own patients:
their candidates are then found like those of patients whom no search has seen.

Methods that take *wildcards* are input functions, or values of params, of rules.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from tomocalc.cells import Row
from tomocalc.dataset.dealing import deal_parts
from tomocalc.errors import fault
from tomocalc.files import stable_number
from tomocalc.plan.reading import Config, inserted_volumes
from tomocalc.plan.volumes import VolumePlan, Wildcards, answering

ALL = "all"
FILES = {"weights": "search.safetensors", "account": "search.json"}
FOLDER = "<results>/search"


@dataclass(frozen=True, repr=False)
class SearchPlan:
    """What the rules of the search are asked for; nothing where it is not in use.

    Attributes
    ----------
    config
        The whole configuration, checked.
    volumes
        Of the run.
    annotated
        Ids of those with an annotated calcification.
    malignant
        Of those with a malignant finding, where that is asked.
    """

    config: Config
    volumes: VolumePlan
    annotated: Collection[str]
    malignant: Collection[str] = ()

    @property
    def in_use(self) -> bool:
        """Whether candidates are found by a search that has to learn first."""
        return self.volumes.has_images and self.config["candidates"]["generator"] == "learned"

    @cached_property
    def parts(self) -> dict[str, str]:
        """Part of every patient: train, validation or test.

        Those with a malignant finding, with another and without any are dealt out alike, in an
        order by hash: another patient moves few others.
        """
        return deal_parts(self._strata(), self.config["split"])

    def _strata(self) -> list[list[str]]:
        names = {*self.annotated, *inserted_volumes(self.config, self.volumes.rows)}
        calcified = {self._patient(name) for name in names}
        sick = {self._patient(name) for name in self.malignant}
        patients = sorted(
            {self._patient(name) for name in self.volumes.rows},
            key=lambda patient: stable_number("part", self.config["seed"], patient),
        )
        kinds = (sick, calcified - sick, {*patients} - calcified)
        return [[patient for patient in patients if patient in kind] for kind in kinds]

    def _patient(self, name: str) -> str:
        return str(self.volumes.rows[name]["patient_id"])

    @cached_property
    def _teachers(self) -> dict[str, list[str]]:
        """Volumes without a calcification, by the training patient they are of.

        What an annotation calls a calcification must not be shown to the search as none.
        """
        found: defaultdict[str, list[str]] = defaultdict(list)
        for name in sorted(self.volumes.rows):
            patient = self._patient(name)
            if self.parts[patient] == "train" and name not in self.annotated:
                found[patient].append(name)
        folds = self.config["search"]["folds"]
        if len(found) < folds:
            why = (
                f"{len(found)} training patients have a volume without an annotated "
                f"calcification, fewer than the {folds} folds"
            )
            fix = (
                f"set search.folds to {len(found)}, or candidates.generator to local"
                if len(found) > 1
                else "add volumes without calcifications, or set candidates.generator to local"
            )
            raise fault("too_few_for_search", "configuration key search.folds", why, fix)
        return dict(found)

    @cached_property
    def _fold(self) -> dict[str, int]:
        """Fold of every training patient, those that teach dealt out first."""
        ordered = [*self._teachers]
        ordered += [p for p, part in self.parts.items() if part == "train" and p not in ordered]
        folds = self.config["search"]["folds"]
        return {patient: place % folds for place, patient in enumerate(ordered)}

    def _of(self, name: str) -> str:
        """Return the name of the search that finds the candidates of a volume."""
        patient = self._patient(name)
        return f"fold{self._fold[patient]}" if self.parts[patient] == "train" else ALL

    def _learns_from(self, search: str) -> list[str]:
        """Return the volumes that a search learns from, at most as many as it wants slices."""
        wanted = self.config["search"]["slices"]
        mine = [
            names
            for patient, names in self._teachers.items()
            if f"fold{self._fold[patient]}" != search
        ]
        # one volume of every patient, then the second of all that have one, and so on
        rounds = range(max(map(len, mine)))
        return [names[turn] for turn in rounds for names in mine if turn < len(names)][:wanted]

    @answering
    def volumes_of(self, wildcards: Wildcards) -> list[Row]:
        """Return what is known of the volumes that a search learns from."""
        return [self.volumes.row(name) for name in self._known(wildcards)]

    @answering
    def files_of(self, wildcards: Wildcards) -> list[str]:
        """Return their files."""
        return [path for name in self._known(wildcards) for path in self.volumes.files(name)]

    def _known(self, wildcards: Wildcards) -> list[str]:
        names = [ALL, *(f"fold{number}" for number in range(self.config["search"]["folds"]))]
        where = f"search/{wildcards.search}, below the results"
        if not self.in_use:
            raise fault("no_search_learned", where, "this run learns none")
        if wildcards.search not in names:
            raise fault("no_such_search", where, f"they are {', '.join(names)}")
        return self._learns_from(wildcards.search)

    @answering
    def of_batch(self, wildcards: Wildcards) -> list[str]:
        """Return the files of all searches that a batch of volumes needs."""
        names = self.volumes.members(wildcards) if self.in_use else []
        searches = sorted({self._of(name) for name in names})
        return [f"{FOLDER}/{search}/{file}" for search in searches for file in FILES.values()]

    @answering
    def by_volume(self, wildcards: Wildcards) -> dict[str, str]:
        """Return the folder of the search of every volume of a batch."""
        folder = f"{self.config['pathvars']['results']}/search"
        names = self.volumes.members(wildcards) if self.in_use else []
        return {name: f"{folder}/{self._of(name)}" for name in names}

    @property
    def released(self) -> dict[str, str]:
        """Files of the search that goes with the model."""
        if not self.in_use:
            return {}
        return {f"search_{key}": f"{FOLDER}/{ALL}/{file}" for key, file in FILES.items()}

    @property
    def account(self) -> str | list[str]:
        """The account that names every patient a search has learned from."""
        return self.released.get("search_account", [])

    @property
    def in_release(self) -> dict[str, str]:
        """The same files where the model lies."""
        return {
            key: path.replace(f"{FOLDER}/{ALL}", "<results>/model")
            for key, path in self.released.items()
        }

    def parts_of(self, wildcards: Wildcards) -> dict[str, str] | None:
        """Return the part of every patient for a protocol that splits by patient; else None."""
        by_patient = self.in_use and getattr(wildcards, "protocol", "") == "honest"
        return self.parts if by_patient else None
