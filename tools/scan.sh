#!/bin/sh
# Scans $DIR into the catalogue of this checkout, or without it a sample library that is generated once.
# Takes DIR and LOCAL from the environment, as make gives them.
set -eu

local=${LOCAL:-.local}
shelfread=${VENV:-.venv}/bin/shelfread
case ${DIR:-} in
    '')
        folder=$local/sample
        if [ ! -d "$folder" ]; then
            # Made beside it and renamed when it is whole: an interrupted start leaves no half a library.
            mkdir -p "$local"
            rm -rf "$folder.new"
            printf '%s\n' "scan: generating a small library in $folder" >&2
            "${VENV:-.venv}/bin/python" -m bench.corpus sample "$folder.new" >/dev/null
            mv "$folder.new" "$folder"
        fi
        ;;
    '~') folder=$HOME ;;
    '~/'*) folder=$HOME/${DIR#'~/'} ;;
    *) folder=$DIR ;;
esac

# This catalogue is the checkout's own, whatever the person's settings say.
export SHELFREAD_DATA_DIR="$local/state" SHELFREAD_DATABASE_URL=
trap : INT # the scan stops by itself, in order
status=0
"$shelfread" scan -- "$folder" || status=$?
trap - INT
[ "$status" -eq 3 ] || exit "$status"
printf '%s\n' "scan: done; some files have problems. To see them: SHELFREAD_DATA_DIR=$local/state $shelfread problems" >&2
