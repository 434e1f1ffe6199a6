#!/usr/bin/env bash
# Makes .venv from requirements-dev.lock and installs the project into it, editable.
# A stamp remembers what was installed: nothing is done when lock, project file and folder are the same as last time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv=.venv
stamp=$venv/.setup-stamp
wanted=$({ pwd; cat requirements-dev.lock pyproject.toml scripts/setup.sh; } | sha256sum | cut -d' ' -f1)
if [[ -x $venv/bin/microflow && -f $stamp && $(<"$stamp") == "$wanted" ]]; then
    exit 0
fi

find_python() {
    local candidate
    for candidate in ${PYTHON:-} python3.11 python3; do
        if "$candidate" -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    echo "setup: Python 3.11 or newer is needed; put it on the PATH or name it: make setup PYTHON=/path/to/python3.11" >&2
    return 1
}

if [[ ! -x $venv/bin/python ]] || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    python=$(find_python)
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        bash scripts/need.sh --package python3-venv
    fi
    echo "setup: making $venv with $("$python" --version)"
    "$python" -m venv --clear "$venv"
fi

echo "setup: installing what requirements-dev.lock names"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
echo "$wanted" >"$stamp"
echo "setup: done"
