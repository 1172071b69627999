"""codex, told what to do on standard input. Runs in codex's own Python (`codex.py` starts it), never in ours.

It makes codex's own poller compare disk and database and hands what that finds to codex's own importer, as
its librarian does, in a process that is set up already: no server, no covers, no start in what is timed. The
first line names the library's folder; each further line is one poll. Every line of JSON is answered by one.
"""

from __future__ import annotations

import json
import os
import sys
import time
from queue import SimpleQueue
from threading import Event, Lock
from typing import Any

import django


def main() -> None:
    """Set up a database, then answer lines until there are no more."""
    root = json.loads(sys.stdin.readline())["root"]
    # What codex prints is no answer.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    os.environ["DJANGO_SETTINGS_MODULE"] = "codex.settings"
    django.setup()
    from codex.librarian.fs.poller.poller import LibraryPollerThread
    from codex.librarian.scribe.importer.importer import ComicImporter
    from codex.librarian.scribe.importer.tasks import ImportTask
    from codex.models import Comic, Library
    from codex.startup import codex_init
    from loguru import logger

    logger.remove()
    if not codex_init():
        raise SystemExit("codex cannot set up its database")
    library = Library.objects.create(path=root)
    queue: SimpleQueue[Any] = SimpleQueue()
    lock = Lock()
    poller = LibraryPollerThread(logger, queue, lock)

    def say(answer: dict[str, Any]) -> None:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    say({})
    for line in sys.stdin:
        began = time.perf_counter()
        library.refresh_from_db()
        poller._poll_library(library, force=json.loads(line)["force"])
        phases: dict[str, float] = {}
        while not queue.empty():
            task = queue.get()
            if isinstance(task, ImportTask):
                importer = ComicImporter(task, logger, queue, lock, Event())
                importer.apply()
                phases = importer.phase_times
        seconds = time.perf_counter() - began
        say({"seconds": seconds, "comics": Comic.objects.count(), "phases": phases})


if __name__ == "__main__":
    main()
