#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`osteon sensitivity` as a user meets it: indices known in closed form, slopes against differences of runs, the same
numbers for any threads, and wrong analyses. Takes the path of osteon as its first argument."""
import csv
import os
import re
import shlex
import subprocess
import sys
import unittest

import h5py
import numpy as np

import test_shards  # noqa: E402  the program in a folder
from test_shards import OSTEON  # noqa: E402
from test_sweep import FILES as OF_SWEEPS  # noqa: E402
HERE = os.path.dirname(os.path.abspath(__file__))
PLOT = os.path.join(HERE, "..", "scripts", "plot.py")

G = [0, 1, 4.5, 9]  # weights of the g function of Sobol'
PARTS = "*".join(f"(abs(4*x[{k}] - 2) + {a})/(1 + {a})" for k, a in zip("abcd", G))
FILES = {
    **{name: OF_SWEEPS[name] for name in ("pill.model", "one.model", "pole.model", "test.yaml")},
    "g.model": f"""
model g "the g function of Sobol"
kind bone
index k = a, b, c, d
param x[k] = 0.3, 0.4, 0.6, 0.7 [1] in 0..1 spread 0.2 "an input" @ "assumed: for a test"
state B = 1 [1] "does not change"
B' = (0 [1/y])*B
output y [1] = B*{PARTS} "the function"
""",
    "g.yaml": """
models: [./g.model]
population: {subjects: 1, variability: false}
arms: {only: {}}
times: {to: 1 day, every: 1 day}
endpoints:
  y: {output: y, arm: only, to: 1 day, measure: level}
""",
    "turn.model": """
model turn "bone that is lost twice as fast below a threshold"
kind bone
reads haste
param loss = 0.1 [1/y] in 0.001..0.5 spread 0.5 "loss" @ "assumed: for a test"
param turn = 0.93 [1] in 0.1..1 "where it turns" @ "assumed: for a test"
param fast = 2 [1] in 1..9 prior 0.5 "how much faster" @ "assumed: for a test"
state B = 1 [1] "bone"
B' = -loss*(1 + haste)*(if B < turn then fast else 1)*B
output bmd [g/cm2] = B*(1 [g/cm2]) "bone mineral density"
""",
    "turn.yaml": """
models: [./pill.model, ./turn.model]
population: {subjects: 3, seed: 5, variability: false}
arms:
  treated: {regimen: [{drug: pill, dose: 1 mg, interval: 1 month, stop: 6 month}]}
times: {to: 12 month, every: 6 month}
solver: {dosing: exact}
results: {precision: float64}
endpoints:
  bmd: {output: bmd, arm: treated, to: 12 month}
