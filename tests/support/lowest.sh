#!/usr/bin/env bash
# Run unit tests on the lowest versions that the environment files admit. Usage: tests/support/lowest.sh UV FOLDER
# PyTorch stays at the version of this environment: an older build for processors is not in every registry.
set -euo pipefail
cd "$(dirname "$0")/../.."
uv=$1
folder=$2

requirements() { # of all environments, in the names of Python's registry
    sed -nE 's/^  - (.*)$/\1/p' envs/*.yaml | grep -vE '^(conda-forge|nodefaults|python |pytorch|torchvision)' |
        sed 's/^xgboost /xgboost-cpu /' | sort --unique
}

"$uv" venv --quiet --clear --python .venv/bin/python "$folder"
requirements >"$folder/requirements.in"
grep -E '^(torch|torchvision|snakemake|pytest|pytest-xdist|packaging|highdicom)==' requirements-test.lock >>"$folder/requirements.in"
"$uv" pip install --quiet --python "$folder/bin/python" --resolution lowest-direct \
    ${PIP_FIND_LINKS:+--find-links "$PIP_FIND_LINKS"} --requirement "$folder/requirements.in"
"$uv" pip freeze --quiet --python "$folder/bin/python" >"$folder/installed.txt"
"$folder/bin/python" -m pytest tests/unit tests/scripts --quiet -p no:cacheprovider "${@:3}"
