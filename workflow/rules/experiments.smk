"""Experiments beside the default run, each on request."""


rule ablate_inputs:
    """Leave features or slices out: snakemake results/experiments/ablation_features.html.

    What the slices around the best one add: results/experiments/ablation_sequence.html.
    """
    input:
        candidates="<results>/dataset/candidates.parquet",
        splits=f"{OWN}/splits.parquet",
    output:
        figures="<results>/experiments/ablation_{what}.json",
        page=report(
            "<results>/experiments/ablation_{what}.html",
            caption="../report/ablation.rst",
            category="Experiments",
            labels={"what": "ablation of {what}"},
        ),
    log:
        "<logs>/ablate_inputs/{what}.log",
    benchmark:
        "<logs>/benchmarks/ablate_inputs/{what}.tsv"
    wildcard_constraints:
        what="features|slices|sequence",
    conda:
        "../../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=720,
    params:
        code=code_of("ablate_inputs.py"),
        words=WORDS,
        features=config["features"],
        sequence=config["sequence"],
        model=NETWORK,
        impute=config["dataset"]["impute"],
        folds=config["split"]["folds"],
        evaluation=config["evaluation"],
        source=VOLUMES.told_source,
        seed=config["seed"],
    script:
        "../scripts/ablate_inputs.py"
