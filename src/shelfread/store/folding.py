"""Names as they are sorted and searched: without case and accents, and cut into words.

Pure functions below `search` and the rows of artists, releases and tracks. The same names give the same keys
on both databases, because neither of them is asked. Knows no table.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

#: The longest key in characters. PostgreSQL takes 2704 bytes of an index row.
KEY_LENGTH = 200
#: Of one text so much is searched; the words of a longer one are those of its beginning.
TEXT_LENGTH = 500

#: Letters that are no other letter with a mark on it, and which people type as one all the same.
_PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "ŧ": "t"}
)
#: Scripts that write no blank between words (and Hangul, where parts of a word are looked for too).
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1100-\u11ff\u3005-\u3007\u3041-\u30ff\u3130-\u318f\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_PART = re.compile(f"[{_UNSPACED}]+|[^{_UNSPACED}]+")
_ASCII_WORD = re.compile("[a-z0-9]+")
#: Where words of symbols only are kept: what is ASCII parts words in an index, and this does not.
_SYMBOLS = 0xE000


def folded(text: str) -> str:
    """A text without case, accents, compatibility forms and runs of blanks.

    Marks that are letters of their own stay: the voicing of kana, the vowels of Indic scripts.
    """
    if text.isascii():
        return " ".join(text.lower().split())
    plain = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(mark for mark in unicodedata.normalize("NFKD", plain) if not _is_accent(mark))
    return " ".join(unicodedata.normalize("NFC", kept).translate(_PLAIN).split())


def _is_accent(character: str) -> bool:
    # Overlays, the points of Hebrew and Arabic, and everything set above or below a letter. 7, 8 and 9 are
    # nukta, kana voicing and virama; Thai vowels and tones are between 100 and 130.
    place = unicodedata.combining(character)
    return place == 1 or 10 <= place <= 36 or place >= 200


def sort_key(text: str) -> str:
    """By what a name is sorted and found; NUL, which PostgreSQL does not store, is gone."""
    return folded(text[:TEXT_LENGTH]).replace("\x00", "")[:KEY_LENGTH].rstrip()


def words_of(text: str) -> list[list[str]]:
    """The words of a text in order, each as what an index has of it: itself, or pairs of characters.

    A run of characters of an unspaced script is found by its parts, so it is indexed as all pairs of
    neighbours. What holds no letter at all is kept as a word of symbols.
    """
    found: list[list[str]] = []
    for chunk in folded(text[:TEXT_LENGTH]).split():
        words = _words_in(chunk)
        found += words or [["".join(_symbol(one) for one in chunk[:KEY_LENGTH])]]
    return found


def is_symbols(word: str) -> bool:
    """Whether a word holds neither letter nor digit."""
    return not any(unicodedata.category(one)[0] in "LNM" for one in word)


def indexed_words(*texts: str | None) -> str:
    """All that an index keeps of some texts, blanks between.

    After the words themselves come those that people also type in one: "AC/DC" as "acdc", "don't" as "dont",
    and the last character of a run, which begins no pair.
    """
    words: list[str] = []
    also: list[str] = []
    for text in texts:
        for parts in words_of(text or ""):
            words += parts
            if len(parts[-1]) == 2 and is_unspaced(parts[-1][0]):
                also.append(parts[-1][1])
        for chunk in folded((text or "")[:TEXT_LENGTH]).split():
            together = [part for word in _words_in(chunk) for part in word]
            if len(together) > 1 and not any(is_unspaced(one) for one in chunk):
                also.append("".join(together)[:KEY_LENGTH])
    return " ".join(words + list(dict.fromkeys(also)))


def _words_in(chunk: str) -> list[list[str]]:
    """The words of a text without blanks."""
    if chunk.isascii():
        return [[word[:KEY_LENGTH]] for word in _ASCII_WORD.findall(chunk)]
    spaced = "".join(one if unicodedata.category(one)[0] in "LNM" else " " for one in chunk)
    found: list[list[str]] = []
    for word in spaced.split():
        for part in _PART.findall(word):
            if len(part) > 1 and is_unspaced(part[0]):
                found.append([part[at : at + 2] for at in range(len(part) - 1)])
            else:
                found.append([part[:KEY_LENGTH]])
    return found


@lru_cache(maxsize=4096)
def is_unspaced(character: str) -> bool:
    """Whether a character is of a script whose words are found by their parts."""
    return re.match(f"[{_UNSPACED}]", character) is not None


def _symbol(character: str) -> str:
    return chr(_SYMBOLS + ord(character)) if character < "\x80" else character
