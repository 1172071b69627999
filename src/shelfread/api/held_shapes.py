"""What requests and answers about what is held look like, for /openapi.json too. Knows no route."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from shelfread.api.jobs import LARGEST
from shelfread.api.shapes import Time


class HeldFile(BaseModel):
    """A file by its place."""

    path: str
    path_b64: str | None = None


class HeldShape(BaseModel):
    """A root, a mount or a folder that no scan touches as it is now."""

    id: int
    root_id: int
    code: Literal[
        "root_unavailable",
        "other_disk",
        "mount_unavailable",
        "folder_unreadable",
        "permission_denied",
        "mass_removal_held",
    ] = Field(
        description="other_disk: another filesystem than before is in the place of a root; "
        "mass_removal_held: too much is gone at once."
    )
    reason: str = Field(examples=["the root cannot be listed: No such file or directory"])
    since: Time
    files: int = Field(description="How many are held as gone; else how many are known there.")
    can_be_confirmed: bool = Field(description="false: a folder has to become readable again.")
    confirmed: bool = Field(description="Somebody said so: the next scan believes it.")
    path: str | None = Field(default=None, description="The place. For administrators only.")
    path_b64: str | None = None
    examples: list[HeldFile] | None = Field(
        default=None, description="Some of the files. For administrators only."
    )


class HeldPage(BaseModel):
    """What waits. `next` is the cursor of the page behind this one, null on the last."""

    items: list[HeldShape]
    next: str | None


class HeldRequest(BaseModel):
    """What of it is meant: all, or what concerns some roots."""

    model_config = ConfigDict(extra="forbid")

    root_ids: list[Annotated[StrictInt, Field(ge=1, le=LARGEST)]] | None = Field(
        default=None, min_length=1, max_length=500, description="Nothing: all roots of the library."
    )


class HeldConfirmed(BaseModel):
    """What came of it."""

    library_id: int
    items_removed: int = Field(description="Marked missing now.")
    items_left_out: int = Field(description="Of those, what is there and a rule hides.")
    items_kept: int = Field(description="Held as gone, and there after all.")
    items_held: int = Field(description="Still held: their root is away now.")
    roots_confirmed: int = Field(description="Roots and mounts that the next scan believes as found.")
    roots_back: int = Field(description="Roots that looked wrong and are as they were: scan as ever.")
    roots_unlisted: int = Field(description="Roots that cannot be listed now: nobody can say what they hold.")
    roots_changed: int = Field(description="Roots that look wrong in another way now: scan, and look again.")


class HeldRejected(BaseModel):
    """What came of it."""

    library_id: int
    items_kept: int
