"""`python -m shelfread` is the command `shelfread`."""

import sys

from shelfread.cli import main

if __name__ == "__main__":
    sys.exit(main())
