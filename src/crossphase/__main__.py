"""``python -m crossphase``, where the command is not on the path."""

import sys

from crossphase.cli import main

if __name__ == "__main__":
    sys.exit(main())
