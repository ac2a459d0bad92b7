#!/usr/bin/env bash
# Copy what the site is made of, links as they are, and render it. Usage: docs/site.sh MKDOCS
set -euo pipefail
mkdocs=$(realpath "$1")
cd "$(dirname "$0")/.."
rm -rf .site
mkdir -p .site/source/config .site/source/benchmarks
cp -r docs .site/source/docs
cp README.md .site/source/index.md
cp CHANGELOG.md CITATION.cff CONTRIBUTING.md LICENSE SECURITY.md .site/source/
cp config/README.md config/*.yaml config/*.tsv .site/source/config/ 2>/dev/null || true
cp benchmarks/*.md .site/source/benchmarks/
"$mkdocs" build --quiet
echo "Open $PWD/.site/html/index.html"
