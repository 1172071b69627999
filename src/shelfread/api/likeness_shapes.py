"""What answers about files that are probably the same look like, for /openapi.json too. Knows no route."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from shelfread.api.shapes import Time


class LikeNewShape(BaseModel):
    """The file that is there."""

    id: int
    path: str | None = Field(default=None, description="For administrators only.")
    path_b64: str | None = None


class LikeOldShape(LikeNewShape):
    """The file that is missing."""

    missing_since: Time


class LikenessShape(BaseModel):
    """Two files that are probably the same; a person can tell."""

    id: int
    library_id: int
    why: Literal["content", "tags", "name"] = Field(
        description="content: both have it, and so have others; tags: another format of the same track, "
        "book, film or episode; name: another format under the same name."
    )
    found_at: Time
    old: LikeOldShape
    new: LikeNewShape


class LikenessPage(BaseModel):
    """Such pairs. `next` is the cursor of the page behind this one, null on the last."""

    items: list[LikenessShape]
    next: str | None


class LikenessSettled(BaseModel):
    """What became of a pair."""

    id: int
    state: Literal["confirmed", "rejected"]
    file_id: int | None = Field(description="The file as it is called from now on; null when rejected.")
