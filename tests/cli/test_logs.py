"""`cli.logs`: one clear line for each event, and nothing in it moves the cursor or forges a line."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import pytest

from shelfread.cli.logs import _json, _Line
from shelfread.cli.outcome import explain
from shelfread.model.trace import bound

HOSTILE = "a\x1b[2J\rb\x9b1m\u202e\u2028c\n2026-01-01T00:00:00+0000 ERROR   forged \udcff.mp3"


def _record(message: str) -> logging.LogRecord:
    try:
        raise FileNotFoundError(2, f"gone: {HOSTILE}", HOSTILE)
    except FileNotFoundError:
        return logging.LogRecord("x", logging.ERROR, __file__, 1, message, None, sys.exc_info())


def _is_plain(text: str) -> bool:
    return all(char.isprintable() or char == "\n" for char in text)


def test_a_traceback_shows_hostile_names_as_escapes() -> None:
    text = _Line(debug=True).format(_record(HOSTILE))
    assert "Traceback (most recent call last):" in text
    assert "_record" in text
    assert "\\x1b[2J\\x0db\\x9b1m\\u202e\\u2028c" in text
    assert _is_plain(text)
    text.encode()


def test_no_line_of_a_traceback_looks_like_one_of_the_log() -> None:
    first, *others = _Line(debug=True).format(_record("trouble")).split("\n")
    assert first.endswith("ERROR   trouble")
    assert any("forged" in line for line in others)
    assert all(line.startswith("  ") for line in others)


@pytest.mark.parametrize("debug", [False, True])
def test_an_event_is_one_line_without_a_traceback(debug: bool) -> None:
    record = logging.LogRecord("x", logging.INFO, __file__, 1, HOSTILE, None, None)
    line = _Line(debug).format(record)
    assert "\n" not in line
    assert _is_plain(line)


def test_a_command_that_fails_shows_hostile_names_as_escapes_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELFREAD_DEBUG", "1")
    explain(FileNotFoundError(2, HOSTILE))
    text = capsys.readouterr().err
    assert "FileNotFoundError: [Errno 2] a\\x1b[2J" in text
    assert _is_plain(text)


def _as_json(record: logging.LogRecord, debug: bool = False) -> Any:
    line = _json(debug).format(record)
    assert line.isascii()
    assert "\n" not in line
    return json.loads(line)


def test_for_programs_a_line_is_a_json_document_with_the_ids_that_are_bound() -> None:
    record = logging.LogRecord("shelfread.x", logging.WARNING, __file__, 1, "%s of %s", ("a", HOSTILE), None)
    with bound(request_id="r-1"), bound(job_id="j-1"):
        told = _as_json(record)
    assert told["event"] == f"a of {HOSTILE}"
    assert (told["level"], told["logger"]) == ("warning", "shelfread.x")
    assert (told["request_id"], told["job_id"]) == ("r-1", "j-1")
    assert told["time"].endswith("+00:00")
    assert "job_id" not in _as_json(record)


def test_for_programs_a_traceback_is_told_when_debugging() -> None:
    assert "Traceback" in _as_json(_record("trouble"), debug=True)["exception"]
    assert set(_as_json(_record("trouble"))) == {"time", "level", "logger", "event"}
