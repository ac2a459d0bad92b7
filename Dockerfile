FROM condaforge/miniforge3:latest
LABEL io.github.snakemake.containerized="true"
LABEL io.github.snakemake.conda_env_hash="5599563da6c36f361ab6b10bc7285109525800d844ea00ee2316793ed465d39c"
# Conda environment:
#   source: envs/comparison.yaml
#   prefix: /conda-envs/5f6cb5b6ff881789a6add0013d3f17e9
#   # Other models beside the LSTM, and the leakage audit.
#   channels:
#     - conda-forge
#     - nodefaults
#   dependencies:
#     - python =3.12
#     - jinja2 >=3.1,<4
#     - markupsafe >=3,<4
#     - numpy >=2.3,<3
#     - plotly >=6.6,<8
#     - polars >=1.41,<3
#     - pyarrow >=24,<27
#     - scikit-learn >=1.8,<2
#     - scipy >=1.16,<2
#     - threadpoolctl >=3.5,<4
#     - xgboost >=3,<4
RUN mkdir -p /conda-envs/5f6cb5b6ff881789a6add0013d3f17e9
COPY envs/comparison.yaml /conda-envs/5f6cb5b6ff881789a6add0013d3f17e9/environment.yaml
# Conda environment:
#   source: envs/dataset.yaml
#   prefix: /conda-envs/eb7f4e46f1ff77bf87300e707615f8c8
#   # Merging and splitting.
#   channels:
#     - conda-forge
#     - nodefaults
#   dependencies:
#     - python =3.12
#     - jsonschema >=4,<5
#     - numpy >=2.3,<3
#     - pillow >=12,<14
#     - polars >=1.41,<3
#     - pyarrow >=24,<27
#     - pydicom >=3.0.2,<4
#     - pyyaml >=6,<7
#     - scikit-learn >=1.8,<2
#     - scipy >=1.16,<2
RUN mkdir -p /conda-envs/eb7f4e46f1ff77bf87300e707615f8c8
COPY envs/dataset.yaml /conda-envs/eb7f4e46f1ff77bf87300e707615f8c8/environment.yaml
# Conda environment:
#   source: envs/eda.yaml
#   prefix: /conda-envs/89b46c1fd6b7b2b62f06c8be6fcaa9ea
#   # The exploratory page.
#   channels:
#     - conda-forge
#     - nodefaults
#   dependencies:
#     - python =3.12
#     - jinja2 >=3.1,<4
#     - markupsafe >=3,<4
#     - numpy >=2.3,<3
#     - plotly >=6.6,<8
#     - polars >=1.41,<3
#     - pyarrow >=24,<27
RUN mkdir -p /conda-envs/89b46c1fd6b7b2b62f06c8be6fcaa9ea
COPY envs/eda.yaml /conda-envs/89b46c1fd6b7b2b62f06c8be6fcaa9ea/environment.yaml
# Conda environment:
#   source: envs/evaluation.yaml
#   prefix: /conda-envs/21eb72de12c1688b3565414608e6ada6
#   # Evaluation.
#   channels:
#     - conda-forge
#     - nodefaults
#   dependencies:
#     - python =3.12
#     - jinja2 >=3.1,<4
#     - jsonschema >=4,<5
#     - markupsafe >=3,<4
#     - numpy >=2.3,<3
#     - pillow >=12,<14
#     - plotly >=6.6,<8
#     - polars >=1.41,<3
#     - pyarrow >=24,<27
#     - pydicom >=3.0.2,<4
#     - pytorch >=2.10,<3
#     - pyyaml >=6,<7
#     - safetensors >=0.6,<1
#     - scikit-learn >=1.8,<2
#     - scipy >=1.16,<2
RUN mkdir -p /conda-envs/21eb72de12c1688b3565414608e6ada6
COPY envs/evaluation.yaml /conda-envs/21eb72de12c1688b3565414608e6ada6/environment.yaml
# Conda environment:
#   source: envs/features.yaml
#   prefix: /conda-envs/7cce9d3e68e401d2fa7487a93a8e2c30
#   # Reading images and measuring candidates.
#   channels:
#     - conda-forge
#     - nodefaults
#   dependencies:
#     - python =3.12
#     - imagecodecs >=2025.8
#     - jsonschema >=4,<5
#     - numpy >=2.3,<3
#     - pillow >=12,<14
#     - polars >=1.41,<3
#     - pyarrow >=24,<27
#     - pydicom >=3.0.2,<4
#     - pyyaml >=6,<7
#     - scikit-image >=0.26,<0.27
#     - scipy >=1.16,<2
#     - tifffile >=2025.10
RUN mkdir -p /conda-envs/7cce9d3e68e401d2fa7487a93a8e2c30
COPY envs/features.yaml /conda-envs/7cce9d3e68e401d2fa7487a93a8e2c30/environment.yaml
# Conda environment:
#   source: envs/image_models.yaml
#   prefix: /conda-envs/6d887c115a3a25c2bcd2c3a605d15dbb
#   # Networks on image patches.
#   channels:
#     - conda-forge
#     - nodefaults
#   dependencies:
#     - python =3.12
#     - numpy >=2.3,<3
#     - polars >=1.41,<3
#     - pyarrow >=24,<27
#     - pytorch >=2.10,<3
#     - torchvision >=0.25,<1
RUN mkdir -p /conda-envs/6d887c115a3a25c2bcd2c3a605d15dbb
COPY envs/image_models.yaml /conda-envs/6d887c115a3a25c2bcd2c3a605d15dbb/environment.yaml
# Conda environment:
#   source: envs/imports.yaml
#   prefix: /conda-envs/fdedd59bd15009ddae84f58a9e4df442
#   # Turning published data sets into sheets.
#   channels:
#     - conda-forge
#     - nodefaults
#   dependencies:
#     - python =3.12
#     - jsonschema >=4,<5
#     - numpy >=2.3,<3
#     - pydicom >=3.0.2,<4
#     - pyyaml >=6,<7
RUN mkdir -p /conda-envs/fdedd59bd15009ddae84f58a9e4df442
COPY envs/imports.yaml /conda-envs/fdedd59bd15009ddae84f58a9e4df442/environment.yaml
# Conda environment:
#   source: envs/model.yaml
#   prefix: /conda-envs/95edfe819e3746f8335a1d78e91691b8
#   # Training.
#   channels:
#     - conda-forge
#     - nodefaults
#   dependencies:
#     - python =3.12
#     - numpy >=2.3,<3
#     - polars >=1.41,<3
#     - pyarrow >=24,<27
#     - pytorch >=2.10,<3
#     - safetensors >=0.6,<1
#     - scipy >=1.16,<2
RUN mkdir -p /conda-envs/95edfe819e3746f8335a1d78e91691b8
COPY envs/model.yaml /conda-envs/95edfe819e3746f8335a1d78e91691b8/environment.yaml
# Conda environment:
#   source: envs/phantom.yaml
#   prefix: /conda-envs/b0963ed1fc3ef8233d09862351aff058
#   # In-silico volumes.
#   channels:
#     - conda-forge
#     - nodefaults
#   dependencies:
#     - python =3.12
#     - numpy >=2.3,<3
#     - pillow >=12,<14
#     - pydicom >=3.0.2,<4
#     - scipy >=1.16,<2
RUN mkdir -p /conda-envs/b0963ed1fc3ef8233d09862351aff058
COPY envs/phantom.yaml /conda-envs/b0963ed1fc3ef8233d09862351aff058/environment.yaml
# Conda environment:
#   source: envs/prediction.yaml
#   prefix: /conda-envs/3353faf7998448a1f0721042112ac7ff
#   # Scoring new volumes: model, pages and DICOM objects.
#   channels:
#     - conda-forge
#     - nodefaults
#   dependencies:
#     - python =3.12
#     - imagecodecs >=2025.8
#     - jinja2 >=3.1,<4
#     - markupsafe >=3,<4
#     - numpy >=2.3,<3
#     - pillow >=12,<14
#     - plotly >=6.6,<8
#     - polars >=1.41,<3
#     - pyarrow >=24,<27
#     - pydicom >=3.0.2,<4
#     - safetensors >=0.6,<1
#     - scikit-image >=0.26,<0.27
#     - scipy >=1.16,<2
#     - tifffile >=2025.10
RUN mkdir -p /conda-envs/3353faf7998448a1f0721042112ac7ff
COPY envs/prediction.yaml /conda-envs/3353faf7998448a1f0721042112ac7ff/environment.yaml
# Conda environment:
#   source: envs/report.yaml
#   prefix: /conda-envs/31ba2986836cbd6861ceee2e695de297
#   # The index page.
#   channels:
#     - conda-forge
#     - nodefaults
#   dependencies:
#     - python =3.12
#     - jinja2 >=3.1,<4
#     - markupsafe >=3,<4
#     - numpy >=2.3,<3
#     - pillow >=12,<14
#     - plotly >=6.6,<8
#     - polars >=1.41,<3
#     - pyarrow >=24,<27
RUN mkdir -p /conda-envs/31ba2986836cbd6861ceee2e695de297
COPY envs/report.yaml /conda-envs/31ba2986836cbd6861ceee2e695de297/environment.yaml
# Conda environment:
#   source: envs/tuning.yaml
#   prefix: /conda-envs/8850691258ede141621be5848c639063
#   # Bayesian optimisation.
#   channels:
#     - conda-forge
#     - nodefaults
#   dependencies:
#     - python =3.12
#     - jinja2 >=3.1,<4
#     - markupsafe >=3,<4
#     - numpy >=2.3,<3
#     - optuna >=4.9,<6
#     - plotly >=6.6,<8
#     - polars >=1.41,<3
#     - pyarrow >=24,<27
#     - pytorch >=2.10,<3
#     - scikit-learn >=1.8,<2
#     - scipy >=1.16,<2
RUN mkdir -p /conda-envs/8850691258ede141621be5848c639063
COPY envs/tuning.yaml /conda-envs/8850691258ede141621be5848c639063/environment.yaml

