"""The log of a program that stays: one line on standard error for each event, with time and level.

Text for people on a terminal, elsewhere JSON for programs, with the ids of the request or the job that it
belongs to. With SHELFREAD_DEBUG it tells more, and where an error came from. Knows no event: whoever has one
logs it.
"""

from __future__ import annotations

import logging
import sys
import time
from datetime import UTC, datetime
from typing import Any

from shelfread.cli.texts import shown, shown_lines
from shelfread.model.trace import ids

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


def _json(debug: bool) -> logging.Formatter:
    # Imported here: a terminal needs none of it.
    from structlog.processors import JSONRenderer, format_exc_info
    from structlog.stdlib import ProcessorFormatter

    def described(_logger: object, _name: str, event: Any) -> Any:
        record: logging.LogRecord = event["_record"]
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": event["event"],
            **ids(),
        }
        if record.exc_info and debug:
            told["exc_info"] = record.exc_info
        return told

    # ASCII: whatever a name holds, nothing of it reaches a screen but as an escape.
    renderer = JSONRenderer(ensure_ascii=True)
    return ProcessorFormatter(foreign_pre_chain=[described], processors=[format_exc_info, renderer])


def log_to_stderr(debug: bool, form: str = "auto") -> None:
    """Set up the log of this process; may be called again to change what it tells.

    Args:
        debug: tell more.
        form: text, json, or auto, which is text on a terminal and JSON elsewhere.
    """
    lines = logging.StreamHandler(sys.stderr)
    as_text = sys.stderr.isatty() if form == "auto" else form == "text"
    lines.setFormatter(_Line(debug) if as_text else _json(debug))
    root = logging.getLogger()
    root.handlers[:] = [lines]
    root.setLevel(logging.DEBUG if debug else logging.INFO)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # Every request.
    logging.getLogger("uvicorn.access").setLevel(logging.CRITICAL)
