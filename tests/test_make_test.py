"""`make test`: two runs of pytest, of which neither hides the other, and the browser for the second."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

#: Stands for pytest: notes what it is asked for, and ends as the test says.
PYTHON = """#!/bin/sh
printf '%s|' "$SHELFREAD_TEST_BROWSER" "$@" >>"$ASKED"; echo >>"$ASKED"
case "$*" in *"not browser"*) exit "$WITHOUT" ;; *) exit "$WITH" ;; esac
"""


def _run(script: str, folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", f"tools/{script}", *words],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "LOCAL": str(folder / "local")} | more,
        capture_output=True,
        text=True,
        check=False,
    )


def _tested(folder: Path, *words: str, without: int = 0, with_one: int = 0) -> tuple[int, list[str]]:
    """The exit code, and what pytest was asked for each time."""
    python, asked = folder / "bin" / "python", folder / "asked"
    python.parent.mkdir()
    python.write_text(PYTHON)
    python.chmod(0o755)
    more = {"WITHOUT": str(without), "WITH": str(with_one), "ASKED": str(asked)}
    more |= {"VENV": str(folder), "PYTEST_WORKERS": "3", "SHELFREAD_TEST_BROWSER": "/bin/true"}
    done = _run("test.sh", folder, *words, **more)
    return done.returncode, asked.read_text().splitlines()


def test_tests_with_a_browser_run_after_the_others_and_both_hear_what_was_typed(tmp_path: Path) -> None:
    code, (first, second) = _tested(tmp_path, "-k", "a or b")
    assert code == 0
    assert first == "/bin/true|-m|pytest|-n|3|--maxprocesses|8|--dist|worksteal|-m|not browser|-k|a or b|"
    assert second == "/bin/true|-m|pytest|-n|2|-rs|-m|browser|-k|a or b|"


@pytest.mark.parametrize(
    ("without", "with_one", "code"),
    [(1, 0, 1), (0, 1, 1), (1, 5, 1), (5, 1, 1), (5, 0, 0), (0, 5, 0), (5, 5, 5), (3, 1, 3)],
)
def test_one_of_the_two_may_have_nothing_to_run_and_none_may_fail(
    tmp_path: Path, without: int, with_one: int, code: int
) -> None:
    ended, asked = _tested(tmp_path, without=without, with_one=with_one)
    assert (ended, len(asked)) == (code, 2)


def test_who_chooses_by_markers_gets_one_run(tmp_path: Path) -> None:
    code, asked = _tested(tmp_path, "-m", "browser", with_one=1)
    assert (code, asked) == (1, ["/bin/true|-m|pytest|-n|3|--maxprocesses|8|-m|browser|"])


def test_a_browser_that_is_named_is_taken_if_it_starts(tmp_path: Path) -> None:
    done = _run("browser.sh", tmp_path, SHELFREAD_TEST_BROWSER="/bin/true")
    assert (done.returncode, done.stdout, done.stderr) == (0, "/bin/true\n", "")
    for ci, what in (("", "are skipped"), ("true", "fail")):
        done = _run("browser.sh", tmp_path, SHELFREAD_TEST_BROWSER="/bin/nothing", CI=ci)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == (
            f"browser: there is no Chromium, so the browser tests {what}: "
            "/bin/nothing, which SHELFREAD_TEST_BROWSER names, cannot be started\n"
        )


def test_where_no_browser_can_be_had_one_line_says_how_to_get_one(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    # Nobody special, with nothing installed.
    (tools / "id").write_text("#!/bin/sh\necho 1000\n")
    (tools / "id").chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", "tools/browser.sh"],
        cwd=ROOT,
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("browser: there is no Chromium, so the browser tests are skipped: install")
    assert done.stderr.count("\n") == 1
