"""Readers of archives: zip, rar, 7z and tar behind one interface (`base`)."""
