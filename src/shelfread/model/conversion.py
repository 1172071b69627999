"""The words of conversion: what becomes of a book file, and why a book is left as it is.

Between `convert`, which makes the new file, `store.converting`, which keeps the journal, and `tasks.convert`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from shelfread.model.entry import Stamp

#: Raised whenever conversion changes: what an older one could not convert is tried again.
CONVERTER_VERSION = 1


class ConversionState(StrEnum):
    """How far a conversion is, as its journal row says."""

    #: The new file is complete and verified under its temporary name; the rename comes next.
    PREPARED = "prepared"
    #: The book is the new file; the original is still to go to the trash.
    REMOVING = "removing"
    #: The book is the new file. The original lies beside it, untouched, or in the trash.
    DONE = "done"
    #: It could not be converted, and is not tried again while the file and the converter stay as they are.
    FAILED = "failed"


class ConversionCode(StrEnum):
    """Why a book was left as it is, where nothing is wrong with the book. Part of the public contract.

    What is wrong with a book has a code of `ProblemCode`.
    """

    #: A file of the name that the new one would have is there already.
    TARGET_EXISTS = "target_exists"
    #: A missing book is known under the name that the new file would have.
    TARGET_KNOWN = "target_known"
    #: The file is not the one that was scanned, or changed meanwhile.
    SOURCE_CHANGED = "source_changed"
    #: The name is a link, or not a plain file.
    NOT_A_FILE = "not_a_file"
    #: The folder lies outside of its root, behind a link.
    OUTSIDE_ROOT = "outside_root"
    #: Nothing can be written in the folder.
    READ_ONLY = "read_only"
    #: The disk has no room for the new file beside the old one.
    NO_SPACE = "no_space"
    #: What was written does not read like what was to be written.
    COPY_DIFFERS = "copy_differs"
    #: The system reported an error.
    IO_ERROR = "io_error"


class Refused(Exception):
    """A book is not converted; nothing has changed.

    Args:
        code: a ConversionCode or a ProblemCode.
        detail: one line for people.
        lasting: it would be so again: not to be tried before the file or the converter changes.
    """

    def __init__(self, code: str, detail: str, *, lasting: bool = False) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.lasting = lasting


class Candidate(NamedTuple):
    """A book that may be converted: its row, and the file as the catalogue knows it."""

    file_id: int
    root_id: int
    folder_id: int
    #: The folder, relative to the root.
    folder: bytes
    name: bytes
    stamp: Stamp


class Prepared(NamedTuple):
    """A conversion in the journal, from the moment its new file is complete."""

    file_id: int
    root_id: int
    folder_id: int
    #: The folder, relative to the root.
    folder: bytes
    state: ConversionState
    source_name: bytes
    source: Stamp
    target_name: bytes
    #: The name of the new file until it gets its own.
    temporary: bytes
    target_size: int
    target_mtime_ns: int
