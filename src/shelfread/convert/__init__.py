"""Conversion: other archives to cbz, verified page by page before anything is replaced."""
