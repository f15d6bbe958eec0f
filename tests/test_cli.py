#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program as a user meets it: exit codes, messages, files. Takes the path of osteon as its first argument; further
words name single tests. Uses models and experiments of its own, so that it tests the program and not the science."""
import csv
import fcntl
import json
import math
import os
import pathlib
import re
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

import h5py
import numpy as np

from terminal import open_terminal

OSTEON = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else "osteon"
PLOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scripts", "plot.py")
COMMANDS = ["run", "compare", "show", "check", "plan", "model", "list"]

# Bone that decays at k per year: bmd(t) = exp(-k t), so every number that is shown is known. `rest` keeps its steps
# busy without changing it; `a` makes some subjects grow without bound in finite time.
MODEL = """
model tiny "bone that decays"
kind bone
param k = 0.02 [1/y] spread 0.3 "loss rate" @ "assumed: for a test"
param a = 0 [1/d] spread choice 0: 0.75, 0.5: 0.25 "growth that ends in a pole" @ "assumed: for a test"
state B = 1 [1] scale 1 "bone"
state X = 1 [1] scale 1 "grows without bound where a > 0"
B' = -k*B
X' = a*X^2
output bmd [g/cm2] = 1 [g/cm2]*B "bone mineral density"
output x [1] = X "growth"
"""
EXPERIMENT = """
title: A test
models: [./tiny.model]
population: {subjects: 40, seed: 7}
parameters: {tiny.a: {value: 0 1/d, spread: 0}}
arms: {control: {label: Control}, other: {label: Other}}
times: {to: 24 month, every: 6 month}
evidence:
  table: evidence.csv
  compare: [{arm: control, trial: T1, trial_arm: placebo}]
"""
EVIDENCE = """\
role,trial,arm,population,drug_regimen,endpoint,site,time_months,statistic,value,unit,lower,upper,interval,n,\
citation,reference,note
validate,T1,placebo,women,none,BMD_change,LS,12,median,-1.5,percent,-2.5,-0.5,95ci,10,somebody,somewhere,
"""


# The same bone under a drug that is begun and ended on scans, taken by some more than by others.
RULED_MODEL = """
model ruled "bone that decays, and a drug that builds it"
kind bone
param k = 0.02 [1/y] spread 0.3 "loss rate" @ "assumed: for a test"
param g = 0.05 [1/mg/y] spread 0.3 "what the drug builds" @ "assumed: for a test"
noise scan "error of a scan"
state B = 1 [1] scale 1 "bone"
state D = 0 [mg] scale 1 "drug"
B' = g*D - k*B
D' = -0.02 [1/d]*D
dose D
output bmd [g/cm2] = 1 [g/cm2]*B*(1 + 0.01*scan) "bone mineral density, as scanned"
"""
RULED = """
title: Rules
models: [./ruled.model]
population:
  subjects: 64
  seed: 3
  dropout: leaving
  covariates:
    leaving: {distribution: exponential, mean: 12 year}
    share: {distribution: uniform, from: 0.4, to: 1}
arms:
  ruled:
    regimen:
      - {drug: ruled, dose: 1 mg, interval: 1 month, adherence: share, start: 3 month, visits: 3 month,
         begin_if: "bmd < 0.93 [g/cm2]", end_if: "bmd > 0.97 [g/cm2]"}
