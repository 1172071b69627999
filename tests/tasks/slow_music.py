"""The music kind for tests of warm children: says what it reads, and can be held up.

For a library whose root is a folder `music`: in `reads` beside it appears an empty file for each file that a
parser reads (a parser may write nothing), and while a file `hold` is there, files with "slow" in their name
are not read to their end.
"""

from __future__ import annotations

import os
import time
from typing import Any

from shelfread.kinds import KINDS as GENUINE
from shelfread.media.kind import Reading, Source
from shelfread.media.music import Music
from shelfread.model.library import Library
from shelfread.store.ids import IdBlocks
from shelfread.tasks.library_scan import KindParts


class SlowMusic(Music):
    def read(self, source: Source) -> Reading:
        beside = source.path[: source.path.rindex(b"/music/")]
        name = b"%s/reads/%d %s" % (beside, time.monotonic_ns(), os.path.basename(source.path))
        os.close(os.open(name, os.O_CREAT | os.O_WRONLY, 0o600))
        until = time.monotonic() + 60
        if b"slow" in os.path.basename(source.path):
            while os.path.exists(beside + b"/hold") and time.monotonic() < until:
                time.sleep(0.01)
        return super().read(source)


KIND = SlowMusic()
KINDS = {"music": KindParts(KIND, "tests.tasks.slow_music:KIND", GENUINE["music"].catalogue)}


def _raises(_library: Library, _ids: IdBlocks) -> Any:
    raise ValueError("odd \udcff and \0 text")


BROKEN = {"music": KindParts(KIND, "tests.tasks.slow_music:KIND", _raises)}
