"""`python -m hypersigma`: the command line."""

import sys

from hypersigma.cli import main

sys.exit(main())
