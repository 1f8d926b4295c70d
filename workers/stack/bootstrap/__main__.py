"""`python3 -m workers.stack.bootstrap [--clean]`, run by `make setup`. Any Python 3 must be able to parse this file."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 (this is where an older one is turned away)
    sys.exit(
        "setup: Python 3.11 or newer is needed; %s is %d.%d\n"  # noqa: UP031
        "fix: install it (Debian, Ubuntu: apt-get install python3 python3-venv; macOS: brew install python), "
        "or name it: make setup PYTHON=/path/to/python3.12" % (sys.executable, sys.version_info[0], sys.version_info[1])
    )

from workers.stack.bootstrap.run import main

sys.exit(main(sys.argv[1:]))
