"""The entry of `deminimis` and `python -m deminimis`: an interrupt shows no traceback, however early it comes."""

import os
import sys


def main() -> int:
    """Run the command of this process and return its exit code."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy, whose threads for matrices would only idle
    try:
        from .cli.main import program

        return program()
    except KeyboardInterrupt:  # while the imports run; later ones are the table's (cli/ends.py)
        return 130


if __name__ == "__main__":
    sys.exit(main())
