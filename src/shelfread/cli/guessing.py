"""The kind of what `shelfread scan` is told to scan, where nobody said it.

A folder with no media at all is music, as it was before there were other kinds. `app.guessing` has the guess.
"""

from __future__ import annotations

from collections.abc import Sequence

from shelfread.app import App
from shelfread.app.guessing import Names, count_kinds, likeliest
from shelfread.app.places import places_of
from shelfread.cli.texts import complain

_USUAL = "music"


async def kind_for(app: App, folders: Sequence[bytes]) -> str:
    """The kind of the library that has these folders, else the kind that most of their files are of."""
    libraries = await app.libraries.all()
    known = {library.kind for folder in folders for library, _ in places_of(folder, libraries)}
    if known:
        return _USUAL if _USUAL in known else min(known)
    counts = count_kinds(Names(folders))
    kind = likeliest(counts) or _USUAL
    if others := [name for name, count in counts.items() if count and name != kind]:
        seen = " and ".join(f"{count} of {name}" for name, count in counts.items() if count)
        more = " or ".join(f"--kind {name}" for name in others)
        complain(f"files of several kinds are there, {seen}: scanning the {kind}; {more} scans the others")
    return kind
