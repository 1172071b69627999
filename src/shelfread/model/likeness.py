"""What speaks for two files being one and the same, when only a person can tell."""

from __future__ import annotations

from enum import StrEnum


class Why(StrEnum):
    """A closed list."""

    #: Equal content; more than one file has it.
    CONTENT = "content"
    #: Another format of the same track, book, film or episode, by what it says of itself.
    TAGS = "tags"
    #: Another format under the same name in the same folder.
    NAME = "name"


#: What people are told.
IN_WORDS: dict[str, str] = {
    Why.CONTENT: "the same content, which other files have too",
    Why.TAGS: "another format with the same tags",
    Why.NAME: "another format under the same name",
}
