"""Subtitle and audio files beside a video: whose they are, in which language, and for whom.

For `names`, which sees one name, and for whoever knows the videos of the folder as well (`beside`): only then
it is sure where the name of the video ends, and what stands behind it is a title. Alone, only words that mean
something at the end of a name are taken off it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from shelfread.media.video.name_text import neat, shown, spaced
from shelfread.media.video.name_words import LANGUAGES, language_of
from shelfread.model.video import Video

_FORCED = frozenset(("forced", "foreign"))
_SDH = frozenset(("sdh", "cc"))
_FLAGS = _FORCED | _SDH | {"default", "hi"}
#: Titles that many give; without the video's name they are the only ones that are known for titles.
_TITLES = frozenset(
    ("commentary", "signs", "songs", "full", "dialogue", "lyrics", "director", "signs & songs")
)
_BETWEEN = re.compile(r"[.()\[\]]+|\s-\s|(?<=\s)-|^[\s_-]+|_+")
_LAST = re.compile(
    r"(?P<rest>.*?)(?:\.(?P<dot>[^.()\[\]]{1,30})|[ ._-]?[\[(](?P<bracket>[^.()\[\]]{1,30})[\])])\s*$",
    re.DOTALL,
)
_JOINED = re.compile(
    r"(?P<rest>.*[^\s_-])(?:[_-](?P<word>[^\W\d_]{3,12})|[)\]] (?P<plain>[^\W\d_]{4,12}))$", re.DOTALL
)
_COUNTED = re.compile(r"[0-9]{1,3}[ ._-]+(?=[^\W\d])")
#: Codes that are words as well; joined by a hyphen they are no language: "Shark-Fin".
_WORDS = frozenset(
    ("fin", "may", "per", "mar", "pan", "dan", "est", "ice", "mon", "her", "arm", "alb", "fil", "tel", "hun")
)


def read_alone(stem: str, video: Video, *, in_subtitles: bool, of: str | None) -> None:
    """Fill in what the name of a subtitle or audio file says by itself.

    Args:
        stem: its name without the suffix.
        video: filled in: `of`, `language`, `forced`, `sdh`, `default`, `title`.
        in_subtitles: it lies in a folder of subtitles, where a name may be a language and nothing else.
        of: the folder there that has the name of the video.
    """
    words: list[str] = []
    rest = stem
    while len(words) < 8 and (match := _LAST.fullmatch(rest)) is not None:
        word = (match["dot"] or match["bracket"]).strip()
        parts = word.lower().split()
        known = bool(parts) and (_known(word) or all(_known(part) for part in parts))
        number = word.isdigit() and len(word) < 3
        if not known and not number and word.lower() not in _TITLES:
            break
        if not neat(match["rest"]):
            break
        words[:0] = [word] if language_of(word) or not known else word.split()
        rest = match["rest"]
    if not any(_known(word) for word in words):
        words, rest = [], stem
    if in_subtitles:
        plain = _COUNTED.sub("", rest)
        parts = [part for part in re.split(r"[\s._,()\[\]-]+", plain) if part]
        if parts and all(_known(part) for part in parts):
            words[:0], rest = parts, ""
    if (
        rest
        and (match := _JOINED.fullmatch(rest)) is not None
        and not any(language_of(word) for word in words)
    ):
        word = match["word"] or match["plain"]
        if word.lower() in LANGUAGES and word.lower() not in _WORDS:
            words.insert(0, word)
            rest = match["rest"] + (rest[len(match["rest"])] if match["plain"] else "")
    _fill(words, video)
    video.of = rest.strip() or of


def beside(name: bytes, stems: Iterable[bytes]) -> tuple[bytes, Video] | None:
    """The video that a file is for, among those of its folder, and what the rest of its name says.

    Args:
        name: the file's name without folders.
        stems: the names of the videos without their suffixes.

    Returns:
        The longest stem that the name begins with, and a Video with `of`, `language`, `forced`, `sdh`,
        `default` and `title`; None when it is for none of them.
    """
    stem = name.rpartition(b".")[0] or name
    best = b""
    for one in stems:
        behind = stem[len(one) : len(one) + 1]
        if len(one) > len(best) and stem.lower().startswith(one.lower()) and behind in b" .-_([":
            best = one
    if not best:
        return None
    video = Video(of=shown(best))
    words = []
    for part in _BETWEEN.split(shown(stem[len(best) :])):
        part = part.strip(" -")
        pieces = part.split("-") if not _known(part) else [part]
        if len(pieces) == 1 or not all(_known(piece) for piece in pieces):
            pieces = part.split() if all(_known(piece) for piece in part.split()) else [part]
        words += [piece for piece in pieces if piece]
    _fill(words, video)
    return best, video


def _known(word: str) -> bool:
    return word.lower() in _FLAGS or language_of(word) is not None


def _fill(words: list[str], video: Video) -> None:
    titles: list[str] = []
    hindi = False
    for word in words:
        plain = word.lower()
        if plain in _FORCED:
            video.forced = True
        elif plain in _SDH:
            video.sdh = True
        elif plain == "default":
            video.default = True
        elif plain == "hi":
            hindi = True
        elif video.language is None and (language := language_of(word)) is not None:
            video.language = language
        elif not (word.isdigit() and len(word) < 3):
            titles.append(word)
    if hindi:
        # Alone it is Hindi; beside another language it is for people with hearing loss.
        if video.language is None:
            video.language = "hi"
        else:
            video.sdh = True
    video.title = spaced(" ".join(titles)) or None
