#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results that keep quantiles instead of subjects: against the same run with subjects, for any threads, in shards, killed;
what reads such a file. Takes the path of osteon as its first argument."""
import csv
import os
import resource
import shutil
import subprocess
import time
import unittest

import h5py
import numpy as np

import test_shards  # noqa: E402  the program in a folder
from test_shards import contents  # noqa: E402
from test_sweep import DOSE, FILES, PLOT

SUBJECTS = 5 * 64 + 7
KEEP = ("--set", "results.keep=quantiles")
SCORE = """
model score "values of both signs"
kind bone
reads haste
param shift = 0.5 [1] in -3..3 spread normal 1 "value at the start" @ "assumed: for a test"
state B = 1 [1] "bone"
B' = -(0.05 [1/y])*(1 + haste)*B
output bmd [1] = B - shift "a score"
output marker [1] = haste "what the drug does"
"""


class Quantiles(test_shards.Program):
    files = {**FILES, "score.model": SCORE,
             "test.yaml": FILES["test.yaml"].replace("subjects: 133", f"subjects: {SUBJECTS}")}

    def run_both(self, *arguments):
        self.osteon("run", "test.yaml", *arguments, "-o", "all.h5", "--force", "-q")
        self.osteon("run", "test.yaml", *KEEP, *arguments, "-o", "few.h5", "--force", "-q")

    def assert_same(self, one, two, *left_out):
        one, two = contents(self.path(one)), contents(self.path(two))
        self.assertEqual(one.keys(), two.keys())
        for key, value in one.items():
            if key not in left_out:
                np.testing.assert_array_equal(value, two[key], str(key))

    def assert_summary(self, few, name, values):
        """Quantiles to the errors that the file states, the others to roundings. values: [arm, element, subject, time]"""
        levels = few["quantile"][()]
        exact = np.moveaxis(np.nanquantile(values, levels, axis=-2), 0, -2)
        found, attributes = few[name][()], few[name].attrs
        np.testing.assert_array_less(np.abs(found - exact), 1e-12 + np.maximum(
            attributes["relative_error"] * np.maximum(np.abs(found), np.abs(exact)), attributes["absolute_error"]), name)
        np.testing.assert_allclose(few[name + "_mean"][()], np.mean(values, axis=-2), rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(few[name + "_sd"][()], np.std(values, axis=-2, ddof=1), rtol=1e-9, atol=1e-12)
        np.testing.assert_array_equal(few[name + "_n"][()], values.shape[-2])

    def test_against_subjects(self):
        self.run_both()
        with h5py.File(self.path("all.h5")) as whole, h5py.File(self.path("few.h5")) as few:
            self.assertEqual(few["bmd"].shape, (2, 2, 17, 3))
            self.assertEqual([d.keys()[0] for d in few["bmd"].dims], ["arm", "site", "quantile", "time"])
            self.assertNotIn("subject", few)
            self.assertNotIn("age", few)
            bmd = whole["bmd"][()].astype(float)
            self.assert_summary(few, "bmd", bmd)
            self.assert_summary(few, "bmd_change", 100 * (bmd / bmd[..., :1] - 1))
            self.assert_summary(few, "marker", whole["marker"][()].astype(float))
            # endpoints are exact
            self.assertEqual(few["hip"].shape, ())
            hip = 100 * (bmd[:, 1, :, 2] / bmd[:, 1, :, 0] - 1)
            self.assertAlmostEqual(few["hip"][()], np.mean(hip[1]) - np.mean(hip[0]), delta=1e-12)
            self.assertAlmostEqual(few["hip_q95"][()], np.quantile(hip[1] - hip[0], 0.95), delta=1e-12)
            paired = np.std(hip[1] - hip[0], ddof=1) / np.sqrt(hip.shape[1])
            self.assertAlmostEqual(few["hip_se"][()], paired, delta=1e-9)
            self.assertEqual(few["level"][()], np.median(bmd[1, 0, :, 1]))

    def test_values_of_both_signs(self):
        """Bins below zero; percent changes of the subjects whose baseline is above zero."""
        self.run_both("--set", "models.1=./score.model", "--set", "endpoints={}")
        with h5py.File(self.path("all.h5")) as whole, h5py.File(self.path("few.h5")) as few:
            bmd = whole["bmd"][()].astype(float)
            self.assertLess(bmd.min(), -1)
            self.assert_summary(few, "bmd", bmd)
            positive = bmd[0, :, 0] > 0  # of the same subjects in both arms
            np.testing.assert_array_equal(bmd[1, :, 0] > 0, positive)
            self.assertTrue(0 < positive.sum() < positive.size)
            self.assert_summary(few, "bmd_change", 100 * (bmd / bmd[..., :1] - 1)[:, positive])
        self.assertIn("a baseline is zero or less, so values", self.osteon("show", "few.h5"))

    def test_threads_shards_and_repeat(self):
        self.osteon("run", "test.yaml", *KEEP, "-o", "one.h5", "--threads", "1", "--no-probe", "-q")
        self.osteon("run", "test.yaml", *KEEP, "-o", "four.h5", "--threads", "4", "--no-probe", "-q")
        self.assert_same("one.h5", "four.h5")
        self.osteon("run", "one.h5", "-o", "again.h5", "--no-probe", "-q")
        self.assert_same("one.h5", "again.h5")
        for i in (1, 2, 3):
            self.osteon("run", "test.yaml", *KEEP, "-o", f"s{i}.h5", "--shard", f"{i}/3", "--no-probe", "-q")
        self.osteon("merge", "s3.h5", "s1.h5", "s2.h5", "-o", "merged.h5")
        self.assert_same("one.h5", "merged.h5")
        said = self.osteon("verify", "one.h5", "--share", "1 %")
        self.assertIn("quantiles are of all subjects, whose own values the file does not have: all are computed again\n"
                      "recomputed: 6 blocks of 64 subjects: equal", said)
        shutil.copy(self.path("one.h5"), self.path("changed.h5"))
        with h5py.File(self.path("changed.h5"), "r+") as file:
            file["bmd_change_sd"][1, 1, 2] = 3
        self.assertIn("bmd_change_sd, arm 'treated', site 'total_hip', day 730.5: 3 in the file, now",
                      self.osteon("verify", "changed.h5", "--share", "all", code=4))

    def test_killed(self):
        words = ("run", "test.yaml", *KEEP, "--set", "solver.h_max=0.2 d", "--no-probe", "-q")
        start = time.monotonic()
        self.osteon(*words, "-o", "whole.h5")
        whole = time.monotonic() - start
        killed = 0
        for part in (0.3, 0.5, 0.7):
            if not self.killed(part*whole, *words):
                continue
            killed += 1
            self.osteon(*words, "-o", "r.h5", "--resume")
            self.assert_same("whole.h5", "r.h5", ("/", "n_resumed"))
            os.remove(self.path("r.h5"))
        self.assertGreater(killed, 0)

    def test_sweep(self):
        vary = ("--vary", f"{DOSE}=0.5 mg, 1 mg", "-q", "--no-probe")
        self.osteon("sweep", "test.yaml", *vary, "--keep", "quantiles", "-o", "s.h5")
        self.osteon("sweep", "test.yaml", *vary, "-o", "all.h5")
        with h5py.File(self.path("all.h5")) as whole, h5py.File(self.path("s.h5")) as few:
            self.assertEqual([d.keys()[0] for d in few["bmd"].dims], ["dose", "arm", "site", "quantile", "time"])
            bmd = whole["bmd"][()].astype(float)
            self.assert_summary(few, "bmd", bmd)
            self.assert_summary(few, "bmd_change", 100 * (bmd / bmd[..., :1] - 1))
            for name in "hip", "hip_q05", "level_n":
                np.testing.assert_array_equal(few[name], whole[name])
        self.osteon("sweep", "test.yaml", *vary, *KEEP, "-o", "set.h5")  # as the experiment says
        self.osteon("sweep", "s.h5", "-o", "again.h5", "-q", "--no-probe")
        self.assert_same("s.h5", "again.h5")
        with h5py.File(self.path("set.h5")) as file:
            self.assertEqual(file["bmd"].shape, (2, 2, 2, 17, 3))
        said = self.osteon("verify", "s.h5", "--share", "50 %")
        self.assertIn("all are computed again, at this share of the points and at the first\n", said)
        self.assertIn("recomputed: dose 1 mg, 6 blocks of 64 subjects: equal", said)
        self.osteon("show", "s.h5", "--variable", "bmd")
        subprocess.run([PLOT, "s.h5", "-o", "s.svg"], cwd=self.folder.name, check=True, timeout=300)

    def test_what_reads_it(self):
        self.run_both("--set", "endpoints.hip.statistic=median")
        one, two = (self.osteon("show", name, "--csv", f"{name}.csv") for name in ("all.h5", "few.h5"))
        hip = [line for line in one.splitlines() if line.startswith(("hip", "level"))]
        self.assertEqual(hip, [line for line in two.splitlines() if line.startswith(("hip", "level"))])
        tables = []
        for name in "all.h5", "few.h5":
            with open(self.path(f"{name}.csv"), encoding="utf-8", newline="") as file:
                tables.append(list(csv.DictReader(file)))
        self.assertEqual(len(tables[0]), len(tables[1]))
        for row, other in zip(*tables):
            self.assertEqual(row["arm"], other["arm"])
            self.assertAlmostEqual(float(row["median [%]"]), float(other["median [%]"]), delta=0.02)
            self.assertAlmostEqual(float(row["mean [%]"]), float(other["mean [%]"]), delta=1e-6)
        self.assertIn("120 rows", self.osteon("export", "few.h5", "--csv", "t.csv", "--columns", "bmd[total_hip],bmd_change", "--wide"))
        with open(self.path("t.csv"), encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        with h5py.File(self.path("few.h5")) as file:
            self.assertEqual(len(rows), 2 * 20 * 3)
            self.assertEqual(rows[0].keys(), {"arm", "statistic", "time", "bmd_total_hip", "bmd_change_lumbar_spine",
                                              "bmd_change_total_hip"})
            named = {(r["arm"], r["statistic"], float(r["time"])): r for r in rows}
            row = named["treated", "q0.95", 730.5]
            self.assertEqual(float(row["bmd_total_hip"]), file["bmd"][1, 1, 13, 2])
            self.assertEqual(float(row["bmd_change_lumbar_spine"]), file["bmd_change"][1, 0, 13, 2])
            self.assertEqual(float(named["control", "mean", 365.25]["bmd_total_hip"]), file["bmd_mean"][0, 1, 1])
        self.assertIn("no column 'age'", self.osteon("export", "few.h5", "--csv", "t.csv", "--columns", "bmd,age", code=2))
        subprocess.run([PLOT, "few.h5", "-o", "f.svg"], cwd=self.folder.name, check=True, timeout=300)
        with open(self.path("f.svg"), encoding="utf-8") as file:
            self.assertIn(f"Lines: medians of {SUBJECTS} simulated subjects", file.read())
        for command in ("check", "plan"):
            self.osteon(command, "few.h5")

    def test_wrong(self):
        for words, said in ((("--set", "results.keep=quantile"), "did you mean 'quantiles'?"),
                            (("--set", "results.keep=endpoints"), "must be one of subjects, quantiles")):
            self.assertIn(said, self.osteon("run", "test.yaml", *words, "-o", "x.h5", code=2))
        self.assertIn("a comparison of models keeps all subjects", self.osteon(
            "compare", "test.yaml", "--models", "./one.model,./two.model", *KEEP, "-o", "x.h5", code=1))
        with open(self.path("three.model"), "w", encoding="utf-8") as out:
            out.write(FILES["two.model"].replace("output marker", "output bmd_mean").replace("two", "three"))
        self.assertIn("the name of a statistic of another output", self.osteon(
            "run", "test.yaml", *KEEP, "--set", "models.1=./three.model", "-o", "x.h5", code=1))
        self.osteon("run", "test.yaml", "--set", "models.1=./three.model", "-o", "x.h5", "-q")
        self.run_both()
        with h5py.File(self.path("few.h5"), "r+") as file:
            del file["bmd_change"]
        self.assertIn("'bmd_change' cannot be read", self.osteon("show", "few.h5", code=4))

    def test_memory_does_not_grow(self):
        peaks = []
        for n in (64, 64 * 60):
            self.osteon("run", "test.yaml", *KEEP, "-n", str(n), "--no-probe", "--threads", "1", "-o", "m.h5", "--force", "-q")
            peaks.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
            size = os.path.getsize(self.path("m.h5"))
        self.assertLess(peaks[1] - peaks[0], 1500)  # kB
        self.assertLess(size, 100_000)


if __name__ == "__main__":
    unittest.main()
