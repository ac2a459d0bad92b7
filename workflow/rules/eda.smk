"""A look at the data before any model."""


rule explore_dataset:
    """Describe the data set on one page: first what to know, such as duplicates and leaks."""
    input:
        candidates="<results>/dataset/candidates.parquet",
        splits=f"{OWN}/splits.parquet",
        quality="<results>/dataset/quality.json",
        split=f"{OWN}/split.json",
    output:
        page=report(
            "<results>/eda/eda.html",
            caption="../report/eda.rst",
            category="Data set",
            labels={"what": "candidates and features"},
        ),
        data="<results>/eda/eda.json",
    log:
        "<logs>/explore_dataset.log",
    benchmark:
        "<logs>/benchmarks/explore_dataset.tsv"
    conda:
        "../../envs/eda.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=30,
    params:
        code=code_of("explore_dataset.py"),
        words=WORDS,
        features=config["features"],
        settings=config["eda"],
    script:
        "../scripts/explore_dataset.py"
