"""What the HTTP API costs and how quickly it answers while a scan runs: `python -m bench.api`.

A real server with its worker, real scans, clients over loopback. Each part is a module with one function
`measure`; `bench.queue` has the stand, the programs and the tables.
"""
