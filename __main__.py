"""``python -m keras_memlint``: the same as the console script."""

import sys

from keras_memlint.server.cli import main

if __name__ == "__main__":
    sys.exit(main())
