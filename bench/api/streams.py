"""Many clients listen to a scan: what that costs the server, and whether each hears what happened."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass

from bench import memory
from bench.api import crowd
from bench.api.server import Server, served
from bench.measure import Unavailable
from bench.queue.figures import Bar, Figure
from bench.queue.processes import until
from bench.queue.stand import Stand, add_library, ended
from shelfread.model.library import Library

NAME = "streams"
MEANING = (
    "Clients listen to the first scan of the music corpus by the worker of `shelfread serve`, from its "
    "request to its end: of five one is slow, and one leaves and comes back at random with its "
    "Last-Event-ID; one of five listens to everything, the others to the job. not exact: clients that "
    "were not told exactly the job's events and log lines, each once and in order. CPU of the streams: "
    "CPU seconds of the process that answers, less those of the same process while the same scan runs "
    "and nobody listens, in percent of the CPU seconds of that scan's own processes; connecting, "
    "logging in and coming back are in it. CPU of telling alone: the same with as many quick clients "
    "that listen to everything and were all connected before the request. Their bars are on the median. "
    "memory: how much more PSS that process has at its peak than before the first client."
)


@dataclass
class _Run:
    """One scan."""

    own_cpu_s: float
    scan_cpu_s: float
    seconds: float
    grown_mib: float


async def measure(stand: Stand) -> None:
    """On each database, in turns with and without clients."""
    for database in stand.databases():
        costs: list[float] = []
        wrong: list[float] = []
        grown: list[float] = []
        slower: list[float] = []
        telling: list[float] = []
        for number in range(stand.given.rounds):
            stand.quiet()
            clients = crowd.crowd_of(stand.given.clients, stand.given.clients // 5)
            heard, faults = await _scan(stand, database, clients, number)
            alone, _ = await _scan(stand, database, [], number)
            there = crowd.crowd_of(stand.given.clients, stand.given.clients, ["quick"])
            told, more_faults = await _scan(stand, database, there, number, before=True)
            faults += more_faults
            for fault in faults[:5]:
                print(f"    {fault[:300]}", flush=True)
            wrong.append(len(faults))
            telling.append(100 * (told.own_cpu_s - alone.own_cpu_s) / alone.scan_cpu_s)
            costs.append(100 * (heard.own_cpu_s - alone.own_cpu_s) / alone.scan_cpu_s)
            grown.append(heard.grown_mib)
            slower.append(100 * (heard.seconds / alone.seconds - 1))
            print(
                f"    {database}: {heard.own_cpu_s:.2f} CPU s with {len(clients)} clients and "
                f"{sum(one.connections for one in clients)} connections, {alone.own_cpu_s:.2f} without; the "
                f"scan {alone.scan_cpu_s:.2f}: {costs[-1]:.1f} %; "
                f"{sum(len(one.events) + len(one.lines) + one.progress for one in clients)} events, "
                f"{sum(one.snapshots for one in clients)} snapshots; "
                f"{heard.seconds:.1f} s and {alone.seconds:.1f} s; telling alone {telling[-1]:.1f} %",
                flush=True,
            )
        stand.note(Figure(NAME, "not exact", database, "clients", wrong, Bar("max", 0)))
        stand.note(Figure(NAME, "CPU of the streams", database, "%", costs, Bar("median", 5)))
        stand.note(Figure(NAME, "CPU of telling alone", database, "%", telling, Bar("median", 5)))
        stand.note(Figure(NAME, "memory", database, "MiB", grown, Bar("max", 64)))
        stand.note(Figure(NAME, "time of the scan more than alone", database, "%", slower))


async def _scan(
    stand: Stand, database: str, clients: list[crowd.Client], seed: int, *, before: bool = False
) -> tuple[_Run, list[str]]:
    """One scan that clients listen to, from its request on or connected before it."""
    async with served(stand, database, stand.tiny()) as server:
        library = await add_library(server.app, "Music", stand.music())
        return await _heard(server, library, clients, random.Random(seed), before)


async def _heard(
    server: Server, library: Library, clients: list[crowd.Client], chance: random.Random, before: bool
) -> tuple[_Run, list[str]]:
    pid, whose = server.program.pid, crowd.Whose()
    held = memory.own_pss(pid) or 0
    crowded = crowd.listen(clients, server.url, server.token, whose, chance)
    if before:
        listening = asyncio.ensure_future(crowded)
        await until(lambda: all(one.snapshots for one in clients), "all clients to be there")
    own, everything = server.own_cpu(), server.all_cpu()
    peak = memory.Peak(pid, alone=True)
    with peak:
        whose.job_id = (await server.app.request_scan(library)).job.id
        if not before:
            listening = asyncio.ensure_future(crowded)
        job = await ended(server.app, whose.job_id, 0.1)
        # Those who sleep at this moment come back for the rest.
        await asyncio.wait_for(listening, 120)
    if job.status != "completed" or not job.started_at or not job.completed_at:
        raise Unavailable(f"the scan was {job.status}: {job.error}")
    spent = server.own_cpu() - own
    run = _Run(
        spent,
        server.all_cpu() - everything - spent,
        (job.completed_at - job.started_at) / 1e6,
        ((peak.bytes or 0) - held) / 2**20,
    )
    faults = [fault for one in clients if (fault := one.fault(job.event_seq, job.log_seq))]
    return run, faults
