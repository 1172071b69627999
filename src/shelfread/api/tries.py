"""How often somebody may try a password or a secret.

Kept in memory, and bounded: who is forgotten starts anew. Each key has so many tries, and gets one back
after a while. Knows no request.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

#: Keys that are remembered.
MOST_KEYS = 10_000


class Tries:
    """Counts tries by key."""

    def __init__(self, most: int, each_s: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Nobody has tried anything yet.

        Args:
            most: tries in a row.
            each_s: seconds until one comes back.
            clock: gives seconds.
        """
        self._most = most
        self._each_s = each_s
        self._clock = clock
        #: When all tries of a key will be there again; who tried longest ago comes first.
        self._whole_at: OrderedDict[str, float] = OrderedDict()

    def take(self, key: str) -> int:
        """Take one try; gives 0, or the seconds to wait when none is left."""
        now = self._clock()
        whole_at = max(now, self._whole_at.get(key, now)) + self._each_s
        if (wait := whole_at - now - self._most * self._each_s) > 1e-9:
            return math.ceil(wait)
        self._whole_at[key] = whole_at
        self._whole_at.move_to_end(key)
        while len(self._whole_at) > MOST_KEYS:
            self._whole_at.popitem(last=False)
        return 0

    def give_back(self, key: str) -> None:
        """The last try was a good one, and does not count."""
        if key in self._whole_at:
            self._whole_at[key] -= self._each_s

    def __len__(self) -> int:
        return len(self._whole_at)
