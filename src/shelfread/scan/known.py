"""What the catalogue knows of the folders of one root, for the walk, in as few questions as memory allows.

Stands between `walk` and `store`: folders are looked at by the thousand, and a question costs more than its
answer. Reads only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shelfread.model.catalogue import KnownFolder
from shelfread.store import files
from shelfread.store.database import Database

#: A root with no more known folders has them all in memory during its walk (about 300 bytes each);
#: of a larger one the catalogue is asked, for groups of folders.
FOLDERS_AT_ONCE = 50_000


class KnownFolders:
    """The known folders of one root. `load` what is to be walked first."""

    def __init__(self, database: Database, root_id: int) -> None:
        self._database = database
        self._root_id = root_id
        #: All known folders of the scope by path, when there are not too many.
        self._all: dict[bytes, KnownFolder] | None = None

    async def load(self, relative: bytes) -> None:
        """Take what is at and below a path into memory, if it is not too much."""
        async with self._database.read() as connection:
            self._all = await files.all_folders(connection, self._root_id, relative, FOLDERS_AT_ONCE)

    async def at(self, paths: Sequence[bytes]) -> Mapping[bytes, KnownFolder]:
        """The folders of these paths, of what was loaded."""
        return await self.stored(paths) if self._all is None else self._all

    async def below(self, rows: Sequence[int]) -> Mapping[bytes, KnownFolder]:
        """The folders that lie directly in those of these rows, of what was loaded."""
        if self._all is not None:
            return self._all
        async with self._database.read() as connection:
            found = await files.child_folders(connection, rows)
        return {child.path: child for children in found.values() for child in children}

    async def stored(self, paths: Sequence[bytes]) -> dict[bytes, KnownFolder]:
        """The folders of these paths, wherever they lie."""
        async with self._database.read() as connection:
            return await files.known_folders(connection, self._root_id, paths)
