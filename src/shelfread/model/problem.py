"""Trouble with one file or folder, as data.

Trouble with a file is never an exception that leaves the scan: it is a row with a code from the closed
list below and a text for people. Trouble with the run is an exception, and lives elsewhere.
"""

from __future__ import annotations

from enum import StrEnum


class ProblemCode(StrEnum):
    """Every kind of trouble the program reports. The values are part of the public contract."""

    #: The file or folder may not be opened by this user.
    PERMISSION_DENIED = "permission_denied"
    #: The system reported an input/output error.
    IO_ERROR = "io_error"
    #: The file was listed, and was gone when it was opened.
    VANISHED = "vanished"
    #: A media name that is not a regular file: FIFO, socket, device.
    NOT_A_FILE = "not_a_file"
    #: A symbolic link that leads nowhere, or in a circle.
    BROKEN_LINK = "broken_link"
    #: A link to a folder that is one of its own ancestors.
    LINK_LOOP = "link_loop"
    #: The file has no bytes.
    EMPTY_FILE = "empty_file"
    #: The content is of another format than the name says, or of none that is known.
    WRONG_FORMAT = "wrong_format"
    #: The file ends before its own header says it should.
    TRUNCATED = "truncated"
    #: The structure is damaged; what could be read is shown.
    DAMAGED = "damaged"
    #: A file of a kind, or packed in a way, that this version cannot read.
    UNSUPPORTED = "unsupported"
    #: The content is encrypted: there is no password to try.
    ENCRYPTED = "encrypted"
    #: A book without a single page.
    NO_PAGES = "no_pages"
    #: What a file inside or beside a book says of it cannot be read; the book itself can.
    METADATA_UNREADABLE = "metadata_unreadable"
    #: More entries, bytes, pixels or depth than are accepted from one file.
    LIMIT_EXCEEDED = "limit_exceeded"
    #: The reader of the file died twice on it.
    PARSER_CRASHED = "parser_crashed"
    #: The reader of the file went over its time limit.
    PARSER_TIMEOUT = "parser_timeout"
    #: The reader of the file went over its memory limit.
    PARSER_OOM = "parser_oom"
    #: The reader gave more output than is accepted for one file.
    PARSER_OUTPUT = "parser_output"
    #: The file kept changing while it was read.
    CHANGED_WHILE_READ = "changed_while_read"
    #: The folder could not be listed; everything below is left as it was known.
    FOLDER_UNREADABLE = "folder_unreadable"
    #: An ignore file could not be read or understood in part.
    IGNORE_FILE = "ignore_file"
    #: A root cannot be listed, is empty though items are known, or is another filesystem than before.
    ROOT_UNAVAILABLE = "root_unavailable"
    #: A filesystem that was mounted inside a root is not there now.
    MOUNT_UNAVAILABLE = "mount_unavailable"
    #: So many items vanished at once that the change waits for a person.
    MASS_REMOVAL_HELD = "mass_removal_held"


def line_of(code: str, text: str) -> str:
    """What the log of a job says of trouble with a place."""
    return f"{code}: {text}"


def code_in(line: str) -> str | None:
    """The code in what `line_of` made; None where there is none, as in logs of older versions."""
    code = line.partition(":")[0]
    return code if code in _VALUES else None


_VALUES = frozenset(code.value for code in ProblemCode)
