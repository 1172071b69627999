#!/bin/sh
# Scans $DIR into the catalogue of this checkout, or without it sample libraries that are generated once: music,
# books, films and series. Takes DIR, KIND and LOCAL from the environment, as make gives them.
set -eu

local=${LOCAL:-.local}
python=${VENV:-.venv}/bin/python
shelfread=${VENV:-.venv}/bin/shelfread

# sample WHAT FOLDER: made beside it and renamed when it is whole, so an interrupted start leaves no half a library.
sample() {
    [ ! -d "$2" ] || return 0
    mkdir -p "$local"
    rm -rf "$2.new"
    printf '%s\n' "scan: generating a small library in $2" >&2
    "$python" -m bench.corpus "$1" "$2.new" >/dev/null
    mv "$2.new" "$2"
}

# This catalogue is the checkout's own, whatever the person's settings say.
export SHELFREAD_DATA_DIR="$local/state" SHELFREAD_DATABASE_URL=
problems=no first=yes

# scan KIND FOLDER: one scan is of one kind; without one, of what it sees.
scan() {
    status=0
    trap : INT # the scan stops by itself, in order
    [ "$first" = yes ] || echo
    first=no
    "$shelfread" scan ${1:+--kind "$1"} -- "$2" || status=$?
    trap - INT
    case $status in
        0) ;;
        3) problems=yes ;;
        *) exit "$status" ;;
    esac
}

case ${DIR:-} in
    '')
        case ${KIND:-all} in
            all) kinds='music books video'; echo 'scan: first music, then books, then films and series' >&2 ;;
            music | books | video) kinds=$KIND ;;
            *) printf '%s\n' "scan: KIND is music, books or video, not $KIND" >&2; exit 2 ;;
        esac
        for kind in $kinds; do
            case $kind in
                music) what=sample ;;
                books) what=sample-books ;;
                video) what=sample-videos ;;
            esac
            sample "$what" "$local/$what"
            scan "$kind" "$local/$what"
        done
        ;;
    *)
        case $DIR in
            '~') folder=$HOME ;;
            '~/'*) folder=$HOME/${DIR#'~/'} ;;
            *) folder=$DIR ;;
        esac
        scan "${KIND:-}" "$folder"
        ;;
esac
[ "$problems" = no ] ||
    printf '%s\n' "scan: done; some files have problems. To see them: SHELFREAD_DATA_DIR=$local/state $shelfread problems" >&2
