"""Claims of jobs that are run here and now, and what becomes of one that is given up meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from shelfread.queue.running import RunningJob


async def claimed(claim: Coroutine[Any, Any, RunningJob]) -> RunningJob:
    """A claim that is not torn in two when the scan is cancelled meanwhile: its job then ends cancelled."""
    task = asyncio.ensure_future(claim)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        job = await task
        await job.cancel()
        raise
