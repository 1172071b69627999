"""The command `shelfread`: what people and scripts type. The outermost edge; see `program` for the commands.

This file stays nearly empty on purpose: parser processes import the package for `cli.as_is`, and `--help`
must not pay for a database library.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line of this process, and end the process with its exit code."""
    code = 130
    with contextlib.suppress(KeyboardInterrupt):
        from shelfread.cli.program import run

        code = run()
        # The work is done and told; a signal at the very end must not change how it ended.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    # All is written and closed. An interpreter that takes itself apart in order needs as long for that as
    # many a command for its work, on a busy machine seconds; and a thread that is stuck would keep it.
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
