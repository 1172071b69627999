"""Which folders may be scanned at the wish of others: inside the allowed ones, and none of the system.

Asked at every use, with links followed, since what a name leads to may change. The command line is its user's
own and is not confined. Knows no library.
"""

from __future__ import annotations

import os

from shelfread.app.places import is_inside
from shelfread.settings import Settings
from shelfread.store.clock import text_of

#: These and all below them belong to the system.
_SYSTEM = tuple(
    os.fsencode(path)
    for path in (
        *("/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/lost+found", "/proc"),
        *("/run", "/sbin", "/sys", "/usr", "/var/cache", "/var/log", "/var/run", "/var/spool"),
        *("/System", "/Library", "/private/etc", "/private/var/db"),
    )
)
#: What is below those, and people's own all the same.
_PEOPLES = (b"/run/media", b"/usr/local", b"/usr/home", b"/usr/share/media")
#: Only these themselves.
_TOPS = (b"/", b"/var", b"/private", b"/private/var", b"/run/media")


class PathRefused(Exception):
    """A path that cannot be scanned; the text says why."""


def path_of(text: str) -> bytes:
    """A path from a JSON text.

    Raises:
        PathRefused: it cannot be the name of a file.
    """
    try:
        path = text.encode()
    except UnicodeEncodeError:
        raise PathRefused("a path with half of a character: `path_b64` takes names of any bytes") from None
    return checked(path)


def checked(path: bytes) -> bytes:
    """An absolute path, tidy.

    Raises:
        PathRefused: it is none.
    """
    if not path.startswith(b"/") or b"\0" in path:
        raise PathRefused(f"{text_of(path)[:200]!r} is no absolute path")
    tidy = os.path.normpath(path)
    return b"/" + tidy.lstrip(b"/")


def refuse_outside(path: bytes, settings: Settings) -> None:
    """Raises PathRefused when a folder may not be scanned at the wish of others. Blocking."""
    try:
        real = os.path.realpath(path)
        allowed = [os.path.realpath(one) for one in settings.allowed_roots]
        own = os.path.realpath(os.fsencode(settings.data_dir.expanduser()))
    except (OSError, RuntimeError) as error:
        raise PathRefused(f"{text_of(path)} cannot be looked at: {error}") from None
    if allowed and not any(is_inside(real, one) for one in allowed):
        raise PathRefused(f"{text_of(path)} is outside of what may be scanned (SHELFREAD_ALLOWED_ROOTS)")
    if is_inside(real, own):
        raise PathRefused(f"{text_of(path)} is Shelfread's own data folder")
    peoples = any(is_inside(real, one) for one in _PEOPLES)
    if real in _TOPS or (not peoples and any(is_inside(real, one) for one in _SYSTEM)):
        raise PathRefused(f"{text_of(path)} is a folder of the system")
