"""``python -m tests.simulation --seed N --runs SALES``."""

import sys

from tests.simulation.run import main

if __name__ == "__main__":
    sys.exit(main())
