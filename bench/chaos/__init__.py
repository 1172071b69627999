"""Breaks a running queue on purpose, again and again, and then looks whether anything is wrong.

A real server, real workers and real scans of generated libraries; faults that come from a seed and strike by
what is observed; in the end the invariants I1 to I11 of the test plan. `python -m bench.chaos --help`.

`faults` the plan · `blows` how each is struck · `crew` the processes · `inside` what runs within them ·
`stage` the databases · `shelves` the libraries on disk · `witness` what the database itself saw ·
`session` one run · `judge` the verdict · `figures` what is printed and kept.
"""
