"""Texts, numbers and dates in metadata: what of it can be believed.

Stands below the readers of metadata of all kinds. Pure: text in, a value or None out, and never an
exception, whatever the text. It knows no vocabulary. What cannot be understood is None, not a guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import unescape
from math import isfinite

#: Bytes of a text and of a name, in UTF-8; more is cut.
MOST_TEXT = 64 << 10
MOST_NAME = 1 << 10
#: Names in one list.
MOST_NAMES = 500
#: Greater whole numbers are damage.
HIGHEST = 9_999_999

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SURROGATES = re.compile("[\ud800-\udfff]")


def text(value: object, most: int = MOST_TEXT) -> str | None:
    """A text of several lines: without control characters and lone surrogates, cut at `most` bytes."""
    if not isinstance(value, str) or not value or value.isspace():
        return None
    if not value.isprintable():
        # Of what is not printable, line ends and tabs are the ordinary part.
        value = _CONTROLS.sub("", value[: most + MOST_TEXT].replace("\r\n", "\n").replace("\r", "\n"))
        value = _SURROGATES.sub("\ufffd", value)
    value = value.strip()
    if 4 * len(value) > most:
        value = value[:most].encode()[:most].decode("utf-8", "ignore").rstrip()
    return value or None


def name(value: object) -> str | None:
    """A name: a text of one line."""
    if isinstance(value, str) and len(value) <= MOST_NAME // 4 and value.isprintable() and "  " not in value:
        return value.strip() or None
    found = text(value, MOST_TEXT)
    if found is None:
        return None
    return text(" ".join(found.split()), MOST_NAME)


#: What comes behind a comma and still belongs to the name before it.
_BEHIND_COMMA = re.compile(r"(?:jr|sr|ii|iii|iv|esq|m\.?d|ph\.?d|inc|ltd|llc)\.?", re.IGNORECASE)
_LIST = re.compile(r'"([^"]*)"|\(([^()]*)\)|([,;\n])')


def stays_behind_comma(part: str) -> bool:
    """Whether what comes behind a comma belongs to the name before it: "Jr.", "Ph.D."."""
    return _BEHIND_COMMA.fullmatch(part.strip()) is not None


def names(value: object, *, commas: bool = True) -> list[str]:
    """The names in a list that is written with commas, or with semicolons where names have commas.

    Commas in quotes and in parentheses do not part names; "Jr." and its kin stay with the name before them.
    """
    found = text(value)
    if found is None:
        return []
    marks = ",\n" if commas and ";" not in found else ";\n"
    parts: list[str] = []
    begin = 0
    for match in _LIST.finditer(found):
        if match[3] is not None and match[3] in marks:
            parts.append(found[begin : match.start()])
            begin = match.end()
    parts.append(found[begin:])
    whole: list[str] = []
    for part in parts:
        part = part.strip(" \t,;")
        if whole and stays_behind_comma(part):
            whole[-1] += f", {part}"
        else:
            whole.append(part[1:-1] if len(part) > 1 and part[0] == part[-1] == '"' else part)
    return distinct(whole)


def distinct(values: Iterable[object]) -> list[str]:
    """The names among them, each once whatever its case, as many as are kept."""
    found: dict[str, str] = {}
    for value in values:
        one = name(value)
        if one is not None:
            found.setdefault(one.casefold(), one)
            if len(found) == MOST_NAMES:
                break
    return list(found.values())


def whole(value: object) -> int | None:
    """A whole number from 0 on; None for less (tools write -1 for unknown) and for what is none."""
    if isinstance(value, str):
        value = value.strip()
        if not value.isascii() or not value.isdecimal() or len(value) > 12:
            return None
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= HIGHEST else None


def count(value: object) -> int | None:
    """A whole number from 1 on."""
    return whole(value) or None


def decimal(value: object, highest: float) -> float | None:
    """A number from 0 to `highest`."""
    if isinstance(value, str):
        if len(value) > 40 or "_" in value:
            return None
        try:
            value = float(value.replace(",", "."))
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= highest and isfinite(value) else None


_HALVES = {"½": 0.5, "¼": 0.25, "¾": 0.75}
_NUMBER = re.compile(r"-?(?:[0-9]{1,9}(?:[.,][0-9]{1,6})?)([½¼¾])?|[½¼¾]|[.][0-9]{1,6}")


def number_sort(number: str | None) -> float | None:
    """What a number as written is sorted by: the first number in it. "1/2" alone is a half."""
    if number is None:
        return None
    if number == "1/2":
        return 0.5
    match = _NUMBER.search(number)
    if match is None:
        return None
    found = match[0]
    if found in _HALVES:
        return _HALVES[found]
    # A dash between letters or digits is none of the number's: "X-1", "16-17".
    if found[0] == "-" and match.start() > 0 and not number[match.start() - 1].isspace():
        found = found[1:]
    extra = _HALVES.get(match[1] or "", 0.0)
    return float(found.rstrip("½¼¾").replace(",", ".")) + extra


def number(value: object) -> str | None:
    """A number as written: "1", "1.5", "Annual 2"; "1.0" is "1"."""
    if isinstance(value, float):
        value = str(value) if isfinite(value) else None
    elif isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if abs(value) <= HIGHEST else None
    found = name(value)
    if found is not None and re.fullmatch(r"[0-9]+\.0+", found):
        return found.partition(".")[0]
    return found


_FIRST_YEAR, _LAST_YEAR = 1000, 2999
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DATE = re.compile(r"([0-9]{4})(?:[-/.]([0-9]{1,2})(?:[-/.]([0-9]{1,2}))?)?(?:[T ].*)?")
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_YEARS = re.compile(r"(?<![0-9])[12][0-9]{3}(?![0-9])")


def date_of(year: int | None, month: int | None = None, day: int | None = None) -> str | None:
    """YYYY, YYYY-MM or YYYY-MM-DD: the part of a date that exists in the calendar."""
    if year is None or not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    if month is None or not 1 <= month <= 12:
        return f"{year}"
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if day is None or not 1 <= day <= _DAYS[month - 1] or (month == 2 and day == 29 and not leap):
        return f"{year}-{month:02}"
    return f"{year}-{month:02}-{day:02}"


def date(value: object) -> str | None:
    """A date, whole or partial, as `date_of` gives it; a text with exactly one year in it is that year."""
    found = name(value)
    if found is None:
        return None
    match = _DATE.fullmatch(found) or _COMPACT.fullmatch(found)
    if match is not None:
        return date_of(*(int(part) if part else None for part in match.groups()))
    years = set(_YEARS.findall(found[:200]))
    return date_of(int(years.pop())) if len(years) == 1 else None


def year_of(written: str | None) -> int | None:
    """The year of what `date` gave."""
    return None if written is None else int(written[:4])


def isbn(value: object) -> str | None:
    """An ISBN of 10 or 13 characters without hyphens, when its check digit is right."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    found = re.sub(r"[\s\u2010-\u2015-]", "", value).upper()
    if not found.isascii():
        return None
    if len(found) == 13 and found.isdecimal() and found[:3] in ("978", "979"):
        total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(found))
        return found if total % 10 == 0 else None
    if len(found) == 10 and found[:9].isdecimal() and (found[9].isdecimal() or found[9] == "X"):
        total = sum(int(digit) * (10 - place) for place, digit in enumerate(found[:9]))
        total += 10 if found[9] == "X" else int(found[9])
        return found if total % 11 == 0 and found != "0" * 10 else None
    return None


