"""The options of a library as its row keeps them: a JSON text. Knows no connection."""

from __future__ import annotations

import json

from shelfread.model.library import LibraryOptions


def options_text(options: LibraryOptions) -> str:
    """What is stored of them."""
    return json.dumps(
        {
            "follow_symlinks": options.follow_symlinks,
            "ignore_ctime": options.ignore_ctime,
            "ignore_inode": options.ignore_inode,
            "ignore": list(options.ignore),
        }
    )


def options_of(text: str) -> LibraryOptions:
    """What was stored; what is not there is as it was before there was a choice."""
    stored = json.loads(text)
    return LibraryOptions(
        follow_symlinks=bool(stored.get("follow_symlinks", False)),
        ignore_ctime=bool(stored.get("ignore_ctime", False)),
        ignore_inode=bool(stored.get("ignore_inode", False)),
        ignore=tuple(stored.get("ignore", ())),
    )
