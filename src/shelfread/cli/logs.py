"""The log of a program that stays: one clear line on standard error for each event, with time and level.

With SHELFREAD_DEBUG it tells more, and where an error came from. Knows no event: whoever has one logs it.
"""

from __future__ import annotations

import logging
import sys
import time

from shelfread.cli.texts import shown, shown_lines

#: Libraries that tell of every step.
_QUIET = ("aiosqlite", "alembic", "asyncio", "psycopg", "sqlalchemy", "uvicorn")


class _Line(logging.Formatter):
    def __init__(self, debug: bool) -> None:
        super().__init__()
        self._debug = debug

    def format(self, record: logging.LogRecord) -> str:
        text = shown(" ".join(record.getMessage().split()))
        moment = time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(record.created))
        line = f"{moment} {record.levelname:<7} {text}"
        if not record.exc_info:
            return line
        if not self._debug:
            return f"{line} (SHELFREAD_DEBUG=1 shows where)"
        return f"{line}\n{shown_lines(self.formatException(record.exc_info))}"


def log_to_stderr(debug: bool) -> None:
    """Set up the log of this process; may be called again to change what it tells."""
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(_Line(debug))
    root = logging.getLogger()
    root.handlers[:] = [lines]
    root.setLevel(logging.DEBUG if debug else logging.INFO)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # Every request.
    logging.getLogger("uvicorn.access").setLevel(logging.CRITICAL)
