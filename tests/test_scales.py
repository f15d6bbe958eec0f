#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit that a state is declared in sets no accuracy: the same model in kg, g, mg, ... gives the same numbers, however
what is in a state came there. Takes the path of osteon."""
import math
import os
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy as np

OSTEON = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else "osteon"
RTOL = 1e-6

# depot -> central -> peripheral, concentration, effect; a production from outside; a start by a covariate; a pulse
MODEL = """model chain "doses and what follows from them"
kind other
covariate first [ng] = 0 in 0..1000 "what there is at the start"
param ka = 6 [1/d] in 0..100 "absorption" @ "assumed: for a test"
param ke = 0.7 [1/d] in 0..100 "elimination" @ "assumed: for a test"
param V = 5 [L] in 0..100 "volume" @ "assumed: for a test"
param made = 2 [ng/d] in 0..100 "production" @ "assumed: for a test"
state depot = 0 [{u}] "what is given"
state central = 0 [{u}] "in blood"
state tissue = 0 [{u}] "in tissue"
state level = 0 [{u}/L] "delayed concentration"
state hormone = 0 [{u}] "what is made"
state stock = first [{u}] "what there is at the start"
state pulsed = 0 [{u}] "from a table"
dose depot
dose central
depot' = -ka*depot
central' = ka*depot - ke*central - 0.4 [1/d]*central + 0.3 [1/d]*tissue
tissue' = 0.4 [1/d]*central - 0.3 [1/d]*tissue
level' = 2 [1/d]*(central/V - level)
hormone' = made - ke*hormone
stock' = -ke*stock
pulsed' = table(time [d]; 0: 0, 3: 0, 4: 1, 5: 0)*made - ke*pulsed
output out_depot [ng] = depot "a"
output out_central [ng] = central "a"
output out_tissue [ng] = tissue "a"
output out_level [ng/L] = level "a"
output out_hormone [ng] = hormone "a"
output out_stock [ng] = stock "a"
output out_pulsed [ng] = pulsed "a"
"""

EXPERIMENT = """models: [./chain.model]
population: {{covariates: {{first: 40 ng}}}}
arms:
  given:
    regimen:
      - {{drug: chain, compartment: depot, dose: 100 ng, interval: 4 day, stop: 9 day}}
  infused:
    regimen:
      - {{drug: chain, compartment: central, dose: 80 ng, duration: 6 h}}
