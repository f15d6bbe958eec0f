#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`osteon sweep` as a user meets it: an experiment at many points in one file, each point with the bits that it has when
it is run alone. Takes the path of osteon as its first argument."""
import csv
import os
import re
import resource
import shlex
import shutil
import subprocess
import sys
import unittest

import h5py
import numpy as np

import test_shards  # noqa: E402  the program in a folder
from test_shards import contents  # noqa: E402
HERE = os.path.dirname(os.path.abspath(__file__))
PLOT = os.path.join(HERE, "..", "scripts", "plot.py")
SUBJECTS = 2 * 64 + 5

FILES = {
    "pill.model": """
model pill "a drug that goes away"
kind drug
signal haste [1] = 0 combine sum "what it adds to the loss of bone"
param half = 20 [d] in 1..100 "half-life" @ "assumed: for a test"
state D = 0 [mg] "amount"
dose D
D' = -log(2)/half*D
drives haste = D/(1 [mg])
""",
    "one.model": """
model one "two sites"
kind bone
index site = lumbar_spine, total_hip
reads haste
covariate age [y] = 60 in 18..110 "age"
param loss = 0.02 [1/y] in 0.001..0.5 spread 0.5 "loss" @ "assumed: for a test"
param peak[site] = 1, 0.9 [g/cm2] "at the start" @ "assumed: for a test"
state B = 1 [1] "bone"
B' = -loss*age/(60 [y])*(1 + haste)*B
output bmd[site] [g/cm2] = peak[site]*B "bone mineral density"
output marker [1] = haste "what the drug does"
""",
    "two.model": """
model two "the same sites, another loss"
kind bone
index site = lumbar_spine, total_hip
reads haste
state B = 1 [1] "bone"
B' = -(0.03 [1/y])*(1 + haste)*B
output bmd[site] [g/cm2] = B*(1 [g/cm2]) "bone mineral density"
output marker [1] = 2*haste "what the drug does"
""",
    "pole.model": """
model pole "fails where its rate is high"
kind bone
reads haste
state B = 1 [1] "bone"
B' = -(0.01 [1/y])*(1 + haste)*B
state X = 1 [1] scale 1 "grows without bound while the drug is there"
X' = (0.02 [1/d])*haste*X^2
output bmd [g/cm2] = B*(1 [g/cm2]) "bone mineral density"
output marker [1] = X "growth"
""",
    "test.yaml": f"""
title: A test
models: [./pill.model, ./one.model]
population:
  subjects: {SUBJECTS}
  seed: 7
  covariates: {{age: {{distribution: uniform, from: 50 year, to: 80 year}}}}
arms:
  control: {{}}
  treated: {{regimen: [{{drug: pill, dose: 1 mg, interval: 1 month, stop: 6 month}}]}}
times: {{to: 24 month, every: 12 month}}
endpoints:
  hip: {{output: "bmd[total_hip]", arm: treated, versus: control, to: 24 month}}
  level: {{output: "bmd[lumbar_spine]", arm: treated, to: 12 month, measure: level, statistic: median}}
