"""Where the files are that nobody here made; tests that want them are skipped where they are absent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[1]
#: The folder; it need not be there.
FIXTURES = Path(os.environ.get("SHELFREAD_FIXTURES", _ROOT.parent / "shared" / "fixtures"))
#: A mark for tests that want it.
needs_fixtures = pytest.mark.skipif(not FIXTURES.is_dir(), reason=f"no fixtures in {FIXTURES}")
