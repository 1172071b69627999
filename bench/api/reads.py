"""How quickly the routes that read answer while scans run without a pause."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import defaultdict
from collections.abc import Mapping

from bench.api.server import Server, served
from bench.api.wire import Wire
from bench.measure import Unavailable
from bench.queue.figures import Bar, Figure
from bench.queue.stand import Stand, add_library, ended

NAME = "reads"
MEANING = (
    "From the moment at which a request is due to the last byte of its answer, over loopback, while the "
    "worker of the same `shelfread serve` scans at full speed: again and again the first scan of a new "
    "library of the music corpus, then two rescans of it. Requests are due at random moments, so many a "
    "second whatever the answers take; each asks one of the routes at random. The server, the scan and "
    "the clients share the machine's processors, and what clients wait for theirs is in it. idle: the "
    "same with no scan. Its bar is on p95. lag: how late the clients' own process was, for comparison."
)
_CONNECTIONS = 16


async def measure(stand: Stand) -> None:
    """On each database: with scans, then without."""
    for database in stand.databases():
        stand.quiet()
        async with served(stand, database, stand.tiny()) as server:
            first = await add_library(server.app, "Library 0", stand.music())
            done = await ended(server.app, (await server.app.request_scan(first)).job.id)
            routes = await _routes(server, first.id, done.id)
            # Prepared statements, pages of the database: what a server has after its first minute.
            await _ask(server, routes, min(2.0, stand.given.seconds), stand.given.rate, random.Random(0))
            scans = asyncio.ensure_future(_scan_on(stand, server))
            try:
                found, lags = await _ask(
                    server, routes, stand.given.seconds, stand.given.rate, random.Random(1)
                )
            finally:
                scans.cancel()
                await asyncio.wait([scans])
            if not scans.cancelled():
                scans.result()
            idle_s = min(10.0, stand.given.seconds)
            idle, _ = await _ask(server, routes, idle_s, stand.given.rate, random.Random(2))
        for name, values in found.items():
            stand.note(Figure(NAME, name, database, "ms", values, Bar("p95", 50)))
        everything = [value for values in found.values() for value in values]
        stand.note(Figure(NAME, "all of them", database, "ms", everything, Bar("p95", 50)))
        stand.note(Figure(NAME, "lag of the clients", database, "ms", lags))
        quiet = [value for values in idle.values() for value in values]
        stand.note(Figure(NAME, "all of them, idle", database, "ms", quiet))


async def _scan_on(stand: Stand, server: Server) -> None:
    for number in range(1, 1000):
        library = await add_library(server.app, f"Library {number}", stand.music())
        for rescan in (False, True, True):
            job = await ended(server.app, (await server.app.request_scan(library, rescan=rescan)).job.id)
            if job.status != "completed":
                raise Unavailable(f"a scan was {job.status}: {job.error}")


async def _routes(server: Server, library_id: int, job_id: str) -> Mapping[str, list[str]]:
    """Every route that reads, with addresses to ask."""
    wire = Wire(server.url, server.token)

    async def ids(path: str) -> list[int]:
        answer = await wire.ask(f"/api/v1{path}")
        if answer.status != 200:
            raise Unavailable(f"{path} was answered with {answer.status}: {answer.body[:200]!r}")
        return [one["id"] for one in json.loads(answer.body)["items"]]

    artists, releases, tracks = [
        await ids(f"/{kind}?limit=200") for kind in ("artists", "releases", "tracks")
    ]
    following = json.loads((await wire.ask("/api/v1/tracks?sort=added_at")).body)["next"]
    await wire.close()
    return {
        "/healthz": ["/healthz"],
        "/readyz": ["/readyz"],
        **{
            name: [f"/api/v1{path}" for path in paths]
            for name, paths in {
                "/me": ["/me"],
                "/libraries": ["/libraries"],
                "/libraries/{id}": [f"/libraries/{library_id}"],
                "/libraries/{id}/scan-status": [f"/libraries/{library_id}/scan-status"],
                "/libraries/{id}/scan-history": [f"/libraries/{library_id}/scan-history"],
                "/jobs": ["/jobs", "/jobs?status=running"],
                "/jobs/{id}": [f"/jobs/{job_id}"],
                "/jobs/{id}/logs": [f"/jobs/{job_id}/logs"],
                "/problems": ["/problems"],
                "/artists": ["/artists", "/artists?order=desc"],
                "/artists/{id}": [f"/artists/{one}" for one in artists],
                "/releases": ["/releases", "/releases?sort=added_at&order=desc", "/releases?sort=year"],
                "/releases/{id}": [f"/releases/{one}" for one in releases],
                "/tracks": [
                    "/tracks",
                    "/tracks?sort=added_at&order=desc",
                    f"/tracks?library_id={library_id}",
                    f"/tracks?sort=added_at&after={following}",
                ],
                "/tracks/{id}": [f"/tracks/{one}" for one in tracks],
                "/tracks/{id}/file": [f"/tracks/{one}/file" for one in tracks],
                "/search": ["/search?q=a", "/search?q=the%20ri", "/search?q=zz", "/search?q=l&kind=release"],
            }.items()
        },
    }


async def _ask(
    server: Server, routes: Mapping[str, list[str]], seconds: float, rate: float, chance: random.Random
) -> tuple[dict[str, list[float]], list[float]]:
    """Ask for so long, so many times a second; gives milliseconds by route, and how late each was asked."""
    found: dict[str, list[float]] = defaultdict(list)
    lags: list[float] = []
    free: asyncio.Queue[Wire] = asyncio.Queue()
    for _ in range(_CONNECTIONS):
        free.put_nowait(Wire(server.url, server.token))
    names = list(routes)

    async def one(name: str, due: float) -> None:
        wire = await free.get()
        try:
            answer = await wire.ask(chance.choice(routes[name]))
        finally:
            free.put_nowait(wire)
        found[name].append(1000 * (time.perf_counter() - due))
        if answer.status not in (200, 206):
            raise Unavailable(f"{name} was answered with {answer.status}: {answer.body[:200]!r}")

    due = began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        while due - began < seconds:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            lags.append(1000 * (time.perf_counter() - due))
            group.create_task(one(chance.choice(names), due))
            due += chance.expovariate(rate)
    while not free.empty():
        await free.get_nowait().close()
    return found, lags