""",
}
DOSE = "arms.treated.regimen.0.dose"
LOSS = "parameters.one.loss"
AGE = "population.covariates.age"


class Sweep(test_shards.Program):
    files = FILES

    def sweep(self, out, *arguments, code=0):
        return self.osteon("sweep", "test.yaml", *arguments, "-o", out, code=code)

    def assert_same(self, one, two):
        one, two = contents(self.path(one)), contents(self.path(two))
        self.assertEqual(one.keys(), two.keys())
        for key, value in one.items():
            np.testing.assert_array_equal(value, two[key], str(key))

    def assert_point(self, sweep, at, *settings):
        """A point of a sweep, by its indices, has the bits of a run with its settings."""
        changes = [word for setting in settings for word in ("--set", setting)]
        self.osteon("run", "test.yaml", *changes, "-o", "alone.h5", "--force", "-q")
        with h5py.File(self.path(sweep)) as file, h5py.File(self.path("alone.h5")) as alone:
            for name in ("bmd", "marker", "status", "n_steps"):
                np.testing.assert_array_equal(file[name][at], alone[name][()], name)
            ages = file["age"][at] if file["age"].ndim > 1 else file["age"][()]
            np.testing.assert_array_equal(ages, alone["age"][()])
            for name in file.attrs["sweep_endpoints"].decode().split("\n"):
                self.assertAlmostEqual(float(file[name][at]), self.endpoint(alone, name), delta=1e-12, msg=name)

    @staticmethod
    def endpoint(file, name):
        bmd = file["bmd"][()].astype(float)
        if name == "level":
            return np.median(bmd[1, 0, :, 1])
        return np.mean(100 * (bmd[1, 1, :, 2] / bmd[1, 1, :, 0] - 1)) - np.mean(
            100 * (bmd[0, 1, :, 2] / bmd[0, 1, :, 0] - 1))

    def test_grid_has_the_bits_of_runs(self):
        said = self.sweep("grid.h5", "--vary", f"{DOSE}=0.5 mg..2 mg : 3 log", "--vary", f"{LOSS}=0.01 1/y, 0.04 1/y")
        self.assertIn(f"6 points x {SUBJECTS} subjects x 2 arms", said)
        with h5py.File(self.path("grid.h5")) as file:
            self.assertEqual(file["bmd"].shape, (3, 2, 2, 2, SUBJECTS, 3))
            self.assertEqual([d.keys()[0] for d in file["bmd"].dims], ["dose", "loss", "arm", "site", "subject", "time"])
            self.assertEqual(file["dose"].attrs["units"], b"mg")
            self.assertEqual(list(file["dose"]), [0.5, 1, 2])
            self.assertEqual(file["hip"].shape, (3, 2))
            self.assertEqual([d.keys()[0] for d in file["hip"].dims], ["dose", "loss"])
            self.assertEqual(file["age"].shape, (SUBJECTS,))  # the same at each point
        for i, dose in enumerate(("0.5 mg", "1 mg", "2 mg")):
            for k, loss in enumerate(("0.01 1/y", "0.04 1/y")):
                self.assert_point("grid.h5", (i, k), f"{DOSE}={dose}", f"{LOSS}={loss}")

    def test_histories(self):
        """Points share histories before treatment where all that these depend on is the same, and keep their bits."""
        history = "run_in.start=-5 year"
        start = "arms.treated.regimen.0.start"
        for vary, points, n_shared in (([f"{DOSE}=0.5 mg, 1 mg, 2 mg"], [[f"{DOSE}=2 mg"]], 2),
                                       ([f"{LOSS}=0.01 1/y, 0.04 1/y"], [[f"{LOSS}=0.04 1/y"]], 0),
                                       ([f"{start}=-1 month, 0 month, 1 month"], [[f"{start}=0 month"], [f"{start}=1 month"]], 1),
                                       ([f"{AGE}=55 y, 75 y", f"{DOSE}=0.5 mg, 1 mg"], [[f"{AGE}=75 y", f"{DOSE}=1 mg"]], 2)):
            words = [word for one in vary for word in ("--vary", one)]
            for threads in "1", "3":
                said = self.sweep("h.h5", *words, "--set", history, "--threads", threads, "--force", "--design", "grid")
                shared = re.search(r"histories before treatment: (\d+) of \d+ were those of another point", said)
                self.assertEqual(int(shared[1]) if shared else 0, n_shared * SUBJECTS, vary)
            for settings in points:
                values = [[text.strip() for text in one.split("=")[1].split(",")] for one in vary]
                at = tuple(texts.index(setting.split("=")[1]) for texts, setting in zip(values, settings))
                self.assert_point("h.h5", at, history, *settings)

    def test_other_entries(self):
        """Times, covariates, models, a list of several, and the endpoint of a file without endpoints."""
        self.sweep("start.h5", "--vary", "arms.treated.regimen.0.start=0 month, 3 month", "--vary", f"{AGE}=55 y, 75 y")
        self.assert_point("start.h5", (1, 0), "arms.treated.regimen.0.start=3 month", f"{AGE}=55 y")
        self.sweep("models.h5", "--vary", "models.1=./one.model, ./two.model", "--set", "outputs=[bmd, marker]")
        with h5py.File(self.path("models.h5")) as file:
            self.assertEqual([x.decode() for x in file["models"][()]], ["./one.model", "./two.model"])
        self.assert_point("models.h5", (1,), "models.1=./two.model", "outputs=[bmd, marker]")

    def test_other_designs(self):
        for design in ("latin_hypercube", "sobol", "halton"):
            said = self.sweep("points.h5", "--design", design, "--points", "6", "--vary", f"{DOSE}=0.5 mg..2 mg : log", "--vary",
                       f"{LOSS}=0.01 1/y..0.04 1/y", "--force")
            self.assertIn("indices: none of fewer than 64 points", said)
            with h5py.File(self.path("points.h5")) as file:
                self.assertEqual(file["bmd"].shape, (6, 2, 2, SUBJECTS, 3))
                self.assertEqual(file["bmd"].dims[0].keys()[0], "point")
                dose, loss = file["dose"][()], file["loss"][()]
                self.assertEqual(len(set(dose)), 6)
            for i in (0, 5):
                self.assert_point("points.h5", (i,), f"{DOSE}={dose[i]:.12g} mg", f"{LOSS}={loss[i]:.12g} 1/y")
        first = dose[0]
        self.sweep("again.h5", "--design", "halton", "--points", "3", "--design-seed", "2", "--keep", "endpoints",
                   "--vary", f"{DOSE}=0.5 mg..2 mg : log")
        with h5py.File(self.path("again.h5")) as file:
            self.assertNotEqual(file["dose"][0], first)

    def test_table(self):
        with open(self.path("points.csv"), "w", encoding="utf-8") as out:
            out.write(f"{DOSE} [mg],{LOSS} [1/y],{AGE}\n0.5,0.01,55 y\n0.5,0.02,60 y\n2,0.01,60 y\n")
        self.sweep("table.h5", "--table", "points.csv")
        self.assert_point("table.h5", (1,), f"{DOSE}=0.5 mg", f"{LOSS}=0.02 1/y", f"{AGE}=60 y")
        self.assert_point("table.h5", (2,), f"{DOSE}=2 mg", f"{LOSS}=0.01 1/y", f"{AGE}=60 y")

    def test_sweep_file(self):
        """A sweep as a file, in another folder than its experiment, gives what options give."""
        os.mkdir(self.path("sweeps"))
        text = (f"experiment: ../test.yaml\nvary:\n  {DOSE}: '0.5 mg..2 mg : log'\n  models.1: [./one.model, ./two.model]\n"
                "design: sobol\npoints: 4\nseed: 5\nkeep: endpoints\n")
        with open(self.path("sweeps/s.yaml"), "w", encoding="utf-8") as out:
            out.write(text)
        self.osteon("sweep", "sweeps/s.yaml", "-o", "file.h5")
        words = ("--vary", f"{DOSE}=0.5 mg..2 mg : log", "--vary", "models.1=./one.model, ./two.model", "--design", "sobol")
        self.osteon("sweep", "test.yaml", *words, "--points", "4", "--design-seed", "5", "--keep", "endpoints",
                    "-o", "options.h5")
        self.assert_same("file.h5", "options.h5")
        self.osteon("sweep", "sweeps/s.yaml", "--points", "2", "-o", "two.h5")
        with h5py.File(self.path("two.h5")) as file:
            self.assertEqual(file["hip"].shape, (2,))
        self.assertIn("--vary and the sweep file sweeps/s.yaml exclude each other",
                      self.osteon("sweep", "sweeps/s.yaml", *words[:2], "-o", "x.h5", code=2))
        with open(self.path("sweeps/points.csv"), "w", encoding="utf-8") as out:
            out.write(f"{DOSE} [mg]\n0.5\n2\n")
        for words, said in (("experiment: ../test.yaml\ntable: points.csv\n", None), ("vary: {a: 1}\n", "'experiment'"),
                            (text.replace("points: 4", "point: 4"), "s.yaml:6:1: point: unknown key (did you mean 'points'?)"),
                            (text.replace("sobol", "sobl"), "(did you mean 'sobol'?)"),
                            (text.replace("keep: endpoints", "keep: subject"), "s.yaml:8:7: keep: "),
                            (text.replace("points: 4", "points: 0"), "s.yaml:6:9: points: "),
                            (text.replace("[./one.model, ./two.model]", "[]"), "s.yaml:4:13: vary.models.1: no value"),
                            (text.replace("../test", "test"), "sweeps/test.yaml: No such file")):
            with open(self.path("sweeps/s.yaml"), "w", encoding="utf-8") as out:
                out.write(words)
            done = self.osteon("sweep", "sweeps/s.yaml", "-o", "t.h5", code=0 if said is None else 1)
            self.assertIn(said or "2 points x 133 subjects", done)

    def test_threads_and_repeat(self):
        vary = ("--vary", f"{DOSE}=0.5 mg, 1 mg", "--design", "table")
        self.sweep("one.h5", *vary, "--threads", "1")
        self.sweep("four.h5", *vary, "--threads", "4")
        self.assert_same("one.h5", "four.h5")
        self.osteon("sweep", "one.h5", "-o", "again.h5")
        self.assert_same("one.h5", "again.h5")
        few = ("--vary", f"{DOSE}=0.1 mg..2 mg : 30", "-n", "8", "--no-probe")  # points smaller than a block, side by side
        self.assertIn("8 subjects x 2 arms in", self.sweep("few_1.h5", *few, "--threads", "1"))
        said = self.sweep("few_4.h5", *few, "--threads", "4", "--progress", "json")
        self.assertRegex(said, r"30 points x 8 subjects x 2 arms in \S+ s on 4 threads")
        self.assertRegex(said, r'"event":"finished","subjects_done":240,"subjects":240,"failures":0')
        self.assert_same("few_1.h5", "few_4.h5")
        self.assertIn("osteon sweep one.h5", self.osteon("run", "one.h5", "-o", "x.h5", code=2))

    def test_keep_endpoints(self):
        vary = ("--vary", f"{DOSE}=0.5 mg, 1 mg", "--vary", f"{LOSS}=0.01 1/y, 0.02 1/y, 0.03 1/y")
        self.sweep("all.h5", *vary)
        self.sweep("few.h5", *vary, "--keep", "endpoints")
        all_, few = contents(self.path("all.h5")), contents(self.path("few.h5"))
        self.assertNotIn("bmd", few)
        self.assertNotIn("subject", few)
        for name in ("hip", "hip_q05", "hip_q95", "hip_n", "level", "dose", "loss"):
            np.testing.assert_array_equal(all_[name], few[name], name)
        np.testing.assert_array_equal(few["hip_n"], SUBJECTS)
        with h5py.File(self.path("all.h5")) as file:
            bmd = file["bmd"][1, 2, :, 1].astype(float)
            change = 100 * (bmd[:, :, 2] / bmd[:, :, 0] - 1)
            self.assertAlmostEqual(few["hip_q05"][1, 2], np.quantile(change[1] - change[0], 0.05), delta=1e-12)
        self.osteon("sweep", "few.h5", "-o", "again.h5")
        self.assert_same("few.h5", "again.h5")
        self.assertIn("as it was written", self.osteon("verify", "few.h5"))
        said = self.osteon("verify", "few.h5", "--share", "all")
        self.assertEqual(len(re.findall(r"recomputed: dose \S+ mg, loss \S+ 1/y, 3 blocks of 64 subjects: equal", said)), 6)
        self.assertIn("keeps endpoints alone", self.osteon("show", "few.h5", "--variable", "bmd", code=2))

    def test_show(self):
        self.sweep("show.h5", "--vary", f"{DOSE}=0.5 mg, 1 mg", "--vary", "models.1=./one.model, ./two.model", "--keep",
                   "endpoints")
        said = self.osteon("show", "show.h5", "--csv", "show.csv")
        self.assertRegex(said, r"hip \[%\]: mean percent change of bmd\[total_hip\], treated - control, month 0 to 24\n"
                               r"dose \[mg\] +models ./one.model +./two.model\n")
        rows = re.findall(r"^ *(0\.5|1) +(-?[0-9.]+) +(-?[0-9.]+)$", said, re.MULTILINE)
        self.assertEqual([row[0] for row in rows], ["0.5", "1"]*2)
        hip = contents(self.path("show.h5"))["hip"]
        self.assertEqual([[f"{x:.2f}" for x in row] for row in hip], [list(row[1:]) for row in rows[:2]])
        self.sweep("list.h5", "--vary", f"{DOSE}=0.5 mg, 1 mg", "--vary", "models.1=./one.model, ./two.model", "--keep",
                   "endpoints", "--design", "table")
        said = self.osteon("show", "list.h5", "--csv", "list.csv")
        rows = re.findall(r"^ *(0\.5|1) +(\S+\.model) +(-?[0-9.]+) .* 133$", said, re.MULTILINE)
        self.assertEqual([row[:2] for row in rows], [("0.5", "./one.model"), ("1", "./two.model")]*2)
        head = re.search(r"^dose \[mg\]  models +value +(.*)$", said, re.MULTILINE).group(1).split()
        with open(self.path("list.csv"), encoding="utf-8") as file:
            self.assertEqual(file.readline().split(",")[3:8], ["value", *head])
        self.assertEqual(head, ["SE", "q05", "q95", "n"])
        values = contents(self.path("list.h5"))
        self.assertEqual([row[3] for row in re.findall(r"^ *(0\.5|1) +(\S+\.model) +(\S+) +(\S+) ", said, re.MULTILINE)][:2],
                         [f"{x:.2f}" for x in values["hip_se"]])
        self.sweep("three.h5", "--vary", f"{AGE}=50 y, 60 y", "--vary", f"{DOSE}=0.5 mg, 1 mg", "--vary",
                   f"{LOSS}=0.01 1/y, 0.02 1/y", "--keep", "endpoints")
        self.assertRegex(self.osteon("show", "three.h5"),
                         r"dose \[mg\] +loss \[1/y\] 0.01 +0.02\n *age_2? ?50 y|dose \[mg\] +loss \[1/y\] 0.01 +0.02\n.*50 y")
        with open(self.path("show.csv"), encoding="utf-8", newline="") as file:
            table = list(csv.DictReader(file))
        self.assertEqual(len(table), 8)
        self.assertEqual(list(table[0])[:3], ["dose [mg]", "models", "endpoint"])
        values = contents(self.path("show.h5"))
        self.assertEqual([float(row["value"]) for row in table[:4]], [float(f"{x:.9g}") for x in values["hip"].flat])
        self.assertEqual(table[4]["unit"], "g/cm2")

    def test_none_among_values(self):
        """'~' takes an entry away, or a line of a regimen, wherever it stands among the values."""
        line, stop = "arms.treated.regimen.0", "arms.treated.regimen.0.stop"
        given = "{drug: pill, dose: 2 mg, interval: 1 month}"
        self.sweep("stop.h5", "--vary", f"{stop}=6 month, ~")
        self.sweep("line.h5", "--vary", f"{line}=~, {given}")
        for k, setting in enumerate((f"{stop}=6 month", f"{stop}=~")):
            self.assert_point("stop.h5", (k,), setting)
        for k, setting in enumerate((f"{line}=~", f"{line}={given}")):
            self.assert_point("line.h5", (k,), setting)
        said = self.osteon("show", "stop.h5")
        self.assertRegex(said, r"(?m)^stop +value .*\n6 month +-?[0-9.]+ .*\n~ +-?[0-9.]+ ")

    def test_adherence(self):
        """Doses that some points miss and others do not, in an experiment that misses none; a line whose beginning depends on
        the subject keeps its dataset, whether lines before it have doses of the subject's own or not."""
        rule = "{drug: pill, dose: 1 mg, interval: 1 month, visits: 1 month, begin_if: 'marker < 0.2', start: 2 month}"
        regimen = "arms.treated.regimen=[{drug: pill, dose: 1 mg, interval: 1 month, stop: 6 month}, %s]" % rule
        share = "arms.treated.regimen.0.adherence"
        self.sweep("missed.h5", "--set", regimen, "--vary", f"{share}=50 %, 1, ~, 0.5")
        for k, setting in enumerate((f"{share}=50 %", f"{share}=1")):
            self.assert_point("missed.h5", (k,), regimen, setting)
            with h5py.File(self.path("missed.h5")) as file, h5py.File(self.path("alone.h5")) as alone:
                self.assertNotIn("began_pill", alone)  # all begin at once
                np.testing.assert_array_equal(file["began_pill_2"][k], alone["began_pill_2"][()])
                self.assertTrue(np.isfinite(alone["began_pill_2"][1]).any())
                np.testing.assert_array_equal(file["bmd"][k], file["bmd"][(3, 2)[k]])

    def test_endpoints_by_default(self):
        """An experiment that asks for none gets the change of density at each site, in the arms that are varied or in all;
        its level, where there is no output at time 0, and of another output."""
        with open(self.path("bare.yaml"), "w", encoding="utf-8") as file:
            file.write(FILES["test.yaml"].split("endpoints:")[0])
        for vary, times, arms in ((f"{DOSE}=0.5 mg, 1 mg", None, [1]), (f"{LOSS}=0.01 1/y, 0.04 1/y", None, [0, 1]),
                                  (f"{DOSE}=0.5 mg, 1 mg", "times=[1 year, 2 year]", [1])):
            set_times = ["--set", times] if times else []
            self.osteon("sweep", "bare.yaml", "--vary", vary, *set_times, "-o", "bare.h5", "--force", "-q")
            with h5py.File(self.path("bare.h5")) as file:
                bmd = file["bmd"][()].astype(float)
                names = file.attrs["sweep_endpoints"].decode().split("\n")
                self.assertEqual(names, [f"bmd_{('control', 'treated')[a]}_{site}" for a in arms
                                         for site in ("lumbar_spine", "total_hip")])
                for k, name in enumerate(names):
                    y = bmd[:, arms[k // 2], k % 2]
                    y = y[..., -1] if times else 100 * (y[..., -1] / y[..., 0] - 1)
                    np.testing.assert_allclose(file[name][()], y.mean(-1), rtol=1e-12)
        self.assertIn("bmd_treated_total_hip [g/cm2]: mean bmd[total_hip]", self.osteon("show", "bare.h5"))
        self.osteon("sweep", "bare.h5", "-o", "again.h5", "-q")
        self.assert_same("bare.h5", "again.h5")
        with open(self.path("long.yaml"), "w", encoding="utf-8") as file:
            file.write(FILES["test.yaml"].split("endpoints:")[0].replace("treated", "t" * 60))
        self.osteon("sweep", "long.yaml", "--vary", f"{LOSS}=0.01 1/y, 0.04 1/y", "-o", "long.h5", "-q")
        with h5py.File(self.path("long.h5")) as file:
            self.assertEqual(file.attrs["sweep_endpoints"].decode().split("\n")[-2:], ["endpoint_2_1", "endpoint_2_2"])
        self.osteon("sweep", "bare.yaml", "--vary", f"{DOSE}=0.5 mg, 1 mg", "--set", "outputs=[marker]", "-o", "level.h5", "-q")
        with h5py.File(self.path("level.h5")) as file:
            np.testing.assert_allclose(file["marker_treated"][()], file["marker"][:, 1, :, -1].mean(-1), rtol=1e-6)

    def test_warnings_of_points(self):
        """What is doubted of an experiment is doubted of each value, once."""
        start = "arms.treated.regimen.0.start"
        said = self.sweep("w.h5", "--vary", f"{start}=0 month, 24 month, 30 month", "--vary", f"{DOSE}=1 mg, 2 mg", "--set",
                          "arms.treated.regimen.0.stop=5 year")
        late = re.findall(r"warning: test.yaml:[0-9:]+ arms.treated: regimen.0: pill begins at day ([0-9.]+), 'times' end at "
                          r"day 730.5: no output sees a dose", said)
        self.assertEqual(late, ["730.5", "913.125"])
        said = self.osteon("sweep", "anastrozole_dose", "-n", "8", "--keep", "endpoints", "--vary",
                           "arms.anastrozole.regimen.0.dose=1 mg, 1000 mg", "-o", "w.h5", "--force")
        self.assertEqual(said.count("warning"), 1)
        self.assertIn("regimen.0.dose=1000 mg': arms.anastrozole: regimen.0: a dose of 1000 mg of anastrozole is far", said)

    def test_show_of_subjects(self):
        self.sweep("show.h5", "--vary", f"{DOSE}=0.5 mg, 1 mg", "--set", "endpoints={}")
        said = self.osteon("show", "show.h5")
        self.assertIn("133 subjects x 2 arms x 2 points", said)
        self.assertEqual(len(re.findall(r"^treated +total_hip +24 +dose (?:0.5|1) mg ", said, re.MULTILINE)), 2)

    def test_verify(self):
        self.sweep("v.h5", "--vary", f"{DOSE}=0.5 mg, 1 mg")
        said = self.osteon("verify", "v.h5", "--share", "all")
        self.assertEqual(re.findall(r"recomputed: dose (\S+) mg, 3 blocks of 64 subjects: equal", said), ["0.5", "1"])
        half = self.osteon("verify", "v.h5", "--share", "50 %")
        self.assertEqual(re.findall(r"recomputed: dose (\S+) mg, 3 blocks", half), ["1"])
        many = ("--vary", f"{DOSE}=0.5 mg..2 mg : 25", "--keep", "endpoints")
        self.sweep("many.h5", *many)
        self.assertIn("recomputed: 25 points, 3 blocks of 64 subjects each: equal\n",
                      self.osteon("verify", "many.h5", "--share", "all"))

    def change(self, name, what, value):
        """A copy of a file in which one thing differs: a dataset's first value, or an attribute."""
        shutil.copy(self.path(name), self.path("changed.h5"))
        with h5py.File(self.path("changed.h5"), "r+") as file:
            if isinstance(what, tuple):
                file[what[0]].attrs[what[1]] = value
            elif value is None:
                del file[what]
            elif file[what].ndim == 0:
                file[what][()] = value
            else:
                file[what][(0, ) * file[what].ndim] = value

    def test_verify_all_that_a_file_holds(self):
        self.sweep("s.h5", "--vary", f"{DOSE}=0.5 mg, 1 mg", "--vary", "models.1=./one.model, ./two.model", "--set",
                   "outputs=[bmd, marker]", "-q")
        self.sweep("e.h5", "--vary", f"{DOSE}=0.5 mg, 1 mg", "--keep", "endpoints", "-q")
        self.osteon("run", "test.yaml", "-o", "r.h5", "-q")
        values = [("s.h5", "hip", 3), ("s.h5", "hip_q95", 3), ("s.h5", "level_n", 3), ("s.h5", "bmd", 3), ("s.h5", "age", 3),
                  ("s.h5", "status", 1), ("s.h5", "n_steps", 1), ("e.h5", "hip", 3), ("r.h5", "age", 3), ("r.h5", "status", 1),
                  ("r.h5", "n_rejected", 1), ("r.h5", "parameters/one.loss", 3), ("r.h5", "parameters/pill.half", 3)]
        for name, what, value in values:
            self.change(name, what, value)
            said = self.osteon("verify", "changed.h5", "--share", "all", code=4)
            self.assertRegex(said, f"different\n  1 (of .* values|difference), first: {what}.*: {value} in the file, now", (name, what))
        self.assertIn("first: parameters/pill.half: 3 in the file, now 20\n", said)
        self.change("s.h5", "bmd", 3)
        self.assertIn("first: bmd[lumbar_spine], dose 0.5, models './one.model', arm 'control', subject 0, day 0: 3 in",
                      self.osteon("verify", "changed.h5", "--share", "all", code=4))
        others = [("s.h5", "dose", 3), ("e.h5", "dose", 3), ("s.h5", "models", "./six.model"), ("s.h5", ("dose", "units"), "g"),
                  ("s.h5", ("hip", "long_name"), "x"), ("s.h5", ("/", "title"), "x"), ("s.h5", "time", 3),
                  ("s.h5", "subject", 3), ("s.h5", "arm_label", "x"), ("s.h5", "site", "x"), ("r.h5", ("bmd", "units"), "x"),
                  ("s.h5", ("/", "seed"), 3), ("r.h5", "arm_label", "x"), ("r.h5", "age", None), ("s.h5", "hip_n", None),
                  ("s.h5", "marker", None)]
        for name, what, value in others:
            self.change(name, what, value)
            for words in (), ("--share", "50 %"):
                said = self.osteon("verify", "changed.h5", *words, code=4)
                self.assertIn("recomputed: coordinates and attributes: different\n  1 difference, first: ", said, what)

    def test_errors_are_measured_once(self):
        """Those of the first point, as a run of it alone prints them."""
        errors = re.compile("^(?:this tolerance and longest step|periodic dosing) against .*$", re.MULTILINE)
        said = self.sweep("p.h5", "--vary", f"{DOSE}=0.5 mg, 1 mg", "--vary", f"{LOSS}=0.01 1/y, 0.04 1/y")
        alone = self.osteon("run", "test.yaml", "--set", f"{DOSE}=0.5 mg", "--set", f"{LOSS}=0.01 1/y", "-o", "alone.h5")
        self.assertGreater(len(errors.findall(alone)), 0)
        self.assertEqual(errors.findall(said), errors.findall(alone))

    def test_shards(self):
        for keep in ("subjects", "endpoints"):
            vary = ("--vary", f"{DOSE}=0.5 mg, 1 mg, 2 mg", "--vary", f"{AGE}=50 y, 60 y", "--keep", keep, "--no-probe",
                    "--force")
            self.sweep("whole.h5", *vary)
            for i in (1, 2, 3):
                self.sweep(f"s{i}.h5", *vary, "--shard", f"{i}/3")
            self.osteon("merge", "s3.h5", "s1.h5", "s2.h5", "-o", "merged.h5", "--force")
            self.assert_same("whole.h5", "merged.h5")
            self.assertIn("shard 2 of 3", self.osteon("merge", "s3.h5", "s1.h5", "-o", "x.h5", code=1))

    def test_resume(self):
        """Killed at some moment, resumed: the file is that of an unbroken sweep."""
        vary = ("--vary", f"{DOSE}=0.1 mg..2 mg : 30", "--set", "solver.h_max=1 d", "--keep", "endpoints")
        self.sweep("whole.h5", *vary)
        killed = 0
        for delay in (0.2, 0.4, 0.7):
            if not self.killed(delay, "sweep", "test.yaml", *vary):
                continue
            killed += 1
            self.sweep("r.h5", *vary, "--resume")
            self.assert_same("whole.h5", "r.h5")
            os.remove(self.path("r.h5"))
        self.assertGreater(killed, 0)
        self.sweep("other.h5", *vary)
        os.rename(self.path("other.h5"), self.path("r.h5"))
        self.assertIn("nothing to resume", self.sweep("r.h5", *vary, "--resume"))
        other = ("--vary", f"{DOSE}=0.1 mg..2 mg : 31", *vary[2:])
        self.assertIn("sweep_vary", self.sweep("r.h5", *other, "--resume", code=1))

    def test_damaged_files(self):
        """Every command that takes a result says the same of one that is damaged."""
        self.sweep("whole.h5", "--vary", f"{DOSE}=0.5 mg, 1 mg", "-q")
        self.osteon("run", "test.yaml", "--shard", "1/2", "-o", "shard.h5", "-q")
        with open(self.path("whole.h5"), "rb") as whole, open(self.path("shard.h5"), "rb") as shard:
            files = {"empty.h5": b"", "cut.h5": whole.read(3000), "text.h5": b"a text", "journal.h5": shard.read(300)}
        for name, content in files.items():
            with open(self.path(name), "wb") as file:
                file.write(content)
        with h5py.File(self.path("other.h5"), "w") as file:
            file["x"] = [1, 2]
        facts = ("vary", "points", "seed", "endpoints", "keep", "design", "axes")
        for fact in facts:
            shutil.copy(self.path("whole.h5"), self.path(f"{fact}.h5"))
            with h5py.File(self.path(f"{fact}.h5"), "r+") as file:
                del file.attrs[f"sweep_{fact}"]
        shutil.copy(self.path("whole.h5"), self.path("fewer.h5"))
        with h5py.File(self.path("fewer.h5"), "r+") as file:
            file.attrs["sweep_points"] = np.uint64(3)
        for name in (*files, "other.h5", *(f"{fact}.h5" for fact in facts), "fewer.h5"):
            said = {self.osteon(*words, code=4) for words in (
                ("show", name), ("verify", name), ("run", name, "-o", "x.h5"), ("compare", name, "-o", "x.h5"),
                ("sweep", name, "-o", "x.h5"), ("merge", name, "-o", "x.h5"), ("check", name), ("plan", name))}
            self.assertEqual(len(said), 1, said)
        self.assertIn("'sweep_endpoints' cannot be read", self.osteon("show", "endpoints.h5", code=4))
        for command in "run", "sweep", "compare", "merge":
            self.assertIn("No such file", self.osteon(command, "nothing.h5", "-o", "x.h5", code=1))

    def test_finished_sweeps_are_left_alone(self):
        vary = ("--vary", f"{DOSE}=0.5 mg, 1 mg", "--keep", "endpoints", "-q")
        self.sweep("s.h5", *vary)
        self.osteon("run", "test.yaml", "-o", "r.h5", "-q")
        for words, part in (((*vary[:1], f"{DOSE}=0.5 mg, 2 mg", *vary[2:]), "a sweep of 'test' with other values"),
                            ((*vary[:2], "-q"), "a sweep of 'test' with another --keep"),
                            ((*vary, "--design", "table"), "a sweep of 'test' with another design")):
            self.assertIn(f"s.h5 is there, {part}; name another file", self.sweep("s.h5", *words, code=2))
        self.assertIn("r.h5 is there, a result of 'test' that is not a sweep", self.sweep("r.h5", *vary, code=2))
        self.assertIn("s.h5 is there, a sweep of 'test'; name", self.osteon("run", "test.yaml", "-o", "s.h5", code=2))
        self.assertIn("replaces an earlier result of 'test'", self.sweep("s.h5", *vary[:-1], "-n", "70"))
        self.sweep("r.h5", *vary, "--force")

    def test_failures(self):
        """A point at which subjects fail is in the file, without values."""
        said = self.sweep("f.h5", "--vary", f"{DOSE}=0.01 mg, 50 mg", "--set", "models.1=./pole.model", "--set",
                          "endpoints={level: {output: bmd, arm: treated, to: 24 month, measure: level}}", code=3)
        self.assertIn("  dose 50 mg, subject 0, arm 'treated': ", said)
        with h5py.File(self.path("f.h5")) as file:
            self.assertEqual(list(file["level_n"]), [SUBJECTS, 0])
            self.assertTrue(np.isnan(file["level"][1]))
            self.assertIn(b"dose 50 mg, arm 'treated', subject 0: ", file["failure_message"][0])
            self.assertEqual(file.attrs["n_failed"], SUBJECTS)

    def test_memory_does_not_grow(self):
        """A thousand points more take at most 4 kB each."""
        peaks = []
        for n in (10, 1010):
            self.sweep("m.h5", "--vary", f"{DOSE}=0.1 mg..2 mg : {n}", "--keep", "endpoints", "--no-probe", "--force", "-n",
                       "8", "--threads", "1")
            peaks.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)  # kB, of the largest so far
        self.assertLess(peaks[1] - peaks[0], 4 * 1000)

    def draw(self, name, *arguments, code=0):
        done = subprocess.run([PLOT, name, *arguments], cwd=self.folder.name, capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stderr

    def test_figures(self):
        """Over one entry, over words, over two, points; what has no figure is refused with the reason."""
        keep = ("--keep", "endpoints", "-n", "8", "--force")
        dose, loss = f"{DOSE}=0.5 mg, 1 mg, 2 mg", f"{LOSS}=0.01 1/y, 0.02 1/y"
        for vary in (["--vary", dose], ["--vary", "models.1=./one.model, ./two.model"], ["--vary", dose, "--vary", loss],
                     ["--vary", dose, "--vary", loss, "--design", "halton", "--points", "5"]):
            self.sweep("f.h5", *vary, *keep)
            self.draw("f.h5", "-o", "f.svg")
            with open(self.path("f.svg"), encoding="utf-8") as file:
                self.assertIn("<svg", file.read())
            os.remove(self.path("f.svg"))
        self.draw("f.h5", "--variables", "level", "-o", "f.png")
        self.assertIn("has no endpoint 'levl'; it has hip, level", self.draw("f.h5", "--variables", "levl", code=1))
        three = ("--vary", dose, "--vary", loss, "--vary", f"{AGE}=50 y, 60 y")
        self.sweep("f.h5", *three, *keep)
        self.draw("f.h5", "-o", "f.svg")  # a row of two maps for each endpoint: the first entry of those with two values
        with open(self.path("f.svg"), encoding="utf-8") as file:
            self.assertEqual(re.findall("<!-- (loss 0.0.*?) -->", file.read()), ["loss 0.01 1/y", "loss 0.02 1/y"]*2)
        more = ", ".join(f"e{k}: {{output: marker, arm: treated, to: 24 month}}" for k in range(13))
        self.sweep("f.h5", "--vary", dose, "--set", "endpoints={" + more + "}", *keep)  # the first twelve
        self.draw("f.h5", "-o", "f.svg")
        with open(self.path("f.svg"), encoding="utf-8") as file:
            self.assertTrue(re.search(r"Not drawn .*variables\): e12\.", file.read()))
        self.assertIn("more than 12 panels", self.draw("f.h5", "--variables", ",".join(f"e{k}" for k in range(13)), code=1))
        self.sweep("f.h5", *three, "--vary", "arms.treated.regimen.0.start=0 d, 1 d", *keep)
        self.assertIn("4 entries are varied", self.draw("f.h5", code=1))
        said = self.sweep("f.h5", "--vary", dose, "--set", "endpoints={}", "-n", "8", "--force")
        self.assertNotIn("osteon-plot f.h5", said)
        self.assertIn("without 'endpoints'", self.draw("f.h5", code=1))

    def test_colours_of_a_map(self):
        """Equal values have the colour of the middle, also where they differ in digits that are not shown."""
        sys.path.insert(0, os.path.dirname(PLOT))
        from plotting.sweep import colour_limits
        for values in ([-1.8, -1.8], [-1.8, -1.8 + 1e-9], [0, 0], [1e-8, 1e-8]):
            low, high = colour_limits(np.array(values))
            for value in values:
                self.assertAlmostEqual((value - low) / (high - low), 0.5, delta=0.01)
        self.assertEqual(colour_limits(np.array([-1.8, np.nan, -1.5])), (-1.8, -1.5))

    def test_ticks_of_an_axis(self):
        """A logarithmic axis has labels at its ends, and at round numbers between that are not near them."""
        sys.path.insert(0, os.path.dirname(PLOT))
        from plotting.sweep import ticks_of
        for values, places in (([0.25, 4], [0.25, 0.5, 1, 2, 4]), ([0.3, 30], [0.3, 1, 3, 10, 30]),
                               ([1, 2e5], [1, 10, 100, 1e3, 1e4, 2e5])):
            np.testing.assert_allclose(ticks_of(np.array(values)), places)

    def test_wrong_sweeps(self):
        """tests/wrong_sweeps.txt: exit code, arguments, part of the message."""
        with open(os.path.join(HERE, "wrong_sweeps.txt"), encoding="utf-8") as file:
            lines = [line.rstrip("\n") for line in file if line.strip() and not line.startswith("#")]
        self.assertGreaterEqual(len(lines), 25)
        for name, text in (("two.csv", f"{DOSE} [mg],{DOSE} [mg]\n1,2\n"), ("head.csv", f"{DOSE} [mg]\n"),
                           ("unit.csv", f"{DOSE} [d]\n1\n"), ("word.csv", f"{DOSE} [mg]\none\n"),
                           ("short.csv", f"{DOSE} [mg],{LOSS} [1/y]\n1\n")):
            with open(self.path(name), "w", encoding="utf-8") as out:
                out.write(text)
        for line in lines:
            code, arguments, message = (part.strip() for part in line.split(" | "))
            with self.subTest(line):
                said = self.osteon("sweep", "test.yaml", *shlex.split(arguments), "-o", "w.h5", code=int(code))
                self.assertIn(message, said)
                self.assertFalse(os.path.exists(self.path("w.h5")) or os.path.exists(self.path("w.h5.part")))


if __name__ == "__main__":
    unittest.main()
