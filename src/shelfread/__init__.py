"""Shelfread: a scanner and catalogue for the media people own."""

__version__ = "0.1.0"
