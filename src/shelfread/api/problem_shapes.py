"""What answers about open problems are like, for /openapi.json too. Knows no route."""

from __future__ import annotations

from pydantic import BaseModel, Field

from shelfread.api.shapes import Accepted


class CodeCountShape(BaseModel):
    """The problems of one code."""

    code: str = Field(examples=["truncated"])
    open: int = Field(examples=[12])
    ignored: int = Field(description="Those that a person does not want to see.", examples=[3])


class ProblemCounts(BaseModel):
    """How many problems there are of each code, the most frequent first."""

    items: list[CodeCountShape]
    total: int = Field(description="All that are open and not ignored.", examples=[12])


class RetriedProblems(BaseModel):
    """Many problems are tried again: one job a library."""

    jobs: list[Accepted]
    problems: int = Field(description="How many there were.", examples=[12])
