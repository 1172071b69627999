"""The only SQL: SQLAlchemy Core on an async engine, SQLite and PostgreSQL, one repository per subject.

Knows the model's words. Does not know how files are walked or read, nor who asks.
"""

# For what it does to imports of SQLAlchemy, so before them.
from shelfread.store import core_only as core_only
