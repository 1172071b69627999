"""Text for terminals, progress without a process, and docs that know every command and setting."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import typer
from rich.console import Console

from shelfread.cli.display import Lines, drawn, line_of
from shelfread.cli.outcome import explain
from shelfread.cli.program import app
from shelfread.cli.texts import duration, iso_time, path_fields, shown, size
from shelfread.model.job import Phase
from shelfread.scan.progress import Progress
from shelfread.settings import Settings, WorkerSettings

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("Björk – 한국 🎵", "Björk – 한국 🎵"),
        ("a\tb\nc\rd", "a\\x09b\\x0ac\\x0dd"),
        ("\x1b[31m\x9b2J\x07", "\\x1b[31m\\x9b2J\\x07"),
        (b"\xff\xe9x", "\\xff\\xe9x"),
        ("\udcff", "\\xff"),
        ("\ud800", "\\ud800"),
        ("abc\u202edef\u200b", "abc\\u202edef\\u200b"),
        ("\u2028", "\\u2028"),
        ("wide\u3000space", "wide\u3000space"),
    ],
)
def test_nothing_of_a_name_moves_the_cursor(text: str | bytes, safe: str) -> None:
    assert shown(text) == safe


def test_paths_in_json_have_both_forms_where_needed() -> None:
    assert path_fields("/ä".encode()) == {"path": "/ä"}
    assert path_fields(b"/\xff") == {"path": "/\ufffd", "path_b64": "L/8="}


def test_numbers_for_people() -> None:
    assert [duration(seconds) for seconds in (0.04, 59.4, 61, 3700)] == [
        "0.0 s",
        "59 s",
        "1 min 01 s",
        "1 h 01 min",
    ]
    assert [size(count) for count in (12, 1200, 5e9, 7e12)] == ["12 B", "1.2 KB", "5.0 GB", "7.0 TB"]
    assert iso_time(None) is None
    assert iso_time(0) == "1970-01-01T00:00:00.000Z"


def _progress(total: int | None) -> Progress:
    progress = Progress(total=total, current_path="Ann/[red]\x1b[2J", phase=Phase.READING)
    progress.counters.found = 400
    progress.counters.added = 100
    progress.started -= 10
    return progress


def test_before_the_total_is_known_there_is_no_share_and_no_time_left() -> None:
    line = line_of(_progress(None))
    assert line == "reading: 400 files found, 100 done, 10/s, in Ann/[red]\\x1b[2J"
    line = line_of(_progress(400))
    assert line == "reading: 100 of 400 files, 10/s, 30 s left, in Ann/[red]\\x1b[2J"


@pytest.mark.parametrize("total", [None, 0, 400])
def test_the_bar_fits_and_interprets_nothing(total: int | None) -> None:
    out = io.StringIO()
    console = Console(file=out, width=60, force_terminal=True, color_system=None)
    console.print(drawn(_progress(total), "[bold]Music"))
    text = out.getvalue()
    assert "[bold]Music" in text
    assert "\x1b[2J" not in text
    assert ("━" in text) is bool(total)
    assert all(len(line) <= 60 for line in text.splitlines())


def test_without_a_terminal_a_line_comes_every_five_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    lines = Lines(lambda: now[0])
    for tenth in range(121):
        now[0] = tenth / 10
        lines.show(_progress(None))
    assert capsys.readouterr().err.count("\n") == 2


def test_disk_trouble_is_a_line() -> None:
    line, code = explain(OSError(28, "No space left on device", b"/x\xff"))
    assert (line, code) == ("No space left on device: /x\udcff", 1)


def _commands(group: typer.core.TyperGroup, path: str) -> list[tuple[str, typer.core.TyperCommand]]:
    found: list[tuple[str, typer.core.TyperCommand]] = []
    for name, command in group.commands.items():
        if isinstance(command, typer.core.TyperGroup):
            found += _commands(command, f"{path} {name}")
        else:
            assert isinstance(command, typer.core.TyperCommand)
            found.append((f"{path} {name}", command))
    return found


def test_the_docs_have_every_command_option_and_setting() -> None:
    using = (DOCS / "using.md").read_text()
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    commands = _commands(group, "shelfread")
    assert len(commands) >= 12
    for path, command in commands:
        assert path in using, path
        for parameter in command.params:
            for option in [*parameter.opts, *parameter.secondary_opts]:
                assert not option.startswith("-") or f"`{option}" in using, (path, option)
    settings = (DOCS / "settings.md").read_text()
    for prefix, model in (("SHELFREAD_", Settings), ("SHELFREAD_WORKER_", WorkerSettings)):
        for name, field in model.model_fields.items():
            line = next(line for line in settings.splitlines() if f"`{prefix}{name.upper()}`" in line)
            if field.default is not None and field.default_factory is None:
                assert f"| {_told(field.default)} |" in line, line


def _told(default: object) -> str:
    """A default as the docs have it."""
    if isinstance(default, bool):
        return "on" if default else "off"
    if isinstance(default, tuple):
        return "none" if not default else str(default)
    return f"{default:g}" if isinstance(default, float) else str(default)
