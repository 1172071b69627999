"""The command `shelfread`: what people and scripts type. The outermost edge; see `program` for the commands.

This file stays nearly empty on purpose: parser processes import the package for `cli.as_is`, and `--help`
must not pay for a database library.
"""

from __future__ import annotations

import signal


def main() -> int:
    """Run the command line of this process; gives its exit code."""
    try:
        from shelfread.cli.program import run

        code = run()
        # The work is done and told; a signal while the interpreter packs up must not change how it ended.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    except KeyboardInterrupt:
        return 130
    return code
