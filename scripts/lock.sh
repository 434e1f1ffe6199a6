#!/usr/bin/env bash
# Resolves pyproject.toml anew and writes requirements-dev.lock (everything) and requirements.lock (what a server needs).
# The second is constrained by the first, so that tests run what is served.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

common=(pyproject.toml --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --quiet)
.venv/bin/uv pip compile "${common[@]}" --group dev --upgrade -o requirements-dev.lock
.venv/bin/uv pip compile "${common[@]}" --constraints requirements-dev.lock --upgrade -o requirements.lock
echo "lock: wrote requirements-dev.lock and requirements.lock; make setup installs them"
