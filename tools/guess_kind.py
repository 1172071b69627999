"""Says which kind of media a folder holds: `python tools/guess_kind.py DIR` prints its name.

For `make scan DIR=...`, where nobody said it. Looks at the names of the first few thousand files only, and
says on standard error what it passes over. A folder with none is music, as it was before there were others.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator

from shelfread.app import KINDS

#: Files that are looked at: a large share is not walked twice for a guess.
LIMIT = 5000


def kind_of(names: Iterator[bytes]) -> tuple[str, Counter[str]]:
    """The kind that most of the files are of, and how many there are of each."""
    by_suffix = {suffix: name for name, parts in KINDS.items() for suffix in parts.kind.suffixes}
    counts = Counter(dict.fromkeys(KINDS, 0))
    for name in names:
        if kind := by_suffix.get(os.path.splitext(name)[1].lower()):
            counts[kind] += 1
    # Booklets in PDF lie beside the tracks of an album, music videos too (.mp4 is one): what there is more of
    # decides.
    return counts.most_common(1)[0][0], counts


def _names(folder: bytes) -> Iterator[bytes]:
    left = LIMIT
    for _, _, names in os.walk(folder):
        for name in names:
            if not left:
                return
            left -= 1
            yield name


def main(folder: str) -> None:
    """Print the kind."""
    kind, counts = kind_of(_names(os.fsencode(folder)))
    print(kind)
    if others := {name: count for name, count in counts.items() if count and name != kind}:
        seen = " and ".join(f"{count} files of {name}" for name, count in counts.items() if count)
        more = " or ".join(f"KIND={name}" for name in others)
        print(f"scan: {seen}: scanning the {kind}; {more} scans the others", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1])
