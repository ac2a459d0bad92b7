"""The reference paper's tables and figures beside this run's."""


rule reproduce_paper:
    """Set the paper's figures beside this run's, by its protocol and on a split without leaks."""
    input:
        splits=expand("<results>/protocols/{protocol}/splits.parquet", protocol=PAIR),
        scores=expand(
            "<results>/protocols/{protocol}/lstm/scores.parquet", protocol=PAIR
        ),
        cards=expand("<results>/protocols/{protocol}/lstm/model.json", protocol=PAIR),
        histories=expand(
            "<results>/protocols/{protocol}/lstm/history.parquet", protocol=PAIR
        ),
        split_account="<results>/protocols/paper/split.json",
    output:
        figures="<results>/reproduction.json",
        page=report(
            "<results>/reproduction.html",
            caption="../report/reproduction.rst",
            category="Evaluation",
            labels={"what": "the reference paper"},
        ),
    log:
        "<logs>/reproduce_paper.log",
    conda:
        "../../envs/evaluation.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=30,
    params:
        code=code_of("reproduce_paper.py"),
        evaluation=config["evaluation"],
    script:
        "../scripts/reproduce_paper.py"
