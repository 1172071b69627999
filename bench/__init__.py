"""What measures Shelfread and what it is measured on; nothing here is part of the installed program."""