times: {to: 5 year, every: 6 month}
solver: {h_max: 0.5 day}
"""


class Program(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        for name, text in ("tiny.model", MODEL), ("tiny.yaml", EXPERIMENT), ("evidence.csv", EVIDENCE):
            with open(self.path(name), "w", encoding="utf-8") as file:
                file.write(text)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def osteon(self, *words, code=0, **more):
        done = subprocess.run([OSTEON, *words], cwd=self.folder.name, capture_output=True, text=True, check=False,
                              timeout=300, **more)
        self.assertEqual(done.returncode, code, f"{words}\n{done.stdout}\n{done.stderr}")
        if code != 0 and "stdout" not in more:
            for line in done.stderr.splitlines():
                self.assertFalse("Sanitizer" in line, done.stderr)
        return done

    def run_tiny(self, out="out.h5", *words, code=0):
        return self.osteon("run", "tiny.yaml", "-o", out, *words, code=code)

    def bmd(self, name):
        with h5py.File(self.path(name)) as file:
            return file["bmd"][:]

    def assert_same(self, one, other, is_resumed=False):
        """Every number and text but those of how fast it was."""
        found = []
        but = {"seconds_wall", "seconds_cpu", "threads"}
        if is_resumed:
            but.add("n_resumed")
        with h5py.File(self.path(one)) as a, h5py.File(self.path(other)) as b:
            def compare(name, item):
                found.append(name)
                if isinstance(item, h5py.Dataset):
                    self.assertEqual(item.dtype, b[name].dtype, name)
                    np.testing.assert_array_equal(item[()], b[name][()], name)
            a.visititems(compare)
            self.assertEqual(sorted(a.attrs), sorted(b.attrs))
            for name in set(a.attrs) - but:
                np.testing.assert_array_equal(a.attrs[name], b.attrs[name], name)
            b.visit(lambda name: self.assertIn(name, found))

    def test_help_and_version(self):
        text = self.osteon("--help").stdout
        for word in COMMANDS + ["130", "Exit codes"]:
            self.assertIn(word, text)
        self.assertRegex(self.osteon("--version").stdout, r"^osteon \d+\.\d+\.\d+ ")
        for command in COMMANDS:
            self.assertTrue(self.osteon(command, "--help").stdout.startswith(f"Usage: osteon {command} "))
            self.assertEqual(self.osteon("help", command).stdout, self.osteon(command, "--help").stdout)
        self.assertEqual(self.osteon("help").stdout, text)

    def test_wrong_usage(self):
        for words, part in (
            (["rum"], "did you mean 'run'?"),
            ([], "a command is missing"),
            (["run", "tiny.yaml", "--subject=3", "--sed", "1"], "seed"),
            (["run", "tiny.yaml", "--subjcets", "3"], "did you mean 'subjects'?"),
            (["run", "tiny.yaml", "-o"], "-o needs a value"),
            (["run", "tiny.yaml", "--seed"], "--seed needs a value"),
            (["run", "tiny.yaml", "-z"], "unknown option -z"),
            (["run", "tiny.yaml", "--trial", "x"], "unknown option --trial (--trial is an option of 'osteon validate')"),
            (["show", "tiny.h5", "--trials", "x"], "unknown option --trials (--trials is an option of 'osteon validate')"),
            (["validate", "-n", "3"], "unknown option -n (did you mean '--subjects'?)"),
            (["show", "tiny.h5", "-n", "3"], "unknown option -n; 'osteon show --help' lists them"),
            (["run", "-o", "x.h5"], "EXPERIMENT|RESULT.h5 is missing"),
            (["run", "tiny.yaml", "other.yaml", "-o", "x.h5"], "'other.yaml' follows 'tiny.yaml'"),
            (["run", "tiny.yaml", "-o", "x.h5", "--threads", "two"], "--threads: 'two' is not a whole number"),
            (["run", "tiny.yaml", "-o", "x.h5", "--isa", "mmx"], "--isa: 'mmx'"),
            (["run", "tiny.yaml", "-o", "x.h5", "--set", "population.subject=3"], "subjects"),
            (["run", "tiny.yaml", "-o", "x.h5", "--subjects", "many"], "many"),
            (["run", "tiny.yaml", "-o", "x.h5", "--dosing", "sometimes"], "sometimes"),
            (["run", "tiny.yaml", "-o", "x.h5", "--set", "run_in.start=5 year"], "begins before time 0"),
            (["validate", "--trial", "sabre", "--trial", "atac"], "validate: --trial is given twice; commas separate"),
            (["compare", "tiny.yaml", "-m", "aibl", "--models=jorg2022"], "--models is given twice; commas separate"),
            (["validate", "--subjects", "1000", "--subjects", "20"], "--subjects is given twice\n"),
            (["run", "tiny.yaml", "-o", "x.h5", "--output", "y.h5"], "run: --output is given twice\n"),
            (["run", "tiny.yaml", "-n", "3", "--subjects", "4"], "'population.subjects' is changed twice, to '3' and by"),
            (["run", "tiny.yaml", "-n", "3", "--set", "population.subjects=4"], "by --set population.subjects=4"),
            (["run", "tiny.yaml", "--set", "population.seed=4", "--seed", "5"], "'population.seed' is changed twice"),
            (["help", "rum"], "did you mean 'run'?"),
            (["list", "drug"], "did you mean 'drugs'?"),
            (["run", "tiny.yaml", "-o", "tiny.model"], "'tiny.model' is not the name of a result file (HDF5), which ends in .h5"),
            (["run", "tiny.yaml", "-o", "."], "'.' is a folder"),
            (["compare", "tiny.yaml", "--models", "./tiny.model", "-o", "."], "'.' is a folder"),
            (["compare", "tiny.yaml", "--models", "./tiny.model,", "-o", "x.h5"], "a name is missing in './tiny.model,'"),
        ):
            with self.subTest(words):
                done = self.osteon(*words, code=2)
                self.assertIn(part, done.stderr)
                self.assertTrue(done.stderr.startswith("osteon: "))
                self.assertEqual(done.stdout, "")

    def test_wrong_input(self):
        for words, part in (
            (["run", "nothing.yaml", "-o", "x.h5"], "No such file"),
            (["run", "atax", "-o", "x.h5"], "no experiment of that name"),
            (["show", "nothing.h5"], "No such file"),
            (["verify", "nothing.h5"], "No such file"),
            (["check", "nothing.model"], "No such file"),
            (["model", "nothing"], "nothing"),
            (["run", "tiny.yaml", "-o", "x.h5", "--set", "models=[./tinny.model]"], "tiny.yaml: model './tinny.model'"),
            (["plan", "tiny.model"], "a model, not an experiment"),
        ):
            with self.subTest(words):
                self.assertIn(part, self.osteon(*words, code=1).stderr)
                self.assertFalse(os.path.exists(self.path("x.h5")))

    def test_errors_have_a_place(self):
        with open(self.path("bad.yaml"), "w", encoding="utf-8") as file:
            file.write("models: [tiny]\narmz: {}\n")
        self.assertRegex(self.osteon("check", "bad.yaml", code=1).stderr, r"bad\.yaml:2:1: .*arms")

    def test_check_plan_model_list(self):
        self.assertTrue(self.osteon("check", "tiny.yaml").stdout.startswith("OK: tiny.yaml: 2 arms, 40 subjects, 1 model with 2 states"))
        self.assertIn(", 7 subjects, ", self.osteon("check", "tiny.yaml", "--set", "population.subjects=7").stdout)
        self.assertIn("in the setting 'arms.control.labl=x': unknown key 'labl'",
                      self.osteon("check", "tiny.yaml", "--set", "arms.control.labl=x", code=2).stderr)
        self.assertIn("--set changes an experiment", self.osteon("check", "tiny.model", "--set", "a=1", code=2).stderr)
        self.assertTrue(self.osteon("check", "tiny.model").stdout.startswith("OK: tiny.model: bone model 'tiny'"))
        for name, text in ("wrong.model", MODEL.replace("B' =", "C' =")), ("giver.model", MODEL.replace("model tiny", "model giver") +
                          "signal pull [1] = 0 combine sum \"pull\"\ndrives pull = B\n"), ("taker.model", MODEL.replace(
                              "model tiny", "model taker").replace("B' = -k*B", "B' = -k*B*pull") + "reads pull\n"):
            with open(self.path(name), "w", encoding="utf-8") as file:
                file.write(text)
        done = self.osteon("check", "wrong.model", "giver.model", "none.model", "taker.model", "tiny.yaml", code=1)
        self.assertEqual([line.split()[1] for line in done.stdout.splitlines()], ["giver.model:", "taker.model:", "tiny.yaml:"])
        self.assertRegex(done.stderr, r"osteon: wrong.model:\d+:1: .*'C' is not a state.*\nosteon: none.model: No such file")
        self.assertIn("tiny", self.osteon("plan", "tiny.yaml").stdout)
        self.assertIn("digraph", self.osteon("plan", "tiny.yaml", "--dot").stdout)
        self.assertIn("loss rate", self.osteon("model", "./tiny.model").stdout)
        for what in "models", "drugs", "signals", "outputs", "keys":
            self.assertGreater(len(self.osteon("list", what).stdout.splitlines()), 1, what)

    def test_experiments_by_name(self):
        os.mkdir(self.path("configs"))
        with open(self.path("configs/mine.yaml"), "w", encoding="utf-8") as file:
            file.write(EXPERIMENT.replace("./tiny", "../tiny"))
        self.assertRegex(self.osteon("list", "configs").stdout, r"(?m)^configs\n  mine +A test$")
        shutil.copy(self.path("evidence.csv"), self.path("configs"))
        for name in ("mine", "Mi-Ne", "mi.ne"):
            self.assertTrue(self.osteon("check", name).stdout.startswith("OK: "), name)
        self.assertIn("did you mean 'mine'?", self.osteon("check", "mien", code=1).stderr)

    def test_dry_run_writes_nothing(self):
        text = self.osteon("run", "tiny.yaml", "--dry-run", "--subjects", "12345").stdout
        self.assertIn("12,345", text)
        self.assertNotIn("smaller ", text)
        large = self.osteon("run", "atac", "--dry-run", "--subjects", "1e6").stdout
        self.assertRegex(large, r"(?m)^smaller +with fewer outputs, .* or --set results.keep=quantiles$")
        self.assertIn("bmd", text)
        self.assertEqual(sorted(os.listdir(self.folder.name)), ["evidence.csv", "tiny.model", "tiny.yaml"])

    def test_run_gives_the_exact_solution(self):
        done = self.run_tiny("out.h5", "--set", "population.variability=false", "--set", "results.precision=float64")
        self.assertIn("osteon show out.h5", done.stdout)
        bmd = self.bmd("out.h5")
        self.assertEqual(bmd.shape, (2, 40, 5))
        wanted = np.exp(-0.02 * np.arange(0, 25, 6) / 12)
        np.testing.assert_allclose(bmd, np.broadcast_to(wanted, bmd.shape), rtol=1e-6)

    def test_without_its_own_errors(self):
        measured, left_out = self.run_tiny("out.h5"), self.run_tiny("none.h5", "--no-probe")
        np.testing.assert_array_equal(self.bmd("out.h5"), self.bmd("none.h5"))
        for name, n, text in ("out.h5", 8, measured.stdout), ("none.h5", 0, left_out.stdout):
            with h5py.File(self.path(name)) as file:
                self.assertEqual(file.attrs["n_solver_probed"], n)
                self.assertEqual(math.isnan(file["bmd"].attrs["solver_error_percent"]), n == 0)
            self.assertEqual("this tolerance" in text, n > 0, text)

    def test_progress_off_a_terminal(self):
        """One line at the end; JSON where it is asked for."""
        self.assertRegex(self.run_tiny().stderr, r"^finished: 40 of 40 subjects \(100 %\) in [\d.]+ s\n$")
        lines = [json.loads(line) for line in self.run_tiny("out.h5", "--progress", "json").stderr.splitlines()]
        self.assertEqual(lines[-1]["event"], "finished")
        self.assertEqual((lines[-1]["subjects_done"], lines[-1]["subjects"]), (40, 40))
        asked = self.osteon("run", "tiny.yaml", "-o", "out.h5", env={**os.environ, "OSTEON_PROGRESS": "json"}).stderr
        self.assertEqual(json.loads(asked)["event"], "finished")
        self.assertEqual(self.run_tiny("out.h5", "--progress", "none").stderr, "")
        self.assertIn("--progress: 'jsn' must be one of auto, json or none (did you mean 'json'?)",
                      self.run_tiny("out.h5", "--progress", "jsn", code=2).stderr)
        self.assertIn("OSTEON_PROGRESS: 'x' must be one of", self.osteon(
            "run", "tiny.yaml", "-o", "out.h5", env={**os.environ, "OSTEON_PROGRESS": "x"}, code=2).stderr)
        done = self.run_tiny("quiet.h5", "--quiet")
        self.assertEqual((done.stdout, done.stderr), ("", ""))

    def test_progress_on_a_terminal(self):
        leader, follower = open_terminal(self)
        child = subprocess.Popen([OSTEON, "run", "tiny.yaml", "-o", "out.h5", "--subjects", "20000", "--set",
                                  "solver.h_max=0.5 day"], cwd=self.folder.name, stdout=subprocess.DEVNULL,
                                 stderr=follower)
        os.close(follower)
        text = b""
        try:
            while piece := os.read(leader, 4096):
                text += piece
        except OSError: # the other end is closed
            pass
        os.close(leader)
        self.assertEqual(child.wait(timeout=100), 0)
        self.assertRegex(text.decode(), r"\r[\d,]+ of 20,000 subjects \(\d+ %\), \d+/s, \d+ s left")
        self.assertTrue(text.endswith(b"\r\x1b[K"), text[-80:])

    def test_plan_that_cannot_be(self):
        os.mkdir(self.path("copy"))
        with open(self.path("copy/tiny.model"), "w", encoding="utf-8") as file:
            file.write(MODEL)
        with open(self.path("two.yaml"), "w", encoding="utf-8") as file:
            file.write(EXPERIMENT.replace("[./tiny.model]", "[./tiny.model, ./copy/tiny.model]"))
        for words in (["check", "two.yaml"], ["plan", "two.yaml"], ["run", "two.yaml", "-o", "x.h5"]):
            with self.subTest(words):
                self.assertIn("two models of this experiment are called 'tiny'", self.osteon(*words, code=1).stderr)
        with open(self.path("tiny.model"), "a", encoding="utf-8") as file:
            file.write("letter x = 1\n")
        self.assertRegex(self.osteon("check", "tiny.model", code=1).stderr, r"tiny\.model:12:1: 'letter' begins no statement")
        with open(self.path("tiny.model"), "a", encoding="utf-8") as file:
            file.write("\0")
        self.assertIn("not a text file", self.osteon("check", "tiny.model", code=1).stderr)

    def test_error_of_periodic_dosing(self):
        atac = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "configs", "atac.yaml")
        words = ["run", atac, "-o", "out.h5", "--subjects", "2", "--set", "times={to: 7 year, every: 6 month}", "--set",
                 "outputs=[bmd]"]
        self.assertRegex(self.osteon(*words, "--dosing", "periodic").stdout,
                         r"against exact, 2 subjects of each arm, estimated for the worst of all from [\d.]+ % of its doses: bmd differs by at most [\d.e-]+ % of its largest value")
        self.assertNotIn("against exact", self.osteon(*words, "--dosing", "exact").stdout)
        words[-1] = "outputs=[bmd, estradiol]"
        done = self.osteon(*words)
        self.assertRegex(done.stdout, r"most of all estradiol, by [\d.e-]+ %")
        self.assertNotIn("consider --dosing exact", done.stdout)
        words = ["run", atac.replace("atac.yaml", "trials/data.yaml"), "-o", "data.h5", "--subjects", "2", "--set",
                 "outputs=[bmd, p1np]", "--set", "population.eligible=t_score[lumbar_spine] < 9"]
        self.assertRegex(self.osteon(*words).stdout, r"p1np, by (?:2|1\.\d) %\n"
                         r"  BMD is right to 0\.1 percent points; where p1np itself matters, consider --dosing exact\n")
        words[-3] = "outputs=[p1np]"
        self.assertRegex(self.osteon(*words).stdout, r"at most (?:2|1\.\d) % of its largest value\n  more than 1 %: consider --dosing exact")
        words = [atac.replace("atac.yaml", "published/peterson_teriparatide_2y.yaml"), "-o", "ter.h5", "--dosing", "periodic"]
        self.assertRegex(self.osteon("run", *words).stdout, r"in BMD that is more than 0\.1 percent points: consider --dosing")

    def test_repeat_from_the_file(self):
        self.run_tiny("a.h5", "--subjects", "9", "--seed", "3", "--set", "parameters.tiny.k=0.05 1/y")
        os.remove(self.path("tiny.yaml"))
        with open(self.path("tiny.model"), "w", encoding="utf-8") as file:  # the model is in the file as well
            file.write(MODEL.replace("-k*B", "-2*k*B"))
        self.osteon("run", "a.h5", "-o", "b.h5")
        self.assert_same("a.h5", "b.h5")
        os.remove(self.path("tiny.model"))
        self.osteon("check", "b.h5")
        self.osteon("run", "b.h5", "-o", "c.h5", "--subjects", "4")
        np.testing.assert_array_equal(self.bmd("a.h5")[:, :4], self.bmd("c.h5"))
        with h5py.File(self.path("c.h5"), "a") as file:
            del file.attrs["experiment"]
        self.assertIn("cannot be repeated", self.osteon("run", "c.h5", "-o", "d.h5", code=4).stderr)

    def test_repeat_on_the_instruction_set_of_the_file(self):
        self.run_tiny("a.h5", "--isa", "base", "--subjects", "64")
        self.osteon("run", "a.h5", "-o", "b.h5")
        self.assert_same("a.h5", "b.h5")

    def test_threads_and_isa_do_not_matter(self):
        self.run_tiny("one.h5", "--threads", "1", "--subjects", "200")
        self.run_tiny("two.h5", "--threads", "2", "--subjects", "200")
        self.run_tiny("base.h5", "--isa", "base", "--subjects", "200")
        np.testing.assert_array_equal(self.bmd("one.h5"), self.bmd("two.h5"))
        np.testing.assert_allclose(self.bmd("one.h5"), self.bmd("base.h5"), rtol=1e-6)

    def test_show(self):
        self.run_tiny("out.h5", "--set", "population.variability=false")
        text = self.osteon("show", "out.h5").stdout
        loss = 100 * (math.exp(-0.02) - 1)
        row = next(line for line in text.splitlines() if line.startswith("control") and f"{loss:.2f}" in line)
        self.assertEqual(row.split()[1:6], ["12"] + [f"{loss:.2f}"] * 4)
        text = self.osteon("show", "out.h5", "--at", "6,24", "--variable", "bmd").stdout
        months = [line.split()[1] for line in text.splitlines() if line.startswith("control")]
        self.assertEqual(months, ["6", "24"])
        self.assertIn("no values at month 7", self.osteon("show", "out.h5", "--at", "7", code=2).stderr)
        self.assertIn("did you mean 'bmd'?", self.osteon("show", "out.h5", "--variable", "bmt", code=2).stderr)
        row = [line.split() for line in self.osteon("show", "out.h5", "--at", "24", "--columns", "n,mean").stdout.splitlines()
               if line.startswith("control")]
        self.assertEqual(row[0], ["control", "24", "40", f"{100 * (math.exp(-0.04) - 1):.2f}"])
        self.assertIn("'meen' must be one of median, ",
                      self.osteon("show", "out.h5", "--columns", "median,meen", code=2).stderr)
        self.assertIn("'12;24' is not a list", self.osteon("show", "out.h5", "--at", "12;24", code=2).stderr)
        os.remove(self.path("evidence.csv"))
        done = self.osteon("show", "out.h5")
        self.assertRegex(done.stderr, "without evidence: .*evidence.csv")
        self.assertNotIn("observed", done.stdout)
        # none of the usual months: all times, or up to eight of many; in days and hours where the file is short
        for times, options, head, shown in (
                ("{to: 7 month, every: 1 month}", [], "month", ["1", "2", "3", "4", "5", "6", "7"]),
                ("{to: 7 month, every: 0.5 month}", [], "month", ["1", "2", "3", "4", "5", "6", "7"]),
                ("[0 d, 12 h, 2 d, 7 week]", [], "day", ["0.5", "2", "49"]),
                ("[0 d, 12 h, 2 d, 7 week]", ["--at", "12 h,49 day"], "day", ["0.5", "49"]),
                ("[0 d, 1 month, 2 month]", [], "month", ["1", "2"]),
                ("[0 d, 90 min, 36 h]", [], "hour", ["1.5", "36"])):
            self.run_tiny("out.h5", "--set", f"times={times}")
            text = self.osteon("show", "out.h5", *options).stdout
            rows = [line.split() for line in text.splitlines() if line.startswith(("control", "arm "))]
            self.assertEqual([row[1] for row in rows], [head, *shown])
        self.assertIn("--at '36 hour' is in its unit", self.osteon("show", "out.h5", "--at", "36", code=2).stderr)
        self.assertIn("'6 mg' is not a list", self.osteon("show", "out.h5", "--at", "6 mg", code=2).stderr)

    def test_arm_that_a_setting_takes_away(self):
        self.run_tiny("out.h5", "--set", "arms.other=~")
        for name in "out.h5", "again.h5":
            with h5py.File(self.path(name)) as file:
                self.assertEqual([arm.decode() for arm in file["arm"][()]], ["control"])
            self.osteon("run", "out.h5", "-o", "again.h5", "--quiet", "--force")
        for words, said in (
            (["arms.othr=~"], "there is no 'othr' to take away (did you mean 'other'?)"),
            (["arms.other=~", "endpoints={one: {output: bmd, arm: control, versus: other, to: 1 year}, two: {output: bmd, "
              "arm: other, to: 1 year}, three: {output: bmd, arm: control, to: 1 year}}"],
             "in the setting 'arms.other=~': endpoints are of this arm or compare with it; take them away too: --set "
             "'endpoints.one=~' --set 'endpoints.two=~'"),
        ):
            words = [word for setting in words for word in ("--set", setting)]
            self.assertIn(said, self.osteon("check", "tiny.yaml", *words, code=2).stderr)
        self.osteon("check", "tiny.yaml", *words, *re.findall("--set|(?<=')endpoints.*?(?=')", said))
        compared = "evidence.compare=[{arm: control, trial: T1, trial_arm: placebo}, " \
                   "{arm: control, versus: other, trial: T1, trial_arm: placebo}]"
        self.osteon("check", "tiny.yaml", "--set", compared, "--set", "arms.other=~")
        self.run_tiny("out.h5", "--set", "arms.other={}")
        self.assertEqual(self.bmd("out.h5").shape[0], 2)

    def test_files_of_the_readme(self):
        """The model and the experiments of the README are right as they stand there, from the first character on."""
        readme = pathlib.Path(__file__).resolve().parent.parent / "README.md"
        text = readme.read_text(encoding="utf-8")
        blocks = re.findall(r"(?ms)^```(\w*)\n(.*?)^```$", text)
        model = next(block for _, block in blocks if block.startswith("model mine "))
        sweeps = [block for kind, block in blocks if kind == "yaml" and block.startswith("experiment:")]
        experiments = [block for kind, block in blocks if kind == "yaml" and "\narms:" in "\n" + block]  # not parts
        self.assertEqual((len(experiments), len(sweeps)), (4, 1))
        table = next(block for _, block in blocks if block.startswith("ID,TIME,AMT,"))
        pathlib.Path(self.path("table.csv")).write_text(table, encoding="utf-8")
        pathlib.Path(self.path("sweep.yaml")).write_text(sweeps[0], encoding="utf-8")
        self.assertIn("points", self.osteon("sweep", "sweep.yaml", "-n", "2", "-o", "sweep.h5").stdout)
        pathlib.Path(self.path("mine.model")).write_text(model, encoding="utf-8")
        self.osteon("check", "mine.model")
        for i, block in enumerate(experiments):
            rest = "" if "models:" in block else "models: [hormones, aibl, dxa]\ntimes: {to: 2 year, every: 6 month}\n"
            pathlib.Path(self.path(f"{i}.yaml")).write_text(block + rest, encoding="utf-8")
            self.assertTrue(self.osteon("check", f"{i}.yaml").stdout.startswith("OK: "))
        self.assertNotRegex(text, r"(?m)^    (model \w+ \"|title:|models:)")  # an indented file is none when it is copied

    def test_numbers_of_the_readme(self):
        """The row of a table, the rise of RANKL/OPG and the half effect of estradiol are those of the models."""
        readme = (pathlib.Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")
        self.osteon("run", "atac", "--subjects", "1", "-o", "one.h5", "-q")
        self.osteon("export", "one.h5", "--csv", "one.csv", "--wide", "--columns", "bmd,ctx,age,aibl.k_C", "--every", "6 month")
        rows = pathlib.Path(self.path("one.csv")).read_text(encoding="utf-8").splitlines()
        row = next(line for line in rows if line.startswith("anastrozole,0,182.625,")).split(",")[1:]
        said = re.search(re.escape(rows[0]) + r"\nanastrozole,(.*)", readme)[1].split(",")
        np.testing.assert_allclose([float(x) for x in said], [float(x) for x in row], rtol=1e-6)
        self.osteon("run", "menopause", "-o", "menopause.h5", "-q", "--subjects", "200")
        with h5py.File(self.path("menopause.h5")) as file:
            ratio, day = np.median(file["rankl_opg_ratio"][0], axis=0), file["time"][:]
        self.assertEqual(len(day), len(ratio))
        then, later = (float(x) for x in re.search(r"RANKL/OPG rises threefold \((\S+) at that time, (\S+) later\)", readme).groups())
        self.assertAlmostEqual(ratio[np.argmin(abs(day - 3 * 365.25))] / ratio[0], then, delta=0.1)
        self.assertAlmostEqual(ratio[-1] / ratio[0], later, delta=0.1)
        half = re.search(r"aibl.K_E=60 pmol/L.*# K_E: estradiol at half of its effect, (\S+)", readme)[1]
        self.assertEqual(half, re.search(r"\n  K_E +(\S+) \[pmol/L\]", self.osteon("model", "aibl").stdout)[1])

    def test_show_one_subject(self):
        """A value, not the same number as median, percentiles and mean; and whose it is."""
        for subject in 0, 3:
            self.run_tiny("one.h5", "--subject", str(subject))
            text = self.osteon("show", "one.h5", "--at", "12").stdout
            self.assertIn(f"subject {subject} of tiny.yaml x ", text)
            self.assertNotIn("changed: ", text)  # nothing that was asked for by --set
            head, row = (next(r for r in map(str.split, text.splitlines()) if r[:1] == [k]) for k in ("arm", "control"))
            self.assertEqual(head[1:3], ["month", "value"])
            self.assertNotIn("median", head)
            self.assertEqual(row[:2], ["control", "12"])
            with h5py.File(self.path("one.h5")) as file:
                x = file["bmd"][0, 0]
                at = np.argmin(abs(file["time"][:] - 12 * 30.4375))
                self.assertAlmostEqual(float(row[2]), 100 * (x[at] / x[0] - 1), delta=0.0051)
        self.assertRegex(self.osteon("show", "one.h5", "--columns", "median,mean").stdout, "month +median +mean")
        times = ", ".join(f"{i} day" for i in range(400))
        self.run_tiny("long.h5", "--set", f"times=[{times}]")
        said = " ".join(self.osteon("show", "long.h5").stdout.split())
        self.assertRegex(said, r"changed: times=\[0 day, .{100,200}\.\.\. ")

    def test_show_differences_between_arms(self):
        with open(self.path("tiny.model"), "w", encoding="utf-8") as file:
            file.write(MODEL.replace("kind bone", "kind bone\nsignal push [1/y] = 0 combine sum \"hazard\"\nreads push")
                       .replace("X' = a*X^2", "X' = a*X^2 + 0.02 [1/y] + push")
                       .replace("output x [1] = X", "output x [%] = 1 - exp(1 - X)"))
        self.run_tiny("out.h5", "--set", "population.variability=false", "--set",
                      "arms.other={signals: [{signal: push, value: 0.03 1/y, start: 0 month}]}")
        rows = [line.split() for line in self.osteon("show", "out.h5", "--variable", "x", "--at", "12", "--versus",
                                                     "control").stdout.splitlines()]
        low, high = 100 * (1 - math.exp(-0.02)), 100 * (1 - math.exp(-0.05))
        head, control, other = (next(row for row in rows if row[:2] == [arm, at])
                                for arm, at in (("arm", "month"), ("control", "12"), ("other", "12")))
        self.assertEqual((head[2], head[-4:]), ("median", ["difference", "of", "means", "NNT"]))
        self.assertEqual(control[2:7], [f"{low:.2f}"] * 4 + ["0.00"])
        self.assertEqual(other[2:7], [f"{high:.2f}"] * 4 + ["0.00"])
        self.assertEqual(other[-2:], [f"{high - low:+.2f}", f"{100 / (high - low):.3g}"])
        rows = [line.split() for line in self.osteon("show", "out.h5", "--at", "12", "--versus", "other").stdout
                .splitlines()]
        self.assertIn("+0.00", next(row for row in rows if row[:1] == ["control"]))
        self.assertNotIn("NNT", rows[3])
        self.assertIn("no arm 'x'", self.osteon("show", "out.h5", "--versus", "x", code=2).stderr)

    def test_what_values_leave_out(self):
        """Below the tables of a run: that its parameters are one set, and which command shows their uncertainty."""
        def said(path):
            return " ".join(self.osteon("show", path).stdout.split())

        self.run_tiny("out.h5")
        self.assertTrue(said("out.h5").endswith(" All values are at one set of parameters, without the uncertainty of these."))
        self.osteon("run", "hip_loss", "-n", "3", "-q", "-o", "hip.h5")
        self.assertTrue(said("hip.h5").endswith(
            " SE: standard error, as 3 subjects were simulated. All values are at one set of parameters, without the "
            "uncertainty of these; that is shown by 'osteon run hip_loss --parameters flagship --draws 40' with the same "
            "changes."), said("hip.h5"))
        self.osteon("run", "hip_loss", "-n", "3", "-q", "--parameters", "flagship", "--draws", "2", "-o", "draws.h5")
        self.assertNotIn("without the uncertainty", said("draws.h5"))

    def test_fraction_beyond_a_limit(self):
        """As counted in the file, whether that keeps subjects or not; a difference is between the fractions."""
        with open(self.path("tiny.yaml"), "a", encoding="utf-8") as file:
            file.write("""endpoints:
  lost: {output: bmd, arm: other, to: 24 month, below: -4 %}
  more: {output: bmd, arm: other, versus: control, to: 24 month, below: -4 %}
  dense: {output: bmd, arm: other, to: 24 month, measure: level, above: 960 mg/cm2}
