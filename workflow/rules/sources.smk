"""Data from elsewhere: a published table, published sets of images, any tree of DICOM files."""

# A run of own volumes would simulate anew what its sheet names among these.
if VOLUMES.in_silico:

    include: "phantom.smk"


rule fetch_table:
    """Fetch a published feature table and check it against its checksum."""
    output:
        table="<resources>/tables/{table}",
    log:
        "<logs>/fetch_table/{table}.log",
    localrule: True
    conda:
        "../../envs/dataset.yaml"
    resources:
        mem_mb=growing(500),
        runtime=15,
    params:
        code=code_of("fetch_table.py"),
        address=config["table"]["path"],
        sha256=config["table"]["sha256"],
    script:
        "../scripts/fetch_table.py"


rule import_dataset:
    """Turn a published data set, or any tree of DICOM files, into sheets.

    snakemake resources/mini_mias/volumes.tsv --config import='{mini_mias: FOLDER}'
    """
    input:
        folder=PAGES.import_folder,
        tables=PAGES.import_tables,
    output:
        volumes="<resources>/{dataset}/volumes.tsv",
        annotations="<resources>/{dataset}/annotations.tsv",
        unplaced="<resources>/{dataset}/unplaced.tsv",
        files=directory("<resources>/{dataset}/files"),
    log:
        "<logs>/import_dataset/{dataset}.log",
    conda:
        "../../envs/imports.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=60,
    params:
        code=code_of("import_dataset.py"),
        listing=PAGES.import_listing,
        settings=PAGES.import_settings,
        schemas=SHEET_SCHEMAS,
    script:
        "../scripts/import_dataset.py"
