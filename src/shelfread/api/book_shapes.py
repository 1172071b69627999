"""What answers about series and books look like: for /openapi.json.

Paths are only for those who may see them (PROMISES D12), and absent for others. Knows no route.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from shelfread.api.item_shapes import CoverShape, FormerPlaces, TroubleShape
from shelfread.api.shapes import Time, WhyMissing


class BookCounts(BaseModel):
    """How many books a series has."""

    ready: int
    error: int
    missing: int


class SeriesShape(BaseModel):
    """A series of books: a folder that holds some."""

    kind: Literal["series"]
    id: int
    library_id: int
    title: str
    status: Literal["ready", "error", "missing"] = Field(
        description="error: one of its books has a problem; missing: all of them are."
    )
    counts: BookCounts
    publication_status: str | None = Field(description="As it is said beside the books.", examples=["Ended"])
    publisher: str | None
    imprint: str | None
    year: int | None
    volume: int | None
    total: int | None = Field(description="How many books there are of it, as they say themselves.")
    language: str | None
    direction: str | None = Field(examples=["rtl"])
    age_rating: str | None
    added_at: Time
    missing_since: Time = None
    missing_reason: WhyMissing = None
    cover: CoverShape | None = Field(description="That of its first book.")
    summary: str | None = None
    path: str | None = None
    path_b64: str | None = None


class BookShape(BaseModel):
    """A book, with the file it is in. Its id is the file's."""

    kind: Literal["book"]
    id: int
    library_id: int
    series_id: int | None
    series_title: str | None = Field(description="The title of the series that it stands in here.")
    title: str
    series: str | None = Field(description="The series that the book itself names.")
    series_sort: str | None
    number: str | None = Field(examples=["1.5"])
    number_sort: float | None
    count: int | None = Field(description="How many books the series has, as the book says.")
    volume: int | None
    volume_end: int | None
    chapter: str | None
    date: str | None = Field(examples=["1987-11"])
    year: int | None
    publisher: str | None
    imprint: str | None
    language: str | None
    isbn: str | None
    comic_format: str | None = Field(examples=["Annual"])
    one_shot: bool | None
    special: bool | None
    manga: bool | None
    direction: str | None = Field(examples=["rtl"])
    black_and_white: bool | None
    age_rating: str | None
    rating: float | None
    writers: list[str]
    container: str | None = Field(description="What the file is.", examples=["zip"])
    format: str | None = Field(examples=["cbz"])
    pages: int | None = Field(description="How many can be opened; an EPUB has none.")
    cover: CoverShape | None
    size: int
    modified_at: Time
    status: Literal["ready", "error", "missing"]
    added_at: Time
    updated_at: Time = Field(default=None, description="When a scan last recorded the file.")
    missing_since: Time = None
    missing_reason: WhyMissing = None
    problems: list[TroubleShape]
    path: str | None = None
    path_b64: str | None = None
    former_places: FormerPlaces = None


class BookCredit(BaseModel):
    """Who did what in a book."""

    role: str = Field(examples=["penciller"])
    name: str
    sort_name: str | None


class BookTag(BaseModel):
    """A word that a book is filed under."""

    type: str = Field(examples=["genre"])
    name: str


class CoverPage(BaseModel):
    """The picture that shows a book: one of its pages, or another entry of its file."""

    entry: str | None
    number: int | None = Field(description="The page, from 0; null when it is no page.")
    mime: str | None
    width: int | None
    height: int | None


class WholeBook(BookShape):
    """A book with everything that is known of it."""

    summary: str | None
    notes: str | None
    credits: list[BookCredit]
    tags: list[BookTag]
    identifiers: dict[str, str]
    web: list[str] = Field(description="Addresses that the file names.")
    scan_group: str | None
    first_page: str | None
    cover_page: CoverPage | None
    sources: list[str] = Field(description="Where all this comes from, the most believed first.")
    guessed: list[str] = Field(description="What only the name of the file or its folder says.")


class SeriesPage(BaseModel):
    """Series. `next` is the cursor of the page behind this one, null on the last."""

    items: list[SeriesShape]
    next: str | None


class BookPage(BaseModel):
    """Books. `next` is the cursor of the page behind this one, null on the last."""

    items: list[BookShape]
    next: str | None


class WholeSeries(SeriesShape):
    """A series with its books in their order."""

    books: BookPage = Field(description="Goes on in /books?series_id=...&sort=number")
