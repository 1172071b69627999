"""How a command ends: exit codes, and the line that explains an exception.

Knows the exceptions of every layer by name but imports none of the costly ones: an exception that exists was
imported by whoever raised it.
"""

from __future__ import annotations

import os
import sys

FINE = 0
FAILED = 1
USAGE = 2
WITH_PROBLEMS = 3

#: Exceptions whose text was written for people.
_PLAIN = {
    "AlreadyRunning",
    "BackupFailed",
    "BadExport",
    "DatabaseProblem",
    "LostJob",
    "NameTaken",
    "NoLikeness",
    "NotSettled",
    "RootsUnavailable",
    "SettingsProblem",
}


class Refused(Exception):
    """The command line asks for something that cannot be; one line says why. Exit code 2."""


def explain(error: BaseException) -> tuple[str, int]:
    """The line for people and the exit code of an exception that ended a command.

    With SHELFREAD_DEBUG it prints the traceback on standard error as well.
    """
    if not isinstance(error, Refused):
        _trace(error)
    kind = type(error).__name__
    text = " ".join(str(error).split())
    if isinstance(error, Refused):
        return text, USAGE
    if kind in _PLAIN:
        return text, FAILED
    if kind == "ScopeIgnored":
        return f"this part of the library is never scanned: {text} (see `inspect --explain`)", FAILED
    if kind == "ScanChildFailed":
        return f"the processes that read files cannot run: {text}", FAILED
    if type(error).__module__.startswith("sqlalchemy"):
        # The statement and its parameters follow in the text; the driver's own first line says what it is.
        original = " ".join(str(getattr(error, "orig", None) or error).split("\n", 1)[0].split())
        return f"the database cannot be used: {original}", FAILED
    if isinstance(error, OSError) and error.strerror:
        where = f": {os.fsdecode(error.filename)}" if isinstance(error.filename, str | bytes) else ""
        return f"{error.strerror}{where}", FAILED
    return f"unexpected {kind}: {text} (SHELFREAD_DEBUG=1 shows where)", FAILED


def _trace(error: BaseException) -> None:
    from shelfread.settings import debugging

    if debugging():
        import traceback

        from shelfread.cli.texts import shown_lines

        text = "".join(traceback.format_exception(error)).rstrip("\n")
        print(shown_lines(text), file=sys.stderr, flush=True)  # noqa: T201


def reason_of(error: BaseException) -> str:
    """The word for programs: why a scan failed."""
    return {"AlreadyRunning": "already_running", "RootsUnavailable": "root_unavailable"}.get(
        type(error).__name__, "exception"
    )
