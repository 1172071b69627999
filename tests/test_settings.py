"""`settings`: every variable, its default, and what an unusable value leads to."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import tzlocal

from shelfread import settings as settings_module
from shelfread.settings import (
    Settings,
    SettingsProblem,
    WorkerSettings,
    debugging,
    read_settings,
    read_worker_settings,
    settings_file,
    zone_of,
)

VALID: list[tuple[str, str, object]] = [
    ("database_url", "postgresql://me@host/shelf", "postgresql://me@host/shelf"),
    ("data_dir", "/srv/shelf", Path("/srv/shelf")),
    ("host", "0.0.0.0", "0.0.0.0"),
    ("host", "::1", "::1"),
    ("port", "0", 0),
    ("port", "65535", 65535),
    ("timezone", "Europe/Berlin", "Europe/Berlin"),
    ("timezone", "UTC", "UTC"),
    ("settle_seconds", "2.5", 2.5),
    ("watch_quiet_seconds", "0.1", 0.1),
    ("watch_cap_seconds", "86400", 86400.0),
    ("watch_sweep_seconds", "10", 10.0),
    ("settle_seconds", "0", 0.0),
    ("settle_seconds", "86400", 86400.0),
    ("parsers", "0", 0),
    ("parsers", "64", 64),
    ("walkers", "3", 3),
    ("parser_timeout_seconds", "0.5", 0.5),
    ("parser_timeout_seconds", "3600", 3600.0),
    ("parser_memory_mb", "64", 64),
    ("parser_memory_mb", "65536", 65536),
    ("analyzer_scan_job_timeout", "60", 60),
    ("analyzer_scan_job_timeout", "2678400", 2_678_400),
    ("analyzer_scan_job_timeout", " 600 ", 600),
    ("analyzer_scan_job_timeout", "0600", 600),
    ("analyzer_paths", "/music", (b"/music",)),
    ("analyzer_paths", " /music , /more/music/,", (b"/music", b"/more/music")),
    ("analyzer_paths", '["/a,b", "/\\u00e4"]', (b"/a,b", "/ä".encode())),
    ("analyzer_paths", "[]", ()),
    ("analyzer_paths", "/a,/a/./,/b/../a", (b"/a",)),
    ("analyzer_paths", os.fsdecode(b"/\xff"), (b"/\xff",)),
    ("analyzer_paths", '["/\\udcff"]', (b"/\xff",)),
    ("allowed_roots", '["/srv/a,b", "/mnt/music/"]', (b"/srv/a,b", b"/mnt/music")),
    ("allowed_roots", "/srv,/mnt", (b"/srv", b"/mnt")),
    ("job_retention_days", "0", 0),
    ("move_days", "0", 0),
    ("move_days", "3650", 3650),
    ("log_retention_days", "36500", 36_500),
    ("allowed_hosts", "Media.Example.org., *.example.net,", ("media.example.org", "*.example.net")),
    ("allowed_hosts", "*", ("*",)),
    ("allowed_hosts", "[fe80::1],10.0.0.7", ("[fe80::1]", "10.0.0.7")),
    ("trusted_proxies", "127.0.0.1, 10.0.0.0/8", (ip_network("127.0.0.1"), ip_network("10.0.0.0/8"))),
    ("trusted_proxies", "::1", (ip_network("::1"),)),
    ("log_format", "json", "json"),
    ("debug", "1", True),
]
#: Values that lead to a warning and the default (PROMISES A8, A16).
IGNORED = [
    ("analyzer_scan_job_timeout", text)
    for text in (
        "59", "0", "-5", "1e3", "600.0", "1_000", "٣٦٠٠", "six hours", "0x258", "2678401", "9" * 5000, " "
    )
] + [
    ("analyzer_paths", text)
    for text in (
        "music", "/a,b", "[", '["/a"', '{"a": 1}', "[1]", '["/a", null]', '[["/a"]]', '[""]', '["/a\\u0000"]',
        '["/\\ud800"]', "[" * 100_000, "[" + "9" * 5000 + "]",
    )
]  # fmt: skip
DEFAULTS = {"analyzer_scan_job_timeout": 21_600, "analyzer_paths": ()}
INVALID = [
    ("allowed_roots", "relative/folder"),
    ("allowed_roots", '["/a"'),
    ("allowed_roots", ","),
    ("allowed_roots", " "),
    ("allowed_roots", "[]"),
    ("debug", "maybe"),
    ("host", "a b"),
    ("host", "http://localhost"),
    ("port", "-1"),
    ("port", "65536"),
    ("port", "http"),
    ("timezone", "Mars/Base"),
    ("timezone", "../../etc/passwd"),
    ("timezone", "/etc/localtime"),
    ("timezone", "Europe"),
    ("timezone", "europe berlin"),
    ("job_retention_days", "-1"),
    ("move_days", "-1"),
    ("move_days", "3651"),
    ("job_retention_days", "for ever"),
    ("log_retention_days", "1.5"),
    ("log_retention_days", "36501"),
    ("settle_seconds", "-1"),
    ("watch_quiet_seconds", "0"),
    ("watch_cap_seconds", "86401"),
    ("watch_sweep_seconds", "9"),
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
    ("allowed_hosts", "media.example.org:4848"),
    ("allowed_hosts", "http://media"),
    ("allowed_hosts", "*media"),
    ("trusted_proxies", "proxy.example.org"),
    ("trusted_proxies", "10.0.0.1/8"),
    ("log_format", "xml"),
    ("debug", "perhaps"),
]


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.upper().startswith(("SHELFREAD_", "SCROBBLER_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    settings_module._warn.cache_clear()


@pytest.fixture
def write_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str | bytes], Path]:
    """Writes `shelfread.env` of a data folder of its own."""
    folder = tmp_path / "kept"
    folder.mkdir()
    monkeypatch.setenv("SHELFREAD_DATA_DIR", str(folder))

    def write(content: str | bytes) -> Path:
        path = folder / "shelfread.env"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        assert settings_file() == path
        return path

    return write


def test_every_setting_has_a_default_that_works(tmp_path: Path) -> None:
    settings = read_settings()
    assert settings.database_url is None
    assert settings.data_dir.is_relative_to(tmp_path)
    assert settings.data_dir.name == "shelfread"
    assert (settings.host, settings.port) == ("127.0.0.1", 4848)
    zone_of(settings.timezone)
    assert settings.settle_seconds == 10.0
    assert (settings.parsers, settings.walkers) == (0, 0)
    assert settings.parser_timeout_seconds == 30.0
    assert settings.parser_memory_mb == 512
    assert (settings.job_retention_days, settings.log_retention_days) == (90, 30)
    assert (settings.allowed_hosts, settings.trusted_proxies, settings.log_format) == ((), (), "auto")
    assert not settings.debug
    assert not debugging()


def test_a7_the_default_job_timeout_is_six_hours() -> None:
    assert read_settings().analyzer_scan_job_timeout == 6 * 3600 == 21_600


def test_every_variable_is_tried_here_with_a_good_and_a_bad_value() -> None:
    assert {name for name, *_ in VALID} == set(Settings.model_fields)
    # Any text is a path or an address as far as settings go; the database says what it makes of it.
    assert {name for name, _ in INVALID} == (
        set(Settings.model_fields) - {"database_url", "data_dir"} - set(DEFAULTS)
    )
    assert {name for name, _ in IGNORED} == set(DEFAULTS)


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


def test_no_file_elsewhere_is_read(tmp_path: Path) -> None:
    for name in (".env", "shelfread.env"):
        (tmp_path / name).write_text("SHELFREAD_PARSERS=7\n")
    assert read_settings().parsers == 0
    assert Settings().parsers == 0


def test_settings_made_in_code_read_nothing_and_know_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFREAD_PARSERS", "7")
    assert Settings().parsers == 0
    with pytest.raises(ValueError, match="parser"):
        Settings.model_validate({"parser": 3})
    odd = Settings(analyzer_paths=(b"/\xff",))
    assert Settings.model_validate_json(odd.model_dump_json()) == odd


# What the analyzer forgives


@pytest.mark.parametrize(("name", "text"), IGNORED)
def test_a8_an_unusable_value_of_the_analyzer_is_a_warning_once_and_the_default_counts(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str, text: str
) -> None:
    monkeypatch.setenv(f"SHELFREAD_{name.upper()}", text)
    for _ in range(3):
        assert getattr(read_settings(), name) == DEFAULTS[name]
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith(f"SHELFREAD_{name.upper()}: ")
    assert "\n" not in record.getMessage()
    assert len(record.getMessage()) < 700


def test_a8_another_unusable_value_is_another_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for text in ("59", "58", "59"):
        monkeypatch.setenv("SHELFREAD_ANALYZER_SCAN_JOB_TIMEOUT", text)
        read_settings()
    values = [re.findall("it is '([0-9]+)'", record.getMessage()) for record in caplog.records]
    assert values == [["59"], ["58"]]


@pytest.mark.parametrize(
    ("name", "alias", "own", "values"),
    [
        ("analyzer_scan_job_timeout", "700", "800", (700, 800, 21_600)),
        ("analyzer_paths", "/alias", "/own", ((b"/alias",), (b"/own",), ())),
    ],
)
def test_the_old_names_are_accepted_and_our_own_win(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    name: str,
    alias: str,
    own: str,
    values: tuple[object, object, object],
) -> None:
    monkeypatch.setenv(f"SCROBBLER_{name.upper()}", alias)
    assert getattr(read_settings(), name) == values[0]
    monkeypatch.setenv(f"SHELFREAD_{name.upper()}", own)
    assert getattr(read_settings(), name) == values[1]
    assert not caplog.records
    # What is wrong under our own name is not made good by the other.
    monkeypatch.setenv(f"SHELFREAD_{name.upper()}", "wrong")
    assert getattr(read_settings(), name) == values[2]
    monkeypatch.delenv(f"SHELFREAD_{name.upper()}")
    monkeypatch.setenv(f"SCROBBLER_{name.upper()}", "wrong")
    assert getattr(read_settings(), name) == values[2]
    assert [record.getMessage().partition("_")[0] for record in caplog.records] == ["SHELFREAD", "SCROBBLER"]


# The zone


@pytest.mark.parametrize(
    "found", [None, "", "No/Where", KeyError("x"), ValueError("x"), OSError("x"), UserWarning("x")]
)
def test_a_system_that_does_not_say_where_it_is_is_in_utc(
    monkeypatch: pytest.MonkeyPatch, found: str | BaseException | None
) -> None:
    def name() -> str | None:
        if isinstance(found, BaseException):
            raise found
        return found

    monkeypatch.setattr(tzlocal, "get_localzone_name", name)
    assert read_settings().timezone == "UTC"
    monkeypatch.setattr(tzlocal, "get_localzone_name", lambda: "Asia/Tokyo")
    assert read_settings().timezone == "Asia/Tokyo"


# The file


def test_the_environment_wins_over_the_file_and_the_file_over_the_defaults(
    monkeypatch: pytest.MonkeyPatch, write_file: Callable[[str | bytes], Path]
) -> None:
    write_file(
        "# mine\nSHELFREAD_PARSERS=7\nexport SHELFREAD_WALKERS='3' # three\nSHELFREAD_PORT=\nOTHER=x\n"
    )
    assert (read_settings().parsers, read_settings().walkers, read_settings().port) == (7, 3, 4848)
    monkeypatch.setenv("SHELFREAD_PARSERS", "5")
    monkeypatch.setenv("SHELFREAD_WALKERS", "")
    assert (read_settings().parsers, read_settings().walkers) == (5, 3)


def test_the_file_is_read_anew_every_time(write_file: Callable[[str | bytes], Path]) -> None:
    path = write_file("SHELFREAD_WORKER_COUNT=2\nSHELFREAD_PARSERS=1\n")
    assert (read_settings().parsers, read_worker_settings()) == (1, (WorkerSettings(count=2), None))
    write_file("SHELFREAD_WORKER_COUNT=3\nSHELFREAD_PARSERS=2\n")
    assert (read_settings().parsers, read_worker_settings()) == (2, (WorkerSettings(count=3), None))
    path.unlink()
    assert (read_settings().parsers, read_worker_settings()) == (0, (WorkerSettings(), None))


def test_nothing_in_the_file_is_replaced_or_run(
    monkeypatch: pytest.MonkeyPatch, write_file: Callable[[str | bytes], Path]
) -> None:
    monkeypatch.setenv("HOME", "/secret")
    write_file("SHELFREAD_DATABASE_URL=postgresql://me:${HOME}$HOME$(id)`id`@host/name\n")
    assert read_settings().database_url == "postgresql://me:${HOME}$HOME$(id)`id`@host/name"


def test_the_analyzer_forgives_the_file_as_well(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    write_file: Callable[[str | bytes], Path],
) -> None:
    write_file('SHELFREAD_ANALYZER_SCAN_JOB_TIMEOUT=5\nSHELFREAD_ANALYZER_PATHS=["/a", "/b"]\n')
    settings = read_settings()
    assert (settings.analyzer_scan_job_timeout, settings.analyzer_paths) == (21_600, (b"/a", b"/b"))
    assert len(caplog.records) == 1
    monkeypatch.setenv("SCROBBLER_ANALYZER_SCAN_JOB_TIMEOUT", "900")
    assert read_settings().analyzer_scan_job_timeout == 900


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"SHELFREAD_PARSERS=1\n\n\nnonsense\n", "line 4: a line says NAME=value"),
        (b"SHELFREAD_PARSERS\n", "line 1"),
        (b"=3\n", "line 1"),
        (b"A='no end\n", "line 1"),
        (b"A=1\nB=\0\n", "line 2"),
        (b"A=1\nB=\xff\n", "line 2: this is no UTF-8"),
        (b"A=" + b"x" * (1 << 20), "too long"),
        (b"SHELFREAD_DATA_DIR=/elsewhere\n", "SHELFREAD_DATA_DIR cannot be set here"),
        (b"SHELFREAD_PARSERS=many\n", "SHELFREAD_PARSERS: "),
    ],
)
def test_a_broken_file_is_one_line_that_names_it(
    write_file: Callable[[str | bytes], Path], content: bytes, words: str
) -> None:
    path = write_file(content)
    with pytest.raises(SettingsProblem, match=re.escape(words)) as caught:
        read_settings()
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not debugging()


@pytest.mark.parametrize("kind", ["folder", "pipe", "closed", "loop"])
def test_a_file_that_cannot_be_read_is_one_line_that_names_it(
    write_file: Callable[[str | bytes], Path], kind: str
) -> None:
    path = write_file("SHELFREAD_PARSERS=1\n")
    if kind == "closed":
        if os.geteuid() == 0:
            pytest.skip("nothing is closed to this user")
        path.chmod(0)
    else:
        path.unlink()
        if kind == "folder":
            path.mkdir()
        elif kind == "pipe":
            os.mkfifo(path)
        else:
            path.symlink_to(path)
    with pytest.raises(SettingsProblem, match=re.escape(str(path))):
        read_settings()
    worker, trouble = read_worker_settings()
    assert worker is None
    assert str(path) in (trouble or "")


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(
    write_file: Callable[[str | bytes], Path],
) -> None:
    write_file("\ufeffSHELFREAD_PARSERS=2\r\nSHELFREAD_WALKERS=1\r\n")
    assert (read_settings().parsers, read_settings().walkers) == (2, 1)


def test_a_data_folder_of_nobody_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFREAD_DATA_DIR", "~nobody-has-this-name/x")
    with pytest.raises(SettingsProblem, match="SHELFREAD_DATA_DIR"):
        read_settings()
    assert read_worker_settings()[0] is None


# Workers (PROMISES D25, D27)

WORKER_VALID = [
    ("enabled", "false", False),
    ("count", "64", 64),
    ("count", "1", 1),
    ("poll_seconds", "0.1", 0.1),
    ("poll_seconds", "3600", 3600.0),
    ("lease_seconds", "2", 2.0),
    ("lease_seconds", "3600", 3600.0),
    ("stall_seconds", "10", 10.0),
    ("stall_seconds", "86400", 86_400.0),
]
WORKER_INVALID = [
    ("enabled", "perhaps"),
    ("count", "0"),
    ("count", "65"),
    ("count", "many"),
    ("count", "1.5"),
    ("poll_seconds", "0"),
    ("poll_seconds", "nan"),
    ("poll_seconds", "inf"),
    ("lease_seconds", "1.9"),
    ("lease_seconds", "3601"),
    ("stall_seconds", "9"),
    ("stall_seconds", "-inf"),
]


def test_d25_workers_have_one_place_and_defaults_that_work() -> None:
    assert read_worker_settings() == (WorkerSettings(), None)
    found = WorkerSettings()
    assert (found.enabled, found.count, found.poll_seconds) == (True, 1, 5.0)
    assert (found.lease_seconds, found.stall_seconds) == (30.0, 900.0)
    assert {name for name, *_ in WORKER_VALID} == set(WorkerSettings.model_fields)
    assert {name for name, _ in WORKER_INVALID} == set(WorkerSettings.model_fields)


@pytest.mark.parametrize(("name", "text", "value"), WORKER_VALID)
def test_d25_a_variable_sets_its_worker_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, value: Any
) -> None:
    monkeypatch.setenv(f"SHELFREAD_WORKER_{name.upper()}", text)
    found, trouble = read_worker_settings()
    assert (getattr(found, name), trouble) == (value, None)
    monkeypatch.setenv(f"SHELFREAD_WORKER_{name.upper()}", "")
    assert read_worker_settings() == (WorkerSettings(), None)


@pytest.mark.parametrize(("name", "text"), WORKER_INVALID)
def test_d27_an_unusable_worker_setting_is_a_warning_and_stops_nothing_else(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    monkeypatch.setenv(f"SHELFREAD_WORKER_{name.upper()}", text)
    found, trouble = read_worker_settings()
    assert found is None
    assert trouble is not None
    assert trouble.startswith(f"SHELFREAD_WORKER_{name.upper()}: ")
    assert text in trouble
    assert "\n" not in trouble
    assert read_settings() == Settings()


def test_other_settings_do_not_stop_the_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFREAD_PARSERS", "many")
    monkeypatch.setenv("SHELFREAD_WORKER_SPEED", "fast")
    assert read_worker_settings() == (WorkerSettings(), None)


# Whether errors show where they came from


def test_debugging_may_be_asked_for_in_the_file(write_file: Callable[[str | bytes], Path]) -> None:
    write_file("SHELFREAD_DEBUG=1\nSHELFREAD_PARSERS=many\n")
    assert debugging()


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


def test_a8_the_variable_overrides_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFREAD_ANALYZER_SCAN_JOB_TIMEOUT", "60")
    assert read_settings().analyzer_scan_job_timeout == 60
