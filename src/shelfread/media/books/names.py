"""What the name and the folders of a book say, for books that say nothing of themselves.

The entry to `name_tags` (brackets), `name_counts` (numbers) and `name_folders`; runs in the parser process,
and for `inspect --names`. Pure: it looks at the path and at nothing else, so it cannot know what the siblings
are called. What a name does not say stays unknown: "Fahrenheit 451" has no number, and in "A - B" nobody can
tell which is the author. Only the title is always there: what is left of the name.
"""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

from shelfread.media.books.name_counts import DATE_MARK, Counts, counts_in, only_count
from shelfread.media.books.name_folders import Folder, folder_of, neat, shown
from shelfread.media.books.name_tags import Tags, date_in, tags_apart
from shelfread.media.books.name_words import NOT_COUNTED, key_of
from shelfread.media.values import number_sort
from shelfread.model.books import Book, BookCredit

_SUFFIX = re.compile(
    rb"(?:\.kepub)?\.(cb[zrt7a]|zip|rar|7z|tar|epub|pdf|mobi|azw3?|fb2|djvu|tar\.gz)$", re.IGNORECASE
)
_BOOKS = frozenset((b"epub", b"pdf", b"mobi", b"azw", b"azw3", b"fb2", b"djvu"))
_DOTS = re.compile(r"(?<![0-9])\.(?![ ])|(?<=[0-9])\.(?=[^\W\d]|[0-9]{3,})")
#: Names that a web reader saved: "Group_Vol.01 Ch.001 - Title".
_SAVED = re.compile(r"([^_/]{2,60})_(?=(?:vol(?:ume)?|ch(?:apter)?|episode)\b)", re.IGNORECASE)
#: "Mort (Discworld 4)", "Mort (Discworld, Book 4)".
_IN_SERIES = re.compile(
    r"(?P<series>[^#]*?[^\W\d][^#]*?)(?:,?\s+(?P<mark>#|book\s+#?|vol(?:ume)?\.?\s*|no\.\s*)|\s+)"
    r"(?P<count>[0-9]{1,3}(?:\.[0-9]{1,2})?)",
    re.IGNORECASE,
)
_PARTS = re.compile(r"\s[-–]\s")
_PLACE = re.compile(r"\[(?P<inside>[^\[\]]+)\]|(?P<plain>[^\[\]]+)")
_PLACED = re.compile(
    r"(?P<series>.*\S)\s(?P<mark>#|book\s|vol\.?\s*)?(?P<count>[0-9]{1,3}(?:\.[0-9])?)", re.IGNORECASE
)
_NO_SERIES = frozenset(("", "book", "volume", "vol", "version", "v", "part", "chapter", "issue", "tome"))
_INITIALS = re.compile(r"([^\W\d_][\w'’ -]+),\s((?:[A-Z][\w'’-]*\s){0,2}(?:[A-Z]\.[\s-]?)+)\s?[-–]\s+(\S.*)")
_MARKED_END = re.compile(
    r"(?:\s[-–]\s+(?P<special>special|omake|extra|bonus)(?:\s+#?[0-9]{1,3})?|\s(?P<omake>omake)(?:\s+#?[0-9]{1,3})?"
    r"|\s(?:[-–]\s+)?(?P<shot>one-?shot))\s*$",
    re.IGNORECASE,
)
_ANNUAL_END = re.compile(r"\sannual\s*$", re.IGNORECASE)
_BRACKETED = re.compile(r"[(\[{][^()\[\]{}]{0,120}[)\]}]")
_SCENE = re.compile(
    r"\s*(?P<year>(?:19|20)[0-9]{2})?(?:\s.*)?\b(?:digital|c2c|webrip|hybrid|retail)\b(?P<crew>.*)",
    re.IGNORECASE,
)


def from_name(relative: bytes) -> Book:
    """Read what a relative path alone says about its book.

    Args:
        relative: the path below the root, as bytes on disk; need not be UTF-8.

    Returns:
        `title` always, the rest as far as the path says it; `sources` is ["name"]. Never raises.
    """
    head, _, name = relative.rpartition(b"/")
    folder = folder_of(head)
    match = _SUFFIX.search(name)
    stem = _stem(name[: match.start()] if match is not None and match.start() else name)
    comic = match is None or match[1].lower() not in _BOOKS
    book = Book(sources=["name"])
    if comic and (saved := _SAVED.match(stem)) is not None:
        book.scan_group, stem = saved[1], stem[saved.end() :]
    if not (not comic and _book_habits(stem, book, folder)):
        tags = tags_apart(stem, book, comic=comic)
        _fill(tags, book, folder, comic=comic or tags.scanned)
    _add_folder(book, folder)
    book.title = book.title or stem or "".join(shown(name).split("/")) or "?"
    return book


