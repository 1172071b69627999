"""The programs that Shelfread is measured beside. None is needed; what is not installed is left out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench.measure import Contestant
from bench.peers.beets import Beets
from bench.peers.codex import Codex
from bench.peers.find import Find
from bench.peers.minidlna import Minidlna
from bench.peers.mpd import Mpd
from bench.peers.supysonic import Supysonic

#: By name; the argument is the folder where Python peers have their environments.
PEERS: dict[str, Callable[[Path], Contestant]] = {
    "find": lambda _folder: Find(),
    "mpd": lambda _folder: Mpd(),
    "minidlna": lambda _folder: Minidlna(),
    "beets": Beets,
    "supysonic": Supysonic,
    "codex": Codex,
}
#: Those that take a minute or two to install or to run, and are measured only when asked for.
ON_REQUEST = ("beets", "supysonic", "codex")
#: Those that know books; the others are measured beside music.
OF_BOOKS = ("codex", "find")
#: Those that know videos.
OF_VIDEOS = ("minidlna",)
