"""Why a file that the catalogue knows is not there any more."""

from __future__ import annotations

from enum import StrEnum


class MissingReason(StrEnum):
    """A closed list. None in a row: it went missing before reasons were kept."""

    #: Its folder is there, and it is not in it.
    GONE = "gone"
    #: Its folder is not there any more.
    FOLDER_GONE = "folder_gone"
    #: It is there, and a rule leaves it out.
    LEFT_OUT = "left_out"


#: What people are told.
IN_WORDS: dict[MissingReason | None, str] = {
    MissingReason.GONE: "not in its folder any more",
    MissingReason.FOLDER_GONE: "its folder is gone",
    MissingReason.LEFT_OUT: "left out by a rule",
    None: "not known",
}
