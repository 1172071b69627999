"""A layer between a program and its disk: folders and files fail, or a disk is pulled at a known moment.

A test copies it beside a plan and puts that folder into the path of Python: every interpreter that starts
loads it by its name, so the real walkers and parsers of a program do. It asks the plan anew each time, and
knows nothing of the program.

The plan is JSON: `fails` has, for paths and whatever is below them, the number of the error of listing and
opening; `when` and `run` a folder and what a shell does, once, when it is about to be listed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

_PLAN = Path(__file__).with_name("plan.json")


def _look(path: Any) -> None:
    try:
        plan = json.loads(_PLAN.read_text())
    except FileNotFoundError:
        return
    name = os.fsdecode(path) if isinstance(path, bytes | str) else str(path)
    if name == plan.get("when"):
        del plan["when"]
        _PLAN.write_text(json.dumps(plan))
        if os.system(plan["run"]) != 0:
            raise RuntimeError(plan["run"])
        # It may have been about the plan.
        _look(path)
        return
    for above, number in plan.get("fails", {}).items():
        if name == above or name.startswith(above + "/"):
            raise OSError(number, os.strerror(number), path)


def _failing(real: Callable[..., Any]) -> Callable[..., Any]:
    def asked(path: Any = ".", *more: Any, **named: Any) -> Any:
        _look(path)
        return real(path, *more, **named)

    return asked


os.scandir = _failing(os.scandir)
os.open = _failing(os.open)
