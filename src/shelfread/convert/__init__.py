"""Conversion: other archives to cbz, verified page by page before anything is replaced.

    unpack (in a confined child) -> draft -> verified -> renamed -> the original kept, or put into the trash

Here is what is done with files: `names` (what a new file and its entries are called), `unpack` (the child's
side: entries as frames), `zipping` (the writer), `draft` (one new file, from its first byte to its
verification), `place` (the folder: temporary names, the rename that replaces nothing), `trash`. It knows no
database and no queue; `tasks.convert` puts the steps in their order, with the journal between them.
"""
