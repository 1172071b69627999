#!/bin/sh
# Prints the path of a Chromium that tests can start, and nothing where there is none; says why in one line.
# SHELFREAD_TEST_BROWSER names one. Else it is looked for, and root gets Debian's where apt-get is.
set -u

say() { printf '%s\n' "browser: $*" >&2; }

# What only fetches a browser from elsewhere when it is started is none.
works() { "$1" --version >/dev/null 2>&1 </dev/null; }

found() {
    for name in chromium chromium-browser google-chrome; do
        path=$(command -v "$name" 2>/dev/null) && works "$path" && printf '%s\n' "$path" && return 0
    done
    return 1
}

named=${SHELFREAD_TEST_BROWSER:-}
how="install Chromium (Debian: apt install chromium fonts-dejavu-core), or name one with SHELFREAD_TEST_BROWSER=/path/to/chromium"
if [ -n "$named" ]; then
    works "$named" && printf '%s\n' "$named" && exit 0
    how="$named, which SHELFREAD_TEST_BROWSER names, cannot be started"
elif found; then
    exit 0
elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    log=${LOCAL:-.local}/browser.log
    mkdir -p "${log%/*}"
    say "installing Chromium, which tests of pages run in; this is done once"
    # Without letters no picture can be looked at.
    if { apt-get -o DPkg::Lock::Timeout=300 update &&
        DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y \
            --no-install-recommends chromium fonts-dejavu-core; } >"$log" 2>&1 </dev/null && found; then
        exit 0
    fi
    how="apt-get could not install it ($log says why); $how"
fi
then="are skipped"
[ "${CI:-}" = true ] && then="fail"
say "there is no Chromium, so the browser tests $then: $how"
exit 1
