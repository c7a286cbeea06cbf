"""`python -m config.languages`: brings the catalogues up to what the sources say."""

import sys

from config.languages.catalogue import main

sys.exit(main())
