"""What a small picture is to be like, as the options of a library say.

Apart from `making`: whoever only asks for pictures need not import a decoder, which costs more than a command
has to do. Knows no picture.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Raised when the same picture gives something else than before: covers made by a lower one are made again.
VERSION = 1


@dataclass(frozen=True, slots=True)
class Shape:
    """What a small picture is to be like."""

    #: webp, jpeg, png or avif.
    format: str = "webp"
    #: 1 to 100; PNG has none.
    quality: int = 80
    #: It fits inside so many pixels and is never enlarged.
    width: int = 400
    height: int = 600
    #: So many times as large as the original instead, at most 1.
    scale: float | None = None

    @property
    def key(self) -> str:
        """The same for all pictures that would come out the same."""
        size = f"{self.width}x{self.height}" if self.scale is None else f"x{self.scale:g}"
        quality = "" if self.format == "png" else f" {self.quality}"
        return f"{VERSION} {self.format}{quality} {size}"