def inspect_name(relative: bytes) -> dict[str, Any]:
    """What `inspect --names` prints of a path: the fields of `from_name` that are known."""
    book = from_name(relative)
    known = {part.name: getattr(book, part.name) for part in fields(book)}
    return {
        name: value
        for name, value in known.items()
        if value is not None and value not in ([], {}) and name not in ("sources", "credits")
    }


def _stem(name: bytes) -> str:
    """The name of a file for people: dots and underscores that stand for blanks are blanks."""
    stem = shown(name)
    if "%20" in stem:
        stem = stem.replace("%20", " ")
    if " " not in stem and stem.count(".") > 1 and any(len(part) > 2 for part in stem.split(".")):
        stem = " ".join(_DOTS.sub(" ", stem).split()) or stem
    return stem


def _book_habits(stem: str, book: Book, folder: Folder) -> bool:
    """Forms that only ebooks have; whether the name was one."""
    if folder.calibre is not None:
        title, author = folder.calibre
        if key_of(stem).startswith(key_of(title)[:30]) and key_of(stem).endswith(key_of(author)[:20]):
            book.title = title
            _author(book, author)
            return True
    return _three_parts(stem, book) or _series_behind(stem, book, folder) or _initials(stem, book)


def _three_parts(stem: str, book: Book) -> bool:
    """Read "Author - Series 03 - Title" and "Author - [Series 03] - Title"."""
    parts = _PARTS.split(stem)
    for place in range(1, len(parts) - 1):
        whole = _PLACE.fullmatch(parts[place].strip())
        match = _PLACED.fullmatch(whole["inside"] or whole["plain"]) if whole is not None else None
        if whole is None or match is None:
            continue
        count, sure = match["count"], bool(match["mark"] or whole["inside"])
        series = neat(" - ".join([*parts[1:place], match["series"]]))
        if key_of(series) in _NO_SERIES or not (sure or not _names_end(series, count)):
            return False
        book.series, book.title = series, neat(_after_tags(" - ".join(parts[place + 1 :]), book))
        _number(book, count)
        _author(book, neat(parts[0]))
        return True
    return False


def _series_behind(stem: str, book: Book, folder: Folder) -> bool:
    """Read "Title (Series 3)"."""
    for bracket in _BRACKETED.finditer(stem):
        match = _IN_SERIES.fullmatch(bracket[0][1:-1].strip())
        title = stem[: bracket.start()] + stem[bracket.end() :]
        if match is None or not key_of(stem[: bracket.start()]):
            continue
        series = neat(match["series"])
        last = key_of(series.rpartition(" ")[2])
        if last not in _NO_SERIES and (match["mark"] or last not in NOT_COUNTED):
            book.series = series
            _number(book, match["count"])
            book.title = _without_folder(neat(_after_tags(title, book)), folder, book)
            return True
    return False


def _initials(stem: str, book: Book) -> bool:
    """Read "Tolkien, J. R. R. - The Hobbit": nothing but a person is written like that."""
    if (match := _INITIALS.fullmatch(stem)) is not None:
        book.title = neat(_after_tags(match[3], book))
        initials = match[2].strip()
        book.writers = [f"{initials} {match[1]}"]
        book.credits = [BookCredit("author", book.writers[0], f"{match[1]}, {initials}")]
        return True
    return False


