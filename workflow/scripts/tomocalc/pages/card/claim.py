"""The items of CLAIM, the 2024 update, in our words."""

from __future__ import annotations

from tomocalc.pages.card.checklist import Guideline, Item

_HEAD, _INTRODUCTION, _DESIGN = "Title and abstract", "Introduction", "Methods, design"
_DATA, _REFERENCE, _PARTS = "Methods, data", "Methods, reference standard", "Methods, partitions"
_TESTING, _MODEL, _TRAINING = "Methods, testing data", "Methods, model", "Methods, training"
_EVALUATION, _RESULTS = "Methods, evaluation", "Results, data"
_PERFORMANCE, _DISCUSSION, _OTHER = "Results, performance", "Discussion", "Other"

CLAIM = Guideline(
    key="claim",
    name="CLAIM 2024",
    source="Tejani et al., Radiol. Artif. Intell. 6 (2024) e240300, doi 10.1148/ryai.240300: "
    "44 items",
    items=(
        Item("1", _HEAD, "Title: names the technology", "kind", "the title"),
        Item("2", _HEAD, "Abstract: design, methods, results, conclusions", "", "the abstract"),
        Item(
            "3",
            _INTRODUCTION,
            "Background, intended use and role",
            "use",
            "the scientific and clinical background",
        ),
        Item(
            "4",
            _INTRODUCTION,
            "Aims and hypotheses",
            "objectives",
            "the hypotheses, where there are any",
        ),
        Item(
            "5",
            _DESIGN,
            "Prospective or retrospective",
            "no_people",
            "whether the data were collected for this study or before it",
        ),
        Item("6", _DESIGN, "Goal of the study", "objectives"),
        Item(
            "7",
            _DATA,
            "Sources of the data",
            "data",
            "where the data are from, and whether they were published before",
        ),
        Item(
            "8",
            _DATA,
            "Inclusion and exclusion",
            "no_people",
            "where, when and by which criteria cases were taken in",
        ),
        Item("9", _DATA, "Preprocessing", "preparation"),
        Item("10", _DATA, "Selection of subsets", "selection"),
        Item(
            "11",
            _DATA,
            "De-identification",
            "privacy",
            "how the data were de-identified before they came here",
        ),
        Item("12", _DATA, "Missing data", "missing"),
        Item(
            "13",
            _DATA,
            "Acquisition of the images",
            "acquisition",
            "systems, vendors and acquisition protocol",
        ),
        Item(
            "14",
            _REFERENCE,
            "Definition of the reference standard",
            "reference",
            "how the findings were established",
        ),
        Item(
            "15",
            _REFERENCE,
            "Why this reference standard",
            "annotators",
            "why this one, and what its faults are",
        ),
        Item(
            "16",
            _REFERENCE,
            "Source of the annotations",
            "annotators",
            "who annotated, and how they were instructed",
        ),
        Item(
            "17",
            _REFERENCE,
            "Annotation of the test data",
            "annotators",
            "how the test data were annotated, if otherwise than the rest",
        ),
        Item(
            "18",
            _REFERENCE,
            "Variability between and within readers",
            "annotators",
            "its measurement, or that there was one reading",
        ),
        Item("19", _PARTS, "Assignment to parts", "partition"),
        Item("20", _PARTS, "Level at which parts are disjoint", "disjoint"),
        Item(
            "21",
            _TESTING,
            "Intended size of the test data",
            "sample_size",
            "the intended size and its reason",
        ),
        Item("22", _MODEL, "Description of the model", "architecture"),
        Item("23", _MODEL, "Software", "software"),
        Item("24", _MODEL, "Initial parameters", "initial"),
        Item("25", _TRAINING, "Training", "training"),
        Item("26", _TRAINING, "Selection of the final model", "selection_of_model"),
        Item("27", _TRAINING, "Ensembles", "ensemble"),
        Item("28", _EVALUATION, "Measures of performance", "measures"),
        Item("29", _EVALUATION, "Significance and uncertainty", "uncertainty"),
        Item("30", _EVALUATION, "Robustness or sensitivity", "robustness"),
        Item("31", _EVALUATION, "Explainability", "explanation"),
        Item("32", _EVALUATION, "Evaluation on internal data", "internal"),
        Item(
            "33",
            _EVALUATION,
            "Test on external data",
            "external",
            "a test on data from elsewhere, if there is one",
        ),
        Item(
            "34",
            _EVALUATION,
            "Registration as a clinical trial",
            "no_people",
            "register and number, or that this is no trial",
        ),
        Item("35", _RESULTS, "Cases included and excluded", "flow"),
        Item(
            "36",
            _RESULTS,
            "Characteristics of the cases of every part",
            "characteristics",
            "age, breast density and other characteristics, part by part",
        ),
        Item("37", _PERFORMANCE, "Figures with their uncertainty", "performance"),
        Item("38", _PERFORMANCE, "Diagnostic performance and its precision", "diagnostic"),
        Item(
            "39",
            _PERFORMANCE,
            "Analysis of wrong results",
            "failures",
            "a look by a reader at what was missed and what was called wrongly",
        ),
        Item(
            "40", _DISCUSSION, "Limitations", "limits", "limits that lie in how the data came about"
        ),
        Item(
            "41",
            _DISCUSSION,
            "Implications for practice",
            "use",
            "what the results would mean for practice",
        ),
        Item(
            "42",
            _OTHER,
            "Full protocol or technical details",
            "settings",
            "where the protocol is, if one was written",
        ),
        Item(
            "43",
            _OTHER,
            "Availability of software, model and data",
            "availability",
            "whether and how others get the data",
        ),
        Item("44", _OTHER, "Funding and the role of funders", "", "sources of funding"),
    ),
)
"""44 items."""
