"""Reads archives in a process of its own, which may have only so much memory; one line of JSON for each.

`python -m tests.media.books.archives.hostile_reader MEMORY FILE...`: run by test_hostile_archives.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from shelfread.media.books.archives import open_archive
from shelfread.media.books.archives.base import BookTrouble
from shelfread.media.kind import Source
from shelfread.scan.parser import limit_resources

#: So many entries are read, those at the end among them.
MOST_READ = 5


def most_memory() -> int:
    """Bytes in memory at most; what `getrusage` says would count the process that started this one."""
    with Path("/proc/self/status").open(encoding="ascii") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmHWM"))


def tried(path: str) -> dict[str, object]:
    """What came of opening an archive and reading its last entries, and what it cost."""
    began, began_cpu = time.monotonic(), time.process_time()
    fd = os.open(path, os.O_RDONLY)
    found: dict[str, object] = {"refused": None, "names": None, "warnings": None, "reading": None}
    try:
        archive = open_archive(Source(fd, os.fsencode(path), os.fstat(fd).st_size))
        found["names"] = [entry.name for entry in archive.entries[:100]]
        found["warnings"] = [str(trouble.code) for trouble in archive.warnings]
        for entry in archive.entries[-MOST_READ:]:
            found["reading"] = None
            try:
                archive.head(entry, 4096)
                archive.read(entry)
            except BookTrouble as trouble:
                found["reading"] = str(trouble.code)
                found["detail"] = trouble.detail
    except BookTrouble as trouble:
        found["refused"] = str(trouble.code)
        found["detail"] = trouble.detail
    finally:
        os.close(fd)
    found["seconds"] = time.monotonic() - began
    found["cpu"] = time.process_time() - began_cpu
    found["most_memory"] = most_memory()
    return found


if __name__ == "__main__":
    limit_resources(int(sys.argv[1]))
    for name in sys.argv[2:]:
        print(json.dumps(tried(name)), flush=True)
