#!/usr/bin/env bash
# Runs every check that needs no server, all of them even when one fails, and names those that failed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PATH=$PWD/.venv/bin:$PATH

failed=()
check() {
    local name=$1
    shift
    echo "check: $name"
    "$@" || failed+=("$name")
}

check "ruff check" ruff check --quiet --output-format concise .
check "ruff format" ruff format --check --quiet .
check "mypy" mypy --no-error-summary
check "lint-imports" lint-imports --no-logo
check "apps" microflow check --app apps/Demo --app apps/Tracking --app bench/apps/Bench
check "generated pages" python scripts/generated_docs.py --check

if ((${#failed[@]})); then
    printf 'check: FAILED: %s\n' "${failed[*]}"
    exit 1
fi
echo "check: all good"
