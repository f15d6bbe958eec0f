#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sensitivity analyses that are killed, damaged, run in shards: the file is that of one run, bit for bit. Takes the path of
osteon as its first argument."""
import os
import random
import signal
import subprocess
import time
import unittest

import h5py
import numpy as np

import test_shards  # noqa: E402  the program in a folder
from test_shards import OSTEON  # noqa: E402
from test_sensitivity_cli import FILES

DOSE = "arms.treated.regimen.0.dose=0.5 mg..2 mg"
# 16 points of 2000 subjects are one record of the journal: 80 points of 10 values of the dose make more of them.
WHAT = ("test.yaml", "--by", "range", "--over", "one.loss,pill.half", "--vary", DOSE, "-n", "2000", "--trajectories", "12")


def contents(path):
    """Everything in a result file but the tables as they were printed, with times."""
    with h5py.File(path) as file:
        found = {name: file[name][()] for name in file if name != "report"}
        found.update({("attribute", key): np.array(value) for key, value in file.attrs.items()})
    return found


class Shards(test_shards.Program):
    files = FILES

    def setUp(self):
        super().setUp()
        self.analyse("whole.h5", "--threads", "1")
        self.whole = contents(self.path("whole.h5"))

    def analyse(self, out, *arguments, code=0):
        return self.osteon("sensitivity", *WHAT, "-o", out, "-q", *arguments, code=code)

    def assert_whole(self, out):
        found = contents(self.path(out))
        self.assertEqual(found.keys(), self.whole.keys())
        for key, value in found.items():
            self.assertTrue(np.array_equal(value, self.whole[key], equal_nan=value.dtype.kind == "f"), key)

    def journal_size(self):
        return os.path.getsize(self.path("k.h5.part")) if os.path.exists(self.path("k.h5.part")) else 0

    def test_killed(self):
        """Killed soon after each point that is kept and resumed, on other numbers of threads, until it is finished."""
        draw = random.Random(1)
        size, n_kept = 0, 0
        for attempt in range(10):
            with subprocess.Popen([OSTEON, "sensitivity", *WHAT, "-o", "k.h5", "-q", "--resume", "--threads",
                                   str(1 + attempt % 2)], cwd=self.folder.name, stderr=subprocess.DEVNULL) as run:
                while run.poll() is None and self.journal_size() <= size + 512:
                    time.sleep(0.001)
                time.sleep(draw.uniform(0, 0.02))
                run.send_signal(signal.SIGKILL if attempt % 3 else signal.SIGINT)
            if os.path.exists(self.path("k.h5")):
                break
            now = self.journal_size()
            self.assertGreaterEqual(now, size - 4096)
            n_kept += now > size + 512
            size = now
        if not os.path.exists(self.path("k.h5")) or self.journal_size() > 0:  # killed at its end it may leave its journal
            self.analyse("k.h5", "--resume")
        self.assertFalse(os.path.exists(self.path("k.h5.part")))
        self.assertGreaterEqual(n_kept, 1)
        self.assert_whole("k.h5")
        self.assertIn("k.h5 is complete", self.analyse("k.h5", "--resume"))

    def part(self):
        """A journal of two thirds of the points."""
        self.analyse("p.h5", "--shard", "1/1")
        with open(self.path("p.h5"), "rb") as file:
            return file.read()

    def test_cut_and_damaged(self):
        """However a journal ends, and with a byte changed: what is whole is taken, the rest computed again."""
        whole = self.part()
        draw = random.Random(2)
        for trial in range(8):
            data = bytearray(whole)
            at = draw.randrange(len(data) // 2, len(data))
            if trial % 2:
                del data[at:]
            else:
                data[at] ^= 1 << draw.randrange(8)
            with open(self.path("d.h5.part"), "wb") as file:
                file.write(data)
            self.analyse("d.h5", "--resume", "--force")
            self.assert_whole("d.h5")
        with open(self.path("d.h5.part"), "wb") as file:
            file.write(whole[:len(whole) * 2 // 3])
        os.remove(self.path("d.h5"))
        self.assertIn("holds points that an earlier run computed; --resume", self.analyse("d.h5", code=1))
        said = self.osteon("sensitivity", *WHAT, "-o", "d.h5", "-q", "--resume", "--design-seed", "2", code=1)
        self.assertIn("cannot be resumed: it was begun with analysis_seed '1', expected '2'", said)
        self.assertIn("of 48 points", self.osteon("show", "d.h5.part"))
        self.analyse("d.h5", "--restart")
        self.assert_whole("d.h5")
        with open(self.path("d.h5.part"), "wb") as file:
            file.write(b"something else")
        self.assertIn("not a journal of an analysis", self.analyse("d.h5", "--resume", "--force", code=4))

    def test_shards(self):
        for i in 2, 3, 1:
            said = self.osteon("sensitivity", *WHAT, "--shard", f"{i}/3", "-o", f"s{i}.h5")
            self.assertIn(f"s{i}.h5, 16 points of shard {i} of 3", said)
        self.osteon("merge", "s3.h5", "s1.h5", "s2.h5", "-o", "m.h5", "-q")
        self.assert_whole("m.h5")
        self.assertIn("is in none of the files", self.osteon("merge", "s3.h5", "s1.h5", "-o", "n.h5", code=1))
        self.assertIn("is in another file", self.osteon("merge", "s3.h5", "s3.h5", "s1.h5", "-o", "n.h5", code=1))
        self.assertIn("s1.h5 is complete", self.analyse("s1.h5", "--shard", "1/3", "--resume"))
        self.osteon("run", "test.yaml", "-n", "2000", "-o", "r.h5", "--shard", "1/3", "-q", "--no-probe")
        self.assertIn("begun with another 'analysis_method'", self.osteon("merge", "s1.h5", "r.h5", "-o", "n.h5", code=1))
        self.osteon("sensitivity", *WHAT[:-1], "11", "--shard", "2/3", "-o", "t2.h5", "-q")
        self.assertIn("analysis_trajectories '11'", self.osteon("merge", "s1.h5", "t2.h5", "s3.h5", "-o", "n.h5", code=1))
        self.assertFalse(os.path.exists(self.path("n.h5")))

    def test_shards_of_each_method(self):
        """What a shard records is enough to make the analysis again: draws of a table, groups, endpoints of one's own."""
        own = "mine={output: marker, arm: treated, to: 12 month, measure: level}"
        for what in (("--method", "local", "--by", "range", "--over", "one.loss"),
                     ("--parameters", "draws.csv", "--of", own, "--group", "both=one.loss,pill.half"),
                     ("--method", "sobol", "--base", "64", "--by", "variability", "--of", "level"),
                     ("--method", "sobol", "--base", "64", "--vary", DOSE, "--of", own, "--isa", "base")):
            with self.subTest(what):
                self.osteon("sensitivity", "test.yaml", "-n", "3", *what, "-o", "a.h5", "-q", "--force")
                self.whole = contents(self.path("a.h5"))
                for i in 1, 2:
                    self.osteon("sensitivity", "test.yaml", "-n", "3", *what, "-o", f"b{i}.h5", "-q", "--shard", f"{i}/2",
                                "--force")
                self.osteon("merge", "b1.h5", "b2.h5", "-o", "b.h5", "-q", "--force")
                self.assert_whole("b.h5")

    def test_wrong(self):
        self.assertIn("--resume: -o OUT.h5 is missing", self.osteon("sensitivity", *WHAT, "--resume", code=2))
        self.assertIn("a shard has no indices", self.analyse("w.h5", "--shard", "1/2", "--csv", "w.csv", code=2))
        self.assertIn("99 shards of 48 points", self.analyse("w.h5", "--shard", "1/99", code=2))
        self.assertIn("exclude each other", self.analyse("w.h5", "--resume", "--restart", code=2))


if __name__ == "__main__":
    unittest.main()
