"""The words of Shelfread: frozen dataclasses and enums that every other part speaks in.

Bottom of the house. Knows the standard library and nothing of disks, databases or screens.
"""
