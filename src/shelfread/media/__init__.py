"""The kinds of media: pure readers, path in, metadata out. No SQL, no network, no queue."""
