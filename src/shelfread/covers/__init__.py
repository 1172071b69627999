"""Covers: choosing, making and keeping small pictures of what the catalogue holds."""
