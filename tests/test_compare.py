#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`osteon compare` as a user meets it: one experiment on several bone models in one file. Takes the path of osteon as its
first argument. The models are small ones of its own, so that what they do is known."""
import math
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest

import h5py
import numpy as np

OSTEON = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else "osteon"
HERE = os.path.dirname(os.path.abspath(__file__))
PLOT = os.path.join(HERE, "..", "scripts", "plot.py")

# Bone of `one` decays at the person's rate, that of `two` at twice that; only `one` feels the drug, which triples it.
FILES = {
    "person.model": """
model person "who loses how fast"
kind hormones
signal loss [1/y] combine one "loss of bone"
covariate age [y] = 60 in 18..110 "age"
param k = 0.02 [1/y] spread 0.5 "loss at sixty" @ "assumed: for a test"
drives loss = k*age/(60 [y])
output rate [1/y] = k*age/(60 [y]) "loss of bone"
""",
    "rusher.model": """
model rusher "a drug that stays"
kind drug
signal haste [1] = 0 combine sum "what it adds to the loss of bone"
state D = 0 [mg] "amount"
dose D
D' = 0*D/(1 [d])
drives haste = 2*D/(1 [mg])
""",
    "one.model": """
model one "two sites"
kind bone
index site = lumbar_spine, total_hip
reads loss, haste
param peak[site] = 1, 0.9 [g/cm2] "at the start" @ "assumed: for a test"
state B = 1 [1] "bone"
B' = -loss*(1 + haste)*B
output bmd[site] [g/cm2] = peak[site]*B "bone mineral density"
""",
    "two.model": """
model two "another two sites, twice as fast"
kind bone
index site = total_hip, wrist
reads loss
state B = 1 [1] "bone"
B' = -2*loss*B
output bmd[site] [%] = B "bone mineral density"
output marker [1] = 2 + B "a marker"
""",
    "plain.model": """
model plain "no sites, and a pole for some"
kind bone
reads loss
param a = 0 [1/d] spread choice 0: 0.75, 0.5: 0.25 "growth that ends in a pole" @ "assumed: for a test"
state B = 1 [1] "bone"
state X = 1 [1] scale 1 "grows without bound where a > 0"
B' = -loss*B + 0*X/(1 [d])
X' = a*X^2
output bmd [1] = B "bone mineral density"
output x [1] = X "growth"
""",
    "test.yaml": """
title: A test
models: [./person.model, ./rusher.model, ./one.model]
population:
  subjects: 20
  seed: 7
  covariates: {age: {distribution: uniform, from: 50 year, to: 80 year}}
parameters: {"one.peak[total_hip]": {value: 0.8 g/cm2}, person.k: {value: 0.03 1/y}}
arms:
  control: {label: Control}
  rush: {label: In a rush, regimen: [{drug: rusher, dose: 1 mg, start: 0 day}]}
