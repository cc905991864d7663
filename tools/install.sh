#!/usr/bin/env bash
# Install mmvision_ext in editable mode, with the tested set of packages,
# into a virtual environment. See --help.
set -euo pipefail

usage() {
    cat <<'HELP'
Usage: bash tools/install.sh [--extras LIST] [--compile-ops] [--force]

Makes or reuses the virtual environment .venv, installs the tested set of
packages (requirements/tested.txt) and this package in editable mode, and
lets mmcv use torchvision in place of its compiled operators. What is already
up to date is skipped. Needs Python 3.10, 3.11 or 3.12 and no compiler.

  --extras LIST   also install extras: tests, demo, deploy, dev, docs, text
                  (comma list)
  --compile-ops   build mmcv's own operators (minutes; needs a C++ compiler;
                  with CUDA where nvcc and a GPU are there) into a wheel cache
                  and install them in place of the stand-ins
  --force         install again even where all seems up to date

Environment:
  PYTHON               the Python to make the environment with
  VENV                 folder of the environment (default: .venv here)
  MMVISION_WHEEL_CACHE folder of compiled wheels
                       (default: ~/.cache/mmvision_ext/wheels)

Example: bash tools/install.sh --extras tests,demo
HELP
}

say() { printf '[install %3ds] %s\n' "$SECONDS" "$*"; }
fail() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }

extras=() compile_ops=false force=false
while (($#)); do
    case $1 in
        --extras)
            (($# > 1)) || fail '--extras needs a list, such as tests,demo'
            IFS=, read -ra extras <<<"$2"
            shift
            ;;
        --extras=*) IFS=, read -ra extras <<<"${1#*=}" ;;
        --compile-ops) compile_ops=true ;;
        --force) force=true ;;
        -h | --help) usage; exit 0 ;;
        *) fail "unknown option '$1'; see bash tools/install.sh --help" ;;
    esac
    shift
done
for extra in ${extras[@]+"${extras[@]}"}; do
    case $extra in
        tests | demo | deploy | dev | docs | text) ;;
        *) fail "unknown extra '$extra'; expected tests, demo, deploy, dev," \
            'docs or text' ;;
    esac
