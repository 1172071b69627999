"""What is shipped beside the program: units for systemd, checked by systemd's own tool."""

from __future__ import annotations

import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest
import typer

from shelfread.cli.program import app
from shelfread.cli.staying import LATEST_S

ROOT = Path(__file__).resolve().parents[1]
UNITS = sorted((ROOT / "packaging" / "systemd").glob("*.service"))
PROGRAM = "/opt/shelfread/bin/shelfread"

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed here"
)


def _words(unit: Path) -> dict[str, str]:
    parser = ConfigParser(strict=False, interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(unit.read_text())
    return dict(parser["Service"]) | dict(parser["Unit"])


def _analyze(*args: str | Path) -> str:
    done = subprocess.run(["systemd-analyze", *args], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def _installed(unit: Path, folder: Path) -> Path:
    """The unit as it would be where the program is installed: what it starts must exist."""
    program = folder / "shelfread"
    program.symlink_to(sys.executable)
    text = unit.read_text()
    assert PROGRAM in text
    copy = folder / unit.name
    copy.write_text(text.replace(PROGRAM, str(program)))
    return copy


def test_there_is_a_unit_for_each_way_to_run_workers() -> None:
    assert [unit.name for unit in UNITS] == ["shelfread-worker.service", "shelfread.service"]


@needs_systemd
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_finds_nothing_wrong_with_a_unit(unit: Path, tmp_path: Path) -> None:
    assert _analyze("verify", _installed(unit, tmp_path)) == ""


@needs_systemd
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_finds_a_unit_well_confined(unit: Path, tmp_path: Path) -> None:
    help_text = _analyze("--help")
    if "--offline" not in help_text or "--threshold" not in help_text:
        pytest.skip("this systemd-analyze judges no unit that is not loaded")
    # 0 is perfect, 10 is none; a plain unit has 9.6.
    _analyze("security", "--offline=true", "--threshold=20", _installed(unit, tmp_path))


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_starts_a_command_that_exists_and_gives_it_time_to_leave(unit: Path) -> None:
    words = _words(unit)
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    program, command = words["ExecStart"].split()
    assert program == PROGRAM
    assert command in group.commands
    assert float(words["TimeoutStopSec"]) > LATEST_S
    assert words["KillMode"] == "mixed"
    assert words["Restart"] == "on-failure"
    assert words["ExecReload"].endswith("-HUP $MAINPID")
    assert words["ProtectSystem"] == "strict"
    assert words["NoNewPrivileges"] == words["PrivateTmp"] == "yes"
    assert words["StateDirectory"] == "shelfread"