times: {{to: 12 day, every: 0.25 day}}
solver: {{rtol: {rtol}, stepper: {stepper}, dosing: exact}}
results: {{precision: float64}}
"""

UNITS = ["kg", "g", "mg", "ug", "ng", "pg", "fg"]


def run(folder, unit, stepper="rodas5p", rtol=RTOL):
    for name, text in (("chain.model", MODEL.format(u=unit)),
                       ("e.yaml", EXPERIMENT.format(stepper=stepper, rtol=rtol))):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    for left in ("e.h5", "e.h5.part"):
        if os.path.exists(os.path.join(folder, left)):
            os.remove(os.path.join(folder, left))
    done = subprocess.run([OSTEON, "run", "e.yaml", "-o", "e.h5", "--quiet"], cwd=folder, capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(done.stdout + done.stderr)
    with h5py.File(os.path.join(folder, "e.h5")) as file:
        return {name: file[name][:, 0, :] for name in file if name.startswith("out_")}


class Scales(unittest.TestCase):
    def test_units_of_states(self):
        with tempfile.TemporaryDirectory() as folder:
            exact = run(folder, "ng", rtol=1e-11)
            for stepper in ("rodas5p", "tsit5"):
                for unit in UNITS:
                    found = run(folder, unit, stepper)
                    for name, values in found.items():
                        largest = np.abs(exact[name]).max(axis=1, keepdims=True)
                        error = np.abs(values - exact[name])/(np.abs(exact[name]) + 1e-3*largest + (largest == 0))
                        self.assertLess(error.max(), 30*RTOL, (unit, stepper, name))

    def test_against_closed_form(self):
        with tempfile.TemporaryDirectory() as folder:
            for unit in UNITS:
                found, t = run(folder, unit), np.arange(49)*0.25
                self.assertLess(np.abs(found["out_stock"][0]/(40*np.exp(-0.7*t)) - 1).max(), 30*RTOL, unit)
                grown = 2/0.7*(1 - np.exp(-0.7*t))
                self.assertLess(np.abs(found["out_hormone"][0] - grown).max(), 30*RTOL*2/0.7, unit)
                self.assertTrue(math.isfinite(found["out_level"].max()))


class Found(unittest.TestCase):
    """What fills a state is found whenever it does so, in whomever, and whatever the other arms are given."""

    def compare(self, model, experiment, size, tolerance=1e-5):
        """`model` has the output `m`, some `size` kg large, and its state in {u}: in kg as in micrograms."""
        values = {}
        for unit in ("kg", "ug"):
            with tempfile.TemporaryDirectory() as folder:
                for name, text in (("m.model", 'model m "m"\nkind other\n' + model.format(u=unit)),
                                   ("e.yaml", "models: [./m.model]\n" + experiment +
                                    "\nresults: {precision: float64}\n")):
                    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                        file.write(text)
                done = subprocess.run([OSTEON, "run", "e.yaml", "-o", "e.h5", "--quiet"], cwd=folder,
                                      capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                with h5py.File(os.path.join(folder, "e.h5")) as file:
                    values[unit] = file["m"][...]
        self.assertGreater(np.abs(values["ug"]).max(), 0.1*size)
        self.assertLess(np.abs(values["kg"] - values["ug"]).max(), tolerance*size)
        return values["kg"]

    K = 'param k = 0.1 [1/d] "x" @ "assumed: t"\n'
    W = 'param w = 1e-12 [kg/d] "x" @ "assumed: t"\n'
    OUT = 'output m [kg] = M "m"\n'

    def test_emptied_at_once(self):
        """What flows in for a nanosecond fills little, however fast: 1 ng from a depot that empties at 1e9/d goes to and fro."""
        model = ('param a = 1e9 [1/d] "x" @ "assumed: t"\nparam c = 1 [1/d] "x" @ "assumed: t"\n'
                 'state D = 1 [ng] "d"\nstate M = 0 [{u}] "m"\nstate Z = 0 [{u}] "z"\n'
                 "D' = c*Z - a*D\nM' = a*D - c*M\nZ' = c*M - c*Z\n" + self.OUT)
        m = self.compare(model, "arms: {a: {}}\ntimes: {to: 5 d, every: 0.5 d}", 1e-12)[0, 0]
        np.testing.assert_allclose(m[1:], 1e-12*(0.5 + 0.5*np.exp(-2*np.arange(0.5, 5.1, 0.5))), rtol=1e-5)

    def test_between_the_looks(self):
        model = (self.K + self.W + 'state M = 0 [{u}] "m"\n'
                 "M' = (if time > 400 [d] and time < 402 [d] then w else 0 [kg/d]) - k*M\n" + self.OUT)
        m = self.compare(model, "arms: {a: {}}\ntimes: [0 d, 399 d, 401 d, 402 d, 405 d, 433 d]", 2e-12)[0, 0]
        self.assertLess(abs(m[4]/(1e-11*(1 - math.exp(-0.2))*math.exp(-0.3)) - 1), 1e-5)

    def test_drive_of_later(self):
        model = ('signal s [kg/d] = 0 combine sum "s"\nreads s\n' + self.K + 'state M = 0 [{u}] "m"\n'
                 "drives s = if time > 10 [d] then 1e-12 [kg/d] else 0 [kg/d]\nM' = s - k*M\n" + self.OUT)
        m = self.compare(model, "arms: {a: {}}\ntimes: [0 d, 5 d, 12 d, 20 d]", 1e-11)[0, 0]
        self.assertLess(abs(m[3]/(1e-11*(1 - math.exp(-1))) - 1), 1e-5)

    def test_drawn_subjects(self):
        drawn = ("arms: {a: {}}\ntimes: {to: 40 d, every: 5 d}\npopulation: {subjects: 40%s}")
        covariates = (", covariates: {u: {distribution: uniform, from: 0, to: 1}, "
                      'carrier: {formula: "if u < 0.6 then 0 else 1"}}')
        carrier = 'param carrier = 0 [1] "c" @ "assumed: t" spread choice 0: 0.6, 1: 0.4\n'
        start = self.K + self.W + carrier + 'state M = carrier*w*10 [d] [{u}] "m"\nM\' = -k*M\n' + self.OUT
        self.compare(self.K + self.W + 'covariate carrier [1] = 0 in 0..1 "c"\nstate M = 0 [{u}] "m"\n'
                     "M' = w*carrier - k*M\n" + self.OUT, drawn % covariates, 1e-11)
        self.compare(self.K + self.W + carrier + 'state M = 0 [{u}] "m"\n'
                     "M' = w*carrier - k*M\n" + self.OUT, drawn % "", 1e-11)
        self.compare(start, drawn % "", 1e-11)

    def test_few_subjects(self):
        """1 in 500 has the source: a covariate of a formula, a choice, the end of a parameter that varies."""
        drawn = "arms: {a: {}}\ntimes: {to: 40 d, every: 5 d}\npopulation: {subjects: 1500%s}"
        uniform = (", covariates: {u: {distribution: uniform, from: 0, to: 1}, "
                   'carrier: {formula: "if u < 0.998 then 0 else 1"}}')
        choice = 'param carrier = 0 [1] "c" @ "assumed: t" spread choice 0: 0.998, 1: 0.002\n'
        normal = ('param z = 1 [1] in 0..100 "c" @ "assumed: t" spread 0.3\n'
                  "let carrier = if z > 2.371 then 1 else 0\n")
        tail = 'state M = 0 [{u}] "m"\nM\' = w*carrier - k*M\n' + self.OUT
        for how, covariates in (('covariate carrier [1] = 0 in 0..1 "c"\n', uniform), (choice, ""), (normal, "")):
            self.compare(self.K + self.W + how + tail, drawn % covariates, 1e-11)

    def test_doses_of_other_arms(self):
        model = self.K + 'state M = 0 [{u}] "m"\ndose M\nM\' = -k*M\n' + self.OUT
        arm = "%s: {regimen: [{drug: m, compartment: M, dose: %s}]}"
        arms = "arms: {%s, %s}" % (arm % ("small", "1 ng"), arm % ("large", "1 g"))
        m = self.compare(model, arms + "\ntimes: {to: 40 d, every: 5 d}", 1e-3)
        self.assertLess(np.abs(m[0, 0, 1:]/(1e-12*np.exp(-0.5*np.arange(1, 9))) - 1).max(), 1e-4)


if __name__ == "__main__":
    unittest.main()
