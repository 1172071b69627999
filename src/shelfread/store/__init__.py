"""The only SQL: SQLAlchemy Core on an async engine, SQLite and PostgreSQL, one repository per subject.

Knows the model's words. Does not know how files are walked or read, nor who asks.
"""
