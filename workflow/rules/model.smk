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
        times="<logs>/times/{protocol}_lstm.tsv",
    log:
        "<logs>/train_lstm/{protocol}.log",
    benchmark:
        "<logs>/benchmarks/train_lstm/{protocol}.tsv"
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
        model=config["model"],
        impute=config["dataset"]["impute"],
        threshold=config["evaluation"]["threshold"],
        run_protocol=config["protocol"],
        seed=config["seed"],
        checkpoint=in_logs("train_lstm/{protocol}.pt"),
    script:
        "../scripts/train_lstm.py"


rule release_model:
    """Put the model that the run releases into one folder, with what it was made from."""
    input:
        candidates="<results>/dataset/candidates.parquet",
        quality="<results>/dataset/quality.json",
        splits=f"{OWN}/splits.parquet",
        network=f"{OWN}/lstm/model.safetensors",
        network_card=f"{OWN}/lstm/model.json",
    output:
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
    script:
        "../scripts/release_model.py"