""",
    "draws.csv": "draw,one.loss [1/y],pill.half [d]\r\n" + "".join(
        f"{d},{0.02 + 0.001 * d},{20 - d}\r\n" for d in range(5)),
    "loss.csv": "draw,one.loss [1/y]\n0,0.02\n1,0.03\n2,0.02\n",
    "draws_wrong.csv": "draw,one.lss [1/y]\n0,0.02\n1,0.03\n2,0.02\n",
    "draws_unit.csv": "draw,one.loss [mg]\n0,0.02\n1,0.03\n2,0.02\n",
    "draws_range.csv": "draw,one.loss [1/y]\n0,0.02\n1,0.9\n2,0.02\n",
    "draws_one.csv": "draw,one.loss [1/y]\n0,0.02\n1,0.03\n",
}

FILES["swept.yaml"] = FILES["g.yaml"].replace("  y: {", "  end: {")  # not the name of an output


class Sensitivity(test_shards.Program):
    files = FILES

    def rows(self, experiment, *arguments, code=0, out="out.csv"):
        """{(endpoint, input): row of the CSV, numbers as such}, in the file's order."""
        self.said = self.osteon("sensitivity", experiment, *arguments, "--csv", out, code=code)
        with open(self.path(out), encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        def number(text):
            return float(text) if re.fullmatch(r"-?[\d.]+(e[-+]\d+)?", text) else text
        return {(row["endpoint"], row["input"]): {key: number(text) for key, text in row.items()} for row in rows}

    def test_g_function(self):
        rows = self.rows("g.yaml", "--method", "sobol", "--base", "16384")
        part = [1 / (3 * (1 + a) ** 2) for a in G]
        variance = np.prod([1 + v for v in part]) - 1
        for k, v in zip("abcd", part):
            row = rows["y", f"g.x[{k}]"]
            self.assertAlmostEqual(row["first"], v / variance, delta=0.01)
            self.assertAlmostEqual(row["total"], v / variance * (variance + 1) / (1 + v), delta=0.01)
            self.assertLess(row["total_lower"], row["total"])
            self.assertLess(row["total_upper"] - row["total_lower"], 0.02)
        self.assertIn("98,304 points x 1 subject x 1 arm", self.said)
        self.assertRegex(self.said, r"(?s)g\.x\[a\].*g\.x\[b\].*g\.x\[c\].*g\.x\[d\]")  # by importance

    def sweep(self, *arguments):
        self.osteon("sweep", "swept.yaml", "--keep", "endpoints", "-o", "swept.h5", "--force", "-q", *arguments)

    def ranges(self):
        return [word for k in "abcd" for word in ("--vary", f"parameters.g.x[{k}]=0..1")]

    def test_given_samples(self):
        """First orders from the points of a sweep, which is not simulated again."""
        part = [1 / (3 * (1 + a) ** 2) for a in G]
        for design in "latin_hypercube", "sobol", "halton":
            self.sweep(*self.ranges(), "--design", design, "--points", "4096")
            rows = self.rows("swept.h5", "-o", "given.h5", "--force")
            for k, v in zip("abcd", part):
                row, truth = rows["end", f"g.x[{k}]"], v / (np.prod([1 + v for v in part]) - 1)
                self.assertAlmostEqual(row["first"], truth, delta=0.03)
                self.assertLess(row["first_lower"], row["first"])  # how often it has the truth: test_given
                self.assertGreater(row["first_upper"], row["first"])
                self.assertEqual(row["total"], "")
            self.assertIn(f"from 4,096 points of a sweep, design {design}", " ".join(self.said.split()))
        self.assertRegex(self.said, r"(?s)input   first order.*g\.x\[a\].*g\.x\[b\]")
        with h5py.File(self.path("given.h5")) as file, h5py.File(self.path("swept.h5")) as sweep:
            self.assertTrue(np.array_equal(file["value"][0], sweep["end"][()]))
            self.assertTrue(np.array_equal(file["at"][:, 1], sweep["x_b"][()]))
        self.osteon("report", "given.h5", "-o", "given.html")
        subprocess.run([sys.executable, PLOT, "given.h5", "-o", "given.png"], cwd=self.folder.name, check=True)

    def test_given_grid(self):
        """Both orders of the values of a grid, against sums over all of its points."""
        self.sweep("--vary", "parameters.g.x[a]=0.1, 0.2, 0.9", "--vary", "parameters.g.x[b]=0..1 : 4")
        rows = self.rows("swept.h5")
        with h5py.File(self.path("swept.h5")) as file:
            y = file["end"][()]
        for k, name in enumerate("ab"):
            row = rows["end", f"g.x[{name}]"]
            self.assertAlmostEqual(row["first"], y.mean(axis=1 - k).var() / y.var(), delta=1e-8)
            self.assertAlmostEqual(row["total"], y.var(axis=k).mean() / y.var(), delta=1e-8)
        self.assertIn("exact for these", " ".join(self.said.split()))

    def test_given_wrong(self):
        self.sweep(*self.ranges(), "--design", "latin_hypercube", "--points", "63")
        self.assertIn("63 points of a design latin_hypercube; expected at least 64, or a grid",
                      self.osteon("sensitivity", "swept.h5", code=1))
        self.assertIn("'nd' (did you mean 'end'?)", self.osteon("sensitivity", "swept.h5", "--of", "nd", code=2))
        self.assertIn("its own endpoints alone", self.osteon("sensitivity", "swept.h5", "--of", "a={output: y}", code=2))
        for option in ("--method", "morris"), ("--method", "local"), ("--by", "range"), ("--set", "seed=2"):
            said = self.osteon("sensitivity", "swept.h5", *option, code=2)
            self.assertIn(f"{option[0]}: of a sweep", said)
            self.assertIn("osteon sensitivity EXPERIMENT", said)
        with open(self.path("points.csv"), "w", encoding="utf-8") as file:
            print("parameters.g.x[a],parameters.g.x[b]", file=file)
            for i in range(100):
                print(f"{i / 100},{(i + i % 7) / 110}", file=file)
        self.sweep("--table", "points.csv")
        self.assertIn("the points' values of 'g.x[a]' and 'g.x[b]' are correlated (1.00)",
                      self.osteon("sensitivity", "swept.h5", code=2))

    def test_groups(self):
        rows = self.rows("g.yaml", "--method", "sobol", "--base", "4096", "--group", "both=g.x[a],g.x[b]")
        self.assertEqual([name for _, name in rows], ["both", "g.x[c]", "g.x[d]"])
        part = [1 / (3 * (1 + a) ** 2) for a in G]
        variance = np.prod([1 + v for v in part]) - 1
        both = (1 + part[0]) * (1 + part[1]) - 1
        self.assertAlmostEqual(rows["y", "both"]["first"], both / variance, delta=0.02)
        self.assertAlmostEqual(rows["y", "both"]["total"], both / variance * (variance + 1) / (1 + both), delta=0.02)

    def test_morris_of_dose_and_parameters(self):
        arguments = ("--of", "hip", "--over", "one,pill.half", "--by", "range",
                     "--vary", "arms.treated.regimen.0.dose=0.5 mg..2 mg : log")
        rows = self.rows("test.yaml", *arguments, "-n", "20")
        self.assertEqual({name for _, name in rows}, {"one.loss", "pill.half", "arms.treated.regimen.0.dose"})
        dose = rows["hip", "arms.treated.regimen.0.dose"]
        self.assertEqual((dose["from"], dose["to"], dose["unit"], dose["value"]), (0.5, 2, "mg", 1))
        self.assertLess(dose["mu"], 0)  # a drug that hastens the loss
        self.assertAlmostEqual(dose["mu_star"], -dose["mu"], delta=1e-9)
        self.assertGreater(dose["sigma"], 0)
        loss = rows["hip", "one.loss"]
        self.assertEqual((loss["from"], loss["to"], loss["unit"]), (0.001, 0.5, "1/y"))
        one, two = (self.rows("test.yaml", *arguments, "-n", "20", "--threads", threads) for threads in ("1", "2"))
        self.assertEqual(one, two)
        self.assertEqual(one, rows)
        self.assertNotEqual(self.rows("test.yaml", *arguments, "-n", "20", "--design-seed", "2"), rows)

    def test_at_most_100_subjects(self):
        self.rows("test.yaml")  # has 133
        self.assertIn(" x 100 subjects x 2 arms", self.said)
        self.rows("test.yaml", "-n", "120", "--of", "level")
        self.assertIn(" x 120 subjects x 1 arm", self.said)  # the other is not needed

    def test_own_endpoint(self):
        rows = self.rows("test.yaml", "--of", 'mine={output: "bmd[total_hip]", arm: treated, to: 12 month, '
                         'statistic: sd}', "--over", "one.loss", "-n", "10")
        self.assertEqual(list(rows), [("mine", "one.loss")])
        self.assertIn("sd percent change of bmd[total_hip], treated, month 0 to 12", self.said)

    def test_posterior(self):
        rows = self.rows("test.yaml", "--parameters", "draws.csv", "-n", "10", "--of", "hip")
        loss = rows["hip", "one.loss"]
        self.assertAlmostEqual(loss["from"], 0.021 + 0.025 * 3 * 0.001, delta=1e-9)  # the draws are 0.021 to 0.024
        self.assertAlmostEqual(loss["to"], 0.024 - 0.025 * 3 * 0.001, delta=1e-9)
        self.assertIn("the draws of inputs are correlated, most of all those of one.loss and pill.half (-1.00)",
                      " ".join(self.said.split()))
        self.rows("test.yaml", "--parameters", "draws.csv", "-n", "10", "--method", "sobol", "--base", "64", "--over",
                  "one.loss")  # alone, it is correlated with nothing

    def test_models_that_a_fit_leaves_out(self):
        """They are named; over one of them by the shipped fit, its parameters move over their ranges. Meanings have lines
        that are wide enough."""
        self.rows("test.yaml", "--parameters", "loss.csv", "-n", "4", "--of", "hip")
        self.assertIn("not moved, as the table has no parameter of these models: pill\n  --over pill --by range moves one",
                      self.said)
        self.assertNotIn("not moved", self.osteon("sensitivity", "test.yaml", "--parameters", "draws.csv", "-n", "4", "--of",
                                                  "hip"))
        own = 'hip={output: "bmd[total_hip]", arm: anastrozole, to: 12 month}'
        said = self.osteon("sensitivity", "atac", "-n", "2", "--trajectories", "2", "--of", own, "--over", "anastrozole")
        self.assertIn("parameters by range", said)
        self.assertIn("\n    apparent oral clearance\n", said)

    def test_prior(self):
        rows = self.rows("turn.yaml", "--by", "prior")
        self.assertEqual(list(rows), [("bmd", "turn.fast")])
        self.assertAlmostEqual(rows["bmd", "turn.fast"]["from"], 1 + 0, delta=0.1)  # ln-normal, cut off at 1

    def test_variability(self):
        """What divides subjects: age, and the loss that differs by 50 %."""
        rows = self.rows("test.yaml", "--by", "variability", "--method", "sobol", "--base", "64", "--of", "level")
        self.assertEqual({name for _, name in rows}, {"one.loss", "age"})
        self.assertIn(" x 1 subject x 1 arm", self.said)
        self.assertGreater(rows["level", "one.loss"]["total"], 5 * rows["level", "age"]["total"])
        self.assertEqual((rows["level", "age"]["value"], rows["level", "age"]["unit"]), (65, "year"))
        self.assertAlmostEqual(rows["level", "age"]["sd"], 30 / 12 ** 0.5, delta=0.01)

    def slope(self, path, value, unit):
        """Elasticity by Richardson's differences of runs at rtol 1e-12."""
        def bmd(factor):
            self.osteon("run", "turn.yaml", "--set", f"{path}={value * factor!r} {unit}", "--set", "solver.rtol=1e-12",
                        "-o", "one.h5", "--force", "-q", "--no-probe")
            with h5py.File(self.path("one.h5")) as file:
                y = file["bmd"][0, :, :]
            return np.mean(100 * (y[:, 2] / y[:, 0] - 1))
        wide, near = ((bmd(1 + h) - bmd(1 - h)) / (2 * h) for h in (0.02, 0.01))
        return (4 * near - wide) / 3 / bmd(1)

    def test_slopes_through_doses_and_a_switch(self):
        rows = self.rows("turn.yaml", "--method", "local", "--by", "range", "--vary",
                         "arms.treated.regimen.0.dose=0.5 mg..2 mg")
        self.assertEqual(len(rows), 5)
        for name, path, value, unit in (("turn.loss", "parameters.turn.loss", 0.1, "1/y"),
                                        ("turn.turn", "parameters.turn.turn", 0.93, ""),
                                        ("turn.fast", "parameters.turn.fast", 2, ""),
                                        ("pill.half", "parameters.pill.half", 20, "d"),
                                        ("arms.treated.regimen.0.dose", "arms.treated.regimen.0.dose", 1, "mg")):
            row = rows["bmd", name]
            truth = self.slope(path, value, unit)
            self.assertAlmostEqual(row["elasticity"] / truth, 1, delta=1e-6, msg=name)
            self.assertEqual(row["value"], value)
            level = row["per_sd"] * value / row["sd"] / row["elasticity"]  # both are of one slope
            self.assertAlmostEqual(level / rows["bmd", "turn.loss"]["per_sd"] * rows["bmd", "turn.loss"]["sd"] /
                                   0.1 * rows["bmd", "turn.loss"]["elasticity"], 1, delta=1e-6)

    def test_file(self):
        """The file has what the tables have, and at each point what `osteon run` gives alone."""
        dose = "arms.treated.regimen.0.dose"
        rows = self.rows("test.yaml", "-n", "10", "--by", "range", "--over", "one.loss", "--vary", f"{dose}=0.5 mg..2 mg",
                         "--trajectories", "3", "-o", "s.h5")
        tables = self.said
        with h5py.File(self.path("s.h5")) as file:
            names = [[text.decode() for text in file[name]] for name in ("endpoint", "input", "factor", "factor_unit")]
            self.assertEqual(names, [["hip", "level"], [dose, "one.loss"], [dose, "one.loss"], ["mg", "1/y"]])
            self.assertEqual([d.keys()[0] for d in file["mu_star"].dims], ["endpoint", "input"])
            for (endpoint, one), row in rows.items():
                at = names[0].index(endpoint), names[1].index(one)
                for name in ("mu_star", "mu_star_lower", "mu", "sigma_upper"):
                    self.assertAlmostEqual(file[name][at], row[name], delta=1e-8 * abs(row[name]))
            self.assertEqual(file["at"].shape, (9, 2))
            for point in 0, 4, 8:
                amount, loss = file["at"][point]
                self.osteon("run", "test.yaml", "-n", "10", "--set", f"{dose}={amount!r} mg", "--set",
                            f"parameters.one.loss={loss!r} 1/y", "--set", "results={precision: float64}", "-o", "one.h5",
                            "--force", "-q", "--no-probe")
                with h5py.File(self.path("one.h5")) as alone:
                    change = 100 * (alone["bmd"][:, 1, :, 2] / alone["bmd"][:, 1, :, 0] - 1)
                    arms = [text.decode() for text in alone["arm"]]
                value = np.mean(change[arms.index("treated")]) - np.mean(change[arms.index("control")])
                self.assertAlmostEqual(file["value"][0, point], value, delta=1e-10)
        for line in self.osteon("show", "s.h5").splitlines()[5:]:
            self.assertIn(" ".join(line.split()), " ".join(tables.split()))
        self.assertIn("as it was written", self.osteon("verify", "s.h5"))
        self.assertIn("has indices alone", self.osteon("verify", "s.h5", "--share", "all", code=2))
        self.assertIn("without options", self.osteon("show", "s.h5", "--csv", "t.csv", code=2))
        self.assertIn("which keeps no subjects", self.osteon("export", "s.h5", "--csv", "t.csv", code=2))
        subprocess.run([sys.executable, PLOT, "s.h5", "-o", "s.svg"], cwd=self.folder.name, check=True, timeout=120)
        with open(self.path("s.svg"), encoding="utf-8") as file:
            texts = re.findall("<!-- (.*?) -->", file.read())
        self.assertIn("lowers it", texts)  # so that there are bars to the left
        self.assertEqual([text for text in texts if text.startswith("\N{MINUS SIGN}")], [])  # a size is not negative
        done = subprocess.run([sys.executable, PLOT, "s.h5", "--variables", "hpi"], cwd=self.folder.name, text=True,
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("has no endpoint 'hpi'; it has hip, level", done.stderr)

    def test_repeat(self):
        """A result file is repeated from its record, whatever was asked; options ask for other endpoints, inputs, points."""
        dose = "arms.treated.regimen.0.dose"
        for asked in (["--by", "range", "--over", "one.loss", "--vary", f"{dose}=0.5 mg..2 mg", "--trajectories", "3", "--of",
                       "own={output: \"bmd[lumbar_spine]\", arm: treated, to: 12 month}", "--group", f"all=one.loss,{dose}"],
                      ["--method", "local", "--vary", f"{dose}=0.5 mg..2 mg"],
                      ["--method", "sobol", "--by", "range", "--over", "one.loss", "--base", "64", "--design-seed", "3"]):
            first = self.rows("test.yaml", "-n", "3", "--set", "population.seed=5", *asked, "-o", "s.h5", "--force")
            with self.subTest(asked):
                self.assertEqual(self.rows("s.h5", "-o", "again.h5", "--force"), first)
                with h5py.File(self.path("s.h5")) as one, h5py.File(self.path("again.h5")) as two:
                    self.assertEqual(one["value"][()].tobytes(), two["value"][()].tobytes())
                    self.assertEqual({key: str(value) for key, value in one.attrs.items() if key.startswith("analysis")},
                                     {key: str(value) for key, value in two.attrs.items() if key.startswith("analysis")})
        other = self.rows("s.h5", "--base", "128", "-o", "again.h5", "--force")
        self.assertEqual(other.keys(), first.keys())
        self.assertNotEqual(other, first)
        self.assertEqual({input for _, input in self.rows("s.h5", "--vary", f"{dose}=0.5 mg..2 mg")}, {dose})
        self.assertEqual({input for _, input in self.rows("s.h5", "--method", "local")}, {"one.loss"})
        self.assertIn("'s.h5' is of a sensitivity analysis; 'osteon sensitivity s.h5 -o OUT.h5' repeats it",
                      self.osteon("run", "s.h5", "-o", "r.h5", code=2))
        self.osteon("sweep", "test.yaml", "-n", "2", "--vary", f"{dose}=0.5 mg, 1 mg, 2 mg", "-o", "w.h5", "-q")
        self.osteon("sensitivity", "w.h5", "-o", "given.h5", "-q")
        self.assertIn("'given.h5' is an analysis of the points of a sweep", self.osteon("sensitivity", "given.h5", code=2))

    def test_what_is_replaced(self):
        """Without --force, the same analysis alone takes the place of an analysis, and none that of another result."""
        dose = "arms.treated.regimen.0.dose"
        asked = ["--by", "range", "--over", "one.loss", "--trajectories", "2", "-q"]
        self.osteon("run", "test.yaml", "-n", "2", "-o", "r.h5", "-q")
        self.osteon("sweep", "test.yaml", "-n", "2", "--vary", f"{dose}=0.5 mg, 1 mg, 2 mg", "-o", "w.h5", "-q")
        self.osteon("sensitivity", "test.yaml", "-n", "2", *asked, "-o", "s.h5")
        self.osteon("sensitivity", "w.h5", "-o", "g.h5", "-q")
        kept = {}
        for name in "rwsg":
            with open(self.path(f"{name}.h5"), "rb") as file:
                kept[name] = file.read()
        for words, part in (
                (["sensitivity", "w.h5", "-o", "w.h5"], "sensitivity: -o: 'w.h5' is what is read"),
                (["sensitivity", "s.h5", "-o", "s.h5"], "sensitivity: -o: 's.h5' is what is read"),
                (["sensitivity", "w.h5", "-o", "r.h5"], "r.h5 is there, a result of 'test' that is not a sensitivity analysis"),
                (["sensitivity", "w.h5", "-o", "s.h5"], "s.h5 is there, a sensitivity analysis of 'test' with another method"),
                (["sensitivity", "test.yaml", *asked, "-o", "w.h5"], "w.h5 is there, a sweep of 'test'; name another"),
                (["sensitivity", "test.yaml", "--method", "sobol", *asked[:4], "-q", "-o", "g.h5"],
                 "g.h5 is there, a sensitivity analysis of a sweep of 'test'; name another"),
                (["sensitivity", "test.yaml", *asked, "--design-seed", "2", "-o", "s.h5"], "with another design seed"),
                (["sensitivity", "test.yaml", *asked[:-3], "-o", "s.h5"], "with another number of points"),
                (["sensitivity", "g.yaml", "--set", "name=other", "-o", "s.h5"], "a result of the experiment 'test', not of 'other'"),
                (["run", "test.yaml", "-o", "s.h5"], "s.h5 is there, a sensitivity analysis of 'test'; name another")):
            with self.subTest(" ".join(words)):
                self.assertIn(part, self.osteon(*words, code=2))
        for name, content in kept.items():
            with open(self.path(f"{name}.h5"), "rb") as file:
                self.assertEqual(file.read(), content)
        self.assertIn("replaces an earlier result of 'test': s.h5",
                      self.osteon("sensitivity", "test.yaml", "-n", "2", *asked[:-1], "-o", "s.h5"))
        self.osteon("sensitivity", "w.h5", "-o", "r.h5", "--force", "-q")

    def test_failures(self):
        """Where subjects fail, what is computed from them is left out, and the exit code says so."""
        self.rows("test.yaml", "--set", "models=[./pill.model, ./pole.model]", "--set",
                  "endpoints={mine: {output: bmd, arm: treated, to: 12 month}}", "--vary",
                  "arms.treated.regimen.0.dose=0.001 mg..9 mg", "-n", "2", code=3)
        self.assertRegex(self.said, r"failed and are left out; the first: point \d+, subject \d, arm 'treated'")

    def test_without_endpoints(self):
        said = self.osteon("sensitivity", "atac", code=2)
        self.assertIn("asks for no endpoints; name one under 'endpoints', or with", said)
        example = re.search(r"--of '(.*)'", said)[1]
        self.assertIn("aibl.", self.osteon("sensitivity", "atac", "--of", example, "-n", "1", "--over",
                                           "aibl.gamma,aibl.a_C", "--trajectories", "2"))

    def test_wrong(self):
        with open(os.path.join(HERE, "wrong_sensitivities.txt"), encoding="utf-8") as file:
            lines = [line.rstrip("\n").split(" | ") for line in file if not line.startswith("#")]
        self.assertGreaterEqual(len(lines), 25)
        for code, arguments, part in lines:
            with self.subTest(arguments):
                done = subprocess.run([OSTEON, "sensitivity", "test.yaml", "-n", "2", *shlex.split(arguments)],
                                      cwd=self.folder.name, capture_output=True, text=True, timeout=60)
                pattern = ".*".join(re.escape(piece) for piece in part.split("..."))
                self.assertRegex(done.stderr, pattern)
                self.assertEqual(done.returncode, int(code), done.stderr)


if __name__ == "__main__":
    unittest.main()
