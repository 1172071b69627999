"""`python -m shelfread` is the command `shelfread`."""

from shelfread.cli import main

if __name__ == "__main__":
    main()
