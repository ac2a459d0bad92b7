#!/usr/bin/env bash
# Install what some tests need from Debian or Ubuntu: a browser, DICOM validators.
# Without it, or without root, those tests are skipped with a reason.
set -euo pipefail
packages=(chromium chromium-driver dcmtk dicom3tools)

if dpkg-query --show "${packages[@]}" >/dev/null 2>&1; then
    exit 0
fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "not installed (needs root and apt-get): ${packages[*]}" >&2
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet=2
apt-get install --quiet=2 --no-install-recommends "${packages[@]}" >/dev/null
