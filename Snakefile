# Table of contents: every stage is one file in workflow/rules.
from os.path import exists

from snakemake.utils import min_version

min_version("9.27")


DEFAULTS = "config/config.yaml"  # or, in another working directory, its own file


configfile: DEFAULTS if exists(DEFAULTS) else workflow.source_path(DEFAULTS)


include: "workflow/rules/common.smk"
include: "workflow/rules/sources.smk"
include: "workflow/rules/insertion.smk"
include: "workflow/rules/features.smk"
include: "workflow/rules/dataset.smk"
include: "workflow/rules/eda.smk"
include: "workflow/rules/tuning.smk"
include: "workflow/rules/model.smk"
include: "workflow/rules/evaluation.smk"
include: "workflow/rules/comparison.smk"
include: "workflow/rules/images.smk"
include: "workflow/rules/audit.smk"
include: "workflow/rules/reproduction.smk"
include: "workflow/rules/experiments.smk"
include: "workflow/rules/prediction.smk"
include: "workflow/rules/runs.smk"
include: "workflow/rules/report.smk"


rule all:
    default_target: True
    input:
        "<results>/index.html",
        rules.build_index.input.files,  # or a deleted page goes unnoticed
        [*PAGES.pictures, *PAGES.asked_for],
        PLAN.left_for_others,  # or a job that failed and lost it does


onsuccess:
    TERMINAL.succeed()


onerror:
    TERMINAL.fail()
