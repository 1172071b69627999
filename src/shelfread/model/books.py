"""The words of books and comics: what a book file says of itself, of its series, and of its pages.

Made in the parser processes by `media.books`, carried as plain data, written by `store.books`. Mutable slots
dataclasses because the readers fill them field by field; nobody changes one after that.

Every source of facts (ComicInfo.xml, an OPF, a file name) gives a `Book` of its own with what it knows;
`media.books.merge` makes one of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class BookCredit:
    """One person or group in one role."""

    #: writer, penciller, inker, colorist, letterer, cover, editor, translator, artist, author, illustrator,
    #: narrator, contributor.
    role: str
    #: As written.
    name: str
    #: "Pratchett, Terry", where the file says it.
    sort_name: str | None = None


@dataclass(slots=True)
class BookTag:
    """One word that a book is filed under."""

    #: genre, tag, character, team, location, arc.
    type: str
    #: As written.
    name: str


@dataclass(slots=True)
class Page:
    """A picture in a book that is shown: its cover."""

    #: The entry in the archive, or None where pages have no names (PDF).
    entry: str | None = None
    #: Which page it is, from 0; None when it is no page (an EPUB's cover image).
    number: int | None = None
    mime: str | None = None
    #: Pixels; None when the header could not be read.
    width: int | None = None
    height: int | None = None


@dataclass(slots=True)
class Book:
    """Everything one book file says. Field names are those of `shelfread inspect --json`.

    Unknown is None or an empty list, never a guess.
    """

    #: zip, rar, 7z, tar or pdf: what the bytes are, whatever the name says.
    container: str | None = None
    #: cbz, cbr, cb7, cbt, epub or pdf.
    format: str | None = None
    title: str | None = None
    series: str | None = None
    #: By what the series is sorted, where the file says it.
    series_sort: str | None = None
    #: As written: "1", "1.5", "16-17", "Annual 2".
    number: str | None = None
    #: What it is sorted by: the first number in `number`.
    number_sort: float | None = None
    #: How many books the series has, as the file says ("of N").
    count: int | None = None
    #: A number of a volume, or the year that names one (2016).
    volume: int | None = None
    #: Set where the number is that of a volume and not of an issue or chapter (manga).
    volume_end: int | None = None
    chapter: str | None = None
    #: YYYY, YYYY-MM or YYYY-MM-DD: partial dates stay partial.
    date: str | None = None
    year: int | None = None
    publisher: str | None = None
    imprint: str | None = None
    #: BCP 47 where the file has that, else as written.
    language: str | None = None
    isbn: str | None = None
    #: Others by scheme in lower case: {"asin": "...", "metron": "..."}.
    identifiers: dict[str, str] = field(default_factory=dict)
    summary: str | None = None
    notes: str | None = None
    #: Addresses that the file names; shown as text, never fetched.
    web: list[str] = field(default_factory=list)
    #: ComicInfo's Format and its kin: "TPB", "Annual", "One-Shot".
    comic_format: str | None = None
    one_shot: bool | None = None
    #: Belongs to a series without having a number in it.
    special: bool | None = None
    manga: bool | None = None
    #: ltr or rtl.
    direction: str | None = None
    black_and_white: bool | None = None
    age_rating: str | None = None
    #: 0 to 5.
    rating: float | None = None
    scan_group: str | None = None
    #: The writers (of an EPUB its authors), as they are shown.
    writers: list[str] = field(default_factory=list)
    credits: list[BookCredit] = field(default_factory=list)
    tags: list[BookTag] = field(default_factory=list)
    #: How many pages can be opened; of an EPUB none, since it has none.
    pages: int | None = None
    #: The name of the first page's entry.
    first_page: str | None = None
    cover: Page | None = None
    #: Where the facts come from, the most believed first: comicinfo, metroninfo, comet, comicbookinfo, opf,
    #: pdf, xmp, name.
    sources: list[str] = field(default_factory=list)
    #: Fields above that nothing but the file's name and folder says.
    guessed: list[str] = field(default_factory=list)
    #: Names of the files in the archive, in its order; only `inspect` fills it.
    entries: list[str] = field(default_factory=list)


@dataclass(slots=True)
class SeriesFacts:
    """What a `series.json` beside the books says of the series."""

    name: str | None = None
    sort_name: str | None = None
    #: Continuing or Ended, as written.
    status: str | None = None
    publisher: str | None = None
    imprint: str | None = None
    year: int | None = None
    volume: int | None = None
    summary: str | None = None
    #: How many books it has.
    total: int | None = None
    age_rating: str | None = None
    comic_format: str | None = None
