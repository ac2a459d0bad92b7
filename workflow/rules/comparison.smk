"""Other models beside the LSTM, under the honest and under the paper's protocol."""


rule split_protocol:
    """Split the candidates by another protocol than the run's own, or by the user's file."""
    input:
        candidates="<results>/dataset/candidates.parquet",
        own=own_split,
    output:
        splits="<results>/comparison/{protocol}/splits.parquet",
    log:
        "<logs>/split_protocol/{protocol}.log",
    conda:
        "../../envs/dataset.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=30,
    params:
        code=code_of("split_protocol.py"),
        features=config["features"],
        duplicates=config["dataset"]["duplicates"],
        seed=config["seed"],
        settings=config["split"],
    script:
        "../scripts/split_protocol.py"


rule fit_feature_models:
    """Tune and fit every feature model on the splits of one protocol."""
    input:
        candidates="<results>/dataset/candidates.parquet",
        splits=protocol_splits,
    output:
        scores="<results>/comparison/{protocol}/feature_models.parquet",
        account="<results>/comparison/{protocol}/feature_models.json",
        times="<logs>/comparison/{protocol}_times.tsv",
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


rule retrain_lstm:
    """Train the LSTM by the released recipe under another protocol than the run's own."""
    input:
        candidates="<results>/dataset/candidates.parquet",
        splits=protocol_splits,
        tuned_on="<results>/dataset/splits.parquet",
        best="<results>/tuning/best.json",
    output:
        scores="<results>/comparison/{protocol}/lstm.parquet",
        account="<results>/comparison/{protocol}/lstm.json",
        times="<logs>/comparison/{protocol}_lstm_times.tsv",
    log:
        "<logs>/retrain_lstm/{protocol}.log",
    benchmark:
        "<logs>/benchmarks/retrain_lstm/{protocol}.tsv"
    conda:
        "../../envs/model.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=720,
    params:
        code=code_of("retrain_lstm.py"),
        features=config["features"],
        sequence=config["sequence"],
        model=config["model"],
        impute=config["dataset"]["impute"],
        threshold=config["evaluation"]["threshold"],
        seed=config["seed"],
        checkpoint=in_logs("retrain_lstm/{protocol}.pt"),
    script:
        "../scripts/retrain_lstm.py"


rule compare_models:
    """Set every model beside the LSTM, with paired differences and their intervals."""
    input:
        unpack(scored_protocols),
        best="<results>/tuning/best.json",
        cited=config["comparison"]["cited"],
    output:
        table="<results>/comparison/comparison.parquet",
        page=report(
            "<results>/comparison/comparison.html",
            caption="../report/comparison.rst",
            category="Comparison",
        ),
    log:
        "<logs>/compare_models.log",
    conda:
        "../../envs/comparison.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=30,
    params:
        code=code_of("compare_models.py"),
        protocols=PROTOCOLS,
        source=config["source"],
        settings=config["evaluation"],
        seed=config["seed"],
    script:
        "../scripts/compare_models.py"
