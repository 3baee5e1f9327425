"""`python -m posedge` is the console script."""

import sys

from posedge.cli import main

if __name__ == "__main__":
    sys.exit(main())
