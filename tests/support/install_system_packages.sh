#!/usr/bin/env bash
# Install what some tests need beside Python: a browser, DICOM validators, a viewer's parser.
# Without it, or without root, those tests are skipped with a reason.
set -euo pipefail
packages=(chromium chromium-driver dcmtk dicom3tools)
command -v npm >/dev/null || packages+=(nodejs npm)

if ! dpkg-query --show "${packages[@]}" >/dev/null 2>&1; then
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        echo "not installed (needs root and apt-get): ${packages[*]}" >&2
        exit 0
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update --quiet=2
    apt-get install --quiet=2 --no-install-recommends "${packages[@]}" >/dev/null
fi

cd "$(dirname "$0")/../.."
if [ ! -d .tests/ohif/node_modules ]; then
    mkdir -p .tests/ohif
    cp tests/support/ohif/package.json .tests/ohif/
    npm install --prefix .tests/ohif --silent --ignore-scripts --omit=optional --no-audit \
        --no-fund --no-package-lock ||
        { rm -rf .tests/ohif && echo "not installed: the parser of the viewer OHIF" >&2; }
fi
