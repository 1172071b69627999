#!/bin/sh
# Makes the environment in $VENV from requirements/dev.lock and installs the package into it, editable.
# Does nothing when neither the lock, nor pyproject.toml, nor the place of the checkout has changed.
# Says in one line what the machine lacks.
set -eu

venv=${VENV:-.venv}
stamp=$venv/.setup-stamp

say() { printf '%s\n' "setup: $*" >&2; }

wanted=$({ pwd -P; cat requirements/dev.lock pyproject.toml; } | cksum)
if [ -x "$venv/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null || true)" = "$wanted" ]; then
    exit 0
fi

python=
for name in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14 python}; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        python=$name
        break
    fi
done
if [ -z "$python" ]; then
    say "Python 3.11 or newer is missing: install it (Debian, Ubuntu: apt install python3 python3-venv), or name it with PYTHON=/path/to/python make"
    exit 1
fi
if ! "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
    say "$python cannot make virtual environments: install its venv module (Debian, Ubuntu: apt install python3-venv)"
    exit 1
fi

# One that was moved here, or whose Python is gone, is made anew; one that works is brought up to date.
if ! "$venv/bin/python" -c '' 2>/dev/null || ! grep -qsF "$(pwd -P)/$venv" "$venv/bin/activate"; then
    say "making the environment in $venv with $("$python" --version); this is done once"
    rm -rf "$venv"
    "$python" -m venv "$venv"
else
    say "bringing the environment in $venv up to date"
    rm -f "$stamp"
fi

if ! "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
    --require-hashes -r requirements/dev.lock </dev/null; then
    say "the packages of requirements/dev.lock could not be installed (pip says why above); they come from the index that pip is set up for"
    exit 1
fi
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
    --no-deps --no-build-isolation --no-index --editable . </dev/null
printf '%s\n' "$wanted" >"$stamp"
