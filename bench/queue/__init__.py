"""What the queue costs and how quickly it answers: `python -m bench.queue`.

Real servers, workers and scans on SQLite and PostgreSQL. Each part is a module with one function `measure`.
"""
