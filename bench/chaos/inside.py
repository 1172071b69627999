"""What the harness has inside the processes that it torments: the `sitecustomize` of each worker.

Python runs it first in the worker and in every process that the worker starts, since a child finds its
modules where its parent does. It gives them a clock that jumps, makes files slow to read, says which job a
process does and whether it is in a transaction, ends or stops the process at a chosen point of one, tags
every write of a job for the triggers of `witness`, and for the control it takes the fence away.

Stands alone: it may import nothing of the harness, and it changes no file of the product.
"""

from __future__ import annotations

# ruff: noqa: PTH123 - it runs in every process at its start, and pathlib costs an import
import importlib.abc
import importlib.machinery
import json
import mmap
import os
import signal
import struct
import sys
import time
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

#: What a process says of itself, and is told: file `at/PID`.
SIZE = 80
#: Whether it does a job (R or -), is in a transaction (W or -), and what it is to do in the next one.
STATE, INSIDE, ORDER = 0, 1, 2
#: Where the job's id, its fence, and the number of PostgreSQL's process for it stand.
JOB, FENCE, BACKEND = slice(4, 40), slice(40, 60), slice(60, 76)
#: Orders: stop or be killed when all is written and nothing is committed, or right after the commit.
STOP_BEFORE, KILL_BEFORE, STOP_AFTER, KILL_AFTER = b"s", b"k", b"S", b"K"
_SIGNALS = {b"s": signal.SIGSTOP, b"k": signal.SIGKILL, b"S": signal.SIGSTOP, b"K": signal.SIGKILL}


class Slate:
    """The file of this process that the harness reads, and writes orders into."""

    def __init__(self, folder: str) -> None:
        path = os.path.join(folder, str(os.getpid()))
        with open(path + ".new", "w+b") as file:
            file.write(b"--".ljust(SIZE, b"\0"))
            file.flush()
            self.map = mmap.mmap(file.fileno(), SIZE)
        os.rename(path + ".new", path)

    def begin(self, job_id: str, fence: int) -> None:
        self.map[JOB] = job_id.encode().ljust(36, b" ")[:36]
        self.map[FENCE] = str(fence).encode().ljust(20, b" ")
        self.map[STATE : STATE + 1] = b"R"

    def end(self) -> None:
        self.map[STATE : STATE + 1] = b"-"

    def inside(self, yes: bool) -> None:
        self.map[INSIDE : INSIDE + 1] = b"W" if yes else b"-"

    def backend(self, pid: int) -> None:
        self.map[BACKEND] = str(pid).encode().ljust(16, b" ")

    def obey(self, *orders: bytes) -> None:
        """Do what was ordered for this point, if anything was."""
        order = self.map[ORDER : ORDER + 1]
        if order in orders:
            self.map[ORDER : ORDER + 1] = b"\0"
            os.kill(os.getpid(), _SIGNALS[order])


def jumping_clock(path: str) -> None:
    """Let this process see another time of day: the offset in the file, in nanoseconds, is added to it."""
    with open(path, "rb") as file:
        view = mmap.mmap(file.fileno(), 8, prot=mmap.PROT_READ)
    real = time.time_ns
    of = struct.Struct("<q").unpack_from

    def time_ns() -> int:
        return real() + int(of(view)[0])

    time.time_ns = time_ns
    time.time = lambda: time_ns() / 1e9


def database(module: Any, slate: Slate) -> None:
    """Say when a write transaction is open, and obey in it."""
    plain = module.Database._write

    async def _write(self: Any, work: Callable[[Any], Any]) -> Any:
        async def told(connection: Any) -> Any:
            slate.inside(True)
            result = await work(connection)
            slate.obey(STOP_BEFORE, KILL_BEFORE)
            return result

        try:
            result = await plain(self, told)
            slate.obey(STOP_AFTER, KILL_AFTER)
            return result
        finally:
            slate.inside(False)

    module.Database._write = _write


