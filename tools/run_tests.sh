#!/usr/bin/env bash
# Set up, then run all checks and tests; this is what CI runs.
#
# Usage: bash tools/run_tests.sh [PYTEST ARGUMENTS]
#
# With the path of a test among the arguments only pytest runs.
# Examples: bash tools/run_tests.sh
#           bash tools/run_tests.sh tests/test_ops -k nms
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
VENV=${VENV:-$ROOT/.venv}
[[ $VENV == /* ]] || VENV=$PWD/$VENV
export VENV
cd "$ROOT"
if [[ ${1:-} == -h || ${1:-} == --help ]]; then
    sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//p;}' "${BASH_SOURCE[0]}"
    exit 0
fi

say() { printf '[tests   %3ds] %s\n' "$SECONDS" "$*"; }

bash tools/install.sh --extras tests,docs,demo

# Matplotlib, yapf and others keep caches; keep those inside the clone.
export XDG_CACHE_HOME=$ROOT/.cache MPLCONFIGDIR=$ROOT/.cache/matplotlib
export MPLBACKEND=Agg
mkdir -p "$MPLCONFIGDIR"

paths=false
for argument in "$@"; do
    if [[ $argument != -* && -e ${argument%%::*} ]]; then
        paths=true
    fi
done
if ! $paths; then
    say 'ruff'
    "$VENV/bin/ruff" check .
    "$VENV/bin/ruff" format --check --quiet .
    say 'codespell'
    "$VENV/bin/codespell"
    say 'interrogate'
    "$VENV/bin/interrogate" --quiet mmvision_ext tools
    say 'mypy'
    "$VENV/bin/mypy"
fi
say 'pytest'
if ! $paths; then
    # A process for each core, all tests of a file in one of them.
    export OMP_NUM_THREADS=1
    set -- -n auto --maxprocesses 8 --dist loadfile "$@"
fi
exec "$VENV/bin/python" -m pytest -p no:cacheprovider -q "$@"
