"""Bayesian optimisation of the hyper-parameters, on the training part alone."""

SEARCH = {key: value for key, value in config["tuning"].items() if key != "trials"}


rule run_trial:
    """Try one set of hyper-parameters, found from the trials that have ended before."""
    input:
        known=known_trials(config["tuning"]["batch"]),
        candidates="<results>/dataset/candidates.parquet",
        splits=f"{OWN}/splits.parquet",
    output:
        trial="<results>/tuning/trials/{trial}.json",
    log:
        "<logs>/run_trial/{trial}.log",
    benchmark:
        "<logs>/benchmarks/run_trial/{trial}.tsv"
    priority: 1  # the longest chain: what is only compared with it can wait
    conda:
        "../../envs/tuning.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=240,
    params:
        code=code_of("run_trial.py"),
        features=config["features"],
        sequence=config["sequence"],
        settings=SEARCH,
        model=NETWORK,
        impute=config["dataset"]["impute"],
        protocol=config["protocol"],
        seed=config["seed"],
    script:
        "../scripts/run_trial.py"


rule select_hyperparameters:
    """Gather the trials and take the best one's hyper-parameters."""
    input:
        trials=expand(
            "<results>/tuning/trials/{trial}.json",
            trial=range(config["tuning"]["trials"]),
        ),
    output:
        table="<results>/tuning/trials.parquet",
        best="<results>/tuning/best.json",
        page=report(
            "<results>/tuning/tuning.html",
            caption="../report/tuning.rst",
            category="Tuning",
            labels={"what": "trials"},
        ),
    log:
        "<logs>/select_hyperparameters.log",
    priority: 1  # the longest chain: what is only compared with it can wait
    localrule: True
    conda:
        "../../envs/tuning.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=10,
    params:
        code=code_of("select_hyperparameters.py"),
        words=WORDS,
        settings=SEARCH,
        protocol=config["protocol"],
        seed=config["seed"],
        source=VOLUMES.told_source,
    script:
        "../scripts/select_hyperparameters.py"
