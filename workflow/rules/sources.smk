"""Data from elsewhere: a published table, a published set of images."""


rule fetch_table:
    """Fetch a published feature table and check it against its checksum."""
    input:
        library=library("fetch_table.py"),
    output:
        table="<resources>/tables/{table}",
    log:
        "<logs>/fetch_table/{table}.log",
    conda:
        "../../envs/dataset.yaml"
    resources:
        mem_mb=500,
        runtime=15,
    params:
        address=config["table"]["path"],
        sha256=config["table"]["sha256"],
    script:
        "../scripts/fetch_table.py"


rule import_mini_mias:
    """Turn a folder of mini-MIAS into sheets: images of 200 µm pixels, clusters as circles."""
    input:
        truth=mini_mias_truth,
        library=library("import_mini_mias.py"),
    output:
        volumes="<resources>/mini_mias/volumes.tsv",
        annotations="<resources>/mini_mias/annotations.tsv",
    log:
        "<logs>/import_mini_mias.log",
    conda:
        "../../envs/dataset.yaml"
    resources:
        mem_mb=500,
        runtime=5,
    script:
        "../scripts/import_mini_mias.py"
