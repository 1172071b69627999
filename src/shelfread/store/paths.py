"""The path of a file, put together from what its rows say."""

from __future__ import annotations


def place_of(root: bytes, folder: bytes, name: bytes) -> bytes:
    """The absolute path of a file."""
    return root.rstrip(b"/") + b"/" + (folder + b"/" + name if folder else name)
