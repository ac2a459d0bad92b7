"""The model card, and the page that a user opens first and that links every page."""


rule write_model_card:
    """Say what the model is for, what it is not for, and how well it does."""
    input:
        unpack(PAGES.external),
        quality="<results>/dataset/quality.json",
        split=f"{OWN}/split.json",
        metrics="<results>/evaluation/metrics.json",
        model="<results>/model/model.json",
        best="<results>/tuning/best.json",
        audit="<results>/audit/leakage.json",
        comparison="<results>/comparison/comparison.parquet",
    output:
        text=report(
            "<results>/model_card.md",
            caption="../report/model_card.rst",
            category="Model card",
            labels={"form": "Markdown"},
        ),
        page=report(
            "<results>/model_card.html",
            caption="../report/model_card.rst",
            category="Model card",
            labels={"form": "page"},
        ),
    log:
        "<logs>/write_model_card.log",
    localrule: True
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=10,
    params:
        code=code_of("write_model_card.py"),
        target=config["target"],
        words=WORDS,
        labels=config["labels"],
        authors=config["card"],
        seed=config["seed"],
    script:
        "../scripts/write_model_card.py"


rule build_index:
    """Link everything that the run produced from one page."""
    input:
        unpack(PAGES.index_inputs),
        quality="<results>/dataset/quality.json",
        split=f"{OWN}/split.json",
        metrics="<results>/evaluation/metrics.json",
        audit="<results>/audit/leakage.json",
        comparison="<results>/comparison/comparison.parquet",
        files=[
            "<results>/model_card.html",
            "<results>/evaluation/report.html",
            "<results>/comparison/comparison.html",
            "<results>/audit/leakage.html",
            *PAGES.reproduction,
            "<results>/eda/eda.html",
            "<results>/tuning/tuning.html",
            "<results>/model_card.md",
            "<results>/evaluation/metrics.json",
            "<results>/evaluation/predictions.parquet",
            "<results>/comparison/comparison.parquet",
            "<results>/audit/leakage.json",
            "<results>/audit/shared.tsv",
            *PAGES.case_tables,
            *PAGES.put_in,
            "<results>/tuning/trials.parquet",
            "<results>/tuning/best.json",
            "<results>/model/model.safetensors",
            "<results>/model/model.json",
            f"{OWN}/lstm/history.parquet",
            "<results>/dataset/candidates.parquet",
            f"{OWN}/splits.parquet",
            "<results>/dataset/quality.json",
            f"{OWN}/split.json",
            "<results>/eda/eda.json",
        ],
    output:
        page=report(
            "<results>/index.html",
            caption="../report/index.rst",
            category="Overview",
            labels={"what": "results of this run"},
        ),
    log:
        "<logs>/build_index.log",
    localrule: True
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=10,
    params:
        code=code_of("build_index.py"),
        words=WORDS,
        requested=PAGES.on_request,
    script:
        "../scripts/build_index.py"
