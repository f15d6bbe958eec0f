#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""scripts/messages lists every message: what osteon says about wrong input is among them; and it finds wording that is
refused. Takes the path of osteon."""
import glob
import os
import re
import subprocess
import sys
import tempfile
import unittest

OSTEON = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else "osteon"
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
PLACEHOLDER = r"%[-+ #0-9.*]*(?:hh|ll|[hlzjt])?[a-zA-Z%]"

SOURCE = r'''/* The figure of somebody, in a comment. */
#include "no/message here"
static const char *const text = "a text " /* of two parts */ "over lines";
int f(ost_error_t *err)
{
    if (a) return ost_fail(err, CODE, "'%s' is none of "
                                      "%s", name("no sentence"), list);
    snprintf(why, size, "%" PRIu64 " doses \"at rest\"", n);
    snprintf(buf, size, "Printed: a sentence.");
    return ost_fail_at(err, CODE, path, 0, 0, "The file is damaged");
}
int g(void) { return ost_fail(NULL, 1, n > 1 ? "several are missing." : "missing"); }
'''


def messages(*words, code=0):
    done = subprocess.run(["scripts/messages", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == code, (words, done.stdout, done.stderr)
    return done.stdout.splitlines()


class Messages(unittest.TestCase):
    def in_file(self, text, *words, code=0, end=".c"):
        with tempfile.NamedTemporaryFile("w", suffix=end, encoding="utf-8") as file:
            file.write(text)
            file.flush()
            return [line.replace(file.name + ":", "") for line in messages(*words, file.name, code=code)]

    def test_list(self):
        self.assertEqual(self.in_file(SOURCE), [
            "3: text: a text over lines",
            "6: error: '%s' is none of %s",
            "7: error: no sentence",
            '8: error: %u doses "at rest"',
            "9: text: Printed: a sentence.",
            "10: error: The file is damaged",
            "12: error: several are missing.",
            "12: error: missing"])

    def test_check(self):
        found = self.in_file(SOURCE, "--check", code=1)
        self.assertEqual([line.split("; write")[0] for line in found], [
            "1: 'somebody'", "6: 'is none of'", "8: 'at rest'", '10: "The file is damaged"', '12: "several are missing."'])
        self.assertIn("must be one of", found[1])

    def test_check_of_other_files(self):
        self.assertEqual(self.in_file("Nobody sleeps.\nOf women and courses.\n", "--check", code=1, end=".md"),
                         ["1: 'nobody'; write: a subject, no subject, every subject",
                          "1: 'sleeps'; write: inactive until the first dose; resumes"])
        self.assertEqual(self.in_file("int women;\n", "--check", code=1, end=".h"), ["1: 'women'; write: subjects"])
        self.assertEqual(self.in_file("A plain sentence.\n", "--check", end=".md"), [])

    def test_what_is_said_is_listed(self):
        listed = []
        for line in messages():
            kind, text = line.split(": ", 2)[1:]
            parts = re.split(PLACEHOLDER, text)
            if kind == "error" and len("".join(parts)) > 8:  # "%s" alone would be in anything
                listed.append(parts)
        self.assertGreater(len(listed), 400)

        def is_in(parts, message):
            at = 0
            for part in parts:
                at = message.find(part, at)
                if at < 0:
                    return False
                at += len(part)
            return True

        said = 0
        for path in sorted(glob.glob(os.path.join(ROOT, "tests", "wrong_*", "*"))):
            done = subprocess.run([OSTEON, "check", path], capture_output=True, text=True, check=False)
            if done.returncode != 0:
                self.assertTrue(any(is_in(parts, done.stderr) for parts in listed), done.stderr)
                said += 1
        self.assertGreater(said, 150)


if __name__ == "__main__":
    unittest.main()
