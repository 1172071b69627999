"""Which kind of media a folder holds, for `shelfread scan` where nobody said it.

Looks at the names of the first few thousand files only. A folder with no media at all is music, as it was
before there were other kinds. Whoever knows better says `--kind`.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from shelfread.app import KINDS, App
from shelfread.app.places import places_of
from shelfread.cli.inspect import kind_of_file
from shelfread.cli.texts import complain

#: Files whose names are looked at: a large share is not walked twice for a guess.
LIMIT = 5000
#: Files of names that several kinds have, which are opened.
_OPENED = 5
_USUAL = "music"


async def kind_for(app: App, folders: Sequence[bytes]) -> str:
    """The kind of the library that has these folders, else the kind that most of their files are of."""
    libraries = await app.libraries.all()
    known = {library.kind for folder in folders for library, _ in places_of(folder, libraries)}
    if known:
        return _USUAL if _USUAL in known else min(known)
    kind, counts = kind_of_names(path for folder in folders for path in _files(folder))
    if others := [name for name, count in counts.items() if count and name != kind]:
        seen = " and ".join(f"{count} of {name}" for name, count in counts.items() if count)
        more = " or ".join(f"--kind {name}" for name in others)
        complain(f"files of several kinds are there, {seen}: scanning the {kind}; {more} scans the others")
    return kind


def kind_of_names(paths: Iterable[bytes]) -> tuple[str, Counter[str]]:
    """The kind that most of some files are of, by their suffixes, and how many there are of each.

    Files of a suffix that several kinds have (`.mp4`) count where nothing else does, and are opened for that.
    """
    of_suffix: dict[bytes, list[str]] = {}
    for name, parts in KINDS.items():
        for suffix in parts.kind.suffixes:
            of_suffix.setdefault(suffix, []).append(name)
    counts = Counter(dict.fromkeys(KINDS, 0))
    shared: list[bytes] = []
    for path in paths:
        owners = of_suffix.get(os.path.splitext(path)[1].lower(), [])
        if len(owners) == 1:
            counts[owners[0]] += 1
        elif owners and len(shared) < _OPENED:
            shared.append(path)
    if not counts.total():
        counts.update(kind_of_file(path) for path in shared)
    # Booklets in PDF lie beside the tracks of an album: what there is more of decides.
    return counts.most_common(1)[0][0], counts


def _files(folder: bytes) -> Iterator[bytes]:
    left = LIMIT
    for place, _, names in os.walk(folder):
        for name in names:
            if not left:
                return
            left -= 1
            yield os.path.join(place, name)
