#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the evidence promised before a fit: the frozen list of validate rows, and the windows of marker courses."""
import csv
import os
import unittest

EVIDENCE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "configs", "evidence")
KEY = ("trial", "arm", "endpoint", "site", "time_months", "statistic", "value", "unit")
# The list as it was committed, before the fit of the second structure; it grows with reasons, and never shrinks.
FROZEN = 377
POINTS = {"S": 10, "M": 15, "W": 20}  # half of a window, by the grade of its evidence


def read(name):
    with open(os.path.join(EVIDENCE, name), newline="", encoding="utf-8") as table:
        return list(csv.DictReader(table))


class Frozen(unittest.TestCase):
    def test_roles_change_with_a_trace(self):
        """A row of the list that is no longer of role validate says in its note until when it was."""
        rows = {tuple(row[k] for k in KEY): row for row in read("evidence.csv")}
        keys = [tuple(row[k] for k in KEY) for row in read("frozen.csv")]
        self.assertGreaterEqual(len(keys), FROZEN)
        self.assertEqual(len(keys), len(set(keys)))
        for key in keys:
            self.assertIn(key, rows)
            if rows[key]["role"] != "validate":
                self.assertIn("validate until ", rows[key]["note"], key)

    def test_windows(self):
        """Each has a source, and is as wide as its grade says or says in its note why not."""
        windows = read("windows.csv")
        self.assertGreater(len(windows), 100)
        which = ("course", "against", "output", "month", "lower", "upper")
        self.assertEqual(len(windows), len({tuple(w[k] for k in which) for w in windows}))
        for w in windows:
            lower, value, upper = (float(w[k]) if w[k] else None for k in ("lower", "value", "upper"))
            self.assertTrue(w["source"] and w["course"] and w["output"], w)
            self.assertTrue(all(float(m) > 0 for m in w["month"].split("..")), w)
            if None in (lower, value, upper):
                self.assertTrue(w["note"], w)
                continue
            self.assertTrue(lower <= value <= upper, w)
            points = POINTS[w["grade"]]
            is_rise = value > 50 and "/" not in w["output"]
            by_rule = (value / 1.5, value * 1.5) if is_rise else (value - points, value + points)
            if not w["note"] or "100" in w["note"]:
                self.assertAlmostEqual(lower, by_rule[0], delta=0.06)
                self.assertAlmostEqual(upper, by_rule[1], delta=0.06)


if __name__ == "__main__":
    import sys
    unittest.main(argv=sys.argv[:1])
