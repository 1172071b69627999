"""Which kind a file is of by its first bytes, for those who have nothing but the file.

Beside the kinds, for what guesses before a library is made; a scan knows its kind and never asks. Opens a
file for reading and changes nothing. Knows no library.
"""

from __future__ import annotations

import os
import stat

from shelfread.media.kind import Source
from shelfread.media.video.guess import is_video

#: How zip, RAR, 7z and PDF begin.
_BOOKS = (b"PK\3\4", b"PK\5\6", b"Rar!\x1a\7", b"7z\xbc\xaf\x27\x1c", b"%PDF-")


def kind_by_content(path: bytes) -> str | None:
    """What the first bytes say; music is what is tried when they say nothing."""
    try:
        # Never waits: a FIFO is not read.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError:
        return None
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            return None
        head = os.pread(handle, 512, 0)
        if head.startswith(_BOOKS) or head[257:262] == b"ustar":
            return "books"
        return "video" if is_video(Source(handle, path, found.st_size)) else None
    except OSError:
        return None
    finally:
        os.close(handle)
