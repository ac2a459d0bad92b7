"""Bayesian optimisation of the hyper-parameters, on the training part alone."""


rule create_study:
    """Begin the study that the workers share, or take up the one that fits this data."""
    input:
        candidates="<results>/dataset/candidates.parquet",
        splits=f"{OWN}/splits.parquet",
    output:
        study="<results>/tuning/study.json",
    log:
        "<logs>/create_study.log",
    localrule: True
    conda:
        "../../envs/tuning.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=15,
    params:
        code=code_of("create_study.py"),
        worker_code=code_of("tune_lstm.py"),
        features=config["features"],
        sequence=config["sequence"],
        settings=config["tuning"],
        model=config["model"],
        impute=config["dataset"]["impute"],
        protocol=config["protocol"],
        seed=config["seed"],
        journal=in_logs("tuning/study.journal"),
    script:
        "../scripts/create_study.py"


rule tune_lstm:
    """Take trials from the shared study until none is left."""
    input:
        study="<results>/tuning/study.json",
        candidates="<results>/dataset/candidates.parquet",
        splits=f"{OWN}/splits.parquet",
    output:
        done="<results>/tuning/worker_{worker}.json",
    log:
        "<logs>/tune_lstm/{worker}.log",
    benchmark:
        "<logs>/benchmarks/tune_lstm/{worker}.tsv"
    conda:
        "../../envs/tuning.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=720,
    params:
        code=code_of("tune_lstm.py"),
        journal=in_logs("tuning/study.journal"),
    script:
        "../scripts/tune_lstm.py"


rule select_hyperparameters:
    """Gather the trials and take the best one's hyper-parameters."""
    input:
        study="<results>/tuning/study.json",
        workers=expand(
            "<results>/tuning/worker_{worker}.json",
            worker=range(config["tuning"]["workers"]),
        ),
    output:
        trials="<results>/tuning/trials.parquet",
        best="<results>/tuning/best.json",
        page=report(
            "<results>/tuning/tuning.html",
            caption="../report/tuning.rst",
            category="Tuning",
        ),
    log:
        "<logs>/select_hyperparameters.log",
    localrule: True
    conda:
        "../../envs/tuning.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=10,
    params:
        code=code_of("select_hyperparameters.py"),
        source=config["source"],
        journal=in_logs("tuning/study.journal"),
    script:
        "../scripts/select_hyperparameters.py"
