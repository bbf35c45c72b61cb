"""`python -m limner`, which `torchrun -m limner` uses too."""

import sys

from limner.cli.main import main

sys.exit(main())
