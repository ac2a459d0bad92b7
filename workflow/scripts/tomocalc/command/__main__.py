"""``python -m tomocalc.command``: the command where nothing is installed."""

import sys

from tomocalc.command.main import main

if __name__ == "__main__":
    sys.exit(main())
