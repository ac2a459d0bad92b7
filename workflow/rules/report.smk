"""The page that a user opens first."""


rule build_index:
    """Link everything that the run produced from one page."""
    input:
        unpack(index_inputs),
        quality="<results>/dataset/quality.json",
        split="<results>/dataset/split.json",
        metrics="<results>/evaluation/metrics.json",
        files=[
            "<results>/evaluation/report.html",
            "<results>/comparison/comparison.html",
            "<results>/audit/leakage.html",
            *reproduction(),
            "<results>/eda/eda.html",
            "<results>/evaluation/metrics.json",
            "<results>/evaluation/predictions.parquet",
            "<results>/comparison/comparison.parquet",
            "<results>/audit/leakage.json",
            *case_tables(),
            "<results>/tuning/tuning.html",
            "<results>/tuning/study.json",
            "<results>/tuning/trials.parquet",
            "<results>/tuning/best.json",
            "<results>/model/model.safetensors",
            "<results>/model/model.json",
            "<results>/model/history.parquet",
            "<results>/dataset/candidates.parquet",
            "<results>/dataset/splits.parquet",
            "<results>/dataset/quality.json",
            "<results>/dataset/split.json",
            "<results>/eda/eda.json",
        ],
        library=library("build_index.py"),
    output:
        page=report(
            "<results>/index.html", caption="../report/index.rst", category="Overview"
        ),
    log:
        "<logs>/build_index.log",
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    script:
        "../scripts/build_index.py"
