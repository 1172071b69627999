#!/bin/sh
# Runs the tests: first those without a browser, then, in processes of their own, those with one (decision 22).
# Its words go to pytest both times; one of the two may find nothing to run among what they choose.
set -u
trap 'exit 130' INT

run() { "${VENV:-.venv}/bin/python" -m pytest "$@"; }

for word in "$@"; do
    case $word in
    -m | -m?*)
        # Who chooses by markers says which tests run together.
        run -n "${PYTEST_WORKERS:-2}" --maxprocesses 8 "$@"
        exit
        ;;
    esac
done

# Who has run out of tests takes some from the others: else the last minutes are those of one process.
run -n "${PYTEST_WORKERS:-2}" --maxprocesses 8 --dist worksteal -m "not browser" "$@"
without=$?

# Empty where there is none.
SHELFREAD_TEST_BROWSER=$(sh tools/browser.sh)
export SHELFREAD_TEST_BROWSER
run -n 2 -rs -m browser "$@"
with=$?

# Nothing to run is 5, and a failure only if it is so both times.
[ "$without" -eq 5 ] && [ "$with" -eq 5 ] && exit 5
for code in "$without" "$with"; do
    [ "$code" -eq 0 ] || [ "$code" -eq 5 ] || exit "$code"
done
exit 0
