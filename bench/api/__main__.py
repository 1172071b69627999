"""`python -m bench.api`: measure the parts that were asked for, print one table, save it when asked."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from bench import machine
from bench.api import lists, pages, reads, smooth, streams
from bench.measure import Unavailable
from bench.queue import figures
from bench.queue.__main__ import DATABASES, several
from bench.queue.processes import CHECKOUT
from bench.queue.stand import Measure, Stand

PARTS: dict[str, ModuleType] = {part.NAME: part for part in (streams, reads, pages, lists, smooth)}
_NOTES = (
    "Servers are the installed program in processes of their own, with the settings it has by itself and "
    "one worker, except for a settle time of 0 (nobody can set a ctime). Clients are one process of their "
    "own, and have a token.",
    "SQLite databases are fresh files on disk. PostgreSQL is a server of its own as it comes, every commit "
    "waits for the disk; only autovacuum is off. What its processes spend is in no figure.",
    "Percentiles are the least sample that so many percent do not exceed.",
    "Every file of the corpora was read once before: the page cache is warm.",
)


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.api", description="Measures the HTTP API.")
    add = parser.add_argument
    add("--only", type=several(list(PARTS)), default=list(PARTS), help=f"of {','.join(PARTS)}")
    add("--databases", type=several(DATABASES), default=list(DATABASES), help="sqlite, postgresql or both")
    add("--rounds", type=int, default=3, help="streams, pages and smooth: rounds (default: 3)")
    add("--clients", type=int, default=200, help="streams: clients (default: 200)")
    add("--seconds", type=float, default=40, help="reads: how long requests are made (default: 40)")
    add("--rate", type=float, default=30, help="reads: requests a second (default: 30)")
    add("--tracks", type=int, default=10_000, help="size of the music corpus")
    add("--catalogue", type=Path, help="lists: an SQLite catalogue, which is copied")
    add("--quiet", type=float, default=0, metavar="MINUTES", help="wait for quiet moments, so long in all")
    add("--save", metavar="NAME", nargs="?", const="api", help="write bench/results/DATE-NAME.json and .md")
    add("--corpora", type=Path, default=CHECKOUT / ".local" / "bench", help="where the corpora are kept")
    add("--results", type=Path, default=CHECKOUT / "bench" / "results", help="for --save")
    given = parser.parse_args(words)
    if min(given.rounds, given.clients, given.tracks) < 1 or given.rate <= 0:
        parser.error("--rounds, --clients and --tracks are at least 1, and --rate is above 0")
    given.corpora = given.corpora.absolute()
    return given


async def measured(stand: Stand) -> None:
    """All parts that were asked for, one after the other."""
    for name in stand.given.only:
        measure: Measure = PARTS[name].measure
        print(f"{name}:", flush=True)
        with stand.watched(name):
            await measure(stand)


def main(words: Sequence[str] | None = None) -> int:
    """Measure, print the table, and save it when asked."""
    given = arguments(words)
    load = machine.load()
    # Told to leave, it leaves no server behind.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    scratch = Path(tempfile.mkdtemp(prefix="shelfread-bench-"))
    stand = Stand(given, scratch, quiet_until=time.monotonic() + 60 * given.quiet)
    try:
        asyncio.run(measured(stand))
    except Unavailable as error:
        print(f"The API cannot be measured: {error}", file=sys.stderr)
        return 1
    finally:
        stand.close()
        shutil.rmtree(scratch, ignore_errors=True)
    found = figures.summary(
        stand.figures,
        facts=machine.facts(),
        parameters={
            "tracks": given.tracks,
            "clients": given.clients,
            "rounds": given.rounds,
            "requests a second": f"{given.rate:g}",
        },
        meanings={name: PARTS[name].MEANING for name in given.only},
        notes=[*_NOTES, f"The load of the machine was {load:.2f} before the run.", *stand.notes],
        title="The HTTP API",
    )
    print("\n" + figures.markdown(found))
    if given.save:
        for file in figures.save(found, given.results, given.save):
            print(f"saved: {file.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
