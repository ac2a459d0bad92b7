#!/usr/bin/env bash
# Pin what pyproject.toml resolves to, for every supported Python. Usage: tests/support/lock.sh UV
set -euo pipefail
cd "$(dirname "$0")/../.."
uv=$1

pin() { # the CUDA parts of torch follow from its own pins and differ by machine: not listed
    "$uv" pip compile --quiet --universal --python-version 3.11 --no-annotate --no-header \
        --no-emit-index-url --no-emit-find-links pyproject.toml "$@" |
        grep -vE '^(nvidia-|cuda-|triton)' | sed 's/+cpu//'
}

pin --extra workflow >requirements.lock
pin --extra workflow --extra test >requirements-test.lock
