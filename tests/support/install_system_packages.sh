#!/usr/bin/env bash
# Install what some tests need beside Python: a browser, DICOM validators, a viewer's parser.
# Without it, or without root, those tests are skipped with a reason.
set -euo pipefail
cd "$(dirname "$0")/../.."

install() { # packages of Debian or Ubuntu, unless they are there
    if dpkg-query --show "$@" >/dev/null 2>&1; then
        return
    fi
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        echo "not installed (needs root and apt-get): $*" >&2
        return
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update --quiet=2
    apt-get install --quiet=2 --no-install-recommends "$@" >/dev/null
}

install chromium chromium-driver dcmtk dicom3tools

command -v npm >/dev/null || install nodejs npm || echo "not installed: npm" >&2
if [ ! -d .tests/ohif/node_modules ]; then
    mkdir -p .tests/ohif
    cp tests/support/ohif/package.json .tests/ohif/
    timeout 120 npm install --prefix .tests/ohif --silent --ignore-scripts --omit=optional \
        --no-audit --no-fund --no-package-lock --fetch-retries 1 ||
        { rm -rf .tests/ohif && echo "not installed: the parser of the viewer OHIF" >&2; }
fi
