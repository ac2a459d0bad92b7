"""Other models beside the LSTM, under the honest and under the paper's protocol."""


rule fit_feature_models:
    """Tune and fit every feature model on the splits of one protocol."""
    input:
        candidates="<results>/dataset/candidates.parquet",
        splits="<results>/protocols/{protocol}/splits.parquet",
    output:
        scores="<results>/protocols/{protocol}/feature_models.parquet",
        account="<results>/protocols/{protocol}/feature_models.json",
    log:
        "<logs>/fit_feature_models/{protocol}.log",
    benchmark:
        "<logs>/benchmarks/fit_feature_models/{protocol}.tsv"
    conda:
        "../../envs/comparison.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=240,
    params:
        code=code_of("fit_feature_models.py"),
        features=config["features"],
        impute=config["dataset"]["impute"],
        duplicates=config["dataset"]["duplicates"],
        settings=section("comparison", "trials", "cross_validation"),
        objective=config["tuning"]["objective"],
        threshold=config["evaluation"]["threshold"],
        folds=config["split"]["folds"],
        seed=config["seed"],
    script:
        "../scripts/fit_feature_models.py"


rule compare_models:
    """Set every model beside the LSTM, with paired differences and their intervals.

    Networks on image patches are in the comparison on request, for volumes only:
    snakemake results/comparison/image_models.html.
    """
    input:
        unpack(PLAN.protocols.compared_scores),
        unpack(PAGES.sealed),
        cited=config["comparison"]["cited"],
    output:
        table="<results>/comparison/{comparison}.parquet",
        page=report(
            "<results>/comparison/{comparison}.html",
            caption="../report/comparison.rst",
            category="Comparison",
            labels={"what": "{comparison}"},
        ),
    log:
        "<logs>/compare_models/{comparison}.log",
    wildcard_constraints:
        comparison="comparison|image_models",
    conda:
        "../../envs/comparison.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=30,
    params:
        code=code_of("compare_models.py"),
        words=WORDS,
        protocols=PROTOCOLS,
        source=VOLUMES.told_source,
        settings=config["evaluation"],
    script:
        "../scripts/compare_models.py"
