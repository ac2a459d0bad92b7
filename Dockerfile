FROM condaforge/miniforge3:latest
LABEL io.github.snakemake.containerized="true"
LABEL io.github.snakemake.conda_env_hash="acc8862a51eb3762fb4f0b0726007972ee9119603082f25ab3cb80f93581ceed"
# Conda environment:
#   source: envs/comparison.yaml
#   prefix: /conda-envs/1e8cf5d2f4466d4bf8ff8e3a8cd9c307
#   # Other models beside the LSTM, and the leakage audit.
#   channels:
#     - conda-forge
#     - nodefaults
#   dependencies:
#     - python =3.12
#     - jinja2 >=3.1,<4
#     - markupsafe >=3,<4
#     - msgspec >=0.19,<1
#     - numpy >=2.3,<3
#     - plotly >=6.6,<8
#     - polars >=1.41,<3
#     - pyarrow >=24,<27
#     - pykdtree >=1.3.12,<2
#     - scikit-learn >=1.8,<2
#     - scipy >=1.16,<2
#     - threadpoolctl >=3.5,<4
#     - xgboost >=3,<4
RUN mkdir -p /conda-envs/1e8cf5d2f4466d4bf8ff8e3a8cd9c307
COPY envs/comparison.yaml /conda-envs/1e8cf5d2f4466d4bf8ff8e3a8cd9c307/environment.yaml
# Conda environment:
#   source: envs/dataset.yaml
#   prefix: /conda-envs/658e512b9a92088a3492d2ed7000c934
#   # Merging and splitting.
#   channels:
#     - conda-forge
#     - nodefaults
#   dependencies:
#     - python =3.12
#     - imagecodecs >=2025.8
#     - jsonschema >=4,<5
#     - msgspec >=0.19,<1
#     - numpy >=2.3,<3
#     - polars >=1.41,<3
#     - pyarrow >=24,<27
#     - pykdtree >=1.3.12,<2
#     - pydicom >=3.0.2,<4
#     - pyyaml >=6,<7
#     - scikit-image >=0.26,<0.27
#     - scikit-learn >=1.8,<2
#     - scipy >=1.16,<2
#     - simpleitk >=2.5,<3
#     - tifffile >=2025.10
RUN mkdir -p /conda-envs/658e512b9a92088a3492d2ed7000c934
COPY envs/dataset.yaml /conda-envs/658e512b9a92088a3492d2ed7000c934/environment.yaml
# Conda environment:
#   source: envs/detectors.yaml
#   prefix: /conda-envs/f7ef45bf20da5d7a24e56503b8ae8a36
#   # Detectors that search whole slices.
#   channels:
#     - conda-forge
#     - nodefaults
#   dependencies:
#     - python =3.12
#     - imagecodecs >=2025.8
#     - jsonschema >=4,<5
#     - msgspec >=0.19,<1
#     - numpy >=2.3,<3
#     - polars >=1.41,<3
#     - pyarrow >=24,<27
#     - pydicom >=3.0.2,<4
#     - pytorch >=2.10,<3
#     - pyyaml >=6,<7
#     - safetensors >=0.6,<1
#     - scikit-image >=0.26,<0.27
#     - scikit-learn >=1.8,<2
#     - scipy >=1.16,<2
#     - simpleitk >=2.5,<3
#     - tifffile >=2025.10
#     - torchvision >=0.25,<1
RUN mkdir -p /conda-envs/f7ef45bf20da5d7a24e56503b8ae8a36
COPY envs/detectors.yaml /conda-envs/f7ef45bf20da5d7a24e56503b8ae8a36/environment.yaml
# Conda environment:
#   source: envs/eda.yaml
#   prefix: /conda-envs/f4076ad817b2ca503ffb7d7cb000d7e0
#   # The exploratory page.
#   channels:
#     - conda-forge
#     - nodefaults
#   dependencies:
#     - python =3.12
#     - jinja2 >=3.1,<4
#     - markupsafe >=3,<4
#     - msgspec >=0.19,<1
#     - numpy >=2.3,<3
#     - plotly >=6.6,<8
#     - polars >=1.41,<3
#     - pyarrow >=24,<27
RUN mkdir -p /conda-envs/f4076ad817b2ca503ffb7d7cb000d7e0
COPY envs/eda.yaml /conda-envs/f4076ad817b2ca503ffb7d7cb000d7e0/environment.yaml
# Conda environment:
#   source: envs/evaluation.yaml
#   prefix: /conda-envs/73038817a2f1c678195d15b4df45ef7f
#   # Evaluation.
#   channels:
#     - conda-forge
#     - nodefaults
#   dependencies:
#     - python =3.12
#     - imagecodecs >=2025.8
#     - jinja2 >=3.1,<4
#     - jsonschema >=4,<5
#     - markupsafe >=3,<4
#     - msgspec >=0.19,<1
#     - numpy >=2.3,<3
#     - pillow >=12,<14
#     - plotly >=6.6,<8
#     - polars >=1.41,<3
#     - pyarrow >=24,<27
#     - pydicom >=3.0.2,<4
#     - pytorch >=2.10,<3
#     - pyyaml >=6,<7
#     - safetensors >=0.6,<1
#     - scikit-image >=0.26,<0.27
#     - scikit-learn >=1.8,<2
#     - scipy >=1.16,<2
#     - simpleitk >=2.5,<3
#     - threadpoolctl >=3.5,<4
#     - tifffile >=2025.10
#     - xgboost >=3,<4
RUN mkdir -p /conda-envs/73038817a2f1c678195d15b4df45ef7f
COPY envs/evaluation.yaml /conda-envs/73038817a2f1c678195d15b4df45ef7f/environment.yaml
# Conda environment:
#   source: envs/features.yaml
#   prefix: /conda-envs/74b0f6a8da968ab05d9f6be7c8704592
#   # Reading images and measuring candidates.
#   channels:
#     - conda-forge
#     - nodefaults
#   dependencies:
#     - python =3.12
#     - imagecodecs >=2025.8
#     - jsonschema >=4,<5
#     - msgspec >=0.19,<1
#     - numpy >=2.3,<3
#     - pillow >=12,<14
#     - polars >=1.41,<3
#     - pyarrow >=24,<27
#     - pydicom >=3.0.2,<4
#     - pyyaml >=6,<7
#     - safetensors >=0.6,<1
#     - scikit-image >=0.26,<0.27
#     - scipy >=1.16,<2
#     - simpleitk >=2.5,<3
#     - tifffile >=2025.10
RUN mkdir -p /conda-envs/74b0f6a8da968ab05d9f6be7c8704592
COPY envs/features.yaml /conda-envs/74b0f6a8da968ab05d9f6be7c8704592/environment.yaml
# Conda environment:
#   source: envs/image_models.yaml
#   prefix: /conda-envs/05f27f77fb15b5b15a0a7131e2d90675
#   # Networks on image patches.
#   channels:
#     - conda-forge
#     - nodefaults
#   dependencies:
#     - python =3.12
#     - msgspec >=0.19,<1
#     - numpy >=2.3,<3
#     - polars >=1.41,<3
#     - pyarrow >=24,<27
#     - pytorch >=2.10,<3
#     - safetensors >=0.6,<1
#     - scikit-image >=0.26,<0.27
#     - scikit-learn >=1.8,<2
#     - scipy >=1.16,<2
#     - torchvision >=0.25,<1
RUN mkdir -p /conda-envs/05f27f77fb15b5b15a0a7131e2d90675
COPY envs/image_models.yaml /conda-envs/05f27f77fb15b5b15a0a7131e2d90675/environment.yaml
# Conda environment:
#   source: envs/imports.yaml
#   prefix: /conda-envs/bfda34738560143204114174740f8f7d
#   # Turning published data sets into sheets.
#   channels:
#     - conda-forge
#     - nodefaults
#   dependencies:
#     - python =3.12
#     - jsonschema >=4,<5
#     - msgspec >=0.19,<1
#     - numpy >=2.3,<3
#     - pydicom >=3.0.2,<4
#     - pyyaml >=6,<7
RUN mkdir -p /conda-envs/bfda34738560143204114174740f8f7d
COPY envs/imports.yaml /conda-envs/bfda34738560143204114174740f8f7d/environment.yaml
# Conda environment:
#   source: envs/model.yaml
#   prefix: /conda-envs/61fcb598b1754cf50f8bc7e6a763ded0
#   # Training.
#   channels:
#     - conda-forge
#     - nodefaults
#   dependencies:
#     - python =3.12
#     - msgspec >=0.19,<1
#     - numpy >=2.3,<3
#     - polars >=1.41,<3
#     - pyarrow >=24,<27
#     - pytorch >=2.10,<3
#     - safetensors >=0.6,<1
#     - scipy >=1.16,<2
RUN mkdir -p /conda-envs/61fcb598b1754cf50f8bc7e6a763ded0
COPY envs/model.yaml /conda-envs/61fcb598b1754cf50f8bc7e6a763ded0/environment.yaml
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
#   prefix: /conda-envs/89892f3949fed158d753e17217784f92
#   # Scoring new volumes: model, pages and DICOM objects.
#   channels:
#     - conda-forge
#     - nodefaults
#   dependencies:
#     - python =3.12
#     - highdicom >=0.27,<0.29
#     - imagecodecs >=2025.8
#     - jinja2 >=3.1,<4
#     - jsonschema >=4,<5
#     - markupsafe >=3,<4
#     - msgspec >=0.19,<1
#     - numpy >=2.3,<3
#     - pillow >=12,<14
#     - plotly >=6.6,<8
#     - polars >=1.41,<3
#     - pyarrow >=24,<27
#     - pydicom >=3.0.2,<4
#     - pyyaml >=6,<7
#     - safetensors >=0.6,<1
#     - scikit-image >=0.26,<0.27
#     - scipy >=1.16,<2
#     - simpleitk >=2.5,<3
#     - tifffile >=2025.10
RUN mkdir -p /conda-envs/89892f3949fed158d753e17217784f92
COPY envs/prediction.yaml /conda-envs/89892f3949fed158d753e17217784f92/environment.yaml
# Conda environment:
#   source: envs/report.yaml
#   prefix: /conda-envs/2e4ff87d3971f4e94d11c784fdf27a80
#   # The index page.
#   channels:
#     - conda-forge
#     - nodefaults
#   dependencies:
#     - python =3.12
#     - jinja2 >=3.1,<4
#     - markupsafe >=3,<4
#     - msgspec >=0.19,<1
#     - numpy >=2.3,<3
#     - pillow >=12,<14
#     - plotly >=6.6,<8
#     - polars >=1.41,<3
#     - pyarrow >=24,<27
#     - scipy >=1.16,<2
RUN mkdir -p /conda-envs/2e4ff87d3971f4e94d11c784fdf27a80
COPY envs/report.yaml /conda-envs/2e4ff87d3971f4e94d11c784fdf27a80/environment.yaml
# Conda environment:
#   source: envs/search.yaml
#   prefix: /conda-envs/c2b7e36b2f07a7458499a446474dda17
#   # Training a search on slices.
#   channels:
#     - conda-forge
#     - nodefaults
#   dependencies:
#     - python =3.12
#     - imagecodecs >=2025.8
#     - jsonschema >=4,<5
#     - msgspec >=0.19,<1
#     - numpy >=2.3,<3
#     - polars >=1.41,<3
#     - pydicom >=3.0.2,<4
#     - pytorch >=2.10,<3
#     - pyyaml >=6,<7
#     - safetensors >=0.6,<1
#     - scikit-image >=0.26,<0.27
#     - scipy >=1.16,<2
#     - simpleitk >=2.5,<3
#     - tifffile >=2025.10
RUN mkdir -p /conda-envs/c2b7e36b2f07a7458499a446474dda17
COPY envs/search.yaml /conda-envs/c2b7e36b2f07a7458499a446474dda17/environment.yaml
# Conda environment:
#   source: envs/tuning.yaml
#   prefix: /conda-envs/081c476be73ea06aa8539d3cd0097a3c
#   # Bayesian optimisation.
#   channels:
#     - conda-forge
#     - nodefaults
#   dependencies:
#     - python =3.12
#     - jinja2 >=3.1,<4
#     - markupsafe >=3,<4
#     - msgspec >=0.19,<1
#     - numpy >=2.3,<3
#     - optuna >=4.9,<6
#     - plotly >=6.6,<8
#     - polars >=1.41,<3
#     - pyarrow >=24,<27
#     - pytorch >=2.10,<3
#     - scikit-learn >=1.8,<2
#     - scipy >=1.16,<2
RUN mkdir -p /conda-envs/081c476be73ea06aa8539d3cd0097a3c
COPY envs/tuning.yaml /conda-envs/081c476be73ea06aa8539d3cd0097a3c/environment.yaml

