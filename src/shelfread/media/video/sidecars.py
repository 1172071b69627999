"""Which picture beside the videos shows what, by the names that Kodi, Jellyfin and Plex have made usual.

Pure; `KIND.read_sidecar` asks it for each picture of a folder. The names are those of the base name only:
which film or show a folder is about, and what is in the picture, it does not know.
"""

from __future__ import annotations

import re
from typing import NamedTuple

#: What a word in a name means. What is not here is no picture of ours.
_WORDS = {
    "poster": "poster", "cover": "poster", "folder": "poster", "movie": "poster", "show": "poster",
    "default": "poster", "keyart": "keyart",
    "fanart": "fanart", "backdrop": "fanart", "background": "fanart", "art": "fanart",
    "banner": "banner", "logo": "logo", "clearlogo": "logo", "clearart": "clearart",
    "thumb": "thumb", "landscape": "thumb", "disc": "disc", "discart": "disc", "cdart": "disc", "dvd": "disc",
    "characterart": "characterart", "screenshot": "thumb",
}  # fmt: skip
#: These alone, or behind a season; behind another name they are part of it: "The Cover.jpg".
_BEHIND_NAME = frozenset(
    (
        "poster", "cover", "fanart", "backdrop", "background", "banner", "logo", "clearlogo", "clearart",
        "thumb", "landscape", "disc", "discart", "keyart", "characterart",
    )
)  # fmt: skip
_SEASON = re.compile(
    r"season[ ._-]?(?:(?P<number>[0-9]{1,4})|(?P<word>specials?|all))(?:[-_. ](?P<what>[a-z]+))?"
)
_NUMBERED = re.compile(r"(?P<what>[a-z]+)-?[0-9]{1,3}")
_BEHIND = re.compile(r"(?s)(?P<stem>.+)[-.](?P<what>[A-Za-z]+?)(?:-?[0-9]{1,2})?")


class PictureType(NamedTuple):
    """What a picture shows."""

    #: poster, fanart, banner, logo, clearart, thumb, disc, keyart, characterart.
    type: str
    #: The season that it is of; 0 for specials.
    season: int | None = None
    #: The name of the video that it is of, without suffix and as written; None: of the folder.
    stem: str | None = None


def picture_type(name: bytes) -> PictureType | None:
    """What a picture beside videos shows; None where its name does not say.

    A picture that has the name of a video and nothing more shows that video; the caller has to find that
    out, since such a name says nothing here.

    Args:
        name: The base name, with its suffix.
    """
    stem = name.rpartition(b".")[0].decode("utf-8", "replace")
    folded = stem.lower()
    if folded in _WORDS:
        return PictureType(_WORDS[folded])
    match = _SEASON.fullmatch(folded)
    if match is not None:
        return _of_season(match)
    match = _NUMBERED.fullmatch(folded)
    if match is not None and _WORDS.get(match["what"]) in ("fanart", "poster"):
        # fanart1, backdrop2: there may be several.
        return PictureType(_WORDS[match["what"]])
    match = _BEHIND.fullmatch(stem)
    if match is not None and match["what"].lower() in _BEHIND_NAME:
        return PictureType(_WORDS[match["what"].lower()], None, match["stem"])
    return None


def _of_season(match: re.Match[str]) -> PictureType | None:
    what = _WORDS.get(match["what"] or "poster")
    if what is None:
        return None
    if match["word"] == "all":
        # Of the seasons together: of the show.
        return PictureType(what)
    return PictureType(what, 0 if match["word"] else int(match["number"]))