""")
        self.run_tiny("out.h5")
        bmd = self.bmd("out.h5")
        lost = 100 * (100 * (bmd[..., -1] / bmd[..., 0] - 1) < -4).mean(axis=1)
        dense = 100 * (bmd[1, :, -1] > 0.96).mean()
        self.assertTrue(0 < lost[1] < 100 and 0 < dense < 100, (lost, dense))
        for words in (), ("--set", "results.keep=quantiles"):
            self.run_tiny("out.h5", "--force", *words)
            rows = {line.split()[0]: line.split() for line in self.osteon("show", "out.h5").stdout.splitlines() if line.split()}
            for name, wanted in ("lost", lost[1]), ("more", lost[1] - lost[0]), ("dense", dense):
                self.assertIn(f"{wanted:.4g}", rows[name])
        with h5py.File(self.path("out.h5")) as file:  # no subject has a share
            self.assertTrue(np.isnan([file[name][()] for name in ("lost_q05", "lost_q95", "dense_q95")]).all())
            self.assertEqual([file[name].attrs["long_name"] for name in ("lost", "more", "dense")], [
                b"percent of subjects whose percent change of bmd is below -4 %, other, month 0 to 24",
                b"percent of subjects whose percent change of bmd is below -4 %, other - control, month 0 to 24",
                b"percent of subjects whose value of bmd is above 960 mg/cm2, other, month 24"])
        for limit, unit in (("-4", "%"), ("4 mg", "%"), ("dense.above=4 %", "g/cm2")):
            setting = f"endpoints.{limit}" if "=" in limit else f"endpoints.lost.below={limit}"
            self.assertIn(f"the limit has another unit than the measure: expected a number of {unit}",
                          self.osteon("check", "tiny.yaml", "--set", setting, code=1).stderr)

    def test_endpoints(self):
        """What an experiment asks for is checked before the run and printed after it."""
        loss = 100 * (math.exp(-0.02) - 1)
        with open(self.path("tiny.yaml"), "a", encoding="utf-8") as file:
            file.write("endpoints:\n"
                       "  first_year: {output: bmd, arm: control, to: 12 month}\n"
                       "  none: {output: bmd, arm: control, versus: other, from: 6 month, to: 24 month, measure: change,"
                       " statistic: q95}\n"
                       "  end: {output: x, arm: other, to: 24 month, measure: level, statistic: n}\n")
        self.assertTrue(self.osteon("check", "tiny.yaml").stdout.startswith("OK: "))
        self.run_tiny("out.h5", "--set", "population.variability=false")
        rows = [line.split() for line in self.osteon("show", "out.h5").stdout.splitlines()]

        def rows_of(name):
            return next(row[1:] for row in rows if row[:1] == [name])

        self.assertIn(["endpoint", "statistic", "measure", "output", "arm", "months", "value", "SE", "unit", "n"], rows)
        self.assertEqual(rows_of("first_year")[:8] + rows_of("first_year")[9:],
                         ["mean", "percent", "bmd", "control", "0", "to", "12", f"{loss:.4g}", "%", "40"])
        self.assertLess(float(rows_of("first_year")[8]), 1e-5)  # all subjects are the same, but for roundings of the file
        self.assertIn(["none", "q95", "change", "bmd", "control", "-", "other", "6", "to", "24", "0", "0", "g/cm2", "40"], rows)
        self.assertIn(["end", "n", "level", "x", "other", "24", "40", "40"], rows)
        for change, part in (  # what only the plan tells is no wrong usage of --set
            ("end.to=13 month", "endpoints.end: 'times' has no output at 13 month; 'times: {to: 24 month, every: 1 month}'"),
            ("end.to=1.3 year", "endpoints.end: 'times' has no output at 1.3 year; 'times: {to: 2 year, every: 0.1 year}' has it"),
            ("end.to=400 d", "endpoints.end: 'times' has no output at 400 d; 'times: {to: 730.5 d, every: 1 day}' has it"),
            ("end.to=3 year", "endpoints.end: 'times' has no output at 3 year; 'times: {to: 3 year, every: 0.5 year}' has it"),
            ("none.from=-2 month", "endpoints.none: 'times' has no output at -2 month; 'times: {from: -2 month, to: 24 month, every: 2 month}' has it"),
            ("none.from=24 month", "'from' (24 month) must be before 'to' (24 month)"),
            ("end.output=y", "endpoints.end.output: the models have no output 'y'"),
            ("end.statistic=nnt", "endpoints.end.statistic: 'nnt' must be one of median, "),
            ("end.measure=levl", "(did you mean 'level'?)"),
            ("end.arm=others", "(did you mean 'other'?)"),
            ("end.versu=other", "(did you mean 'versus'?)"),
        ):
            with self.subTest(change):
                done = self.osteon("run", "tiny.yaml", "--dry-run", "--set", f"endpoints.{change}",
                                   code=1 if part.startswith("endpoints.") else 2)
                self.assertIn(part, done.stderr)

    def test_some_eligible(self):
        """What enrolls as many as were asked for is said, and does so."""
        words = ["--set", "population.covariates={w: {distribution: uniform, from: 0, to: 1}}", "--set",
                 "population.eligible=w > 0.7"]
        said = self.run_tiny("out.h5", *words).stdout
        found = re.search(r"eligible: \d+ of 40 subjects; (--set population.subjects=~ --set population.enroll=40) draws until 40 are\n", said)
        said = self.osteon("show", "out.h5", "--variable", "w", code=2).stderr
        self.assertIn("'w' is one number of each subject, not an output over time", said)
        self.osteon(*re.search("'osteon (export out.h5 --csv OUT.csv --columns bmd,w)'", said)[1].split())
        self.assertRegex(self.run_tiny("more.h5", *words, *found[1].split()).stdout, r"enrolled: 40 of \d+ candidates")

    def test_usual_doses(self):
        """A dose a thousand times what the model calls usual is doubted with what was meant; within ten times it is not."""
        drug = "\nstate D = 0 [mg] scale 1 \"drug\"\nD' = -1 [1/d]*D\noutput d [mg] = D \"drug\"\ndose D"
        usual = " usual 70 [mg] in 5..70 every 1 [wk] @ \"its label\""
        line = "far from the usual one (dose: 70 mg, interval: 1 wk; range 5 to 70 mg; its label)"
        for dose, says in (
            ("60 g", "a dose of 60000 mg of tiny is %s (did you mean '60 mg'?)"), ("60 mg", None), ("700 mg", None),
            ("701 mg", "a dose of 701 mg of tiny is %s\n"), ("70 ug", "a dose of 0.07 mg of tiny is %s (did you mean '70 mg'?)"),
            ("0.1 mg", "a dose of 0.1 mg of tiny is %s\n"), ("3 ug", "a dose of 0.003 mg of tiny is %s\n"),
            ("1 mg", None), ("60 g, duration: 6000 d", None), ("10 mg, interval: 1 day", None), ("70 mg, interval: 10 week", None),
            ("70 mg, interval: 1 day", "a dose of 70 mg of tiny every 1 day is %s\n"),
            ("70 mg, interval: 71 day", "a dose of 70 mg of tiny every 71 day is %s\n"), ("'700 [g/kg]*weight'", "a dose of 4.9e+07 mg of tiny is %s (did you mean '49 mg'?)"),
        ):
            for text in usual, "":
                with open(self.path("tiny.model"), "w", encoding="utf-8") as file:
                    file.write(MODEL.rstrip() + drug + text + "\n")
                for command in "check", "plan":
                    with self.subTest(dose=dose, command=command, text=text):
                        interval = "" if "duration" in dose or "interval" in dose else ", interval: 1 week"
                        said = self.osteon(command, "tiny.yaml", "--set", "population.covariates.weight=70 kg", "--set",
                                           f"arms.other.regimen=[{{drug: tiny, dose: {dose}{interval}}}]").stderr
                        expected = says.replace("%s", line) if says and text else "far from"
                        self.assertEqual(expected in said, bool(says and text), said)
                        self.assertEqual("warning: tiny.yaml: in the setting 'arms.other.regimen=[{drug: tiny, " in said,
                                         bool(says and text), said)
        for shortest, is_said in ("12", False), ("40", True):
            with open(self.path("tiny.model"), "w", encoding="utf-8") as file:
                file.write(MODEL.rstrip() + drug + usual.replace("[wk]", f"[wk] from {shortest} [h]") + "\n")
            said = self.osteon("check", "tiny.yaml", "--set", "arms.other.regimen=[{drug: tiny, dose: 70 mg, interval: 12 h}]").stderr
            self.assertEqual(f"interval: 1 wk; interval from {shortest} h; range" in said, is_said, said)
        listed = self.osteon("list", "drugs").stdout.split("\n\n")[0].splitlines()[1:]
        self.assertEqual(sum(line.startswith(" " * 40) and "usual dose: " in line for line in listed),
                         sum(line[2] != " " for line in listed))
        self.assertRegex(self.osteon("list", "drugs").stdout, r"usual dose: 35 mg, interval: 7 day; range 5 to 150 mg\n")

    def test_lines_that_overlap(self):
        """Two lines that give a drug at one time are doubted where a stop is most likely missing, not where they are meant."""
        model = MODEL.rstrip() + "\nstate D = 0 [mg] scale 1 \"drug\"\nD' = -1 [1/d]*D\ndose D\noutput d [mg] = D \"drug\"\n"
        with open(self.path("tiny.model"), "w", encoding="utf-8") as file:
            file.write(model)
        doubted = "arms.other: regimen.0 and regimen.1 both give tiny from day"
        for one, two, days in (
            ("start: 0 d", "start: 6 month", "182.625 to 730.5"), ("start: 0 d", "start: 0 d", "0 to 730.5"),
            ("start: 0 d, stop: 7 month", "start: 6 month", "182.625 to 213.062"),
            ("start: 0 d, stop: 6 month", "start: 6 month", None), ("start: 0 d", "start: 12 h", None),
            ("start: 0 d", "start: 0 d, interval: 1 week", None), ("start: 0 d", "start: 30 d, dose: 9 mg, single", None),
        ):
            lines = [f"{{drug: tiny, dose: 1 mg, interval: 1 day, {line}}}" for line in (one, two)]
            if "single" in two:
                lines[1] = "{drug: tiny, dose: 9 mg, start: 30 d}"
            if "week" in two:
                lines[1] = "{drug: tiny, dose: 9 mg, start: 0 d, interval: 1 week}"
            with self.subTest(one=one, two=two):
                said = self.osteon("check", "tiny.yaml", "--set", f"arms.other.regimen=[{', '.join(lines)}]").stderr
                self.assertEqual(f"{doubted} {days}" in said if days else doubted not in said, True, said)

    def test_eligible(self):
        """How many are eligible is printed and in the file; a run with none ends without one, of a sweep it is a warning."""
        none, all_of_them = "bmd > 2 [g/cm2]", "bmd > 0 [g/cm2]"
        done = self.run_tiny("out.h5", "--set", f"population.eligible={none}", code=1)
        self.assertIn("eligible: 0 of 40 subjects\n", done.stdout)
        says = f"tiny.yaml: none of 40 subjects is eligible by '{none}'; widen the condition, or simulate more subjects"
        self.assertIn(f"osteon: {says}\n", done.stderr)
        self.assertEqual([name for name in os.listdir(self.folder.name) if name.startswith("out.h5")], [])
        done = self.osteon("sweep", "tiny.yaml", "--vary", f"population.eligible={none},{all_of_them}", "-o", "out.h5",
                           "--set", "endpoints.bone={output: bmd, arm: other, to: 24 month}")
        self.assertEqual(done.stderr.count("none of 40 subjects"), 1, done.stderr)
        self.assertIn("warning: ", done.stderr)
        done = self.run_tiny("out.h5", "--set", f"population.eligible={all_of_them}", "--force")
        self.assertIn("eligible: 40 of 40 subjects\n", done.stdout)
        with h5py.File(self.path("out.h5")) as file:
            self.assertEqual(file.attrs["n_eligible"], 40)
        self.assertIn("40 subjects (eligible: 40) x 2 arms", " ".join(self.osteon("show", "out.h5").stdout.split()))
        with h5py.File(self.path("out.h5"), "r+") as file: # as an earlier osteon wrote it
            del file.attrs["n_eligible"]
        self.assertIn("40 subjects x 2 arms", " ".join(self.osteon("show", "out.h5").stdout.split()))

    def test_chattering_condition(self):
        """The message has the line of the condition where both sides lead back to it."""
        with open(self.path("tiny.model"), "w", encoding="utf-8") as file:
            file.write(MODEL.replace("B' = -k*B", "B' = if B > 1.01 then -k else k"))
        line = 1 + MODEL[:MODEL.index("B' = ")].count("\n")
        self.run_tiny("out.h5", code=3)
        with h5py.File(self.path("out.h5")) as file:
            said = file["failure_message"].asstr()[0]
        self.assertIn(f"a condition in line {line} of tiny is crossed again and again (it chatters)", said)
        self.assertIn("write it smooth", said)

    def test_months_that_are_not_in_the_file(self):
        self.run_tiny("out.h5")
        text = self.osteon("show", "out.h5", "--at", "6.0001,12", "--csv", "out.csv").stdout
        self.assertIn("month 6.0001 is not in the file: the nearest time, month 6, is shown\n", text)
        self.assertIn(["control", "6"], [line.split()[:2] for line in text.splitlines()])
        with open(self.path("out.csv"), encoding="utf-8", newline="") as file:
            self.assertIn("6", [row["to [month]"] for row in csv.DictReader(file)])
        self.assertNotIn("not in the file", self.osteon("show", "out.h5", "--at", "6,12").stdout)

    def test_endpoint_in_percent_of_zero(self):
        with open(self.path("tiny.model"), "w", encoding="utf-8") as file:
            file.write(MODEL.replace("output x [1] = X", "output x [1] = 1 - B + 0*X"))
        with open(self.path("tiny.yaml"), "a", encoding="utf-8") as file:
            file.write("endpoints:\n  rise: {output: x, arm: control, to: 12 month}\n")
        self.run_tiny("out.h5")
        text = self.osteon("show", "out.h5").stdout
        self.assertNotIn("nan", text)
        self.assertIn("no value: x is 0 at month 0; 'measure: change' gives the absolute change", " ".join(text.split()))

    def test_show_values_where_a_baseline_is_zero(self):
        with open(self.path("tiny.model"), "w", encoding="utf-8") as file:
            file.write(MODEL.replace("= X \"growth\"", "= X - 1 + 3*(1 - B)/(1 - exp(-0.02)) \"growth\""))
        self.run_tiny("out.h5", "--set", "population.variability=false")
        text = self.osteon("show", "out.h5", "--variable", "x", "--at", "12").stdout
        self.assertIn("x [1] (a baseline is zero or less, so values instead of changes)", text)
        row = next(line for line in text.splitlines() if line.startswith("control"))
        self.assertEqual(row.split()[1:], ["12"] + ["3.00"] * 4 + ["0.00"])

    def test_show_lays_evidence_beside(self):
        with open(self.path("tiny.model"), "w", encoding="utf-8") as file:
            file.write(MODEL.replace("output bmd [", "index site = lumbar_spine, total_hip\noutput bmd[site] ["))
        self.run_tiny("out.h5", "--set", "population.variability=false")
        rows = [line.split() for line in self.osteon("show", "out.h5").stdout.splitlines()]
        wanted = ["control", "lumbar_spine", "12"] + ["-1.98"] * 4 + ["0.00", "-1.50", "-2.50..-0.50", "-0.48"]
        self.assertEqual(rows[rows.index(wanted) + 1], ["T1,", "placebo:", "median,", "validate"])
        self.assertEqual(sum("placebo:" in row for row in rows), 1)
        # an extension, measured from a later scan, and an interval with one end
        with open(self.path("evidence.csv"), "a", encoding="utf-8") as file:
            for endpoint, month in ("from_year1", 24), ("year1_to_2", 24):
                file.write(f"validate,T1,placebo,women,none,BMD_change_{endpoint},LS,{month},mean,-1.25,percent,,1,"
                           "se,10,citation,reference,\n")
        rows = [line.split() for line in self.osteon("show", "out.h5").stdout.splitlines()]
        wanted = ["control", "lumbar_spine", "12-24"] + ["-1.98"] * 4 + ["0.00", "-1.25", "se", "1.00", "-0.73"]
        self.assertEqual(rows[rows.index(wanted) + 1], ["T1,", "placebo:", "mean,", "validate"])
        self.assertIn(wanted[8:], rows)
        text = " ".join(self.osteon("show", "out.h5", "--evidence").stdout.split())
        self.assertIn("T1, placebo: mean, validate evidence.csv:3, n 10: citation; women; none", text)
        # what the comparison says counts, as in `validate`: from when, and which rows
        compare = "{arm: control, trial: T1, trial_arm: placebo, endpoint: %s}"
        with open(self.path("evidence.csv"), "a", encoding="utf-8") as file:
            file.write("validate,T1,placebo,women,none,BMD_change_after_stop,LS,6,mean,-1,percent,,,none,10,s,s,\n")
        for words, month, n in ("BMD_change_after_stop, from: 6 month, to: 12 month", "6-12", 1), ("BMD_rate", "", 0):
            self.run_tiny("out.h5", "--set", "population.variability=false", "--set",
                          f"evidence.compare=[{compare % words}]")
            done = self.osteon("show", "out.h5", code=0 if n else 1)
            rows = [line.split() for line in done.stdout.splitlines()]
            self.assertEqual([rows[i - 1][:3] for i, row in enumerate(rows) if "placebo:" in row],
                             [["control", "lumbar_spine", month]] * n)
        self.assertIn("no row of the evidence has trial 'T1', arm 'placebo' and this endpoint", done.stderr)

    def test_show_begins_with_scans(self):
        """Not with bmd, where trials are compared with scans; the same without evidence."""
        model = MODEL.replace("output bmd [", "index site = lumbar_spine, total_hip\noutput bmd[site] [")
        with open(self.path("tiny.model"), "w", encoding="utf-8") as file:
            file.write(model + 'output scanned_bmd[site] [g/cm2] = 2 [g/cm2]*B "as scanned"\n')
        self.run_tiny("out.h5", "--set", "population.variability=false")
        self.run_tiny("none.h5", "--set", "population.variability=false", "--set", "evidence=~")
        self.osteon("compare", "tiny.yaml", "--models", "./tiny.model,lemaire2004", "--allow-gaps", "-q", "-o", "two.h5")
        for words, shown, observed in (("out.h5",), "scanned_bmd", 1), (("out.h5", "--variable", "bmd"), "bmd", 0), \
                (("none.h5",), "scanned_bmd", 0), (("two.h5",), "bmd", 0):
            text = self.osteon("show", *words).stdout
            self.assertRegex(text, rf"(?m)^{shown}: change from baseline", text)
            self.assertEqual(text.count("T1, placebo: median"), observed, text)

    def test_show_observed_differences(self):
        with open(self.path("tiny.model"), "w", encoding="utf-8") as file:
            file.write(MODEL.replace("output bmd [", "index site = lumbar_spine, total_hip\noutput bmd[site] [")
                       .replace("kind bone", "kind bone\nsignal push [1/y] = 0 combine sum \"hazard\"\nreads push")
                       .replace("B' = -k*B", "B' = -(k + push)*B"))
        with open(self.path("evidence.csv"), "a", encoding="utf-8") as file:
            file.write("validate,T1,drug vs placebo,women,none,BMD_difference,LS,12,mean,-4.2,"
                       "percentage_points_between_arms,,,none,10,citation,reference,\n")
        for words in ([], ["--variable", "bmd[lumbar_spine]"], ["--versus", "control"]):
            self.run_tiny("out.h5", "--set", "population.variability=false", "--set",
                          "arms.other={signals: [{signal: push, value: 0.03 1/y, start: 0 month}]}", "--set",
                          "evidence.compare=[{arm: other, trial: T1, trial_arm: drug vs placebo, versus: control}]",
                          "--force")
            rows = [line.split() for line in
                    self.osteon("show", "out.h5", *words, "--csv", "out.csv").stdout.splitlines()]
            at = rows.index(["T1,", "drug", "vs", "placebo:", "mean,", "validate"])
            plain = {row[0]: float(row[6]) for row in rows if row[1:3] == ["lumbar_spine", "12"] and len(row) > 6}
            found = next(row for row in reversed(rows[:at]) if row[:2] == ["other", "-"])
            self.assertAlmostEqual(float(found[5]), plain["other"] - plain["control"], delta=0.011)
            self.assertEqual(found[-2], "-4.20")
            self.assertAlmostEqual(float(found[-1]), float(found[5]) + 4.2, delta=0.011)
            self.assertEqual(sum("interval" in row for row in rows), 0)  # none was observed
            with open(self.path("out.csv"), newline="", encoding="utf-8") as file:
                lines = [line for line in csv.DictReader(file) if line["arm"] == "other - control"]
            self.assertEqual(len(lines), 1)
            self.assertEqual((lines[0]["observed"], lines[0]["sd [%]"]), ("-4.2", ""))
            self.assertAlmostEqual(float(lines[0]["residual [%]"]), float(found[-1]), delta=0.006)
        text = self.osteon("show", "out.h5", "--variable", "bmd[total_hip]").stdout
        self.assertIn("total_hip", text)
        self.assertNotIn("lumbar_spine", text)
        self.assertNotIn("observed", text)  # of this site nothing was
        message = self.osteon("show", "out.h5", "--variable", "bmd[heel]", code=2).stderr
        self.assertIn("'bmd[heel]'; of 'bmd' it has:", message)
        self.assertIn("  bmd[total_hip]\n", message)

    def test_check_misses_evidence(self):
        with open(self.path("tiny.model"), "w", encoding="utf-8") as file:
            file.write(MODEL.replace("output bmd [", "index site = lumbar_spine\noutput bmd[site] ["))
        self.assertEqual(self.osteon("check", "tiny.yaml").stderr, "")
        with open(self.path("evidence.csv"), encoding="utf-8") as file:
            text = file.read()
        with open(self.path("evidence.csv"), "w", encoding="utf-8") as file:
            file.write(text.replace("placebo", "nothing"))
        done = self.osteon("check", "tiny.yaml", code=1)
        self.assertRegex(done.stderr, r"tiny\.yaml:\d+:\d+: no row .* has trial 'T1', arm 'placebo'")
        self.assertEqual(done.stdout, "")
        os.remove(self.path("evidence.csv"))
        done = self.osteon("check", "tiny.yaml", code=1)
        self.assertIn("evidence.csv: cannot be opened: No such file", done.stderr)
        self.assertEqual(done.stdout, "")

    # (endpoint, site, month, statistic, value, unit, lower, upper), of arm `placebo` unless another is named; what show
    # says of it
    OTHERS = (
        ("BMD_change", "TH", "30", "mean", "-9", "percent", "", ""),
        ("BMD_change", "LS", "7", "mean", "-9", "percent", "", ""),
        ("BMD_change_year1_to_2.5", "LS", "30", "mean", "-9", "percent", "", ""),
        ("BMD_rate", "LS", "24", "mean", "-1.25", "percent_per_year", "-2", "-1"),
        ("BMD_level", "LS", "12", "median", "1.5", "g_per_cm2", "", "0.25"),
        ("BMD_change", "FN", "12", "mean", "-9", "percent", "", ""),
        ("estradiol_level", "serum", "12", "mean", "9", "pmol_per_L", "", ""),
    )

    def test_every_row_is_shown_or_listed(self):
        """Rows beyond the run, between output times, of other measures, variables, sites and outputs."""
        with open(self.path("tiny.model"), "w", encoding="utf-8") as file:
            file.write(MODEL.replace("output bmd [", "index site = lumbar_spine, total_hip\noutput bmd[site] [")
                       .replace("kind bone", "kind bone\nsignal push [1/y] = 0 combine sum \"hazard\"\nreads push")
                       .replace("B' = -k*B", "B' = -(k + push)*B"))
        with open(self.path("evidence.csv"), "a", encoding="utf-8") as file:
            for endpoint, site, month, statistic, value, unit, lower, upper in self.OTHERS:
                kind = "95ci" if lower else "se" if upper else "none"
                file.write(f"validate,T1,placebo,women,none,{endpoint},{site},{month},{statistic},{value},{unit},{lower},"
                           f"{upper},{kind},10,s,s,\n")
            file.write("calibrate,T1,drug vs placebo,women,none,BMD_rate,TH,24,mean,-3.5,percent_per_year,,,none,10,s,s,\n")
            file.write("validate,T1,drug vs placebo,women,none,BMD_difference,LS,17,mean,-3,"
                       "percentage_points_between_arms,,,none,10,s,s,\n")
        change = ("--set", "population.variability=false", "--set",
                  "arms.other={signals: [{signal: push, value: 0.03 1/y, start: 0 month}]}", "--set",
                  "evidence.compare=[{arm: control, trial: T1, trial_arm: placebo}, "
                  "{arm: other, trial: T1, trial_arm: drug vs placebo, versus: control}]")
        self.run_tiny("out.h5", *change)
        done = self.osteon("show", "out.h5", "--csv", "out.csv")
        checked = self.osteon("check", "tiny.yaml", *change).stderr
        late = "and 1 more: no output at month 30; the 5 output times are from month 0 to month 24"
        for said in (f"T1, placebo, BMD_change TH (line 3) {late}",
                     "T1, placebo, BMD_change LS (line 4): no output at month 7; the 5 output times",
                     "T1, drug vs placebo, BMD_difference LS (line 11): no output at month 17; ",
                     "BMD_change FN (line 8): the file has no output 'bmd[femoral_neck]'",
                     "estradiol_level serum (line 9): the file has no output 'estradiol'"):
            self.assertIn(said, done.stderr)
            self.assertIn(said.split(": the file has")[0], checked)
        self.assertEqual(done.stderr.count("not compared"), 5)
        rows = [line.split() for line in done.stdout.splitlines()]
        self.assertEqual(rows[-3], ["T1,", "drug", "vs", "placebo:", "mean,", "calibrate"])  # also below the last row
        yearly = 100 * (math.exp(-0.04) - 1) / 2
        pushed = 100 * (math.exp(-0.1) - 1) / 2 - yearly
        level = math.exp(-0.02)
        self.assertIn(["control", "lumbar_spine", "rate", "%/year", "24", f"{yearly:.4g}", "-1.25", "-2..-1",
                       f"{yearly + 1.25:+.3g}"], rows)
        self.assertIn(["control", "lumbar_spine", "level", "g/cm2", "12", f"{level:.4g}", "1.5", "se", "0.25",
                       f"{level - 1.5:+.3g}"], rows)
        self.assertIn(["other", "-", "control", "total_hip", "rate", "%/year", "24", f"{pushed:.4g}",
                       "-3.5", f"{pushed + 3.5:+.3g}"], rows)
        with open(self.path("out.csv"), newline="", encoding="utf-8") as file:
            lines = [line for line in csv.DictReader(file) if line["trial"]]
        self.assertEqual(sorted((line["measure"], line["unit"]) for line in lines),
                         [("change", "%"), ("level", "g/cm2"), ("rate", "%/year"), ("rate", "%/year")])
        by = {(line["measure"], line["arm"]): line for line in lines}
        for key, value in {("change", "control"): 100 * (level - 1), ("rate", "control"): yearly,
                           ("rate", "other - control"): pushed, ("level", "control"): level}.items():
            self.assertAlmostEqual(float(by[key]["simulated"]), value, 4)
        # a month or a site that is asked for leaves the others out, without a word
        text = self.osteon("show", "out.h5", "--at", "12").stdout
        self.assertIn("g/cm2", text)
        self.assertNotIn("%/year", text)
        self.assertNotIn("other - control", self.osteon("show", "out.h5", "--variable", "bmd[lumbar_spine]").stdout)
        self.assertIn("this is of another variable: --variable bmd shows it",
                      self.osteon("show", "out.h5", "--variable", "x").stderr)

    def test_observed_where_no_subject_has_a_value(self):
        """A row whose subjects all failed is there, with what was observed."""
        with open(self.path("tiny.model"), "w", encoding="utf-8") as file:
            file.write(MODEL.replace("output bmd [", "index site = lumbar_spine\noutput bmd[site] ["))
        self.run_tiny("out.h5", "--set", "parameters.tiny.a.value=0.5 1/d", code=3)
        rows = [line.split() for line in self.osteon("show", "out.h5").stdout.splitlines()]
        self.assertIn(["control", "12", "-1.50", "-2.50..-0.50"], rows)

    def test_tables_fit_the_terminal(self):
        """Heads are broken into two lines, and arms and sites stand above their rows where names would be broken; no text
        is lost, at any width and in any locale."""
        arms = ["control", "anastrozole_zoledronic_acid", "immediate_arm_with_letrozole"]
        with open(self.path("tiny.model"), "w", encoding="utf-8") as file:
            file.write(MODEL.replace("output bmd [", "index site = lumbar_spine, total_hip\noutput bmd[site] ["))
        self.run_tiny("out.h5", "--set", "arms={" + ", ".join(f"{arm}: {{}}" for arm in arms) + "}")
        locales = ({}, {"LC_ALL": "C"}, {"LC_ALL": "tr_TR.UTF-8"}, {"LC_ALL": "de_DE.UTF-8", "LC_NUMERIC": "de_DE.UTF-8"},
                   {"LC_ALL": "nonsense"})
        for columns in "80", "100", "140", "1", "0", "-5", "x", "1e3", "99999999999999999999", "":
            for more in locales if columns in ("100", "") else locales[:1]:
                with self.subTest(columns=columns, locale=more):
                    lines = self.osteon("show", "out.h5", env={**os.environ, "COLUMNS": columns, **more}).stdout.splitlines()
                    wide = int(columns) if columns in ("80", "100", "140") else 140 if len(columns) > 5 else 100
                    wide = 60 if columns == "1" else wide
                    if columns != "1":
                        self.assertLessEqual(max(map(len, lines)), wide)
                    self.assertEqual(sum("simulated" in line for line in lines), 1)  # a head of at most two lines
                    text = "\n".join(lines)
                    self.assertNotRegex(text, r"(?m)^(zoledroni|anastrozol|immediat|lumba|femora|tota|let|lette)\b")
                    self.assertRegex(text, "(?m)^anastrozole_zoledronic_acid( |,|$)")
                    self.assertRegex(text, "(?m)(^| )lumbar_spine( |$)")
                    if wide >= 100:
                        self.assertIn(" lumbar_spine ", text)
                    self.assertEqual(len(re.findall("-1.50", text)), 1)
        lead, end = open_terminal(self)  # a terminal says how wide it is
        fcntl.ioctl(lead, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 140, 0, 0))
        with subprocess.Popen([OSTEON, "show", "out.h5"], cwd=self.folder.name, stdout=end,
                              env={k: v for k, v in os.environ.items() if k != "COLUMNS"}) as child:
            os.close(end)
            text = b""
            while True:
                try:
                    more = os.read(lead, 65536)
                except OSError:
                    break
                text += more
                if not more:
                    break
        os.close(lead)
        self.assertEqual(child.returncode, 0)
        self.assertIn("observed      interval  simulated - observed", text.decode())

    def test_variable_without_bmd(self):
        self.run_tiny("out.h5", "--set", "outputs=[x]")
        self.assertIn("\nx: change from baseline in percent", self.osteon("show", "out.h5").stdout)
        subprocess.run([PLOT, "out.h5", "-o", "f.svg"], cwd=self.folder.name, check=True, timeout=100)

    def test_figure(self):
        self.run_tiny("out.h5")
        for name, head in ("f.png", b"\x89PNG"), ("f.svg", b"<?xml"):
            subprocess.run([PLOT, "out.h5", "-o", name], cwd=self.folder.name, check=True, timeout=100)
            with open(self.path(name), "rb") as file:
                self.assertEqual(file.read(len(head)), head)
        done = subprocess.run([PLOT, "out.h5", "-o", "x.png", "--variable", "bmt"], cwd=self.folder.name,
                              capture_output=True, text=True, check=False, timeout=100)
        self.assertEqual(done.returncode, 1)
        self.assertIn("it has bmd, x", done.stderr)

    def test_figure_of_panels(self):
        self.run_tiny("out.h5", "--set", "plot={variables: [bmd, x], show: ratio, panels: arms, time: day}")
        subprocess.run([PLOT, "out.h5", "-o", "f.svg"], cwd=self.folder.name, check=True, timeout=100)
        with open(self.path("f.svg"), encoding="utf-8") as file:
            self.assertEqual(file.read().count('<g id="axes_'), 2)
        done = subprocess.run([PLOT, "out.h5", "-o", "f.svg", "--show", "value"], cwd=self.folder.name,
                              capture_output=True, text=True, check=False, timeout=100)
        self.assertEqual(done.returncode, 1)
        self.assertIn("outputs of several units do not fit into one panel", done.stderr)
        subprocess.run([PLOT, "out.h5", "-o", "f.svg", "--panels", "variables", "--variables", "bmd"],
                       cwd=self.folder.name, check=True, timeout=100)
        with open(self.path("f.svg"), encoding="utf-8") as file:
            self.assertEqual(file.read().count('<g id="axes_'), 1)

    def test_missing_run_in(self):
        """Estradiol of a postmenopausal woman begins at its premenopausal value: only a run-in makes it right."""
        def warned(years, run_in=""):
            text = f"""
