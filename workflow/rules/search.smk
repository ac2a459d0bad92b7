"""A search that learns from the training patients before anything is measured; opt-in."""


rule train_search:
    """Learn what a calcification looks like from spots put into slices of training patients.

    `all` learns from all of them; `fold0`, … each know nothing of the patients that they search.
    """
    input:
        files=LEARNED.files_of,
    output:
        weights="<results>/search/{search}/search.safetensors",
        account="<results>/search/{search}/search.json",
    log:
        "<logs>/train_search/{search}.log",
    benchmark:
        "<logs>/benchmarks/train_search/{search}.tsv"
    conda:
        "../../envs/search.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=120,
    params:
        code=code_of("train_search.py"),
        volumes=LEARNED.volumes_of,
        image=config["image"],
        candidates=config["candidates"],
        sequence_slices=config["sequence"]["slices"],
        settings=config["search"],
        seed=config["seed"],
    script:
        "../scripts/train_search.py"
