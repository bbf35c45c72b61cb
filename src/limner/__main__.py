"""`python -m limner`, which `torchrun -m limner` uses too."""

import sys

from limner.cli import main

sys.exit(main())
