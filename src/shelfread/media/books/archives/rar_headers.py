"""What the headers of RAR archives of both formats are read into, and the words for what is wrong with them.

Stands below `rar4` and `rar5`, which walk the headers in place: a list for the price of one small read an
entry. The library that unpacks could list as well, but would read comments, follow on to other volumes and
believe a copy of the headers at the end.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from shelfread.media.books.archives.base import ArchiveEntry, BookTrouble
from shelfread.media.books.archives.bounds import shown
from shelfread.media.kind import Source
from shelfread.model.problem import ProblemCode


@dataclass(slots=True)
class Packed:
    """What is needed to unpack one entry, by its `place`."""

    #: It is the n-th file header of the archive, from 0.
    number: int
    stored: bool
    #: It needs what the entries before it gave.
    solid: bool
    dictionary: int


@dataclass(slots=True)
class Listed:
    """What the headers say."""

    entries: list[ArchiveEntry] = field(default_factory=list)
    packed: list[Packed] = field(default_factory=list)
    warnings: list[BookTrouble] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    #: File headers, those of folders and links too.
    files: int = 0
    #: The archive is solid, and the largest dictionary in it.
    solid: bool = False
    dictionary: int = 0


#: How a walk of headers ended badly; None: well.
Trouble = tuple[ProblemCode, str] | None


def volumes(number: int | None = None) -> BookTrouble:
    """The archive goes on in other files, or began in another one."""
    part = "one part" if number is None else f"part {number}"
    return BookTrouble(
        ProblemCode.UNSUPPORTED, f"it is {part} of a RAR archive in several parts, which are not put together"
    )


def encrypted() -> BookTrouble:
    """Not even the headers can be read."""
    return BookTrouble(ProblemCode.ENCRYPTED, "the archive is encrypted, its list of entries too")


def cut(at: int) -> Trouble:
    """The file ends before the archive does."""
    return ProblemCode.TRUNCATED, f"the file ends before the header that should be at byte {at}"


def bad(at: int) -> Trouble:
    """No header follows where one should."""
    return ProblemCode.DAMAGED, f"the header at byte {at} is damaged, and what follows it lost"


def entered(found: Listed, entry: ArchiveEntry, packed: Packed, source: Source, begin: int) -> Trouble:
    """Note an entry, if its bytes, which begin at `begin`, are in the file."""
    if begin + (entry.packed or 0) > source.size:
        return ProblemCode.TRUNCATED, f"the file ends inside {shown(entry.name)}"
    found.entries.append(entry)
    found.packed.append(packed)
    found.dictionary = max(found.dictionary, packed.dictionary)
    return None
