"""Shelfread as a contestant: the warm worker, the same writing row by row, and the cold command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from bench.measure import Measured, Step, Unavailable, clean_environment, command, watched

_SAID = ("added", "updated", "moved", "restored", "unchanged", "removed", "failed", "skipped")
_CHECKOUT = Path(__file__).resolve().parent.parent
#: The file of an SQLite catalogue, in the folder of its contestant.
CATALOGUE = "catalogue.db"


class Warm:
    """A worker that is running: migrated database, started parsers and walkers (`bench.warm`)."""

    def __init__(self, database: str | None = None, *, mode: str = "batched", kind: str = "music") -> None:
        self.name = "Shelfread" if mode == "batched" else "Shelfread, sync"
        self.about = "from claim to completed in a warm worker with a migrated database"
        if mode != "batched":
            self.about += f", mode {mode}"
        self.steps = frozenset(Step) if mode == "batched" else frozenset({Step.FIRST})
        # A transaction for every file takes its time: one round will do.
        self.slow = mode != "batched"
        self._database = database
        self._mode = mode
        self._kind = kind

    def missing(self) -> str | None:
        return None

    @contextmanager
    def start(self, corpus: Path, scratch: Path) -> Iterator[Worker]:
        with own_database(self._database, scratch) as url:
            worker = Worker(corpus, url, self._mode, self._kind, scratch)
            try:
                yield worker
            finally:
                worker.close()


class Covers:
    """The job that makes covers, in a worker that is running; the scan before it is not timed."""

    name = "Shelfread"
    about = "covers: the job from claim to completed, with the start of its processes, after a scan"
    steps = frozenset({Step.FIRST})
    slow = False

    def __init__(self, database: str | None = None) -> None:
        self._warm = Warm(database, kind="books")

    def missing(self) -> str | None:
        return None

    @contextmanager
    def start(self, corpus: Path, scratch: Path) -> Iterator[CoversRun]:
        with self._warm.start(corpus, scratch) as worker:
            worker.do(Step.FIRST, sample=False)
            yield CoversRun(worker)


class CoversRun:
    """A library whose books are known and whose covers are not made."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def do(self, step: Step, *, sample: bool) -> Measured:
        return self._worker.make_covers(sample=sample)


class Scanned(NamedTuple):
    """One scan: what it cost, the seconds at its end, settling, and the processor time of its own process."""

    measured: Measured
    settling_s: float
    own_cpu_s: float


class Worker:
    """The process of a warm worker, told what to do in lines of JSON."""

    def __init__(self, corpus: Path, url: str, mode: str, kind: str, scratch: Path) -> None:
        self._corpus = corpus
        self._mode = mode
        self._catalogue = scratch / CATALOGUE
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.warm"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=clean_environment(),
            cwd=_CHECKOUT,
        )
        self._ask({"database": url, "kind": kind, "folder": os.fspath(scratch)})

    @property
    def pid(self) -> int:
        return self._process.pid

    def do(self, step: Step, *, sample: bool) -> Measured:
        request = {
            "root": os.fspath(self._corpus),
            "rescan": step is Step.RESCAN,
            "mode": self._mode,
        }

        def scan() -> Measured:
            answer = self._ask(request)
            said = ", ".join(f"{answer[name]} {name}" for name in _SAID if answer[name])
            if step is Step.UNCHANGED and answer["read_bytes"] is not None:
                said += f"; readers read {answer['read_bytes']} bytes"
            return Measured(
                answer["seconds"],
                says=said or "0 files",
                files=answer["found"],
                read_bytes=answer["read_bytes"],
                course=[(at, done) for at, done in answer["course"]],
            )

        return watched(self.pid, scan, sample=sample)

    def scan(self, parts: Sequence[Path] = (), *, sample: bool = False) -> Scanned:
        """Scan the library, or parts of it."""
        request = {
            "root": os.fspath(self._corpus),
            "parts": [os.fspath(part.relative_to(self._corpus)) for part in parts],
            "rescan": False,
            "mode": self._mode,
        }
        answer: dict[str, Any] = {}

        def scan() -> Measured:
            answer.update(self._ask(request))
            said = ", ".join(f"{answer[name]} {name}" for name in _SAID if answer[name])
            return Measured(answer["seconds"], says=said, files=answer["found"])

        measured = watched(self.pid, scan, sample=sample)
        return Scanned(measured, answer["settling_s"], answer["own_cpu_s"])

    def make_covers(self, *, sample: bool) -> Measured:
        """Make the covers of what was scanned."""

        def make() -> Measured:
            answer = self._ask({"covers": True})
            if answer["error"] or answer["failed"]:
                raise Unavailable(f"covers: {answer['failed']} failed; {answer['error']}")
            return Measured(answer["seconds"], says=f"{answer['made']} made", files=answer["made"])

        return watched(self.pid, make, sample=sample)

    def read_catalogue(self) -> None:
        """Read the file of the catalogue once, where it is one, so that all of it is in memory."""
        if self._catalogue.is_file():
            with self._catalogue.open("rb", buffering=0) as file:
                while file.read(1 << 20):
                    pass

    def close(self) -> None:
        """End the process; its own processes end with it."""
        try:
            self._process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise Unavailable("the worker has ended; what it said is above")
        answer: dict[str, Any] = json.loads(line)
        return answer


