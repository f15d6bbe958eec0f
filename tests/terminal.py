# SPDX-License-Identifier: GPL-3.0-or-later
"""A terminal for a test; where there is none, as in a bare chroot, the test is skipped."""
import pty


def open_terminal(test):
    """Both ends of a terminal: (leader, follower)."""
    try:
        return pty.openpty()
    except OSError as error:
        return test.skipTest(str(error))
