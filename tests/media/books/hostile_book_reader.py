"""Reads books in a process of its own, which may have only so much memory; one line of JSON for each.

`python -m tests.media.books.hostile_book_reader MEMORY FILE...`: run by test_hostile_metadata.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path

from shelfread.media.books import KIND
from shelfread.media.kind import Source
from shelfread.scan.parser import limit_resources
from tests.media.books.archives.hostile_reader import most_memory


def tried(path: str) -> dict[str, object]:
    """What came of reading a book, and what it cost."""
    fd = os.open(path, os.O_RDONLY)
    began = time.process_time()
    try:
        reading = KIND.read(
            Source(fd, os.fsencode(path), os.fstat(fd).st_size, os.path.basename(path).encode())
        )
    finally:
        os.close(fd)
    return {
        "name": Path(path).name,
        "code": reading.code,
        "detail": reading.detail,
        "book": asdict(reading.item),
        "seconds": time.process_time() - began,
        "memory": most_memory(),
    }


if __name__ == "__main__":
    limit_resources(int(sys.argv[1]))
    for path in sys.argv[2:]:
        print(json.dumps(tried(path)))