RUN conda env create --prefix /conda-envs/5f6cb5b6ff881789a6add0013d3f17e9 --file /conda-envs/5f6cb5b6ff881789a6add0013d3f17e9/environment.yaml && \
    conda env create --prefix /conda-envs/eb7f4e46f1ff77bf87300e707615f8c8 --file /conda-envs/eb7f4e46f1ff77bf87300e707615f8c8/environment.yaml && \
    conda env create --prefix /conda-envs/89b46c1fd6b7b2b62f06c8be6fcaa9ea --file /conda-envs/89b46c1fd6b7b2b62f06c8be6fcaa9ea/environment.yaml && \
    conda env create --prefix /conda-envs/21eb72de12c1688b3565414608e6ada6 --file /conda-envs/21eb72de12c1688b3565414608e6ada6/environment.yaml && \
    conda env create --prefix /conda-envs/7cce9d3e68e401d2fa7487a93a8e2c30 --file /conda-envs/7cce9d3e68e401d2fa7487a93a8e2c30/environment.yaml && \
    conda env create --prefix /conda-envs/6d887c115a3a25c2bcd2c3a605d15dbb --file /conda-envs/6d887c115a3a25c2bcd2c3a605d15dbb/environment.yaml && \
    conda env create --prefix /conda-envs/fdedd59bd15009ddae84f58a9e4df442 --file /conda-envs/fdedd59bd15009ddae84f58a9e4df442/environment.yaml && \
    conda env create --prefix /conda-envs/95edfe819e3746f8335a1d78e91691b8 --file /conda-envs/95edfe819e3746f8335a1d78e91691b8/environment.yaml && \
    conda env create --prefix /conda-envs/b0963ed1fc3ef8233d09862351aff058 --file /conda-envs/b0963ed1fc3ef8233d09862351aff058/environment.yaml && \
    conda env create --prefix /conda-envs/3353faf7998448a1f0721042112ac7ff --file /conda-envs/3353faf7998448a1f0721042112ac7ff/environment.yaml && \
    conda env create --prefix /conda-envs/31ba2986836cbd6861ceee2e695de297 --file /conda-envs/31ba2986836cbd6861ceee2e695de297/environment.yaml && \
    conda env create --prefix /conda-envs/8850691258ede141621be5848c639063 --file /conda-envs/8850691258ede141621be5848c639063/environment.yaml && \
    conda clean --all -y
