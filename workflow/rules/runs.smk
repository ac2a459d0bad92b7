"""Runs beside each other, and models with less to read: each on request."""


rule compare_runs:
    """Set finished runs side by side: snakemake compare_runs --config runs='[results, other]'."""
    input:
        files=run_files,
    output:
        figures="<results>/runs/runs.json",
        page=report(
            "<results>/runs/runs.html",
            caption="../report/runs.rst",
            category="Experiments",
        ),
    log:
        "<logs>/compare_runs.log",
    conda:
        "../../envs/evaluation.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=30,
    params:
        code=code_of("compare_runs.py"),
        folders=config["runs"],
        names=config["runs"],
        evaluation=config["evaluation"],
        seed=config["seed"],
    script:
        "../scripts/compare_runs.py"


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


rule build_site:
    """Link every page that is there from one: snakemake build_site, then share the folder."""
    input:
        pages=site_pages,
    output:
        page=report(
            "<results>/site.html", caption="../report/site.rst", category="Overview"
        ),
    log:
        "<logs>/build_site.log",
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=growing(500),
        runtime=10,
    params:
        code=code_of("build_site.py"),
    script:
        "../scripts/build_site.py"