done

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
VENV=${VENV:-$ROOT/.venv}
[[ $VENV == /* ]] || VENV=$PWD/$VENV
PY=$VENV/bin/python
STAMPS=$VENV/mmvision_ext
LOG=$STAMPS/install.log
REQUIREMENTS=$ROOT/requirements
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
cd "$ROOT"

supported() {
    "$1" -c 'import sys, venv, ensurepip
sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null
}

find_python() {
    local candidate
    if [[ -n ${PYTHON:-} ]]; then
        supported "$PYTHON" || fail "PYTHON=$PYTHON is not a Python 3.10," \
            '3.11 or 3.12 with the modules venv and ensurepip'
        printf '%s\n' "$PYTHON"
        return
    fi
    for candidate in python3 python3.12 python3.11 python3.10 python; do
        if supported "$candidate"; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    fail 'no Python 3.10, 3.11 or 3.12 with the module venv on PATH.' \
        'On Debian or Ubuntu: apt install python3-venv. Else set' \
        'PYTHON=/path/to/python3.12'
}

# What a step was installed from; the step is skipped while it is the same.
fingerprint() {
    "$PY" - "$ROOT" "$@" <<'CODE'
import hashlib, pathlib, sys
digest = hashlib.sha256(sys.version.encode())
digest.update(sys.argv[1].encode())
for name in sys.argv[2:]:
    digest.update(pathlib.Path(name).read_bytes())
print(digest.hexdigest())
CODE
}

up_to_date() { # NAME FINGERPRINT
    ! $force && [[ -f $STAMPS/$1 && $(<"$STAMPS/$1") == "$2" ]]
}

# Shows of pip's output what takes time, line by line as it comes.
show_progress() {
    local line
    local fetched='^ *Downloading .*\([0-9.]+ [MG]B\)'
    local built='^ *(Building wheel for|Using cached) ([^ ]+)'
    local compiled='(\[[0-9]+/[0-9]+\]) .*/([^ /]+\.(cpp|cu)) '
    while IFS= read -r line; do
        if [[ $line =~ $fetched ]]; then
            printf '%s\n' "$line"
        elif [[ $line =~ $built || $line =~ $compiled ]]; then
            printf '  %s %s\n' "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
        elif [[ $line == 'Successfully installed'* ]]; then
            ((${#line} <= 200)) || line="${line:0:200} ..."
            printf '%s\n' "$line"
        fi
    done
}

# Runs pip; shows what it fetches and installs, and all of it on failure.
pip() {
    local from
    from=$(wc -c <"$LOG")
    if ! "$PY" -m pip "$@" 2>&1 | tee -a "$LOG" | show_progress; then
        tail -c "+$((from + 1))" "$LOG" | tail -n 60 >&2
        fail "pip $1 failed; the whole output is in $LOG"
    fi
}

make_environment() {
    if [[ -x $PY ]] && "$PY" -c '' 2>/dev/null; then
        supported "$PY" || fail "$VENV has $("$PY" --version), expected" \
            "3.10, 3.11 or 3.12. Remove it (rm -rf '$VENV') and run again"
    elif [[ -e $VENV ]]; then
        fail "$VENV is there but its Python does not run. Remove it" \
            "(rm -rf '$VENV') and run again"
    else
        local python
        python=$(find_python)
        say "making $VENV with $("$python" --version)"
        "$python" -m venv "$VENV"
    fi
    mkdir -p "$STAMPS"
    : >>"$LOG"
}

refuse_clashes() {
    "$PY" - <<'CODE' || exit 1
import sys
from mmvision_ext.doctor.environment import INSTALL, installed_versions
from mmvision_ext.doctor.packages import check_clashes
for item in check_clashes(installed_versions(), INSTALL):
    sys.exit(f'install.sh: {item.text}. Run:\n    {item.command}')
CODE
}

install_base() {
    local print
    print=$(fingerprint "$REQUIREMENTS/tested.txt" "$REQUIREMENTS/runtime.txt" \
        setup.py pyproject.toml tools/install.sh)
    if up_to_date base "$print"; then
        return
    fi
    local mmcv rest=$STAMPS/rest.txt
    mmcv=$(grep '^onedl-mmcv==' "$REQUIREMENTS/tested.txt")
    grep -vE '^onedl-mmcv==' "$REQUIREMENTS/tested.txt" >"$rest"
    say 'torch and the CUDA libraries that it needs'
    pip install -c "$REQUIREMENTS/tested.txt" torch torchvision
    say 'the rest of the tested set'
    pip install --no-deps -r "$rest"
    # Built apart from torch, mmcv compiles nothing. A wheel in pip's cache
    # may be one that another project compiled for another torch.
    say 'mmcv without its compiled operators'
    pip install --no-deps --no-cache-dir "$mmcv"
    say 'mmvision_ext'
    pip install --no-deps --no-build-isolation -e .
    "$PY" -m mmvision_ext.ops
    printf '%s\n' "$print" >"$STAMPS/base"
}

install_extra() { # NAME
    local pins=$REQUIREMENTS/tested-$1.txt ranges=$REQUIREMENTS/$1.txt print
    case $1 in # an extra may stand on another
        dev | docs) install_extra tests ;;
        tests) install_extra deploy ;;
    esac
    [[ -f $pins ]] || pins=$REQUIREMENTS/tested.txt
    print=$(fingerprint "$pins" "$ranges")
    if up_to_date "extra-$1" "$print"; then
        return
    fi
    say "extra: $1"
    if [[ $pins == */tested.txt ]]; then
        pip install -c "$pins" -r "$ranges"
    else
        pip install --no-deps -r "$pins"
    fi
    printf '%s\n' "$print" >"$STAMPS/extra-$1"
}

# Prints a folder name that says for what the wheel is compiled, and cpu or
# cuda: torch 2.11.0 on CPython 3.11 for CUDA 13.0 and sm_90, for instance.
build_target() {
    local nvcc=false
    if command -v nvcc >/dev/null || [[ -x ${CUDA_HOME:-}/bin/nvcc ]]; then
        nvcc=true
    fi
    "$PY" - $nvcc <<'CODE'
import sys
import torch
target, device = 'cpu', 'cpu'
if sys.argv[1] == 'true' and torch.cuda.is_available():
    device = 'cuda'
    target = 'cuda%s-sm%d%d' % (
        torch.version.cuda, *torch.cuda.get_device_capability())
version = torch.__version__.partition('+')[0]
print(f'{version}-cp{sys.version_info[0]}{sys.version_info[1]}-{target}',
      device)
CODE
}

build_wheel() { # DEVICE FOLDER
    command -v "${CXX:-c++}" >/dev/null || fail 'no C++ compiler found.' \
        'On Debian or Ubuntu: apt install g++'
    local mmcv build=$STAMPS/build
    mmcv=$(grep '^onedl-mmcv==' "$REQUIREMENTS/tested.txt")
    say 'ninja'
    pip install --no-deps -r "$REQUIREMENTS/compile.txt"
    say "compiling $mmcv for ${2##*/}; this takes minutes"
    rm -rf "$build"
    # setup.py compiles for CUDA as soon as torch sees a GPU, nvcc or not.
    if [[ $1 == cuda ]]; then
        export FORCE_CUDA=1
    else
        export FORCE_CUDA=0 CUDA_VISIBLE_DEVICES=
    fi
    MMCV_WITH_OPS=1 MAX_JOBS=${MAX_JOBS:-$(getconf _NPROCESSORS_ONLN)} \
        PATH=$VENV/bin:$PATH \
        pip wheel -v --no-deps --no-cache-dir --no-build-isolation \
        --no-binary onedl-mmcv --wheel-dir "$build" "$mmcv"
    "$PY" -m zipfile -l "$build"/onedl_mmcv-*.whl | grep -q 'mmcv/_ext\.' ||
        fail "the wheel in $build holds no compiled operators; see $LOG"
    mkdir -p "$2"
    mv "$build"/onedl_mmcv-*.whl "$2"
    rm -rf "$build"
}

install_compiled_ops() {
    local target device folder wheel version
    local cache=${MMVISION_WHEEL_CACHE:-$HOME/.cache/mmvision_ext/wheels}
    read -r target device < <(build_target)
    [[ -n ${device:-} ]] || fail 'torch cannot be imported; run' \
        "'$PY' -m mmvision_ext.doctor"
    folder=$cache/$target
    version=$(sed -n 's/^onedl-mmcv==//p' "$REQUIREMENTS/tested.txt")
    find_wheel() { compgen -G "$folder/onedl_mmcv-$version-*.whl" | head -n 1; }
    wheel=$(find_wheel) || true
    if [[ -z $wheel ]]; then
        build_wheel "$device" "$folder"
        wheel=$(find_wheel)
    fi
    say "installing $wheel"
    pip install --force-reinstall --no-deps "$wheel"
    "$PY" -m mmvision_ext.ops
    "$PY" -c 'import torch, mmcv._ext' ||
        fail "the compiled operators do not load. Remove '$wheel' and run" \
            'bash tools/install.sh --compile-ops again'
}

make_environment
refuse_clashes
install_base
for extra in ${extras[@]+"${extras[@]}"}; do
    install_extra "$extra"
done
if $compile_ops; then
    install_compiled_ops
fi
say "ready: $PY"
