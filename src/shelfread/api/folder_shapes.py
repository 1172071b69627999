"""What answers about folders of the server's machine look like: for /openapi.json. Knows no route."""

from __future__ import annotations

from pydantic import BaseModel, Field

_B64 = Field(default=None, description="Only where the name is no UTF-8.")


class FolderShape(BaseModel):
    """A folder that may be looked into."""

    name: str = Field(examples=["music"])
    path: str = Field(examples=["/srv/music"])
    path_b64: str | None = _B64


class FolderPage(BaseModel):
    """The folders below one, by name as people sort; or the places to begin with."""

    path: str | None = Field(examples=["/srv"], description="Null for the places to begin with.")
    path_b64: str | None = _B64
    parent: str | None = Field(
        examples=["/"], description="Null at the top, and where the folder above may not be shown."
    )
    parent_b64: str | None = _B64
    can_be_root: bool = Field(description="Whether the folder itself may be the root of a library.")
    items: list[FolderShape]
    next: str | None


class KindCounts(BaseModel):
    """How many files of each kind were seen."""

    music: int
    books: int
    video: int


class FolderKind(BaseModel):
    """What kind of media is probably in a folder: the one that most of its first files are of."""

    kind: str | None = Field(examples=["music"], description="Null where no media was seen.")
    found: KindCounts
    looked_at: int = Field(description="Files whose names were looked at.")
    more: bool = Field(description="There is more than was looked at.")
