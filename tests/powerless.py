"""Python as somebody who may not do everything: tests often run as root, whom no permission stops.

Root stays root, so that it finds its own interpreter, and loses for good the two powers that permissions
do not bind.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH, _PR_CAPBSET_DROP = 1, 2, 24

_DROP = f"""
import ctypes, os, sys
libc = ctypes.CDLL(None)
if os.getuid() == 0:
    for power in ({_CAP_DAC_OVERRIDE}, {_CAP_DAC_READ_SEARCH}):
        if libc.prctl({_PR_CAPBSET_DROP}, power, 0, 0, 0) != 0:
            sys.exit(77)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process that permissions bind; skips where there can be none."""
    if os.getuid() == 0 and sys.platform != "linux":
        pytest.skip("root cannot be bound by permissions here")
    command = [sys.executable, "-c", _DROP, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    if done.returncode == 77:
        pytest.skip("root may not give its powers away here")
    return done
