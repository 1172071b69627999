"""The house as it was drawn: layers, words, and what stands in no committed file."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "src" / "shelfread"
MODULES = sorted(SOURCES.rglob("*.py"))

#: DESIGN section 3: words that say nothing.
BANNED = {"service", "manager", "handler", "helper", "util", "utils", "common", "data", "info"}
#: Class names that were promised before this rule.
PROMISED: set[str] = set()

MOST_LINES = 300
#: Longer than most, each for a reason.
LONG = {
    "store/tables.py": "one page with every table, to be read as a whole",
    "store/migrations/versions/0001_first.py": "generated: every table once more",
    "store/files.py": "one subject: what is remembered of folders and files, and the rows of a batch",
    "queue/repository.py": "the one class whose methods are the queue's transactions, read side by side",
    "queue/trail.py": "one replay: what may follow what in the life of a job",
    "settings.py": "every setting with its default, its limits, and the places it may come from",
    "scan/extract.py": "one state machine: who is to blame when a parser dies",
    "scan/children.py": "one child process seen from the parent: start, frames and death",
    "media/music/formats/foreign.py": "one bridge to one library for the formats that it reads",
}


def _name(path: Path) -> str:
    return path.relative_to(SOURCES).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    text = ast.get_docstring(ast.parse(path.read_bytes()))
    assert text, "a module opens with what it does, where it stands and what it does not know"
    assert len(text) > 20


def test_source_files_stay_short_unless_there_is_a_reason() -> None:
    lengths = {_name(path): len(path.read_text().splitlines()) for path in MODULES}
    assert {name for name, length in lengths.items() if length > MOST_LINES} <= set(LONG)
    assert set(LONG) <= set(lengths), "a reason for a file that is gone"


def test_files_of_tests_have_names_of_their_own() -> None:
    """Two of one name cannot be collected together."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))


def _words(name: str) -> set[str]:
    """The words of a name in any case: `fooBarBaz`, `foo_bar_baz`."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("metadata", {"metadata"}),
        ("JobManager", {"job", "manager"}),
        ("do_info", {"do", "info"}),
        ("HTTPHelper2", {"http", "helper"}),
    ],
)
def test_words_are_found_in_names(name: str, words: set[str]) -> None:
    assert _words(name) == words


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_names_say_something(path: Path) -> None:
    names = {part for part in path.relative_to(SOURCES).with_suffix("").parts if part != "__init__"}
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
    # A method that a class of a library is asked for has its name from there.
    names -= {"data_received", "get_route_handler", *PROMISED}
    assert not {name for name in names if _words(name) & BANNED}


def test_imports_point_one_way() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]
    done = subprocess.run([*command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module.partition(".")[0])
    return found


def test_sql_is_spoken_in_the_store_only() -> None:
    speakers = {"sqlalchemy", "alembic", "aiosqlite", "sqlite3", "psycopg"}
    elsewhere = {_name(path) for path in MODULES if not _name(path).startswith("store/")}
    assert {name for name in elsewhere if _imports(SOURCES / name) & speakers} <= {"cli/doctor.py"}


def test_no_kind_is_known_by_name_outside_its_folders() -> None:
    for path in MODULES:
        if _name(path).startswith(("scan/", "queue/", "tasks/")):
            for node in ast.walk(ast.parse(path.read_bytes())):
                module = node.module if isinstance(node, ast.ImportFrom) else None
                assert "music" not in (module or ""), f"{_name(path)} knows a kind"


def test_only_settings_reads_the_environment() -> None:
    readers = set()
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Attribute) and node.attr in ("environ", "environb", "getenv"):
                readers.add(_name(path))
    # One chooses what child processes may know of it, and the edge asks what its terminal can do.
    assert {name for name in readers if not name.startswith("cli/")} <= {"settings.py", "scan/channel.py"}
    terminal = re.compile(r"environ(?:\.get\(|\[)\"(?!TERM\"|NO_COLOR\"|COLUMNS\")")
    assert not [
        name for name in readers if name[:4] == "cli/" and terminal.search((SOURCES / name).read_text())
    ]


def test_a_browser_is_known_to_its_own_tests_only(request: pytest.FixtureRequest) -> None:
    """Together with all others in one process they broke the run (decision 22)."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        marked = "pytest.mark.browser" in {
            ast.unparse(node)
            for node in ast.walk(ast.parse(path.read_bytes()))
            if isinstance(node, ast.Attribute)
        }
        assert marked == path.name.startswith("test_browser_"), path.name
    if request.config.option.markexpr == "not browser":
        assert "playwright" not in sys.modules


def test_the_reader_of_the_version_finds_what_is_installed() -> None:
    said = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    import shelfread

    assert said["requires-python"] == ">=3.11"
    assert getattr(shelfread, "__version__", said["version"]) == said["version"]
    assert (SOURCES / "py.typed").is_file()


def _committed() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    paths = (ROOT / name.decode() for name in listed.stdout.split(b"\0") if name)
    return [path for path in paths if path.is_file() and not path.is_symlink()]


#: A path of the machine that something was written on (Ann lives in the documentation), and an address that
#: packages come from.
MACHINE = re.compile(rb"(?<![\w.$])(?:/(?:work)/[a-z]|/(?:home|Users)/(?!ann\b)[a-z]|/root/|/tmp/[a-z]{3})")
REGISTRY = re.compile(
    rb"(?:https?://|@)[^\s\"')>]*(?:pypi|pythonhosted|artifactory|nexus|npmjs|simple/)|--(?:extra-)?index-url|"
    rb"--trusted-host|--find-links"
)


def test_no_committed_file_names_a_machine_or_a_registry() -> None:
    found = []
    for path in _committed():
        if path == Path(__file__).resolve():
            continue
        for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
            if MACHINE.search(line) or REGISTRY.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line[:100]!r}")
    assert not found, "\n".join(found)
