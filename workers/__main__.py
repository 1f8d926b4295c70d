"""`python -m workers` is `greenroom`."""

from workers.cli import main

main()
