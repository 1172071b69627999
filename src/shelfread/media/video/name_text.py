"""Text of names made readable, and what may stand anywhere in one: ids of providers and years.

The ground of `names` and its parts, which cut names into pieces; this module knows what a piece looks like
for people, and nothing of films and episodes.
"""

from __future__ import annotations

import re
from datetime import date

#: File systems allow 255 bytes a name; what comes from elsewhere is cut, and the searches stay cheap.
LONGEST = 255

#: Letters of an abbreviation, "S.W.A.T."; their dots stay.
_LETTERS = re.compile(
    r"(?<![^\W_.])(?:[A-Z]\.){2,}[A-Z](?![^\W_])\.?|(?<![^\W_.])(?:[A-Z]\.){3,}|^[A-Z]\.[A-Z]\.?$"
)
#: A dot that stands for a blank; not those of "2.0" and "3.33".
_DOTS = re.compile(r"(?<![0-9])\.|\.(?![0-9]{1,2}(?![0-9]))")
_EDGE = " _.,;:#–—-+&"

_SCHEMES = "imdb|tmdb|tvdb|anidb|tvmaze|anilist|trakt"
_ID = re.compile(
    rf"[\[{{(]\s*(?P<scheme>{_SCHEMES})(?:id)?\s*[-=:]\s*(?P<id>[a-z0-9_-]{{0,40}})\s*[\]}})]"
    r"|[\[{(](?P<alone>tt[0-9]{7,9})[\]})]|(?<![^\W_])(?P<bare>tt[0-9]{7,9})(?![^\W_])",
    re.IGNORECASE,
)
_EDITION_ID = re.compile(r"\{edition-([^{}]{1,80})\}", re.IGNORECASE)

_YEAR = r"(?:18[89]|19[0-9]|20[0-3])[0-9]"
_YEAR_IN_BRACKETS = re.compile(
    rf"[(\[{{]\s*(?P<year>{_YEAR})(?P<range>\s?[-–]\s?(?:{_YEAR}|[0-9]{{2}}|present|now|)\s?)?\s*[)\]}}]",
    re.IGNORECASE,
)
_BARE_YEAR = re.compile(rf"(?<![^\W_]){_YEAR}(?![^\W_]|\s?[-–]\s?{_YEAR}(?![0-9])|[-.][0-9]{{1,2}}(?:p|i)\b)")
#: Words before a year that is part of a name: "Class of 1984", "Space 1999".
_PART_OF_NAME = re.compile(
    r"(?:^|[\s._-])(?:of|in|since|from|to|before|after|until|anno|year|space|cosmos|race|jahr|del"
    r"|de)[\s._-]+$",
    re.IGNORECASE,
)
DATE = re.compile(
    r"(?<![0-9])(?:(?P<year>(?:19|20)[0-9]{2})(?P<by>[-._ ])(?P<month>[0-9]{1,2})(?P=by)(?P<day>[0-9]{1,2})"
    r"|(?P<first>[0-9]{1,2})(?P<sep>[-._ ])(?P<second>[0-9]{1,2})(?P=sep)(?P<last>(?:19"
    r"|20)[0-9]{2}))(?![0-9])"
)


def shown(name: bytes) -> str:
    """Bytes on disk as text for people: no control characters, marks for what is not UTF-8."""
    text = name[: LONGEST * 2].decode("utf-8", "replace")[:LONGEST]
    if not text.isprintable():
        text = "".join(char if char.isprintable() else " " for char in text)
    if "【" in text:
        text = text.replace("【", "[").replace("】", "]")
    return " ".join(text.split())


def spaced(text: str) -> str:
    """A piece of a name with blanks where dots and underscores stand for them."""
    text = text.strip()
    if " " in text and "_" not in text:
        return text
    if "_" in text:
        text = " ".join(text.replace("_", " ").split())
    if " " in text or "." not in text or text.replace(".", "").isdigit():
        return text
    kept = text
    if _LETTERS.search(text) is not None:
        kept = _LETTERS.sub(lambda match: match[0].replace(".", "\0") + " ", text)
    return " ".join(_DOTS.sub(" ", kept).replace("\0", ".").split())


