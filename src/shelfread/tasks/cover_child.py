"""The role of a child process that makes small pictures: a file in, its thumbnail out.

A parser (`scan.parser`) that asks the kind for the picture inside a file instead of its tags, or takes the
file as the picture, and makes a small one of it. So everything that a file can do to its reader costs that
file, and memory, time and open files have the same limits. It opens what it is told, and writes nothing.
"""

from __future__ import annotations

import os
from typing import Any

from shelfread.covers.decoding import MOST_BYTES, PictureTrouble
from shelfread.covers.making import make_thumbnail
from shelfread.covers.shape import Shape
from shelfread.media.kind import Source
from shelfread.model.problem import ProblemCode
from shelfread.scan.child import NICENESS, Answer
from shelfread.scan.parser import Outcome, Parser, encode_item, one_line
from shelfread.scan.portions import SIDECAR
from shelfread.tasks.cover_frames import LEFT, RIGHT, Made


def maker(init: dict[str, Any]) -> Answer:
    """The role for `scan.child`."""
    os.nice(NICENESS)
    return CoverMaker(init).answer


class CoverMaker(Parser):
    """Makes the small pictures of a chunk of files, all of one kind and one shape."""

    def __init__(self, init: dict[str, Any]) -> None:
        super().__init__(init)
        self._shape = Shape(**init["shape"])
        if not init["follow_links"]:
            # As a scan has it. What was a file then may be a link to anywhere now.
            self.flags |= os.O_NOFOLLOW

    def make(self, source: Source, want: int) -> Outcome:
        """What becomes of one open file."""
        try:
            content = self._picture(source, want)
            front = "right" if want & RIGHT else "left" if want & LEFT else None
            made = make_thumbnail(content, self._shape, front)
        except PictureTrouble as trouble:
            return trouble.code, one_line(trouble.detail), None, b"\xc0"
        except (MemoryError, OSError):
            raise
        except Exception as error:
            # Each kind has its own way to say that there is no picture, with a code from the one list.
            code = getattr(error, "code", None)
            if not isinstance(code, ProblemCode):
                raise
            return code, one_line(str(error)), None, b"\xc0"
        return None, None, None, encode_item(Made(made.content, made.mime, made.width, made.height))

    def _picture(self, source: Source, want: int) -> bytes:
        if not want & SIDECAR:
            return self.kind.cover(source)
        if source.size > MOST_BYTES:
            raise PictureTrouble(
                ProblemCode.LIMIT_EXCEEDED,
                f"the picture has {source.size >> 20} MB, up to {MOST_BYTES >> 20} MB are accepted",
            )
        return source.read_at(0, source.size)
