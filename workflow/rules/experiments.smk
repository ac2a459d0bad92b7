"""Experiments beside the default run, each on request."""


rule compare_sequences:
    """Compare slice sequence and best slice: snakemake results/experiments/sequence_gain.html."""
    input:
        candidates="<results>/dataset/candidates.parquet",
        splits="<results>/dataset/splits.parquet",
    output:
        figures="<results>/experiments/sequence_gain.json",
        page=report(
            "<results>/experiments/sequence_gain.html",
            caption="../report/sequence_gain.rst",
            category="Experiments",
        ),
    log:
        "<logs>/compare_sequences.log",
    benchmark:
        "<logs>/benchmarks/compare_sequences.tsv"
    conda:
        "../../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=240,
    params:
        code=code_of("compare_sequences.py"),
        features=config["features"],
        slices=config["sequence"]["slices"],
        model=config["model"],
        impute=config["dataset"]["impute"],
        folds=config["split"]["folds"],
        evaluation=config["evaluation"],
        source=config["source"],
        seed=config["seed"],
    script:
        "../scripts/compare_sequences.py"


rule ablate_inputs:
    """Leave features or slices out: snakemake results/experiments/ablation_features.html."""
    input:
        candidates="<results>/dataset/candidates.parquet",
        splits="<results>/dataset/splits.parquet",
    output:
        figures="<results>/experiments/ablation_{what}.json",
        page=report(
            "<results>/experiments/ablation_{what}.html",
            caption="../report/ablation.rst",
            category="Experiments",
        ),
    log:
        "<logs>/ablate_inputs/{what}.log",
    benchmark:
        "<logs>/benchmarks/ablate_inputs/{what}.tsv"
    wildcard_constraints:
        what="features|slices",
    conda:
        "../../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=720,
    params:
        code=code_of("ablate_inputs.py"),
        features=config["features"],
        sequence=config["sequence"],
        model=config["model"],
        impute=config["dataset"]["impute"],
        folds=config["split"]["folds"],
        evaluation=config["evaluation"],
        source=config["source"],
        seed=config["seed"],
    script:
        "../scripts/ablate_inputs.py"