RUN conda env create --prefix /conda-envs/1e8cf5d2f4466d4bf8ff8e3a8cd9c307 --file /conda-envs/1e8cf5d2f4466d4bf8ff8e3a8cd9c307/environment.yaml && \
    conda env create --prefix /conda-envs/658e512b9a92088a3492d2ed7000c934 --file /conda-envs/658e512b9a92088a3492d2ed7000c934/environment.yaml && \
    conda env create --prefix /conda-envs/f7ef45bf20da5d7a24e56503b8ae8a36 --file /conda-envs/f7ef45bf20da5d7a24e56503b8ae8a36/environment.yaml && \
    conda env create --prefix /conda-envs/f4076ad817b2ca503ffb7d7cb000d7e0 --file /conda-envs/f4076ad817b2ca503ffb7d7cb000d7e0/environment.yaml && \
    conda env create --prefix /conda-envs/73038817a2f1c678195d15b4df45ef7f --file /conda-envs/73038817a2f1c678195d15b4df45ef7f/environment.yaml && \
    conda env create --prefix /conda-envs/74b0f6a8da968ab05d9f6be7c8704592 --file /conda-envs/74b0f6a8da968ab05d9f6be7c8704592/environment.yaml && \
    conda env create --prefix /conda-envs/05f27f77fb15b5b15a0a7131e2d90675 --file /conda-envs/05f27f77fb15b5b15a0a7131e2d90675/environment.yaml && \
    conda env create --prefix /conda-envs/bfda34738560143204114174740f8f7d --file /conda-envs/bfda34738560143204114174740f8f7d/environment.yaml && \
    conda env create --prefix /conda-envs/61fcb598b1754cf50f8bc7e6a763ded0 --file /conda-envs/61fcb598b1754cf50f8bc7e6a763ded0/environment.yaml && \
    conda env create --prefix /conda-envs/b0963ed1fc3ef8233d09862351aff058 --file /conda-envs/b0963ed1fc3ef8233d09862351aff058/environment.yaml && \
    conda env create --prefix /conda-envs/89892f3949fed158d753e17217784f92 --file /conda-envs/89892f3949fed158d753e17217784f92/environment.yaml && \
    conda env create --prefix /conda-envs/2e4ff87d3971f4e94d11c784fdf27a80 --file /conda-envs/2e4ff87d3971f4e94d11c784fdf27a80/environment.yaml && \
    conda env create --prefix /conda-envs/c2b7e36b2f07a7458499a446474dda17 --file /conda-envs/c2b7e36b2f07a7458499a446474dda17/environment.yaml && \
    conda env create --prefix /conda-envs/081c476be73ea06aa8539d3cd0097a3c --file /conda-envs/081c476be73ea06aa8539d3cd0097a3c/environment.yaml && \
    conda clean --all -y