def _fill(tags: Tags, book: Book, folder: Folder, *, comic: bool) -> None:
    """Numbers, dates, series and title of a name without its brackets."""
    text = tags.text
    alone = neat(text)
    if (number := only_count(alone, comic=comic)) is not None:
        known = folder.series is not None and key_of(folder.series) != key_of(alone)
        if known or (alone[0] == "0" and folder.series is None):
            _number(book, number)
        book.title = alone
        _date(book, tags.dates)
        return
    marked = _MARKED_END.search(alone)
    if marked is not None and not comic and not marked["shot"]:
        marked = None  # "Author - Extra": only comics are marked like that
    if marked is not None:
        if marked["shot"]:
            book.one_shot = True
            book.comic_format = book.comic_format or "One-Shot"
        else:
            book.special = True
    counts = None if book.special and marked is not None else counts_in(text, folder.series, comic=comic)
    if counts is None:
        _date(book, tags.dates)
        if not tags.dates and (found := date_in(text)) is not None:
            book.year, book.date = found
        if _ANNUAL_END.search(alone):
            book.comic_format = book.comic_format or "Annual"
        title = neat(text)
        if marked is not None and key_of(title[: marked.start()]):
            book.series = neat(title[: marked.start()]) if book.special else book.series
        book.title = _without_folder(title, folder, book, comic=comic)
        return
    _take(counts, book)
    before = counts.before
    earlier = before.count(DATE_MARK)
    _date(book, tags.dates[earlier:])
    if not key_of(before.partition(DATE_MARK)[0]):
        _date(book, tags.dates)  # "[2018] Saga 012"
    elif earlier and book.volume is None and book.number is not None:
        book.volume = tags.dates[earlier - 1][0]
    series = neat(before)
    if key_of(series):
        book.series = _series(series, folder, comic=comic)
    if (scene := _SCENE.fullmatch(counts.behind)) is not None:
        if scene["year"] and book.year is None:
            book.year, book.date = int(scene["year"]), scene["year"]
        book.scan_group = book.scan_group or neat(scene["crew"]) or None
        book.title = neat(text[: len(text) - len(counts.behind)])
    else:
        book.title = _title_behind(counts.behind, comic=comic) or neat(text)


def _take(counts: Counts, book: Book) -> None:
    book.number, book.number_sort = counts.number, counts.number_sort
    book.count = counts.of
    book.volume, book.volume_end, book.chapter = counts.volume, counts.volume_end, counts.chapter
    if counts.annual:
        book.comic_format = book.comic_format or "Annual"
    if counts.special:
        book.special = True


def _series(text: str, folder: Folder, *, comic: bool) -> str | None:
    """The series before a number; of an ebook's "A - B 03" only if the folder tells which is which."""
    parts = re.split(r"\s+[-–]\s+", text)
    if comic or len(parts) == 1:
        return text
    if folder.series is not None and len(parts) == 2:
        keys = [key_of(part) for part in parts]
        if key_of(folder.series) in keys:
            return parts[1]
    return None


def _title_behind(behind: str, *, comic: bool) -> str | None:
    """The title behind a number, if there is one and not only what scanners add."""
    text = behind
    if comic and not key_of(_BRACKETED.sub(" ", behind)):
        return None
    text = neat(text).removeprefix(")").strip(" .")
    if not any(char.isalpha() for char in text):
        return None
    return None if re.fullmatch(r"(?i:TPB|HC|GN|OGN|END|FINAL)", text) else text


def _without_folder(title: str, folder: Folder, book: Book, *, comic: bool = False) -> str:
    """A title without its folder's name: "Batman - Year One" in the folder "Batman" is "Year One"."""
    if folder.series is None:
        return title
    first, dash, rest = re.sub(r"\s+[-–]\s+", "\0", title, count=1).partition("\0")
    if dash and key_of(first) == key_of(folder.series) and any(char.isalpha() for char in rest):
        if comic:
            book.series = book.series or first
        return rest
    return title


def _add_folder(book: Book, folder: Folder) -> None:
    """What the folders say, where the file says nothing."""
    book.special = book.special or folder.special
    counted = (book.number, book.volume, book.chapter, book.special) != (None, None, None, None)
    if book.series is None and (counted or folder.inner) and not book.writers:
        book.series = folder.series
    same = (
        book.series is not None and folder.series is not None and key_of(book.series) == key_of(folder.series)
    )
    if same and book.volume is None and folder.volume is not None:
        book.volume = folder.volume
    book.publisher = book.publisher or folder.publisher
    book.language = book.language or folder.language
    book.one_shot = book.one_shot or folder.one_shot


def _after_tags(text: str, book: Book) -> str:
    tags = tags_apart(text, book, comic=False)
    _date(book, tags.dates)
    return tags.text


def _date(book: Book, dates: list[tuple[int, str | None]]) -> None:
    """The date of the book itself: the first behind its number. A range of years dates a series."""
    for year, date in dates:
        if date is not None:
            book.year, book.date = year, date
            return


def _names_end(series: str, count: str) -> bool:
    """Whether a number belongs to the name before it: it is not padded, and too high to count a few books."""
    return count[0] != "0" and (
        len(count.partition(".")[0]) > 2 or counts_in(f"{series} {count}", None, comic=True) is None
    )


def _number(book: Book, count: str) -> None:
    book.number = re.sub(r"^0+(?=[0-9])", "", count)
    book.number_sort = number_sort(book.number)


def _author(book: Book, name: str) -> None:
    book.writers = [name]
    book.credits = [BookCredit("author", name)]
