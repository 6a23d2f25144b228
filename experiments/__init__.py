"""The project's command lines."""

import signal
import sys

if sys.argv[:1] == ["-m"]:  # one of them is starting
    # Some libraries swallow Ctrl-C while they are imported. Until that is done, it just ends us.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
