"""Durable jobs: the row, its lock, its fence. Knows no media, and not what a job does."""
