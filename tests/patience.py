"""How long a test waits for a process that is to end: for hangs, not for speed, so that a busy machine fails nothing."""

import os

PATIENCE = 300.0 * float(os.environ.get("TEST_PATIENCE", "1"))
"""Seconds. What takes a second here may take five on a slower machine and a minute on one whose cores are all taken."""
