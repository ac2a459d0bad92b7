"""What the model is worth on data it has never seen."""


rule evaluate_lstm:
    """Score every candidate, and report figures with intervals on the test part."""
    input:
        candidates="<results>/dataset/candidates.parquet",
        splits="<results>/dataset/splits.parquet",
        weights="<results>/model/model.safetensors",
        card="<results>/model/model.json",
        library=library("evaluate_lstm.py"),
    output:
        predictions="<results>/evaluation/predictions.parquet",
        metrics="<results>/evaluation/metrics.json",
        page=report(
            "<results>/evaluation/report.html",
            caption="../report/evaluation.rst",
            category="Evaluation",
        ),
    log:
        "<logs>/evaluate_lstm.log",
    benchmark:
        "<logs>/benchmarks/evaluate_lstm.tsv"
    conda:
        "../../envs/evaluation.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        source=config["source"],
        protocol=config["protocol"],
        settings=config["evaluation"],
        seed=config["seed"],
    script:
        "../scripts/evaluate_lstm.py"
