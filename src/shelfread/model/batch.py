"""The one seam between a scan and the queue: a guarded transaction of a job.

`queue` implements it, `tasks` hands it to the scan. So the catalogue rows, counters, log lines and folder
digests of a batch are one transaction, and the two sides know nothing of each other.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from shelfread.model.change import Counters
from shelfread.model.job import LogLine, Phase


@dataclass(slots=True)
class BatchReport:
    """What a batch says about the job: written to its row and log in the same transaction."""

    counters: Counters
    phase: Phase
    #: Files to process in all; None until the walk is done (a total is never invented).
    total: int | None = None
    current_path: str | None = None
    logs: Sequence[LogLine] = field(default_factory=tuple)
    #: No row that the job added is younger than this, in microseconds; only at the end.
    rows_until: int | None = None
    #: What the job's report says at the end beside the counters: plain data.
    outcome: dict[str, Any] = field(default_factory=dict)
    #: Batches that this attempt has committed before, and how long that took in all. The queue says so.
    batches: int = 0
    batches_s: float = 0.0


class Batch(Protocol):
    """A running job's right to write."""

    #: The job's place in the sequence of all jobs; rows are stamped with it.
    seq: int

    async def commit(self, work: Callable[[Any], Awaitable[None]] | None, report: BatchReport) -> None:
        """Run `work` and store the report in one transaction that starts with the fence.

        `work` gets the store's connection and may be run again from its start when the database asked for
        a retry. Raises `LostJob` when the job is no longer this process's, and `CancelRequested` when it is
        to stop; nothing is written then.
        """

    async def finish(self, work: Callable[[Any], Awaitable[None]] | None, report: BatchReport) -> None:
        """The last batch: like `commit`, and in the same transaction the job is completed."""
