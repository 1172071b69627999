"""Numbers in the name of a book: which is an issue, a volume, a chapter, and where they stand.

Between `name_tags`, which has taken the brackets off, and `names`, which makes a book of it. Knows the text
of one name and no siblings, so that it takes a bare number only where a title hardly has one: padded with
zeros, at the very end of a comic's name, behind a year. What stands in the way of that ("District 9",
"World War 2") is in `name_words`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from shelfread.media.books.name_words import NOT_COUNTED, NUMBERED_NAMES, key_of
from shelfread.media.values import number_sort

#: Where a date stood in brackets.
DATE_MARK = "\x01"

_N = r"(?:[0-9]{1,4}(?:\.[0-9]{1,2})?[½¼¾]?|[½¼¾])"
_RANGE = rf"{_N}(?:[-–~]{_N})?"
#: No letter, digit or decimal goes on behind a number.
_END = r"(?![^\W_]|\.[0-9]|[-–][0-9])"
_START = r"(?<![^\W_])"
_KANJI = "〇一二三四五六七八九十"
_WORDS = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_ROMAN = "i|ii|iii|iv|v|vi|vii|viii|ix|x|xi|xii"

_VOLUME = re.compile(
    rf"{_START}(?:v\.?(?=[0-9])|vol(?:ume)?s?\b[.\s#]*(?=[0-9])|vol(?:ume)?s?(?=[0-9])"
    r"|(?:tome|tomo|band|bd\.|том)[.\s]+(?=[0-9])|(?-i:T)(?=0[0-9])|(?<=-\s)(?-i:T)(?=[0-9]{2}\b))"
    rf"(?P<count>{_RANGE})(?:(?=c[0-9])|{_END})"
    rf"|{_START}(?:vol(?:ume|\.)?|tome)\s+(?P<word>{_WORDS}|(?-i:[IVX]{{1,4}}))\b",
    re.IGNORECASE,
)
_D = r"(?<!\d)\d{1,4}(?:\.\d{1,2})?(?:[-–~]\d{1,4})?"
_VOLUME_ASIAN = re.compile(rf"(?:[第제]\s?)?(?P<count>{_D}|(?<=第)[{_KANJI}]{{1,3}})\s?[巻卷권]")
_CHAPTER = re.compile(
    r"(?:(?<![^\W\d_])(?:(?-i:c)(?=[0-9]{2})|ch(?:ap(?:ter|itre)?)?s?\.?[\s.]*(?=[0-9])"
    r"|(?:chapters?|chapitre|kapitel|cap[íi]tulo|глава|episode)\s+(?=[0-9])|(?:cap|ep)\.\s*(?=[0-9])))"
    rf"(?P<count>{_RANGE}){_END}",
    re.IGNORECASE,
)
_CHAPTER_ASIAN = re.compile(rf"(?:[第제]\s?)?(?P<count>{_D})\s?[話话화]|第(?P<other>{_D})[章回]")
_ISSUE = re.compile(
    rf"(?:#\s?|№\s*|{_START}(?:n[º°]\s*|no\.\s*|nr\.?\s+|issue\s*#?\s*|prog\s+)(?=[0-9½]))"
    rf"(?P<count>-?{_RANGE}(?:\.(?-i:[A-Z]{{2,3}})|(?!st|nd|rd|th)[a-z]{{1,3}})?){_END}"
    rf"|(?:(?:^|[-,:_([]\s?){_START}(?:book|buch|livre)\s+#?(?=[0-9])|{_START}book\s(?=0[0-9]))"
    rf"(?P<book>{_N}){_END}",
    re.IGNORECASE,
)
_ANNUAL = re.compile(rf"{_START}annual\s+(?:#|no\.\s?)?(?P<count>[0-9]{{1,4}}){_END}", re.IGNORECASE)
_SPECIAL = re.compile(rf"{_START}SP[ ._-]?[0-9]{{1,3}}{_END}")
_OF = re.compile(r"[\s\x01(,]*\bof\s+(?P<count>[0-9]{1,4})\b\)?", re.IGNORECASE)
_SECOND = re.compile(r"\s[-–]\s(?P<count>[0-9]{2,4})(?=\s*(?:$|[\x01(\[]|[-–]\s))")

#: A number that nothing marks, between blanks.
_BARE = re.compile(
    rf"(?<![^\s_\x01(])(?P<count>{_RANGE}|(?<=\S\s)-[0-9])(?P<suffix>\.(?:MU|INH|NOW|HU|AU)|(?<=0[0-9]{2})[a-d])?(?=$|[\s_,:;)\x01]|\.\s)"
)
_TIGHT = re.compile(r"(?<=[^\W\d_])-(?P<count>0[0-9]{1,2})(?=$|[\s\x01])")
_LEADING = re.compile(rf"(?P<count>{_RANGE})(?:\s*[-–:_)]\s+|\.\s+|\s*\x01\s*[-–]\s+)(?=\S)")
_TAIL = re.compile(r"\s*(?:\x01|\([^()]*\)|\[[^\[\]]*\]|[-–,.]|\s)*$")
_DASH = re.compile(r"\s*[-–:]\s")
_OTHER_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_WORD_BEFORE = re.compile(r"([^\s\x01]+)\s*$")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_FINE = re.compile(r"\.[0-9]{2}")


class Counts(NamedTuple):
    """What was found, and the text before and behind it."""

    before: str
    behind: str
    number: str | None = None
    number_sort: float | None = None
    of: int | None = None
    volume: int | None = None
    volume_end: int | None = None
    chapter: str | None = None
    annual: bool = False
    special: bool = False


def counts_in(text: str, folder: str | None, *, comic: bool) -> Counts | None:
    """Find the numbers in a name.

    Args:
        text: the name without suffix and understood brackets; `DATE_MARK` where a date stood.
        folder: the series that the folder gives, if any.
        comic: whether bare numbers count, as they do in names of comics and hardly in those of books.

    Returns:
        None where the name says none.
    """
    places: list[tuple[int, int]] = []
    whole, text = text, _OTHER_BRACKETS.sub(_hidden, text)
    number = chapter = None
    count: int | None = None
    volume: tuple[int | None, int | None] = (None, None)
    annual = special = False
    if (match := _volume(text, comic)) is not None:
        volume = _whole(match["count"], match.groupdict().get("word"))
        places.append(match.span())
    if (match := _CHAPTER.search(text) or _CHAPTER_ASIAN.search(text)) is not None:
        chapter = _plain(match["count"] or match["other"])
        places.append(match.span())
    if (match := _ANNUAL.search(text)) is not None and (comic or not _YEAR.fullmatch(match["count"])):
        number, annual = f"Annual {_plain(match['count'])}", True
        places.append(match.span())
    elif (match := _ISSUE.search(text)) is not None:
        number = _plain(match["count"] or match["book"])
        places.append(match.span())
    elif (match := _SPECIAL.search(text)) is not None:
        special = True
        places.append(match.span())
    elif chapter is None and (found := _bare(text, folder, comic, places)) is not None:
        number, place = found
        places.append(place)
    if not places:
        return None
    start, end = min(place[0] for place in places), max(place[1] for place in places)
    if (match := _OF.match(text, end)) is not None and int(match["count"]):
        count, end = int(match["count"]), match.end()
    elif number is not None and (match := _SECOND.match(text, end)) is not None:
        # "001 - 010": a range only if both are written alike and the second is the greater.
        first = text[start:end].strip("# ")
        if first.isdecimal() and len(first) == len(match["count"]) and first < match["count"]:
            number, end = f"{number}-{_plain(match['count'])}", match.end()
    return Counts(
        whole[:start],
        whole[end:],
        number,
        number_sort(number),
        count,
        volume[0],
        volume[1],
        chapter,
        annual,
        special,
    )


def only_count(text: str, *, comic: bool) -> str | None:
    """The number that a whole name is: "001", "16-17", "1001"; None for what looks like a year or a title."""
    match = re.fullmatch(rf"\s*({_RANGE})\s*", text)
    if match is None or _YEAR.fullmatch(match[1]):
        return None
    digits = match[1]
    padded = digits[0] == "0" and len(digits) > 1
    return _plain(digits) if comic or padded or len(digits) <= 2 else None


def _volume(text: str, comic: bool) -> re.Match[str] | None:
    match = _VOLUME.search(text)
    if match is None:
        return _VOLUME_ASIAN.search(text)
    if (
        not comic
        and match["count"]
        and match[0][0] in "vV"
        and match[0][1].isdecimal()
        and match["count"][0] != "0"
    ):
        return None  # "Title v1.2": the version of an ebook
    return match


def _whole(count: str | None, word: str | None) -> tuple[int | None, int | None]:
    """Volume and end of a range of volumes; None for what is no whole number."""
    if word is not None:
        names = (_WORDS if word.lower() in _WORDS.split("|") else _ROMAN).split("|")
        return (names.index(word.lower()) + 1 if word.lower() in names else None), None
    assert count is not None
    if count[0] in _KANJI:
        tens, ten, ones = count.rpartition("十")
        value = (_KANJI.find(tens) if tens else 1) * 10 if ten else 0
        return value + (_KANJI.find(ones) if ones else 0), None
    first, *rest = re.split(r"[-–~]", count)
    start = int(first) if first.isdecimal() else None
    if not rest or start is None:
        return start, None
    last = int(rest[0]) if rest[0].isdecimal() else None
    return start, last if last is not None and last > start else None


def _plain(count: str) -> str:
    """A number without the zeros that it was padded with; a range with a plain hyphen."""
    parts = re.split(r"(?<=.)[-–~]", count)
    return "-".join(re.sub(r"^(-?)0+(?=[0-9])", r"\1", part) for part in parts)


def _bare(
    text: str, folder: str | None, comic: bool, places: list[tuple[int, int]]
) -> tuple[str, tuple[int, int]] | None:
    """A number that nothing marks, where it cannot well be anything else."""
    if places:  # behind "v2", with nothing between
        match = _BARE.search(text, places[0][1])
        if match is None or text[places[0][1] : match.start()].strip(f" -_,{DATE_MARK}"):
            return None
        return None if _YEAR.fullmatch(match["count"]) else (_text_of(match), match.span())
    leading = _LEADING.match(text)
    if leading is not None and _padded(leading["count"]):
        return _plain(leading["count"]), leading.span()
    found = [match for match in _BARE.finditer(text) if not _falls(match["count"])]
    padded = [match for match in found if _padded(match["count"]) and not _part_of_name(text, match, comic)]
    if padded and padded[0].start() == 0:
        if len(padded) == 1 and folder is not None and text[padded[0].end() :].strip():
            return _text_of(padded[0]), padded[0].span()  # "012 Title" in a folder
        padded = padded[1:]
    if padded:
        match = padded[0]
        if len(padded) > 1 and not text[match.end() : padded[1].start()].strip():
            match = padded[1]
        # A book's title goes on behind a dash and nowhere else: "Agent 007 Returns".
        if comic or _TAIL.match(text, match.end()) or _DASH.match(text, match.end()):
            return _text_of(match), match.span()
    if (match := _TIGHT.search(text)) is not None:
        return _plain(match["count"]), match.span()
    if leading is not None and folder is not None and len(leading["count"]) < 4:
        return _plain(leading["count"]), leading.span()
    for match in found:
        if match.start() and _OF.match(text, match.end()) and _counts(text, match, folder, comic):
            return _text_of(match), match.span()
    for match in reversed(found):
        if match.start() and _counts(text, match, folder, comic):
            return _text_of(match), match.span()
    return None


def _counts(text: str, match: re.Match[str], folder: str | None, comic: bool) -> bool:
    """Whether an unpadded number counts books."""
    before = text[: match.start()].strip(f" -–_,:{DATE_MARK}")
    if (of := _OF.match(text, match.end())) is not None:
        return not _part_of_name(text, match, comic) and _first(match["count"]) <= int(of["count"])
    if _YEAR.fullmatch(match["count"][:4]) or not key_of(before):
        return False
    if not _TAIL.match(text, match.end()) and not (comic and _DASH.match(text, match.end())):
        return False
    if text[: match.start()].rstrip().endswith(DATE_MARK):
        return True  # "Batman (2016) 45"
    if folder is not None and key_of(folder) == key_of(before):
        return True
    if match["count"][0] in "½¼¾" or _FINE.search(match["count"]):
        return False  # "Ranma ½", "Evangelion 3.33"
    return comic and not before.isdecimal() and not _part_of_name(text, match, comic)


def _part_of_name(text: str, match: re.Match[str], comic: bool) -> bool:
    word = _WORD_BEFORE.search(text, 0, match.start())
    if word is None or text[: match.start()].rstrip().endswith(DATE_MARK):
        return False
    before = word[1].lower().lstrip("(")
    if f"{before} {match['count']}" in NUMBERED_NAMES:
        return True
    if not comic and _YEAR.fullmatch(before) and _first(match["count"]) <= 12:
        return True  # "invoice 2018 04"
    return before in NOT_COUNTED and not _padded(match["count"])


def _hidden(match: re.Match[str]) -> str:
    """Brackets that were not understood hold no number of the book."""
    return f"{match[0][0]}{'_' * (len(match[0]) - 2)}{match[0][-1]}"


def _text_of(match: re.Match[str]) -> str:
    return _plain(match["count"]) + (match["suffix"] or "")


def _padded(count: str) -> bool:
    return count[0] == "0" and len(count) > 1 and count[1] != "."


def _falls(count: str) -> bool:
    """Whether a range goes down, or is one of years: "12-7", "1999-2000"."""
    if "-" not in count[1:] and "–" not in count and "~" not in count:
        return False
    first, last = _plain(count).rsplit("-", 1)
    return _YEAR.fullmatch(first) is not None or _first(first) >= _first(last)


def _first(count: str) -> float:
    return number_sort(_plain(count)) or 0.0
