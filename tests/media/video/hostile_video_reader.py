"""Reads videos in a process of its own under the limits of a parser; one line of JSON for each.

`python -m tests.media.video.hostile_video_reader MEMORY FILE...`: run by test_hostile_videos.
"""

from __future__ import annotations

import json
import os
import sys
import time

from shelfread.media.kind import Source
from shelfread.media.video.reading import read
from shelfread.scan.parser import encode_item, limit_resources
from tests.media.books.archives.hostile_reader import most_memory


def tried(path: str) -> dict[str, object]:
    """What came of reading a video, and what it cost."""
    fd = os.open(path, os.O_RDONLY)
    began = time.process_time()
    try:
        reading = read(Source(fd, os.fsencode(path), os.fstat(fd).st_size, os.path.basename(path).encode()))
    finally:
        os.close(fd)
    return {
        "code": reading.code,
        "detail": reading.detail,
        "seconds": time.process_time() - began,
        "memory": most_memory(),
        "bytes": len(encode_item(reading.item)),
        "streams": len(reading.item.streams),
        "descriptors": len(os.listdir("/proc/self/fd")),
    }


if __name__ == "__main__":
    limit_resources(int(sys.argv[1]))
    for path in sys.argv[2:]:
        print(json.dumps(tried(path)), flush=True)