class Names:
    """What names of videos say, in a process that does nothing else."""

    name = "Shelfread"
    about = "names: each path of a library of films and episodes understood once, in one new process"
    steps = frozenset({Step.FIRST})
    slow = False

    def missing(self) -> str | None:
        return None

    @contextmanager
    def start(self, corpus: Path, scratch: Path) -> Iterator[NamesRun]:
        yield NamesRun(corpus, scratch / "said.json")


class NamesRun:
    """The names of one folder."""

    def __init__(self, corpus: Path, said: Path) -> None:
        self._corpus = corpus
        self._said = said

    def do(self, step: Step, *, sample: bool) -> Measured:
        program = [sys.executable, "-m", "bench.names", os.fspath(self._corpus)]
        measured = command(program, sample=sample, env=clean_environment(), output=self._said, cwd=_CHECKOUT)
        answer = json.loads(self._said.read_text())
        # The start of the interpreter is no part of it.
        measured.seconds, measured.files = answer["seconds"], answer["names"]
        measured.says = f"{answer['names']} names"
        return measured


class Cold:
    """The command line, from nothing: interpreter, imports, migrations, processes, scan."""

    name = "Shelfread, cold"
    about = "`shelfread scan --json`, the whole process with its start and the migration"
    steps = frozenset({Step.FIRST, Step.UNCHANGED})
    slow = False

    def __init__(self, database: str | None = None) -> None:
        self._database = database

    def missing(self) -> str | None:
        if not _program().is_file():
            return "the command `shelfread` is not beside this Python: pip install -e ."
        return None

    @contextmanager
    def start(self, corpus: Path, scratch: Path) -> Iterator[CommandLine]:
        with own_database(self._database, scratch) as url:
            yield CommandLine(corpus, url, scratch / "said.json")


class CommandLine:
    """Scans of one folder into one database by the command."""

    def __init__(self, corpus: Path, url: str, said: Path) -> None:
        self._corpus = corpus
        self._url = url
        self._said = said

    def do(self, step: Step, *, sample: bool) -> Measured:
        measured = command(
            [os.fspath(_program()), "scan", "--json", os.fspath(self._corpus)],
            sample=sample,
            env=clean_environment(SHELFREAD_DATABASE_URL=self._url, SHELFREAD_SETTLE_SECONDS="0"),
            output=self._said,
            fine=(0, 3),
        )
        answer = json.loads(self._said.read_text())
        said = (f"{answer[key]} {name}" for name in _SAID if answer.get(key := f"items_{name}"))
        measured.says = ", ".join(said)
        return measured


@contextmanager
def own_database(given: str | None, scratch: Path) -> Iterator[str]:
    """The URL of an empty database: a file in `scratch`, or a new one beside a given PostgreSQL database."""
    if given is None:
        yield f"sqlite:///{scratch / CATALOGUE}"
        return
    import psycopg
    from psycopg import sql
    from sqlalchemy.engine import make_url

    url = make_url(given)
    if not url.get_backend_name().startswith("postgres"):
        raise Unavailable("--database takes the URL of a PostgreSQL database; SQLite is what it is without")
    name = f"shelfread_bench_{uuid4().hex[:12]}"
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _program() -> Path:
    return Path(sys.executable).parent / "shelfread"
