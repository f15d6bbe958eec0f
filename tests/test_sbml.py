#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Models and experiments as SBML: libsbml finds no error, and an independent reader (sbml_reader.py) gets the values of
osteon. Takes the path of osteon as its first argument; the shared library stands beside it."""
import glob
import os
import shlex
import subprocess
import sys
import tempfile
import unittest

from package_under_test import OSTEON, ROOT

try:
    import libsbml
    import numpy as np
    import sbml_reader
except ImportError as missing:
    print(f"test_sbml: skipped, {missing}; scripts/install-deps --dev installs it")
    sys.exit(77)

import osteon  # noqa: E402

TOLERANCE = 1e-6
SHORT = {"times": "[-1 day, 0 day, 2 day, 10 day]", "models": "[hormones, aibl]"}
# Experiment, arm, changes, and tolerances of the reader. Komarova's cells fall to 1e-5 between cycles, and the time of the
# next one depends on how many are left.
RUNS = (
    ("published/komarova2003_cycle", "event", {}, {"rtol": 1e-12, "part": 1e-6}),
    ("published/lemaire2004_injections", "add_pth", {}, {}),
    ("published/lemaire2004_injections", "remove_preosteoblasts", {}, {}),
    ("published/jorg2022_drugs", "romosozumab_alendronate", {}, {}),
    ("published/jorg2022_drugs", "teriparatide", {}, {}),
    ("published/peterson_pth_infusion", "pth", {}, {}),  # driven from outside, with a switch
    ("estrogen_deprivation", "goserelin", {}, {}),
    ("atac", "anastrozole_zoledronic_acid", SHORT, {}),  # history before treatment, daily doses, an infusion
)
ODD = """model odd "a <b> & c"
kind bone
index site = spine, hip
covariate age [y] = 60 in 40..70 "age"
param k[site] = 2, 3 [1/y] in 0.1..9 "rate" @ "assumed: test"
param c[site] = 4, 5 [ng/mL] in 1..9 "start" @ "assumed: test"
param iu = 5 [IU] in 1..9 "units" @ "assumed: test"
param v1_ = 2 [1] in 1..9 "a name of the file's own" @ "assumed: test"
noise scan "of the scanner"
state X[site] = c[site] [ng/mL] scale 1 "amount"
state count = v1_ [1] scale 1 "times that X[spine] is above 2"
X[site]' = -k[site]*X[site]*(if X[site] > 2 [ng/mL] then 1 else 3)
count' = (if X[spine] >= 2 [ng/mL] and time > 30 [d] then 1 else 0)/1 [d]
output X[site] [mg/L] = X[site] + 0 [ng/mL]*scan "the same"
output p[site] [%] = (X[site]/4 [ng/mL])^0.5 + exp(-age/60 [y])*min(0.5, count)/max(iu, 1 [IU])*1 [IU] "more"
"""


class Sbml(unittest.TestCase):
    def write(self, *words, code=0):
        """What a command writes, or what it says where it ends with this code."""
        done = subprocess.run([OSTEON, *words], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def read(self, text):
        """A model without errors."""
        model = sbml_reader.Model(text)
        model.document.checkConsistency()
        errors = [model.document.getError(i) for i in range(model.document.getNumErrors())]
        self.assertEqual([f"{e.getLine()}: {e.getMessage()}" for e in errors if e.getSeverity() >= libsbml.LIBSBML_SEV_ERROR], [])
        return model

    def compare(self, experiment, arm, changes, how, **files):
        model = osteon.Model(experiment, subjects=1, **{"solver.rtol": 1e-12, "solver.dosing": "exact", **changes}, **files)
        expected = model.batch(np.empty((1, 0)), [])[0, model.arms.index(arm), :, 0]
        words = [word for path, value in changes.items() for word in ("--set", f"{path}={value}")]
        read = self.read(self.write("plan", experiment if files else osteon._find(experiment), "--sbml", arm, *words))
        blocks = {name.partition(".")[0] for name in model.parameters}
        names = []
        for output in model.outputs:  # T[hip] is T_hip, aibl_T_hip, or ends in _out
            base = output.replace("[", "_").rstrip("]")
            found = [name for end in ("_out", "") for b in ("", *(f"{b}_" for b in sorted(blocks)))
                     for name in [f"{b}{base}{end}"] if name in read.assigned]
            self.assertTrue(found, output)
            names.append(found[0])
        actual = read.run(model.times - read.values.get("t_begin_", 0), names, **how)
        size = np.abs(expected) + 1e-3 * np.abs(expected).max(axis=1, keepdims=True)
        worst = np.abs(actual - expected) - 1e-9 - TOLERANCE * size  # below 1e-9 of a unit, differences of equals
        self.assertFalse(np.isnan(expected).any())
        self.assertLess(worst.max(), 0, (experiment, arm, model.outputs[int(worst.max(axis=1).argmax())]))
        return read

    def test_values(self):
        for name, arm, changes, how in RUNS:
            with self.subTest(name, arm=arm):
                self.compare(os.path.join(ROOT, "configs", f"{name}.yaml"), arm, changes, how)

    def test_every_model(self):
        names = [os.path.basename(p)[:-6] for p in glob.glob(os.path.join(ROOT, "models", "*", "*.model")) +
                 glob.glob(os.path.join(ROOT, "models", "*", "*", "*.model"))]
        self.assertGreater(len(names), 40)
        for name in names:
            with self.subTest(name):
                self.read(self.write("model", name, "--sbml"))
        self.read(self.write("model", "hormones", "aibl", "anastrozole", "letrozole", "--sbml"))

    def test_experiments(self):
        for name, arm in (("atac", "tamoxifen"), ("freedom", "denosumab"), ("peterson_teriparatide", "teriparatide_20")):
            with self.subTest(name):
                self.assertGreater(self.read(self.write("plan", name, "--sbml", arm)).model.getNumEvents(), 0)

    def test_names_units_and_switches(self):
        with open("odd.model", "w", encoding="utf-8") as out:
            out.write(ODD)
        with open("odd.yaml", "w", encoding="utf-8") as out:
            out.write("models: [./odd.model]\narms: {a: {regimen: []}}\ntimes: {to: 1 year, every: 5 day}\n"
                      "population: {subjects: 1, seed: 1, covariates: {age: 61 year}}\n")
        read = self.compare("odd.yaml", "a", {}, {"rtol": 1e-11, "part": 1e-3})
        self.assertEqual((read.values["age"], read.values["k_spine"], read.values["iu"]), (61, 2, 5))
        self.assertAlmostEqual(read.values["X_spine"], 4, delta=1e-12)
        self.assertEqual(read.values["v1__"], 2)
        self.assertEqual(read.values["count"], 2)
        model = read.model
        self.assertIn("odd: a &lt;b> &amp; c", model.getNotesString().replace("&gt;", ">"))
        # 1/y = 1/(365.25 x 86400 s), ng/mL = 1e-6 g/L = 1e-3 g/m3, IU: an item
        for name, value, kinds in (("k_spine", 1 / (365.25 * 86400), {"second": -1}), ("iu", 1, {"item": 1}),
                                   ("X_hip", 1e-3, {"gram": 1, "metre": -3}), ("age", 365.25 * 86400, {"second": 1}),
                                   ("p_hip", 0.01, {})):
            size, found = 1.0, {}
            for u in model.getUnitDefinition(model.getParameter(name).getUnits()).getListOfUnits():
                size *= (u.getMultiplier() * 10.0 ** u.getScale()) ** u.getExponentAsDouble()
                if not u.isDimensionless():
                    found[libsbml.UnitKind_toString(u.getKind())] = u.getExponentAsDouble()
            self.assertAlmostEqual(size / value, 1, delta=1e-12, msg=name)
            self.assertEqual(found, kinds, name)

    def test_refused(self):
        self.assertIn("the experiment has no arm 'anastrozol' (did you mean 'anastrozole'?)",
                      self.write("plan", "atac", "--sbml", "anastrozol", code=2))
        self.assertRegex(self.write("plan", "zfast", "--sbml", "delayed", code=1),
                         r"zfast\.yaml:\d+:\d+: SBML cannot have doses that depend on visits: 't_score")
        self.assertIn("missed at random", self.write(
            "plan", "atac", "--sbml", "anastrozole", "--set", "arms.anastrozole.regimen.0.adherence=0.9", code=1))
        self.assertIn("a steady state at the start", self.write(
            "plan", "atac", "--sbml", "anastrozole", "--set", "arms.anastrozole.regimen.0.steady_state=true", code=1))
        given = 'population.baseline=[{output: "bmd[total_hip]", value: 0.8 g/cm2, solve: "aibl.peak_bmd[total_hip]"}]'
        self.assertIn("a parameter that is solved for 'bmd[total_hip]' at time 0",
                      self.write("plan", "atac", "--sbml", "tamoxifen", "--set", given, code=1))
        self.assertIn("more than one of these models drives the signal", self.write("model", "hormones", "hormones_men", "--sbml",
                                                                                   code=1))

    def test_commands_of_the_readme(self):
        with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
            commands = [line.strip() for line in file if line.startswith("    osteon ") and "--sbml" in line]
        self.assertGreater(len(commands), 2)
        for command in commands:
            words = shlex.split(command.partition(">")[0])
            self.assertEqual(words.pop(0), "osteon")
            self.read(self.write(*words))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        unittest.main()
