"""`settings`: every variable, its default, and what an unusable value leads to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from shelfread.settings import Settings, SettingsProblem, debugging, read_settings

VALID: list[tuple[str, str, object]] = [
    ("database_url", "postgresql://me@host/shelf", "postgresql://me@host/shelf"),
    ("data_dir", "/srv/shelf", Path("/srv/shelf")),
    ("settle_seconds", "2.5", 2.5),
    ("settle_seconds", "0", 0.0),
    ("settle_seconds", "86400", 86400.0),
    ("parsers", "0", 0),
    ("parsers", "64", 64),
    ("walkers", "3", 3),
    ("parser_timeout_seconds", "0.5", 0.5),
    ("parser_timeout_seconds", "3600", 3600.0),
    ("parser_memory_mb", "64", 64),
    ("parser_memory_mb", "65536", 65536),
    ("debug", "1", True),
]
INVALID = [
    ("debug", "maybe"),
    ("settle_seconds", "-1"),
    ("settle_seconds", "86401"),
    ("settle_seconds", "soon"),
    ("settle_seconds", "nan"),
    ("settle_seconds", "inf"),
    ("parsers", "-1"),
    ("parsers", "65"),
    ("parsers", "two"),
    ("parsers", "1.5"),
    ("walkers", "-1"),
    ("walkers", "65"),
    ("walkers", "0x2"),
    ("parser_timeout_seconds", "0"),
    ("parser_timeout_seconds", "3601"),
    ("parser_timeout_seconds", "nan"),
    ("parser_timeout_seconds", "'30'"),
    ("parser_memory_mb", "63"),
    ("parser_memory_mb", "65537"),
    ("parser_memory_mb", "1G"),
    ("debug", "perhaps"),
]


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.upper().startswith("SHELFREAD_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.chdir(tmp_path)


def test_every_setting_has_a_default_that_works(tmp_path: Path) -> None:
    settings = read_settings()
    assert settings.database_url is None
    assert settings.data_dir.is_relative_to(tmp_path)
    assert settings.data_dir.name == "shelfread"
    assert settings.settle_seconds == 10.0
    assert (settings.parsers, settings.walkers) == (0, 0)
    assert settings.parser_timeout_seconds == 30.0
    assert settings.parser_memory_mb == 512
    assert not settings.debug
    assert not debugging()


def test_every_variable_is_tried_here_with_a_good_and_a_bad_value() -> None:
    assert {name for name, *_ in VALID} == set(Settings.model_fields)
    # Any text is a path or an address as far as settings go; the database says what it makes of it.
    assert {name for name, _ in INVALID} == set(Settings.model_fields) - {"database_url", "data_dir"}


@pytest.mark.parametrize(("name", "text", "value"), VALID)
def test_a_variable_sets_its_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, value: Any
) -> None:
    monkeypatch.setenv(f"SHELFREAD_{name.upper()}", text)
    assert getattr(read_settings(), name) == value


@pytest.mark.parametrize(("name", "text"), INVALID)
def test_an_unusable_value_names_its_variable_in_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    monkeypatch.setenv(f"SHELFREAD_{name.upper()}", text)
    with pytest.raises(SettingsProblem, match=rf"^SHELFREAD_{name.upper()}: ") as caught:
        read_settings()
    assert "\n" not in str(caught.value)
    assert text in str(caught.value)


def test_the_first_of_several_mistakes_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFREAD_PARSERS", "many")
    monkeypatch.setenv("SHELFREAD_WALKERS", "few")
    with pytest.raises(SettingsProblem, match=r"^SHELFREAD_(PARSERS|WALKERS): "):
        read_settings()


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    plain = read_settings()
    monkeypatch.setenv(f"SHELFREAD_{name.upper()}", "")
    assert read_settings() == plain


def test_what_is_not_ours_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFREAD_NO_SUCH_THING", "1")
    monkeypatch.setenv("PARSERS", "many")
    assert read_settings().parsers == 0


def test_only_the_environment_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SHELFREAD_PARSERS=7\n")
    assert read_settings().parsers == 0


@pytest.mark.parametrize(
    ("text", "on"),
    [("1", True), ("True", True), (" yes ", True), ("0", False), ("", False), ("perhaps", False)],
)
def test_debugging_can_be_asked_even_where_the_settings_are_unusable(
    monkeypatch: pytest.MonkeyPatch, text: str, on: bool
) -> None:
    monkeypatch.setenv("SHELFREAD_PARSERS", "many")
    monkeypatch.setenv("SHELFREAD_DEBUG", text)
    assert debugging() is on
