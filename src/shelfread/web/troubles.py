"""What each kind of trouble is called, and what a person can do about it. Knows no page."""

from __future__ import annotations

from typing import NamedTuple

from shelfread.model.problem import ProblemCode


class Trouble(NamedTuple):
    """A name for people, and what to do."""

    name: str
    advice: str


TROUBLES: dict[str, Trouble] = {
    ProblemCode.PERMISSION_DENIED: Trouble(
        "May not be read",
        "Let the user that Shelfread runs as read these files and enter their folders, then look again.",
    ),
    ProblemCode.IO_ERROR: Trouble(
        "The disk reports errors",
        "Look at the disk, its cable and the system's log: this is often how a disk begins to fail. Copy "
        "what can still be read.",
    ),
    ProblemCode.VANISHED: Trouble(
        "Gone while it was read",
        "Nothing, mostly: the next scan sees whether the file is back or gone for good.",
    ),
    ProblemCode.NOT_A_FILE: Trouble(
        "Not a plain file",
        "Something with the name of a media file is a pipe or a device. Move it elsewhere.",
    ),
    ProblemCode.BROKEN_LINK: Trouble("A link to nowhere", "Remove the link, or put back what it points to."),
    ProblemCode.LINK_LOOP: Trouble(
        "A link that runs in a circle", "Remove the link: it leads to its own folder."
    ),
    ProblemCode.EMPTY_FILE: Trouble(
        "Empty file", "A copy or download was probably cut off. Copy the file again, or delete it."
    ),
    ProblemCode.WRONG_FORMAT: Trouble(
        "Not what its name says",
        "The content is of another format than the ending of the name. Rename the file, or get it anew.",
    ),
    ProblemCode.TRUNCATED: Trouble(
        "Cut off", "The file ends too early, so a copy or download was not complete. Copy it again."
    ),
    ProblemCode.DAMAGED: Trouble(
        "Damaged", "What could be read is shown. Restore the file from a backup, or get it anew."
    ),
    ProblemCode.UNSUPPORTED: Trouble(
        "Cannot be read by this version",
        "Convert the file to a more common format, or wait for a newer version.",
    ),
    ProblemCode.ENCRYPTED: Trouble(
        "Locked", "The file is encrypted, and nobody here knows its password. Save a copy without one."
    ),
    ProblemCode.NO_PAGES: Trouble(
        "A book without pages", "There is no picture in it. Look whether it is the right file."
    ),
    ProblemCode.METADATA_UNREADABLE: Trouble(
        "Its description cannot be read",
        "The book can be read; what a file in or beside it says about it cannot. Repair or remove that file.",
    ),
    ProblemCode.LIMIT_EXCEEDED: Trouble(
        "Too large inside",
        "The file holds more than is accepted from one, as files do that are made to break programs. If you "
        "trust it, pack it anew in smaller parts.",
    ),
    ProblemCode.PARSER_CRASHED: Trouble(
        "Could not be read: the reader broke off",
        "The file broke the program that reads it, twice. It was read apart from everything else, so no harm "
        "was done. Get the file anew, or report it.",
    ),
    ProblemCode.PARSER_TIMEOUT: Trouble(
        "Took too long to read",
        "The disk may be very slow or asleep: have it looked at again. Else the file is damaged.",
    ),
    ProblemCode.PARSER_OOM: Trouble(
        "Needed too much memory",
        "The file asks for more memory than one file may have. It is probably damaged.",
    ),
    ProblemCode.PARSER_OUTPUT: Trouble(
        "Says too much", "The file holds more text than is accepted. It is probably damaged."
    ),
    ProblemCode.CHANGED_WHILE_READ: Trouble(
        "Changed while it was read", "It was probably still being copied. It is read again by itself."
    ),
    ProblemCode.FOLDER_UNREADABLE: Trouble(
        "A folder cannot be listed",
        "Let the user that Shelfread runs as read the folder. What was known in it stays as it is.",
    ),
    ProblemCode.IGNORE_FILE: Trouble(
        "An ignore file cannot be understood", "Look at the lines that are named; the others hold."
    ),
    ProblemCode.ROOT_UNAVAILABLE: Trouble(
        "A disk or folder is away",
        "Plug in the disk, or mount the share again, then scan. Nothing was removed from the catalogue.",
    ),
    ProblemCode.MOUNT_UNAVAILABLE: Trouble(
        "A disk inside a folder is away", "Mount it again, then scan. Nothing below it was touched."
    ),
    ProblemCode.MASS_REMOVAL_HELD: Trouble(
        "Very many files vanished at once",
        "Nothing was removed yet. Say on the page of the library whether they are really gone.",
    ),
}
