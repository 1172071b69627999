"""How quickly names of videos are understood: `python -m bench.names FOLDER`, in a process that is new.

Every file below the folder is read by its path alone, once, with nothing remembered of the one before but
what the program itself remembers of folders. Prints one line of JSON: how many, and the seconds it took.
"""

from __future__ import annotations

import json
import os
import sys
import time

from shelfread.media.video.names import from_name

_MEDIA = (b".mkv", b".mp4", b".m4v", b".avi", b".ts", b".m2ts", b".vob", b".strm", b".srt", b".ass", b".ac3")


def main() -> None:
    """Read all names below a folder."""
    top = os.fsencode(sys.argv[1])
    paths = [
        os.path.relpath(os.path.join(where, name), top)
        for where, _, names in os.walk(top)
        for name in names
        if name.lower().endswith(_MEDIA)
    ]
    # The first one compiles what is compiled once.
    from_name(b"Warm (2001)/Warm (2001).mkv")
    began = time.perf_counter()
    for path in paths:
        from_name(path)
    print(json.dumps({"names": len(paths), "seconds": time.perf_counter() - began}))


if __name__ == "__main__":
    main()
