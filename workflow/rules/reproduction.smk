"""The reference paper's tables and figures beside this run's."""


rule reproduce_paper:
    """Repeat the training under watch, and once more on a split that does not leak."""
    input:
        candidates="<results>/dataset/candidates.parquet",
        splits="<results>/dataset/splits.parquet",
        split_account="<results>/dataset/split.json",
        predictions="<results>/evaluation/predictions.parquet",
        metrics="<results>/evaluation/metrics.json",
        best="<results>/tuning/best.json",
    output:
        figures="<results>/reproduction.json",
        page=report(
            "<results>/reproduction.html",
            caption="../report/reproduction.rst",
            category="Evaluation",
        ),
    log:
        "<logs>/reproduce_paper/reproduce_paper.log",
    benchmark:
        "<logs>/benchmarks/reproduce_paper.tsv"
    conda:
        "../../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=120,
    params:
        code=code_of("reproduce_paper.py"),
        features=config["features"],
        sequence=config["sequence"],
        model=config["model"],
        impute=config["dataset"]["impute"],
        split=config["split"],
        evaluation=config["evaluation"],
        seed=config["seed"],
        checkpoints=in_logs("reproduce_paper"),
    script:
        "../scripts/reproduce_paper.py"
