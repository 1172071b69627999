"""The music kind with a reader that misbehaves, for scans of whole libraries by way of the app.

It misbehaves on files whose content begins with `evil`, whatever their name, while a file `busy.txt` does
not lie beside them or for as long as it does, as the kind says. Every other file is read properly.
"""

from __future__ import annotations

import os

from shelfread.media.kind import Reading, Source
from shelfread.media.music import Music
from tests.scan import hostile

EVIL = b"evil"


class HostileMusic(Music):
    def __init__(self, kind: hostile.HostileKind, *, while_busy: bool = False) -> None:
        self._kind = kind
        self._while_busy = while_busy

    def read(self, source: Source) -> Reading:
        provoked = source.read_at(0, len(EVIL)) == EVIL
        if self._while_busy:
            provoked = os.path.exists(os.path.join(os.path.dirname(source.path), b"busy.txt"))
        if provoked:
            answer = self._kind._deed(source)
            if answer is not None:
                assert isinstance(answer, Reading)
                return answer
        return super().read(source)


ABORTS = HostileMusic(hostile.ABORTS)
SEGFAULTS = HostileMusic(hostile.SEGFAULTS)
HANGS = HostileMusic(hostile.HANGS)
EATS = HostileMusic(hostile.EATS)
GARBAGE = HostileMusic(hostile.GARBAGE)
RAISES = HostileMusic(hostile.RAISES)
TOUCHES_ALWAYS = HostileMusic(hostile.TOUCHES_ALWAYS, while_busy=True)
GROWS = HostileMusic(hostile.GROWS, while_busy=True)
