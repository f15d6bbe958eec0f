# SPDX-License-Identifier: GPL-3.0-or-later
"""The Python package on the library beside the program that is tested: the first argument of the script that imports
this."""
import os
import sys

OSTEON = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else "osteon"
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
PACKAGE = os.path.join(ROOT, "src", "bindings", "python")
sys.path.insert(0, PACKAGE)
os.environ["OSTEON_LIBRARY"] = os.path.join(os.path.dirname(OSTEON), "libosteon.so.1")
