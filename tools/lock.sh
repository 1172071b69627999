#!/bin/sh
# Resolves requirements/*.lock from pyproject.toml: names, versions and hashes, no address and no path.
# Keeps the versions that are locked already; `--upgrade` takes the newest that fit.
# Wants the oldest Python that is supported, so that what only that one needs is in the locks.
set -eu

tools=${LOCAL:-.local}/lock-venv
python=${PYTHON:-python3.11}
if ! "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' >/dev/null 2>&1; then
    printf '%s\n' "lock: $python is not Python 3.11; install that, or name it with PYTHON=/path/to/python3.11" >&2
    exit 1
fi
if [ ! -x "$tools/bin/pip-compile" ]; then
    "$python" -m venv "$tools"
    "$tools/bin/python" -m pip install --quiet --disable-pip-version-check pip-tools==7.6.2
fi

compile() {
    "$tools/bin/pip-compile" --quiet --generate-hashes --strip-extras --allow-unsafe \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links --no-emit-trusted-host "$@"
}
compile --output-file requirements/runtime.lock "$@" pyproject.toml
compile --extra dev --constraint requirements/runtime.lock --output-file requirements/dev.lock "$@" pyproject.toml
