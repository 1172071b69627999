"""Books whose covers kill, stop or fill the process that wants them, by their names."""

from __future__ import annotations

import os
import time

from shelfread.media.books import Books
from shelfread.media.kind import Source


class KillingBooks(Books):
    """Reads as books are read; only covers differ."""

    def cover(self, source: Source) -> bytes:
        match os.path.basename(source.path):
            case b"abort.cbz":
                os.abort()
            case b"hang.cbz":
                time.sleep(600)
            case b"memory.cbz":
                return b"x" * (1 << 30)
            case b"wrong.cbz":
                raise KeyError("wrong")
        return super().cover(source)


KIND = KillingBooks()
