"""What a scan from the command line leads to: jobs for the workers that are there, if any.

A worker's own scan does the same in `tasks.child`. Without a worker nothing is queued that nobody would run:
what is due stays noted, and the next scan of a worker asks again.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from shelfread.model.library import Library
from shelfread.queue.verify import living
from shelfread.tasks.follow_up import follow_scan

if TYPE_CHECKING:
    from shelfread.app import App


async def follow_here(app: App, library: Library) -> None:
    """Queue what follows a scan, where somebody runs it. Never raises: the scan has ended well."""
    try:
        if any(kind not in ("", "cli") for kind in (await living(app.database)).values()):
            await follow_scan(app.jobs, library, await app.job_timeout())
    except Exception as error:  # noqa: BLE001 - it is asked again after the next scan
        logging.getLogger(__name__).warning("what follows the scan cannot be queued: %s", error)
