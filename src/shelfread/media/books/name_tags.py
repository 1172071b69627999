"""Brackets in the names of books: years, publishers, languages, who scanned it, what kind of book it is.

The first step of `names`: takes off what it understands, notes it in the book, and leaves the rest where it
is, because "Mort (Illustrated)" is a title. Knows no folders and no numbers, except that it takes the
brackets off "(v2)" and "(#12)", so that `name_counts` sees them.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from shelfread.media.books.name_counts import DATE_MARK
from shelfread.media.books.name_words import (
    LANGUAGE_CODES,
    LANGUAGE_WORDS,
    LANGUAGES,
    MONTHS,
    NOT_COUNTED,
    PUBLISHERS,
    REMARK,
    SCANNED,
    key_of,
)
from shelfread.model.books import Book

_BRACKETS = re.compile(r"\[([^\[\]]{0,120})\]|\(([^()]{0,120})\)|\{([^{}]{0,120})\}")

_YEAR = r"(?P<year>(?:18|19|20)[0-9]{2})"
_DAY = r"(?:0[1-9]|[12][0-9]|3[01])"
_MONTH_NAME = r"(?P<name>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_ISO = re.compile(
    rf"(?<![0-9.-]){_YEAR}(?:([-.])(?P<month>0[1-9]|1[0-2])(?:\2(?P<day>{_DAY}))?|(?P<tight>(?:0[1-9]|1[0-2]){_DAY}))"
    r"(?![0-9-]|\.[0-9])"
)
_NAMED = re.compile(
    rf"(?<!\w)(?:(?P<day>0?[1-9]|[12][0-9]|3[01])(?:st|nd|rd|th)?\.?\s+)?{_MONTH_NAME}"
    rf"(?:\s+(?P<later>0?[1-9]|[12][0-9]|3[01])(?:st|nd|rd|th)?)?,?\s+{_YEAR}(?!\w)",
    re.IGNORECASE,
)
_MONTH_WORD = re.compile(
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?",
    re.IGNORECASE,
)
_ONLY_YEAR = re.compile(rf"c?\.?\s*{_YEAR}")
_YEARS = re.compile(rf"{_YEAR}\s*[-–]\s*(?P<last>(?:[0-9]{{2}}){{1,2}}|present|ongoing|)")

_OF = re.compile(r"of\s+[0-9]{1,4}|[0-9]{1,3}", re.IGNORECASE)
_COUNTED = re.compile(
    r"#?\s?[0-9]{1,4}\s+of\s+[0-9]{1,4}|#\s?[0-9.½-]{1,9}|(?:v|vol(?:ume)?s?\.?\s*)[0-9]{1,4}(?:-[0-9]{1,4})?"
    r"|(?:(?-i:c)|ch(?:ap(?:ter)?)?s?\.?\s*)[0-9]{1,4}(?:[.-][0-9]{1,4})*|annual\s+#?[0-9]{1,4}|SP[0-9]{1,3}"
    r"|(?:issue|no\.?|nr\.?)\s*[0-9]{1,4}",
    re.IGNORECASE,
)
_SIGNED = re.compile(r"(?:digital|c2c|web-?rip|scan)[- ](?!hd$|sd$|rip$)(.{2,})", re.IGNORECASE)
_CREW = re.compile(
    r"Minutemen-.+|.+[-_](?:Empire|Empire-HD|DCP|CPS|Novus|Megan|InnerDemons|DTs|SWA|G85|NeonBone)"
)
_ONE_SHOT = re.compile(r"one[- ]?shot|os", re.IGNORECASE)
_SPECIAL = re.compile(
    r"(?:special|omake|extras?|bonus(?: chapter)?|side[- ]?story)(?:\s+#?[0-9]{1,3})?", re.IGNORECASE
)
_FORMATS = re.compile(
    r"TPB|HC|GN|OGN|trade paperback|hardcover|hard cover|graphic novel|omnibus", re.IGNORECASE
)
_PLAIN_FORMAT = re.compile(r"(?<=\s)(TPB|OGN)(?=\s*$|\s+[-\x01(\[])")
_ASIAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


class Tags(NamedTuple):
    """A name without the brackets that were understood."""

    #: With `DATE_MARK` where a date was.
    text: str
    #: Year and partial date of each mark, in order; the date is None for a range of years.
    dates: list[tuple[int, str | None]]
    #: Whether somebody who scans comics named it.
    scanned: bool


def tags_apart(stem: str, book: Book, *, comic: bool) -> Tags:
    """Take the brackets that are understood off a name, and note in `book` what they say."""
    dates: list[tuple[int, str | None]] = []
    pieces: list[str] = []
    last = 0
    scanned = False
    for match in _BRACKETS.finditer(stem):
        said = (match[1] or match[2] or match[3] or "").strip()
        square = match[0][0] in "[{"
        place = "inside"
        if not "".join(pieces).strip() and not stem[last : match.start()].strip():
            place = "front" if stem[match.end() :].strip() else "alone"
        put: str | None
        if (found := date_in(said, whole=True)) is not None:
            dates.append(found)
            put = f" {DATE_MARK} "
        elif place == "alone" and not pieces:
            put = None
        elif SCANNED.fullmatch(said):
            scanned = True
            put = " "
        elif scanned and not square and not _words(said, book, square):
            if not REMARK.fullmatch(said):
                book.scan_group = said
            put = " "
        else:
            put = _read(said, book, square=square, front=place == "front", comic=comic)
        if put is not None:
            pieces += stem[last : match.start()], put
            last = match.end()
            scanned = scanned or (book.scan_group is not None and not square)
    text = " ".join("".join([*pieces, stem[last:]]).split(" "))
    if (plain := _PLAIN_FORMAT.search(text)) is not None:
        book.comic_format = book.comic_format or plain[1]
    return Tags(text, dates, scanned)


def date_in(text: str, *, whole: bool = False) -> tuple[int, str | None] | None:
    """The year and the partial date in a text, or in a text that is nothing but a date.

    A range of years gives its first and no date. "2010-12" may be December or two years: it gives nothing.
    """
    if whole and (match := _ONLY_YEAR.fullmatch(text)) is not None:
        return int(match["year"]), match["year"]
    match = _ISO.fullmatch(text) if whole else _ISO.search(text)
    if match is not None:
        month, day = match["month"], match["day"]
        if match["tight"]:
            month, day = match["tight"][:2], match["tight"][2:]
        if day is not None or int(month) <= int(match["year"]) % 100:
            return int(match["year"]), "-".join(filter(None, (match["year"], month, day)))
        return None
    match = _NAMED.fullmatch(text) if whole else _NAMED.search(text)
    if match is not None and _is_month(match):
        day = match["day"] or match["later"]
        date = f"{match['year']}-{MONTHS[match['name'].lower()]:02d}"
        return int(match["year"]), f"{date}-{int(day):02d}" if day else date
    if whole and (match := _YEARS.fullmatch(text)) is not None:
        last = match["last"]
        if not last.isdecimal() or last > match["year"][-len(last) :]:
            return int(match["year"]), None
    return None


def _is_month(match: re.Match[str]) -> bool:
    """Whether the word is a month in full or in short: "Marvel 2018" is none."""
    word = match[0][match.start("name") - match.start() :]
    return _MONTH_WORD.fullmatch(re.split(r"[\s.,]", word, maxsplit=1)[0]) is not None


def _read(said: str, book: Book, *, square: bool, front: bool, comic: bool) -> str | None:
    """What stays in the text of one pair of brackets; None: they are left as they are."""
    if not said or _words(said, book, square):
        return " "
    if _OF.fullmatch(said) and (front or said[0] in "oO"):
        return f" {said} "
    if _COUNTED.fullmatch(said) and (comic or said[0] not in "vV" or said[1:2] in "0oO"):
        return f" {said} "
    if REMARK.fullmatch(said):
        return " "
    if (match := _SIGNED.fullmatch(said)) is not None:
        book.scan_group = match[1]
        return " "
    if _CREW.fullmatch(said):
        book.scan_group = said
        return " "
    if square and front and comic:
        # "[Circle (Artist)]" and names in Asian scripts are makers, and not said which.
        if "(" not in said and not _ASIAN.search(said) and said.split()[0].lower() not in NOT_COUNTED:
            book.scan_group = said
        return " "
    return None


def _words(said: str, book: Book, square: bool) -> bool:
    """Whether the words in brackets are of a known sort; noted in `book` if so."""
    plain = said.lower()
    key = plain.replace("-", "").replace(".", "")
    code = plain in LANGUAGE_CODES and (plain not in LANGUAGE_WORDS or (square and said.isupper()))
    if code or key in LANGUAGES:
        book.language = book.language or LANGUAGES.get(key, plain)
    elif key_of(said) in PUBLISHERS:
        book.publisher = book.publisher or said
    elif _ONE_SHOT.fullmatch(said):
        book.one_shot = True
        book.comic_format = book.comic_format or "One-Shot"
    elif _FORMATS.fullmatch(said):
        book.comic_format = book.comic_format or said
    elif _SPECIAL.fullmatch(said):
        book.special = True
    else:
        return False
    return True
