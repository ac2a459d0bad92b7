"""The stacked LSTM under every protocol, and the model that is released."""


rule train_lstm:
    """Train the stacked LSTM with the selected hyper-parameters on the split of one protocol."""
    input:
        candidates="<results>/dataset/candidates.parquet",
        splits="<results>/protocols/{protocol}/splits.parquet",
        tuned_on=f"{OWN}/splits.parquet",
        best="<results>/tuning/best.json",
    output:
        weights="<results>/protocols/{protocol}/lstm/model.safetensors",
        card="<results>/protocols/{protocol}/lstm/model.json",
        history="<results>/protocols/{protocol}/lstm/history.parquet",
        scores="<results>/protocols/{protocol}/lstm/scores.parquet",
    log:
        "<logs>/train_lstm/{protocol}.log",
    benchmark:
        "<logs>/benchmarks/train_lstm/{protocol}.tsv"
    priority: 1  # the longest chain: what is only compared with it can wait
    conda:
        "../../envs/model.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=720,
    params:
        code=code_of("train_lstm.py"),
        features=config["features"],
        sequence=config["sequence"],
        model=NETWORK,
        impute=config["dataset"]["impute"],
        threshold=config["evaluation"]["threshold"],
        run_protocol=config["protocol"],
        clusters=CLUSTERS,
        seed=config["seed"],
        checkpoint=in_logs("train_lstm/{protocol}.pt"),
    script:
        "../scripts/train_lstm.py"


rule grow_trees:
    """Grow trees that read depth on the split of one protocol, and average them with the LSTM."""
    input:
        candidates="<results>/dataset/candidates.parquet",
        splits="<results>/protocols/{protocol}/splits.parquet",
        network="<results>/protocols/{protocol}/lstm/model.safetensors",
        network_card="<results>/protocols/{protocol}/lstm/model.json",
        lstm_scores="<results>/protocols/{protocol}/lstm/scores.parquet",
    output:
        trees="<results>/protocols/{protocol}/trees/trees.safetensors",
        account="<results>/protocols/{protocol}/trees/trees.json",
        scores="<results>/protocols/{protocol}/trees/scores.parquet",
    log:
        "<logs>/grow_trees/{protocol}.log",
    benchmark:
        "<logs>/benchmarks/grow_trees/{protocol}.tsv"
    conda:
        "../../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=720,
    params:
        code=code_of("grow_trees.py"),
        objective=config["tuning"]["objective"],
        threshold=config["evaluation"]["threshold"],
        seed=config["seed"],
        cross_validation={
            "features": config["features"],
            "sequence": config["sequence"],
            "model": NETWORK,
            "impute": config["dataset"]["impute"],
            "duplicates": config["dataset"]["duplicates"],
            "folds": config["split"]["folds"],
            "repeats": config["comparison"]["cross_validation"],
        },
    script:
        "../scripts/grow_trees.py"


rule release_model:
    """Put the model that the run releases into one folder, with what it was made from."""
    input:
        **LEARNED.released,
        candidates="<results>/dataset/candidates.parquet",
        quality="<results>/dataset/quality.json",
        splits=f"{OWN}/splits.parquet",
        network=f"{OWN}/lstm/model.safetensors",
        network_card=f"{OWN}/lstm/model.json",
        trees=f"{OWN}/trees/trees.safetensors",
        trees_account=f"{OWN}/trees/trees.json",
    output:
        **LEARNED.in_release,
        weights="<results>/model/model.safetensors",
        card="<results>/model/model.json",
    log:
        "<logs>/release_model.log",
    localrule: True
    conda:
        "../../envs/model.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=10,
    params:
        code=code_of("release_model.py"),
        release=config["model"]["release"],
    script:
        "../scripts/release_model.py"
