"""Which kind of media a folder holds, where nobody said it: for `shelfread scan` and for a new library.

Looks at the names of the first few thousand files only; reads no tags and keeps nothing. Whoever knows
better says so.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from shelfread.kinds import KINDS
from shelfread.media.contents import kind_by_content

#: Files whose names are looked at: a large share is not walked twice for a guess.
LIMIT = 5000
#: Files of names that several kinds have, which are opened.
_OPENED = 5


@dataclass(slots=True)
class Names:
    """The names of files in some folders and below, as many as are worth a guess."""

    folders: Sequence[bytes]
    #: Seconds in which they are looked for; a tree of folders without a file has no end otherwise.
    within_s: float = float("inf")
    looked_at: int = field(default=0, init=False)
    #: There is more than was looked at.
    more: bool = field(default=False, init=False)

    def __iter__(self) -> Iterator[bytes]:
        """Their paths. Blocking."""
        until = time.monotonic() + self.within_s
        for folder in self.folders:
            for place, _, names in os.walk(folder):
                if time.monotonic() > until:
                    self.more = True
                    return
                for name in names:
                    if self.looked_at == LIMIT:
                        self.more = True
                        return
                    self.looked_at += 1
                    yield os.path.join(place, name)


def count_kinds(paths: Iterable[bytes]) -> Counter[str]:
    """How many of some files are of each kind, by their suffixes; every kind is there.

    Files of a suffix that several kinds have (`.mp4`) count where nothing else does, and are opened for that.
    """
    of_suffix: dict[bytes, list[str]] = {}
    for name, parts in KINDS.items():
        for suffix in parts.kind.suffixes:
            of_suffix.setdefault(suffix, []).append(name)
    counts = Counter(dict.fromkeys(KINDS, 0))
    shared: list[tuple[bytes, list[str]]] = []
    for path in paths:
        owners = of_suffix.get(os.path.splitext(path)[1].lower(), [])
        if len(owners) == 1:
            counts[owners[0]] += 1
        elif owners and len(shared) < _OPENED and not os.path.islink(path):
            shared.append((path, owners))
    if not counts.total():
        counts.update(_opened(path, owners) for path, owners in shared)
    return counts


def likeliest(counts: Counter[str]) -> str | None:
    """The kind that most files are of; None when none is of any.

    Booklets in PDF lie beside the tracks of an album: what there is more of decides.
    """
    kind, count = counts.most_common(1)[0]
    return kind if count else None


def _opened(path: bytes, owners: Sequence[str]) -> str:
    said = kind_by_content(path)
    return said if said is not None and said in owners else owners[0]
