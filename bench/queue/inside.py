"""What the measurement has inside processes of the product; copied as `sitecustomize` to a folder of its own.

Reading a file takes so much longer, in the parsers; and every time that SQLite was found locked is noted in a
file. Stands alone: it may import nothing of this package, and it changes no file of the product.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any


def slow_parser(module: Any, delay_s: float) -> None:
    """Reading a file takes its time, and no processor's."""
    plain = module.Parser._reply

    def _reply(self: Any, *arguments: Any) -> Any:
        time.sleep(delay_s)
        return plain(self, *arguments)

    module.Parser._reply = _reply


def note_busy(module: Any, path: str) -> None:
    """Note each time that SQLite said it was locked, although the transaction is tried again."""
    plain = module.is_busy

    def is_busy(error: Any) -> Any:
        if busy := plain(error):
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(f"{os.getpid()} {error}\n")
        return busy

    module.is_busy = is_busy


class Finder(importlib.abc.MetaPathFinder):
    """Changes a module when it has been loaded."""

    def __init__(self, changes: dict[str, Callable[[Any], None]]) -> None:
        self._changes = changes

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        change = self._changes.pop(name, None)
        if change is None:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or spec.loader is None:
            return None
        load = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            load(module)
            change(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def main(folder: str) -> None:
    """Change this process as `told.json` beside this file says."""
    told = json.loads(Path(folder, "told.json").read_text())
    changes: dict[str, Callable[[Any], None]] = {}
    if delay_s := told.get("file_s"):
        changes["shelfread.scan.parser"] = lambda module: slow_parser(module, delay_s)
    if busy := told.get("busy"):
        changes["shelfread.store.sqlite"] = lambda module: note_busy(module, busy)
    sys.meta_path.insert(0, Finder(changes))


if __name__ == "sitecustomize":
    main(os.path.dirname(os.path.abspath(__file__)))
