"""Names that are never part of a library, and what the suffix of the others says.

Part of the walk: `listing` asks for every name it sees. These names are fixed; what people choose to leave
out stands in ignore files (`ignore`). Raise `digest.WALKER_VERSION` with any change here.
"""

from __future__ import annotations

MEDIA = 1
SIDECAR = 2
#: Any other file: part of the digest, not of the listing.
OTHER = 0
UNWANTED = -1

DOT = ord(".")
TILDE = ord("~")

#: Folders that storage devices and systems make for themselves, in lower case.
FOLDERS = frozenset(
    (
        b"@eadir",
        b"#recycle",
        b"#snapshot",
        b"@recycle",
        b"@recently-snapshot",
        b"$recycle.bin",
        b"system volume information",
        b"lost+found",
        b"__macosx",
    )
)
#: Files that systems leave in every folder, in lower case.
FILES = frozenset((b"thumbs.db", b"ehthumbs.db", b"desktop.ini"))
#: What is still being written, or was kept by an editor. Lower case, without the dot.
_UNFINISHED = (
    b"part",
    b"partial",
    b"filepart",
    b"crdownload",
    b"download",
    b"opdownload",
    b"aria2",
    b"!qb",
    b"!ut",
    b"tmp",
    b"temp",
    b"bak",
    b"old",
    b"swp",
)


def kinds_by_suffix(media: frozenset[bytes], sidecars: frozenset[bytes]) -> dict[bytes, int]:
    """What a lower-case suffix without its dot means; a suffix that is missing means `OTHER`.

    Args:
        media: suffixes of media files, with the dot.
        sidecars: suffixes of sidecars, with the dot.
    """
    kinds = dict.fromkeys(_UNFINISHED, UNWANTED)
    kinds.update((suffix.lstrip(b".").lower(), SIDECAR) for suffix in sidecars)
    kinds.update((suffix.lstrip(b".").lower(), MEDIA) for suffix in media)
    return kinds


def kind_of(name: bytes, kinds: dict[bytes, int]) -> int:
    """What one file name is; `UNWANTED` for names that are never looked at."""
    stem, _, suffix = name.rpartition(b".")
    kind = kinds.get(suffix.lower(), OTHER) if stem else OTHER
    if name[-1] == TILDE or (kind == OTHER and name.lower() in FILES):
        return UNWANTED
    return kind
