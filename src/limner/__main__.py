"""The entry point of `python -m limner` and `torchrun -m limner`."""

import sys

from limner.cli.main import main

sys.exit(main())
