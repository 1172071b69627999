"""SQLAlchemy's async engine without its object mapper, which nothing here uses.

`sqlalchemy.ext.asyncio` imports the mapper for its sessions, which takes as long as the rest of SQLAlchemy.
So the package is entered here with its engine alone; whoever asks it for anything else gets all of it.
Imported before any other module of the store. Knows no database.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from typing import Any

_PACKAGE = "sqlalchemy.ext.asyncio"
_OF_ENGINE = ("AsyncConnection", "AsyncEngine", "create_async_engine")


def _enter() -> None:
    found = importlib.util.find_spec(_PACKAGE)
    if _PACKAGE in sys.modules or found is None or found.loader is None:
        return
    loader, package = found.loader, importlib.util.module_from_spec(found)

    def complete(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        del package.__dict__["__getattr__"]
        loader.exec_module(package)
        return getattr(package, name)

    sys.modules[_PACKAGE] = package
    engine = importlib.import_module(f"{_PACKAGE}.engine")
    for name in _OF_ENGINE:
        setattr(package, name, getattr(engine, name))
    package.__dict__["__getattr__"] = complete


_enter()
