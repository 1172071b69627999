"""Tests of pages use the servers of the tests of the API."""

from tests.api.conftest import live

__all__ = ["live"]
