"""Data from elsewhere: a published table, published sets of images, any tree of DICOM files."""


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


rule import_mini_mias:
    """Turn a folder of mini-MIAS into sheets: images of 200 µm pixels, clusters as circles."""
    input:
        truth=mini_mias_truth,
    output:
        volumes="<resources>/mini_mias/volumes.tsv",
        annotations="<resources>/mini_mias/annotations.tsv",
        unplaced="<resources>/mini_mias/unplaced.tsv",
    log:
        "<logs>/import_mini_mias.log",
    localrule: True
    conda:
        "../../envs/imports.yaml"
    resources:
        mem_mb=growing(500),
        runtime=5,
    params:
        code=code_of("import_mini_mias.py"),
        listing=import_listing("mini_mias"),
        schemas=SHEET_SCHEMAS,
    script:
        "../scripts/import_mini_mias.py"


rule import_bcs_dbt:
    """Turn a folder of BCS-DBT into sheets; its boxes are masses and distortions."""
    input:
        folder=import_folder("bcs_dbt"),
    output:
        volumes="<resources>/bcs_dbt/volumes.tsv",
        annotations="<resources>/bcs_dbt/annotations.tsv",
        unplaced="<resources>/bcs_dbt/unplaced.tsv",
    log:
        "<logs>/import_bcs_dbt.log",
    conda:
        "../../envs/imports.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=15,
    params:
        code=code_of("import_bcs_dbt.py"),
        listing=import_listing("bcs_dbt"),
        schemas=SHEET_SCHEMAS,
    script:
        "../scripts/import_bcs_dbt.py"


rule import_cbis_ddsm:
    """Turn the calcification cases of CBIS-DDSM into sheets, one mask per finding."""
    input:
        folder=import_folder("cbis_ddsm"),
    output:
        volumes="<resources>/cbis_ddsm/volumes.tsv",
        annotations="<resources>/cbis_ddsm/annotations.tsv",
        unplaced="<resources>/cbis_ddsm/unplaced.tsv",
    log:
        "<logs>/import_cbis_ddsm.log",
    conda:
        "../../envs/imports.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=30,
    params:
        code=code_of("import_cbis_ddsm.py"),
        listing=import_listing("cbis_ddsm"),
        pixel_spacing_mm=config["import"]["cbis_ddsm_spacing_mm"],
        schemas=SHEET_SCHEMAS,
    script:
        "../scripts/import_cbis_ddsm.py"


rule import_dicom_folder:
    """Group any tree of DICOM files into volumes; list what is in none, and why."""
    input:
        folder=import_folder("dicom_folder"),
    output:
        volumes="<resources>/dicom_folder/volumes.tsv",
        annotations="<resources>/dicom_folder/annotations.tsv",
        unplaced="<resources>/dicom_folder/unplaced.tsv",
        series=directory("<resources>/dicom_folder/series"),
    log:
        "<logs>/import_dicom_folder.log",
    conda:
        "../../envs/imports.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=60,
    params:
        code=code_of("import_dicom_folder.py"),
        listing=import_listing("dicom_folder"),
        laterality=config["import"]["dicom_laterality"],
        site=config["import"]["dicom_site"],
        schemas=SHEET_SCHEMAS,
    script:
        "../scripts/import_dicom_folder.py"
