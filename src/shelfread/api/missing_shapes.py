"""What requests and answers about missing files look like, for /openapi.json too. Knows no route."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, model_validator

from shelfread.api.jobs import LARGEST
from shelfread.api.shapes import Time


class MissingShape(BaseModel):
    """A file that is not there any more."""

    id: int
    root_id: int
    size: int
    added_at: Time
    missing_since: Time
    missing_reason: Literal["gone", "folder_gone", "left_out"] | None = Field(
        description="gone: not in its folder; folder_gone: nor is its folder there; left_out: a rule hides "
        "it; null: it is not known."
    )
    path: str | None = Field(default=None, description="For administrators only.")
    path_b64: str | None = None


class MissingPage(BaseModel):
    """Missing files. `next` is the cursor of the page behind this one, null on the last."""

    items: list[MissingShape]
    next: str | None


class PruneRequest(BaseModel):
    """Which missing files are to be forgotten: one of `all`, `older_than_days` and `file_ids`."""

    model_config = ConfigDict(extra="forbid")

    dry_run: StrictBool = Field(default=False, description="Change nothing; only say how many there are.")
    all: StrictBool = Field(default=False, description="All that are missing.")
    older_than_days: Annotated[StrictInt, Field(ge=0, le=36_500)] | None = Field(
        default=None, description="Those that are missing for longer."
    )
    file_ids: list[Annotated[StrictInt, Field(ge=1, le=LARGEST)]] | None = Field(
        default=None, min_length=1, max_length=500
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> PruneRequest:
        given = [self.all, self.older_than_days is not None, self.file_ids is not None]
        if sum(given) != 1:
            raise ValueError("say which: one of all, older_than_days and file_ids")
        return self


class KeptBackShape(BaseModel):
    """A root of which nothing is forgotten now."""

    root_id: int
    files: int
    reason: str = Field(examples=["is empty, but the catalogue knows files in it"])


class Pruned(BaseModel):
    """How many files were forgotten, or would be."""

    dry_run: bool
    files: int
    kept_back: list[KeptBackShape]
