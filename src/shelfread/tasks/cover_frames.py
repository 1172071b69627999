"""What is said between a job of type `covers` and the processes that make its pictures (`cover_child`).

Apart from what runs in there: the parent never decodes a picture, and need not import what does.
"""

from __future__ import annotations

import msgspec

#: Added to what is wanted of a file: which half of a double page is its front. Beside those of `scan.parser`.
RIGHT, LEFT = 16, 32
FRONTS = {None: 0, "right": RIGHT, "left": LEFT}
#: Where `ParserPool` finds this role.
ROLE = "shelfread.tasks.cover_child:maker"


class Made(msgspec.Struct):
    """A small picture on its way to the parent."""

    content: bytes
    mime: str
    width: int
    height: int