times: {to: 24 month, every: 6 month}
results: {precision: float64}
""",
}


class Compare(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        for name, text in FILES.items():
            with open(os.path.join(self.folder.name, name), "w", encoding="utf-8") as file:
                file.write(text)

    def osteon(self, *words, code=0):
        done = subprocess.run([OSTEON, *words], cwd=self.folder.name, capture_output=True, text=True, check=False,
                              timeout=300)
        self.assertEqual(done.returncode, code, f"{words}\n{done.stdout}\n{done.stderr}")
        self.assertNotIn("Sanitizer", done.stderr)
        return done

    def compare(self, models, out, *words, code=0):
        done = self.osteon("compare", "test.yaml", "-m", models, "-o", out, *words, code=code)
        self.assertEqual([name for name in os.listdir(self.folder.name) if name.startswith(out + ".")], [])
        return done

    def open(self, name):
        file = h5py.File(os.path.join(self.folder.name, name))
        self.addCleanup(file.close)
        return file

    def test_the_same_people_in_every_model(self):
        done = self.compare("./one.model,./two.model", "c.h5", "--allow-gaps")
        self.assertIn("two: arm 'rush'", done.stdout)
        self.osteon("run", "test.yaml", "-o", "one.h5")
        file, one = self.open("c.h5"), self.open("one.h5")
        bmd, rate, age = file["bmd"][()], file["rate"][0, 0, :, 0], file["age"][()]
        self.assertEqual([m.decode() for m in file["model"]], ["one", "two"])
        self.assertEqual([s.decode() for s in file["site"]], ["lumbar_spine", "total_hip", "wrist"])
        self.assertEqual(bmd.shape, (2, 2, 3, 20, 5))
        np.testing.assert_allclose(rate, file["parameters/person.k"][()] * age / 60, rtol=1e-12)
        self.assertGreater(np.ptp(rate), 0.01)
        np.testing.assert_array_equal(rate, file["rate"][1, 0, :, 0])
        years = file["time"][()] / 365.25
        for model, factor, sites in (0, 1, [0, 1]), (1, 2, [1, 2]):
            for site in sites:
                np.testing.assert_allclose(bmd[model, 0, site], np.exp(-factor * np.outer(rate, years)), rtol=1e-5)
        # each is what it is alone; units differ, so that it is kept relative to time 0
        own = one["bmd"][()]
        np.testing.assert_array_equal(bmd[0, :, :2], own / own[..., :1])
        self.assertEqual(own[0, 1, 0, 0], 0.8)
        self.assertEqual(file["bmd"].attrs["units"], b"1")
        self.assertEqual(file["bmd"].attrs["units_of_models"], b"one: g/cm2, two: %")
        for name in "age", "subject", "time":
            np.testing.assert_array_equal(file[name][()], one[name][()])
        for name in one["parameters"]:
            np.testing.assert_array_equal(file["parameters"][name][()], one["parameters"][name][()])

    def test_what_a_model_has_not_is_missing(self):
        self.compare("./one.model,./two.model", "c.h5", "--allow-gaps")
        file = self.open("c.h5")
        bmd = file["bmd"]
        self.assertTrue(np.isnan(bmd[0, :, 2]).all() and np.isnan(bmd[1, 0, 0]).all() and np.isnan(bmd[1, 1]).all())
        self.assertTrue(np.isnan(file["marker"][0]).all() and np.isfinite(file["marker"][1, 0]).all())
        self.assertTrue((file["status"][0] == 0).all() and (file["status"][1, 0] == 0).all())
        self.assertTrue((file["status"][1, 1] == 255).all())
        self.assertRegex(file.attrs["arms_left_out"].decode(), "^two: arm 'rush': .* responds to drug 'rusher'")

    def test_a_drug_that_a_model_cannot_feel(self):
        error = self.compare("./one.model,./two.model", "c.h5", code=1).stderr
        self.assertRegex(error, r"arm 'rush': no model in the plan \(person, two\) responds to drug 'rusher'")
        self.assertIn("--allow-gaps", error)

    def test_units_that_agree_are_kept(self):
        self.compare("./one.model,./one.model", "c.h5", code=2)
        with open(os.path.join(self.folder.name, "too.model"), "w", encoding="utf-8") as file:
            file.write(FILES["one.model"].replace("model one", "model too").replace("1 + haste", "1 + 2*haste"))
        self.compare("./one.model,./too.model", "c.h5")
        file = self.open("c.h5")
        self.assertEqual(file["bmd"].attrs["units"], b"g/cm2")
        rate, bmd = file["rate"][0, 0, :, 0], file["bmd"][:, 1, 0, :, 4]
        np.testing.assert_allclose(-np.log(bmd[0]) / rate, 6, rtol=1e-5)
        np.testing.assert_allclose(-np.log(bmd[1]) / rate, 10, rtol=1e-5)

    def test_variables_of_other_shape_and_failures(self):
        done = self.compare("./two.model,./plain.model", "c.h5", "--allow-gaps", code=3)
        file = self.open("c.h5")
        self.assertEqual(file["bmd"].shape, (2, 1, 2, 20, 5))
        self.assertEqual(file["bmd_plain"].shape, (2, 1, 20, 5))
        failed = file["parameters/plain.a"][()] > 0
        self.assertTrue(0 < failed.sum() < 20)
        np.testing.assert_array_equal(file["status"][1, 0] != 0, failed)
        self.assertFalse(file["status"][0].any())
        np.testing.assert_array_equal(np.isnan(file["bmd_plain"][1, 0, :, 4]), failed)
        self.assertEqual(int(file.attrs["n_failed"]), failed.sum())
        messages = [m.decode() for m in file["failure_message"]]
        self.assertEqual(len(messages), failed.sum())
        self.assertRegex(messages[0], f"^plain, arm 'control', subject {np.flatnonzero(failed)[0]}: .")
        self.assertIn(f"failed: {failed.sum()}", done.stdout)

    def test_repeat_from_the_file(self):
        self.compare("./one.model,./two.model", "c.h5", "--allow-gaps", "--subjects", "9", "--set", "results.digits=5")
        for name in "one.model", "two.model", "person.model":
            os.remove(os.path.join(self.folder.name, name))
        self.assertIn("osteon compare c.h5", self.osteon("run", "c.h5", "-o", "d.h5", code=2).stderr)
        self.osteon("compare", "c.h5", "-o", "d.h5", "--allow-gaps", "--threads", "1")
        one, other = self.open("c.h5"), self.open("d.h5")
        self.assertEqual(one["bmd"].shape[3], 9)
        for name in one:
            if isinstance(one[name], h5py.Dataset):
                np.testing.assert_array_equal(one[name][()], other[name][()], name)

    def test_resume(self):
        words = ["-m", "./one.model,./two.model", "--allow-gaps", "--subjects", "40000", "-q"]
        self.osteon("compare", "test.yaml", *words, "-o", "whole.h5")
        child = subprocess.Popen([OSTEON, "compare", "test.yaml", *words, "-o", "c.h5"], cwd=self.folder.name)
        part = os.path.join(self.folder.name, "c.h5.part")
        while child.poll() is None and (not os.path.exists(part) or os.path.getsize(part) < 1_000_000):
            time.sleep(0.01)
        child.kill()
        child.wait(timeout=60)
        self.assertTrue(os.path.exists(part))
        self.osteon("compare", "test.yaml", "-m", "./one.model", *words[2:], "-o", "c.h5", "--resume", code=1)
        self.osteon("compare", "test.yaml", *words, "-o", "c.h5", "--resume")
        self.assertFalse(os.path.exists(part))
        one, other = self.open("whole.h5"), self.open("c.h5")
        for name in one:
            if isinstance(one[name], h5py.Dataset):
                np.testing.assert_array_equal(one[name][()], other[name][()], name)

    def test_wrong_usage(self):
        for words, code, message in [
            (["-o", "c.h5"], 2, "--models MODEL,... is missing"),
            (["-m", "./one.model,./person.model", "-o", "c.h5"], 1, "'./person.model' is of kind hormones, not bone"),
            (["-m", "./one.model,lemair2004", "-o", "c.h5"], 1, "did you mean 'lemaire2004'?"),
            (["-m", "./one.model", "-o", "test.yaml"], 2, "not the name of a result file"),
            (["-m", "./one.model,./two.model", "-o", "c.h5", "--allow-gaps", "--set", "outputs=[bmd, tbs]"], 1,
             "no model has the output 'tbs'"),
            (["-m", "./one.model,./two.model", "-o", "c.h5", "--allow-gaps", "--set", "outputs=[marker]"], 1,
             "model 'one' has none of the outputs"),
            (["-m", "./one.model,./two.model", "-o", "c.h5", "--allow-gaps", "--set",
              "endpoints={a: {output: tbs, arm: control, to: 1 year}}"], 1, "endpoints.a.output: the models have no output"),
            (["-m", "./one.model,./two.model", "-o", "c.h5", "--allow-gaps", "--set",
              "endpoints={a: {output: \"bmd[total_hip]\", arm: control, to: 1 day}}"], 1, "'times' has no output at 1 day; 'times: {"),
            (["-m", "./one.model,./two.model", "-o", "c.h5", "--allow-gaps", "--set", "times=[1 day]"], 1,
             "the models have 'bmd' in several units (one: g/cm2, two: %)"),
        ]:
            self.assertIn(message, self.osteon("compare", "test.yaml", *words, code=code).stderr)
            self.assertFalse([name for name in os.listdir(self.folder.name) if name.startswith("c.h5")], words)

    def test_show(self):
        self.compare("./one.model,./two.model", "c.h5", "--allow-gaps", "--set", "population.variability=false",
                     "--set", "population.covariates={age: {formula: \"60 [y]\", unit: year}}")
        lines = [line.split() for line in self.osteon("show", "c.h5", "--at", "24").stdout.splitlines()]
        loss = {name: f"{100 * math.expm1(-0.03 * rate * 2 * 12 * 30.4375 / 365.25):.2f}" for name, rate in
                (("one", 1), ("two", 2), ("rush", 3))}
        self.assertIn(["control", "lumbar_spine", "24", "one", *4 * [loss["one"]], "0.00"], lines)
        self.assertIn(["control", "wrist", "24", "two", *4 * [loss["two"]], "0.00"], lines)
        self.assertIn(["rush", "total_hip", "24", "one", *4 * [loss["rush"]], "0.00"], lines)
        self.assertNotIn(["(models)"], [line[3:4] for line in lines])  # neither model predicts what lies between two
        self.assertIn(f"medians of 2 models from {loss['two']} to {loss['one']}".split(), lines)
        with open(os.path.join(self.folder.name, "four.model"), "w", encoding="utf-8") as file:
            file.write(FILES["two.model"].replace("model two", "model four").replace("-2*", "-4*"))
        self.compare("./one.model,./two.model,./four.model", "c.h5", "--allow-gaps", "--set",
                     "population.variability=false", "--set",
                     "population.covariates={age: {formula: \"60 [y]\", unit: year}}")
        lines = [line.split() for line in self.osteon("show", "c.h5", "--at", "24").stdout.splitlines()]
        self.assertIn(["control", "total_hip", "24", "(models)", loss["two"]], lines)

    def test_limit_of_values_in_several_units(self):
        """Values relative to time 0 have no limit in the unit of one model: the table and the page say so; one in
        percent is counted in each model."""
        self.compare("./one.model,./two.model", "c.h5", "--allow-gaps", "-q", "--set",
                     'endpoints={low: {output: "bmd[total_hip]", arm: control, to: 24 month, measure: level, '
                     'below: 0.7 g/cm2}, fell: {output: "bmd[total_hip]", arm: control, to: 24 month, below: -8 %}}')
        shown = " ".join(self.osteon("show", "c.h5").stdout.split())
        self.assertEqual(len(re.findall(r"low fraction level below 0.7 bmd\[total_hip\] control 24 (?:one|two) "
                                        r"% 0 g/cm2 no value: the models have 'bmd' in several units", shown)), 2, shown)
        file = self.open("c.h5")
        for m, model in enumerate(("one", "two")):
            fell = 100 * (file["bmd"][m, 0, 1, :, 4] < 0.92).mean()
            self.assertRegex(shown, rf"fell fraction percent below -8 bmd\[total_hip\] control 0 to 24 {model} {fell:g} ")
        self.osteon("report", "c.h5", "-o", "c.html")
        with open(os.path.join(self.folder.name, "c.html"), encoding="utf-8") as page:
            self.assertEqual(page.read().count("no value: the models have &#39;bmd&#39; in several units"), 2)

    def test_condition_that_a_model_lacks(self):
        """Who is eligible by an output of one model: all subjects are, in each, and the table says so."""
        words = "-q", "--set", "population.eligible=bmd[lumbar_spine] > 1 [g/cm2]"
        self.compare("./one.model,./two.model", "c.h5", "--allow-gaps", *words)
        with h5py.File(os.path.join(self.folder.name, "c.h5"), "r") as file:
            self.assertTrue(np.isfinite(file["bmd"][:, 0, 1]).all())  # the hip, in both
        self.assertRegex(self.osteon("show", "c.h5").stdout,
                         r"left out\n(.*\n)*two: all subjects are eligible, in each model, as .*: 'lumbar_spine' is not")
        self.osteon("compare", "c.h5", "--allow-gaps", "-o", "again.h5", "-q")
        self.assertIn("none of 20 subjects is eligible",  # by the condition: none has more than 1
                      self.compare("./one.model", "c.h5", *words, code=1).stderr)
        self.assertIn("no model has what 'eligible' needs", self.compare(
            "./one.model,./two.model", "d.h5", "--allow-gaps", "--set", "population.eligible=bnd > 1", code=1).stderr)

    def test_figure(self):
        self.compare("./one.model,./two.model", "c.h5", "--allow-gaps")
        for variable, panels in ("bmd", 2 * 3), ("marker", 2), ("marker,rate", 2 * 2):
            subprocess.run([PLOT, "c.h5", "-o", "c.svg", "--variables", variable], cwd=self.folder.name, check=True,
                           timeout=100)
            with open(os.path.join(self.folder.name, "c.svg"), encoding="utf-8") as file:
                self.assertEqual(file.read().count('<g id="axes_'), panels, variable)

    def test_scans_of_another_model(self):
        """A scan reads density in g/cm2; it goes where the other model has none."""
        self.osteon("compare", "sabre", "--models", "aibl,peterson2012", "--subjects", "2", "--allow-gaps", "-o", "s.h5")
        with h5py.File(os.path.join(self.folder.name, "s.h5"), "r") as file:
            self.assertTrue(np.isfinite(file["scanned_bmd"][0]).any())
            self.assertFalse(np.isfinite(file["scanned_bmd"][1]).any())

    def test_scans_of_all_models(self):
        """Scans are shown and drawn where every model has them."""
        self.densities()
        for models, shown in ("./one.model,./dense.model", "scanned_bmd"), ("./one.model,./light.model", "bmd"):
            self.compare(models, "c.h5", "-q", "--force", *self.scans)
            self.assertIn(f"{shown}: ", self.osteon("show", "c.h5").stdout)
            subprocess.run([PLOT, "c.h5", "-o", "c.svg"], cwd=self.folder.name, check=True, timeout=100)
            with open(os.path.join(self.folder.name, "c.svg"), encoding="utf-8") as file:
                self.assertEqual("<!-- Change in scanned BMD" in file.read(), shown == "scanned_bmd")

    def test_observation_that_a_model_leaves_out(self):
        """What a condition lacks is of an observation that is there, and that the bone model cannot serve."""
        self.densities()
        words = "--set", "population.eligible=t_score[total_hip] < 5"
        self.assertIn("'t_score' is an output of 'dxa', which is left out, as the bone model does not have 'drives "
                      "bmd[lumbar_spine]'", self.compare("./light.model", "c.h5", *self.scans, *words, code=1).stderr)
        self.compare("./dense.model", "c.h5", *self.scans, *words)

    def test_schedules_of_each_model(self):
        """How many began a drug on a condition is said of each model."""
        self.densities()
        rule = ("arms.rush.regimen=[{drug: rusher, dose: 0.1 mg, interval: 6 month, visits: 6 month, "
                "begin_if: 'bmd[total_hip] < 0.87 [g/cm2]'}]")
        self.compare("./one.model,./dense.model", "c.h5", *self.scans, "--set", rule)
        lines = [line for line in self.osteon("show", "c.h5").stdout.splitlines() if "began" in line]
        self.assertEqual([line.partition(": began rusher by month 12: ")[0] for line in lines],
                         ["rush, one", "rush, dense"])
        self.assertNotEqual(*[line.partition(": ")[2] for line in lines])

    scans = ("--set", "models=[./person.model, ./rusher.model, ./one.model, dxa]", "--set", "parameters=~")

    def densities(self):
        """Models of bone with densities that a scan reads, and `light` without; all respond to the drug."""
        one = FILES["one.model"].replace("total_hip\n", "total_hip, femoral_neck\n").replace("1, 0.9", "1, 0.9, 0.8")
        drives = one + "drives bmd[site] = peak[site]*B\n"
        for name, text in ("one", drives), ("dense", drives.replace("-loss*", "-2*loss*")), ("light", one):
            with open(os.path.join(self.folder.name, f"{name}.model"), "w", encoding="utf-8") as file:
                file.write(text.replace("model one", f"model {name}"))

    def test_xarray(self):
        try:
            import h5netcdf  # noqa: F401 (the engine)
            import xarray
        except ImportError:
            self.skipTest("xarray and h5netcdf are not installed")
        self.compare("./two.model,./plain.model", "c.h5", "--allow-gaps", code=3)
        with xarray.open_dataset(os.path.join(self.folder.name, "c.h5"), engine="h5netcdf") as data:
            self.assertEqual(data["bmd"].dims, ("model", "arm", "site", "subject", "time"))
            self.assertEqual(list(data["model"].values), ["two", "plain"])
            self.assertIn("arm_label", data["bmd"].coords)
            self.assertEqual(data["status"].dims, ("model", "arm", "subject"))
        with xarray.open_dataset(os.path.join(self.folder.name, "c.h5"), group="parameters", engine="h5netcdf") as data:
            self.assertIn("person.k", data)


if __name__ == "__main__":
    unittest.main()