def repository(module: Any, slate: Slate, fence: bool) -> None:
    """Tag the transactions of a job with its number and fence, for the triggers."""
    kind = module.ScanJobRepository

    def tagged(job: Any, work: Any) -> Any:
        if work is None:
            return None

        async def with_tag(connection: Any) -> None:
            sqlite = connection.dialect.name == "sqlite"
            if sqlite:
                tag = "UPDATE chaos_tag SET seq = ?, fence = ?"
                await connection.exec_driver_sql(tag, (job.seq, job.fence))
            else:
                tag = (
                    "SELECT set_config('chaos.seq', %s, true), set_config('chaos.fence', %s, true), "
                    "pg_backend_pid()"
                )
                row = (await connection.exec_driver_sql(tag, (str(job.seq), str(job.fence)))).one()
                slate.backend(row[2])
            await work(connection)
            if sqlite:
                await connection.exec_driver_sql("UPDATE chaos_tag SET seq = 0, fence = 0")

        return with_tag

    commit, finish = kind.commit, kind.finish

    async def tagged_commit(self: Any, job: Any, work: Any, report: Any) -> None:
        await commit(self, job, tagged(job, work), report)

    async def tagged_finish(self: Any, job: Any, work: Any = None, report: Any = None) -> Any:
        if not fence and work is None and report is None:
            # That it ended before is no news: what a worker says after its child is not what is looked for.
            row = await self.get(job.id)
            if row is not None and row.status.ended:
                return True
        return await finish(self, job, tagged(job, work), report)

    kind.commit, kind.finish = tagged_commit, tagged_finish


def child(module: Any, slate: Slate) -> None:
    """Say which job is being done."""
    plain = module.Resident._scan

    async def _scan(self: Any, database: Any, order: Any) -> None:
        slate.begin(order.run or "", order.fence)
        try:
            await plain(self, database, order)
        finally:
            slate.end()

    module.Resident._scan = _scan


def unfenced(module: Any) -> None:
    """The control: whoever writes for a job is believed, whether it still is theirs or not."""
    from sqlalchemy import update

    jobs, trail = module.jobs, module.job_trail

    async def guard(
        connection: Any,
        job: Any,
        now: int,
        values: dict[str, Any] | None = None,
        *,
        events: Sequence[Any] = (),
        logs: Sequence[Any] = (),
        heed_cancel: bool = False,
    ) -> None:
        changed = await connection.execute(
            update(jobs)
            .where(jobs.c.id == job.id)
            .values(
                heartbeat_at=now,
                event_seq=jobs.c.event_seq + len(events),
                log_seq=jobs.c.log_seq + len(logs),
                **(values or {}),
            )
            .returning(jobs.c.event_seq, jobs.c.log_seq, jobs.c.cancel_requested_at)
        )
        row = changed.one()
        if heed_cancel and row.cancel_requested_at is not None:
            raise module.CancelRequested(f"job {job.id} was cancelled")
        after = row.event_seq - len(events)
        await trail.write_events(connection, job.seq, after, now, job.fence, job.worker_id, events)
        await trail.write_logs(connection, job.seq, row.log_seq - len(logs), now, logs)

    module.guard = guard


def slow_parser(module: Any, delay_s: float) -> None:
    """Reading a file takes its time, and no processor's."""
    plain = module.Parser._reply

    def _reply(self: Any, *arguments: Any) -> Any:
        time.sleep(delay_s)
        return plain(self, *arguments)

    module.Parser._reply = _reply


def slow_walker(module: Any, delay_s: float) -> None:
    """Listing a folder does so too."""
    plain = module.list_folder

    def list_folder(*arguments: Any, **named: Any) -> Any:
        time.sleep(delay_s)
        return plain(*arguments, **named)

    module.list_folder = list_folder


class Finder(importlib.abc.MetaPathFinder):
    """Changes a module when it has been loaded."""

    def __init__(self, changes: dict[str, Callable[[Any], None]]) -> None:
        self._changes = changes

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        change = self._changes.pop(name, None)
        if change is None:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or spec.loader is None:
            return None
        load = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            load(module)
            change(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def main(folder: str) -> None:
    """Change this process as `chaos.json` beside this file says."""
    with open(os.path.join(folder, "chaos.json"), encoding="utf-8") as file:
        told = json.load(file)
    words = sys.orig_argv
    role = words[words.index("shelfread.scan.child") + 1] if "shelfread.scan.child" in words else ""
    changes: dict[str, Callable[[Any], None]] = {}
    if role == "parser":
        changes["shelfread.scan.parser"] = lambda module: slow_parser(module, told["file_s"])
    elif role == "walker":
        changes["shelfread.scan.walker"] = lambda module: slow_walker(module, told["folder_s"])
    else:
        jumping_clock(told["clock"])
        slate = Slate(told["at"])
        changes["shelfread.store.database"] = lambda module: database(module, slate)
        changes["shelfread.queue.repository"] = lambda module: repository(module, slate, told["fence"])
        changes["shelfread.tasks.child"] = lambda module: child(module, slate)
        if not told["fence"]:
            changes["shelfread.store.job_writes"] = unfenced
    sys.meta_path.insert(0, Finder(changes))


if __name__ == "sitecustomize":
    main(os.path.dirname(os.path.abspath(__file__)))