def neat(text: str) -> str:
    """A piece of a name without what joined it to the rest."""
    dotted = text.rstrip(" _-(").endswith(".")
    text = text.strip(_EDGE)
    for opening, closing in ("()", "[]", "{}"):
        if text.endswith(opening):
            text = text[:-1].rstrip(_EDGE)
        if text.startswith(closing) or (text.startswith(opening) and closing not in text):
            text = text[1:].lstrip(_EDGE)
        if text.endswith(closing) and opening not in text:
            text = text[:-1].rstrip(_EDGE)
    bare = spaced(text).strip(_EDGE)
    # The last dot of "S.W.A.T." is its own.
    return bare + "." if dotted and _ends_in_letters(bare) else bare


def _ends_in_letters(text: str) -> bool:
    return len(text) > 2 and text[-2] == "." and text[-1].isupper() and (len(text) == 3 or text[-4] in ". ")


def ids_apart(text: str) -> tuple[str, dict[str, str], str | None]:
    """A name without the ids of providers and the edition in braces, the ids by scheme, and the edition.

    An id that is none ("[tmdbid-]", "{imdb-12}") is taken off and not given.
    """
    if "tt" not in text and "TT" not in text and "[" not in text and "{" not in text and "(" not in text:
        return text, {}, None
    ids: dict[str, str] = {}
    edition = None
    if "{" in text and (match := _EDITION_ID.search(text)) is not None:
        edition = spaced(match[1])
        text = text[: match.start()] + " " + text[match.end() :]
    found = list(_ID.finditer(text))
    for match in reversed(found):
        if match["scheme"]:
            scheme, value = match["scheme"].lower(), match["id"].lower()
            sound = value[:2] == "tt" and value[2:].isdecimal() and 7 <= len(value) - 2 <= 9
            if scheme != "imdb":
                sound = value.isascii() and value.isdecimal() and len(value) < 12 and value.strip("0") != ""
            if sound:
                ids[scheme] = value
        else:
            ids["imdb"] = (match["alone"] or match["bare"]).lower()
        before, behind = text[: match.start()], text[match.end() :]
        text = before.rstrip() + (" " if " " in text else "") + behind.lstrip()
    return text.strip(), ids, edition


def year_in(text: str, *, ranges: bool = False) -> tuple[str, int | None, str]:
    """A name cut at its year: what stands before, the year, what stands behind.

    The last that stands in brackets, else the last that stands alone, is no part of a date, and has a name
    before it. "(1996-2007)" is no year, or with `ranges` its first. Without a year everything stands before,
    except what is behind such a range.
    """
    if "(" in text or "[" in text or "{" in text:
        last = next(reversed(list(_YEAR_IN_BRACKETS.finditer(text))), None)
        if last is not None and neat(text[: last.start()]):
            year = int(last["year"]) if ranges or not last["range"] else None
            return text[: last.start()], year, text[last.end() :]
    best = None
    spans: list[tuple[int, int]] | None = None
    for match in _BARE_YEAR.finditer(text):
        if spans is None:
            spans = [found.span() for found in DATE.finditer(text) if _is_date(found)]
        start, end = match.span()
        if any(first < end and start < last for first, last in spans):
            continue
        before = text[:start]
        if neat(before) and _PART_OF_NAME.search(before[-12:]) is None:
            best = match
    if best is None:
        return text, None, ""
    return text[: best.start()], int(best[0]), text[best.end() :]


def _is_date(match: re.Match[str]) -> bool:
    """Whether a match of `DATE` is some day, even if nobody can tell which."""
    two = sorted(int(match[name]) for name in (("month", "day") if match["year"] else ("first", "second")))
    return 1 <= two[0] <= 12 and two[1] <= 31


def date_of(match: re.Match[str]) -> str | None:
    """The day that a match of `DATE` stands for, YYYY-MM-DD; None where there is no such day, or two.

    "03.04.2018" is a day in March in one country and one in April in another: nobody can tell.
    """
    if match["year"]:
        year, month, day = int(match["year"]), int(match["month"]), int(match["day"])
    else:
        year, day, month = int(match["last"]), int(match["first"]), int(match["second"])
        if day != month:
            if day <= 12 and month <= 12:
                return None
            if month > 12:
                day, month = month, day
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None