_LANGUAGES = {
    "ara": "ar", "bul": "bg", "cat": "ca", "ces": "cs", "chi": "zh", "cze": "cs", "dan": "da", "deu": "de",
    "dut": "nl", "ell": "el", "eng": "en", "fin": "fi", "fra": "fr", "fre": "fr", "ger": "de",
    "gre": "el", "heb": "he", "hin": "hi", "hun": "hu", "ind": "id", "ita": "it", "jpn": "ja", "kor": "ko",
    "lat": "la", "nld": "nl", "nor": "no", "pol": "pl", "por": "pt", "ron": "ro", "rum": "ro",
    "rus": "ru", "spa": "es", "swe": "sv", "tha": "th", "tur": "tr", "ukr": "uk", "vie": "vi", "zho": "zh",
}  # fmt: skip
_LANGUAGE_NAMES = {
    "chinese": "zh", "dutch": "nl", "english": "en", "french": "fr", "german": "de", "italian": "it",
    "japanese": "ja", "korean": "ko", "polish": "pl", "portuguese": "pt", "russian": "ru", "spanish": "es",
    "swedish": "sv",
}  # fmt: skip
_NO_LANGUAGE = frozenset(("und", "mis", "mul", "zxx", "unknown", "none"))
_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")


def language(value: object) -> str | None:
    """A language as BCP 47 writes it ("en", "pt-BR"), where that can be told; else as written."""
    found = name(value)
    if found is None or found.lower() in _NO_LANGUAGE:
        return None
    known = _LANGUAGE_NAMES.get(found.lower())
    if known is not None:
        return known
    tag = found.replace("_", "-")
    if not _TAG.fullmatch(tag):
        return found
    first, *rest = tag.split("-")
    first = _LANGUAGES.get(first.lower(), first.lower())
    return "-".join([first, *(_subtag(part) for part in rest)])


def _subtag(part: str) -> str:
    if len(part) == 2:
        return part.upper()
    return part.capitalize() if len(part) == 4 and part.isalpha() else part.lower()


def web(value: object) -> list[str]:
    """The addresses in a text, of pages only; they are shown and never fetched."""
    found = text(value)
    if found is None:
        return []
    kept = (part.rstrip(",;") for part in found[:MOST_TEXT].split()[:MOST_NAMES])
    return distinct(part for part in kept if part.lower().startswith(("http://", "https://")))[:20]


_BREAKS = re.compile(r"<(?:br|/p|/div|/li|/h[1-6]|/tr)\b[^<>]*>", re.IGNORECASE)
_HIDDEN = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)", re.IGNORECASE | re.DOTALL)
_MARKUP = re.compile(r"</?[A-Za-z][^<>]*>")
_GAPS = re.compile(r"[ \t\xa0]*\n[ \t\xa0\n]*\n[ \t\xa0]*|[ \t\xa0]*\n[ \t\xa0]*")


def plain(value: object) -> str | None:
    """The text of a description that may be HTML: without markup, paragraphs on lines of their own."""
    if not isinstance(value, str):
        return None
    if "<" in value or "&" in value:
        value = _HIDDEN.sub("", value[: 4 * MOST_TEXT])
        value = unescape(_MARKUP.sub("", _BREAKS.sub("\n", value)))
    found = text(value)
    if found is None or "\n" not in found:
        return found
    return _GAPS.sub(lambda gap: "\n\n" if gap[0].count("\n") > 1 else "\n", found)