models: [hormones, aibl]
population: {{subjects: 4, covariates: {{years_since_menopause: {years} year}}}}
{run_in}
arms: {{a: {{}}}}
times: [0 day, 1 year]
"""
            with open(self.path("history.yaml"), "w", encoding="utf-8") as file:
                file.write(text)
            return [line for line in self.osteon("check", "history.yaml").stderr.splitlines() if "run_in" in line]
        text = warned(6)
        self.assertEqual(len(text), 1, text)
        for part in "warning: history.yaml: there is no 'run_in'", "'E' of model 'hormones'", "350 pmol/L":
            self.assertIn(part, text[0])
        self.assertIn("run_in", self.osteon("run", "history.yaml", "-q").stderr)
        self.assertEqual(warned(6, "run_in: {start: -20 year}"), [])
        self.assertEqual(warned(-20), [])

    def test_covariates_that_cannot_be_or_are_not_used(self):
        def check(covariates, code=0, models="[hormones, aibl]"):
            text = (f"models: {models}\npopulation: {{subjects: 4, covariates: {{{covariates}}}}}\n"
                    "run_in: {start: -60 year}\narms: {a: {}}\ntimes: [0 day, 1 year]\n")
            with open(self.path("people.yaml"), "w", encoding="utf-8") as file:
                file.write(text)
            return self.osteon("check", "people.yaml", code=code).stderr
        self.assertIn("people.yaml:2:40: covariate 'bmi' = 260 kg/m2 is outside the range 12..70 of model 'hormones'",
                      check("bmi: 260 kg/m2", 1))
        self.assertIn("from 80 kg/m2 is outside", check("bmi: {distribution: normal, mean: 90 kg/m2, sd: 3 kg/m2, "
                                                        "min: 80 kg/m2, max: 99 kg/m2}", 1))
        self.assertIn("warning: people.yaml:2:40: nothing uses covariate 'zodiac'", check("zodiac: 1"))
        self.assertIn("nothing uses covariate 'smoking'", check("smoking: 1"))
        self.assertEqual(check("bmi: 70 kg/m2"), "")
        women = "menopause_age: 50 year, years_since_menopause: {formula: '60 [year] - menopause_age'}"
        self.assertEqual(check(women), "")
        self.assertIn("people.yaml:2:40: a menopause ('menopause_age'), but model 'hormones_men' is of men",
                      check(women, models="[hormones_men, aibl]"))

    def test_covariates_by_default(self):
        """What the population does not give is said with its value, in the text of the model."""
        text = "models: [hormones, aibl]\npopulation: {subjects: 4, covariates: {years_since_menopause: 5 year}}\n"
        text += "run_in: {start: -20 year}\narms: {a: {}}\ntimes: [0 day, 1 year]\n"
        with open(self.path("people.yaml"), "w", encoding="utf-8") as file:
            file.write(text)
        line = "covariates that 'population' does not give, by default: "
        for command in "check", "plan":
            said = [x for x in self.osteon(command, "people.yaml").stdout.splitlines() if line in x]
            self.assertEqual(len(said), 1, said)
            self.assertIn("bmi 27 kg/m2", said[0])
            self.assertNotIn("years_since_menopause", said[0])
            self.assertEqual(said[0].count("bmi"), 1)
            self.assertNotIn(line, self.osteon(command, "tiny.yaml").stdout)

    def test_rate_that_is_not_finite_at_the_start(self):
        """A warning names the line, of a signal that is driven before the rate that reads it."""
        def warned(rate, drive="X", code=1):
            text = MODEL.replace("kind bone", "kind bone\nsignal pull [1] combine one \"a drive\"\nreads pull")
            text = text.replace("X' = a*X^2", f"X' = {rate}\ndrives pull = {drive}")
            with open(self.path("pole.model"), "w", encoding="utf-8") as file:
                file.write(text.replace("model tiny", "model pole"))
            with open(self.path("pole.yaml"), "w", encoding="utf-8") as file:
                file.write("models: [./pole.model]\npopulation: {variability: false}\narms: {a: {}}\ntimes: [0 day, 1 day]\n")
            return self.osteon("check", "pole.yaml", code=code).stderr
        self.assertEqual(warned("a*pull", code=0), "")
        said = warned("a*pull/(B - 1)")
        self.assertIn("pole.model:11: the rate of 'X' is not a finite number where the first subject starts", said)
        said = warned("a*pull", "X/(B - 1)")
        self.assertIn("pole.model:12: the drive of 'pull' is not a finite number", said)

    def test_drug_by_half_of_its_name(self):
        with open(self.path("drug.yaml"), "w", encoding="utf-8") as file:
            file.write("models: [hormones, aibl]\npopulation: {subjects: 1}\n"
                       "arms: {a: {regimen: [{drug: ibandronate, dose: 150 mg, interval: 1 month}]}}\n"
                       "times: [0 day, 1 year]\n")
        self.assertIn("drug: unknown model 'ibandronate' (did you mean 'ibandronate_iv' or 'ibandronate_oral'",
                      self.osteon("check", "drug.yaml", code=1).stderr)

    def test_failed_subjects(self):
        with open(self.path("growing.yaml"), "w", encoding="utf-8") as file:
            file.write("\n".join(line for line in EXPERIMENT.splitlines() if not line.startswith("parameters:")))
        done = self.osteon("run", "growing.yaml", "-o", "out.h5", code=3)
        self.assertRegex(done.stdout, r"failed: \d+ of 80 subject-arms\n  subject \d+, arm 'control': .*X")
        with h5py.File(self.path("out.h5")) as file:
            failed = file["status"][:] != 0
            self.assertGreater(failed.sum(), 0)
            self.assertLess(failed.sum(), failed.size)
            self.assertTrue(np.isnan(file["bmd"][:][failed][:, -1]).all())
            self.assertTrue(np.isfinite(file["bmd"][:][~failed]).all())
        self.osteon("show", "out.h5")
        self.osteon("run", "growing.yaml", "-o", "out.h5", "--set", "parameters={tiny.a: {value: 0.5 1/d, spread: 0}}",
                    "--subjects", "1", code=3)
        quiet = self.osteon("run", "growing.yaml", "-q", code=3)
        self.assertRegex(quiet.stderr, r"osteon: \d+ of 80 subject-arms failed, the first: subject \d+: .*X.*; "
                         r"'failure_message' in \S+\.h5 says why\n$")
        text = self.osteon("show", "out.h5").stdout
        self.assertIn("1 subject x 2 arms, 2 subject-arms failed\nthe first that failed: ", text)
        self.assertIn("nothing to show: no subject has a value of 'bmd'", text)

    def test_interrupt_keeps_what_is_done(self):
        child = subprocess.Popen([OSTEON, "run", "tiny.yaml", "-o", "out.h5", "--subjects", "500000", "--set",
                                  "solver.h_max=0.05 day", "--threads", "2"], cwd=self.folder.name,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        part = self.path("out.h5.part")
        for _ in range(600):  # until blocks are finished
            time.sleep(0.1)
            if os.path.exists(part) and os.path.getsize(part) > 100000:
                break
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=120)
        self.assertEqual(child.returncode, 130, out + err)
        self.assertIn("interrupted: ", out)
        with h5py.File(self.path("out.h5")) as file:
            done = np.isfinite(file["bmd"][0, :, -1]).sum()
        self.assertGreater(done, 0)
        self.assertLess(done, 500000)
        self.assertIn(f"; interrupted after {done:,} of 500,000 subjects", self.osteon("show", "out.h5").stdout)
        self.assertRegex(self.osteon("show", "out.h5.part").stdout, r"\nfinished: [\d,]+ of [\d,]+ blocks of 64 subjects")

    def test_more_than_the_disk_holds(self):
        """Said once the first blocks tell; interrupted, it has no file of all subjects, and keeps what it has."""
        child = subprocess.Popen([OSTEON, "run", "tiny.yaml", "-o", "out.h5", "--subjects", "1000000000", "--quiet",
                                  "--set", "times={to: 60 month, every: 0.01 month}"],
                                 cwd=self.folder.name, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        warning = child.stderr.readline()
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=120)
        self.assertRegex(warning, r"warning: this run will take [\d.]+ TB more of disk until it is written, and '\.' has")
        self.assertEqual(child.returncode, 130, out + err)
        self.assertIn("MB cannot be written: No space left", err)
        self.assertIn("out.h5.part holds what was computed", err)
        self.assertFalse(os.path.exists(self.path("out.h5")))

    def test_resume(self):
        words = ["run", "tiny.yaml", "--subjects", "6000", "--set", "solver.h_max=1 day"]
        self.osteon(*words, "-o", "whole.h5")
        child = subprocess.Popen([OSTEON, *words, "-o", "out.h5", "--quiet"], cwd=self.folder.name)
        part = self.path("out.h5.part")
        while child.poll() is None and not (os.path.exists(part) and os.path.getsize(part) > 20_000):
            time.sleep(0.01)
        child.send_signal(signal.SIGINT)
        child.wait(timeout=120)
        with h5py.File(self.path("out.h5")) as file:
            done = file.attrs["n_done"]
        if 0 < done < 6000:
            refused = self.osteon(*words, "-o", "out.h5", code=1)
            self.assertEqual(refused.stdout, "")  # not that the result of the interrupted run is replaced
            self.assertRegex(refused.stderr, r"out.h5.part: holds \d+ blocks .* --resume goes on with them, --restart begins anew")
        text = self.osteon(*words, "-o", "out.h5", "--resume").stdout
        if 0 < done < 6000:
            self.assertIn(f"resumed: {done:,} subjects of an earlier run were there", text)
        self.assertFalse(os.path.exists(self.path("out.h5.part")))
        self.assert_same("whole.h5", "out.h5", is_resumed=True)
        self.assertIn("cannot be resumed: it was begun with overrides ",
                      self.osteon(*words, "--seed", "2", "-o", "out.h5", "--resume", code=1).stderr)
        self.assertIn("out.h5 is complete; there is nothing to resume",
                      self.osteon(*words, "-o", "out.h5", "--resume").stderr)
        self.assert_same("whole.h5", "out.h5", is_resumed=True)
        self.assertIn("--resume and --restart exclude each other",
                      self.osteon(*words, "-o", "out.h5", "--resume", "--restart", code=2).stderr)

    def test_two_runs_into_one_file(self):
        words = ["run", "tiny.yaml", "-o", "out.h5", "--subjects", "500000", "--set", "solver.h_max=0.05 day"]
        child = subprocess.Popen([OSTEON, *words, "--quiet"], cwd=self.folder.name)
        while not os.path.exists(self.path("out.h5.part")) or os.path.getsize(self.path("out.h5.part")) < 100_000:
            time.sleep(0.05)
        for more in [], ["--resume"], ["--restart"]:
            self.assertIn(f"out.h5.part: another run is writing to it: process {child.pid} on ",
                          self.osteon(*words, *more, code=4).stderr)
        child.kill()
        child.wait(timeout=60)
        self.run_tiny("out.h5", "--restart")
        self.assertFalse(os.path.exists(self.path("out.h5.part")))

    def test_resume_of_rules_after_a_kill(self):
        for name, text in ("ruled.model", RULED_MODEL), ("ruled.yaml", RULED):
            with open(self.path(name), "w", encoding="utf-8") as file:
                file.write(text)
        words = ["run", "ruled.yaml", "--threads", "1", "--subjects"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        self.osteon(*words, "128", "-o", "few.h5")
        seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
        words.append(str(128 * math.ceil(4 / seconds)))
        # the kernel kills it at once, as kill -9 does, after 2 s of work out of 4
        done = subprocess.run([OSTEON, *words, "-o", "out.h5", "-q"], cwd=self.folder.name, check=False, timeout=300,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (2, 2)))
        self.assertEqual(done.returncode, -signal.SIGKILL)
        self.assertFalse(os.path.exists(self.path("out.h5")))
        self.assertRegex(self.osteon(*words, "-o", "out.h5", "--resume").stdout,
                         r"resumed: [\d,]+ subjects of an earlier run were there")
        self.osteon(*words, "-o", "whole.h5")
        self.assert_same("whole.h5", "out.h5", is_resumed=True)
        with h5py.File(self.path("out.h5")) as file:
            for name in "began_ruled", "ended_ruled":
                share = np.isfinite(file[name][:]).mean()
                self.assertTrue(0.1 < share < 0.95, f"{name}: {share}")

    def test_names_that_stand_side_by_side_in_the_file(self):
        """What could not be written is refused before anything is computed."""
        site = MODEL.replace("output bmd [", "index site = a, b\noutput bmd[site] [")
        people = "population: {subjects: 40, seed: 7, covariates: {%s: 1, v: {formula: %s, max: 5}}}"
        for model, covariate, part in (
            (site, "site", "tiny.yaml:4:50: covariate 'site' cannot be written"),
            (site.replace("output x ", "output site "), "w", "'site' is the name of an index set"),
            (MODEL.replace("output x ", "output w "), "w", "tiny.yaml:3:10: output 'w' of model 'tiny' cannot be written: "
                                                         "in the result file, 'w' is the name of a covariate"),
            (MODEL.replace("output x ", "output status "), "w", "'status' is the name of a dataset of its own"),
            (site.replace("site", "subject"), "w", "'subject' is the name of a dataset of its own"),
            (MODEL, "status", "covariate 'status' cannot be written: in the result file, that is the name of a dataset of"),
        ):
            with open(self.path("tiny.model"), "w", encoding="utf-8") as file:
                file.write(model)
            with open(self.path("tiny.yaml"), "w", encoding="utf-8") as file:
                file.write(EXPERIMENT.replace("population: {subjects: 40, seed: 7}", people % (covariate, covariate)))
            with self.subTest(part):
                for words in (["check", "tiny.yaml"], ["run", "tiny.yaml", "-o", "x.h5"]):
                    self.assertIn(part, self.osteon(*words, code=1).stderr)

    def test_unwritable_output(self):
        self.assertIn("nowhere", self.run_tiny("nowhere/out.h5", code=4).stderr)
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([OSTEON, "list", "signals"], stdout=full, stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 4)

    def test_full_disk(self):
        def small_files():
            resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        done = self.osteon("run", "tiny.yaml", "-o", "out.h5", "--subjects", "20000", code=4, preexec_fn=small_files)
        self.assertIn("out.h5", done.stderr)
        self.assertFalse(os.path.exists(self.path("out.h5")))

    def test_damaged_file(self):
        self.run_tiny("good.h5")
        with open(self.path("good.h5"), "rb") as file:
            data = file.read()
        for name, part in ("short.h5", data[:len(data) // 2]), ("empty.h5", b""), ("text.h5", b"not HDF5" * 99):
            with open(self.path(name), "wb") as file:
                file.write(part)
            with self.subTest(name):
                self.assertIn(name, self.osteon("show", name, code=4).stderr)
                self.assertIn(name, self.osteon("run", name, "-o", "x.h5", code=4).stderr)

    def test_show_csv(self):
        with open(self.path("tiny.model"), "w", encoding="utf-8") as file:
            file.write(MODEL.replace("output bmd [", "index site = lumbar_spine\noutput bmd[site] ["))
        self.run_tiny("out.h5", "--set", "population.variability=false")
        self.osteon("show", "out.h5", "--csv", "out.csv", "--versus", "other", "--at", "12,24")
        with open(self.path("out.csv"), encoding="utf-8", newline="") as file:
            text = file.read()
        self.assertEqual(text.count("\n"), text.count("\r\n"))  # RFC 4180
        rows = list(csv.DictReader(text.splitlines()))
        self.assertEqual([(row["arm"], row["to [month]"], row["trial"]) for row in rows],
                         [("control", "12", "T1"), ("control", "24", ""), ("other", "12", ""), ("other", "24", "")])
        self.assertEqual({row["element"] for row in rows}, {"lumbar_spine"})
        loss = 100 * (math.exp(-0.02) - 1)
        for name in "median [%]", "q05 [%]", "q95 [%]", "mean [%]":
            self.assertAlmostEqual(float(rows[0][name]), loss, 4)
        self.assertEqual((rows[0]["n"], rows[0]["fraction [%]"], float(rows[0]["difference [%]"])), ("40", "0", 0))
        self.assertAlmostEqual(float(rows[0]["residual [%]"]), loss + 1.5, 4)
        self.assertEqual((rows[0]["observed"], rows[0]["lower"], rows[0]["role"]), ("-1.5", "-2.5", "validate"))
        self.assertEqual((rows[1]["observed"], rows[1]["residual [%]"]), ("", ""))
        self.run_tiny("late.h5", "--set", "times=[6 month, 12 month]")
        self.osteon("show", "late.h5", "--csv", "out.csv")
        with open(self.path("out.csv"), encoding="utf-8", newline="") as file:
            self.assertIn(",median [g/cm2],q05 [g/cm2],", file.readline())
        self.assertIn("evidence.csv' is there and is not a table of statistics",
                      self.osteon("show", "out.h5", "--csv", "evidence.csv", code=2).stderr)
        for columns, part in (("sd,sd", "sd is named twice"), ("sd,,n", "'' must be one of median, "), (",", "'' must be"),
                              ("sd,", "'' must be one of")):
            self.assertIn(f"--columns: {part}", self.osteon("show", "out.h5", "--columns", columns, code=2).stderr)
        self.osteon("show", "out.h5", "--columns", " sd , n")
        help_text = self.osteon("show", "--help").stdout
        self.assertTrue(all(len(line) <= 100 for line in help_text.split("Options:")[1].split("\n\n")[0].splitlines()))

    def test_show_without_month_0(self):
        self.run_tiny("out.h5", "--set", "times=[6 month, 12 month]")
        text = self.osteon("show", "out.h5").stdout
        self.assertIn("bmd [g/cm2] (the file has no values at month 0, so values instead of changes)", text)
        self.assertNotIn("zero", text)

    def test_file_in_use_is_not_damaged(self):
        self.run_tiny("good.h5")
        with open(self.path("good.h5"), "rb") as file:
            data = file.read()
        # the last 24 bytes are the seal, which HDF5 does not need
        for size, part in (0, "is empty"), (len(data) // 2, f"has {len(data) // 2} of its "), (len(data) - 25, "still being"):
            with open(self.path("growing.h5"), "wb") as file:
                file.write(data[:size])
            error = self.osteon("show", "growing.h5", code=4).stderr
            self.assertIn(part, error)
            self.assertNotIn("damaged", error)
        with open(self.path("good.h5"), "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            error = self.osteon("show", "good.h5", code=4).stderr
            self.assertIn("good.h5: is open for writing in another program", error)
        self.osteon("show", "good.h5")
        os.mkfifo(self.path("pipe.h5"))
        self.osteon("show", "pipe.h5", code=4)


if __name__ == "__main__":
    sys.argv[1:] = [f"Program.{word}" for word in sys.argv[1:]]
    unittest.main()
