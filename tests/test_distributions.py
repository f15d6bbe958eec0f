#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A distribution with a number missing, with one too many or with a wrong one is refused, wherever one can be written:
covariates, parameters and their settings, adherence, model texts. Takes the path of osteon."""
import itertools
import os
import subprocess
import sys
import tempfile
import unittest

OSTEON = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else "osteon"

# the keys of each number, the first of which is used where another is tried
NUMBERS = {
    "normal": [["mean: 60 year"], ["sd: 5 year"]],
    "lognormal": [["median: 60 year"], ["cv: 10 %", "sd_log: 0.1"]],
    "uniform": [["from: 50 year"], ["to: 70 year"]],
    "exponential": [["mean: 60 year"]],
    "weibull": [["scale: 60 year"], ["shape: 5"]],
    "gamma": [["scale: 12 year"], ["shape: 5"]],
    "triangular": [["from: 50 year"], ["mode: 55 year"], ["to: 70 year"]],
    "beta": [["from: 50 year"], ["to: 70 year"], ["alpha: 2"], ["beta: 3"]],
    "choice": [["values: [60 year, 50 year]"]],
    "empirical": [["values: [50 year, 60 year]"]],
}
KEYS = sorted({key for numbers in NUMBERS.values() for keys in numbers for key in keys})
EXPERIMENT = """models: [hormones, aibl]
population:
  covariates:
    menopause_age: 50 year
    age: {age}
{more}
arms: {{a: {{regimen: [{{drug: anastrozole, dose: 1 mg, interval: 1 day, adherence: {adherence}}}]}}}}
times: {{to: 1 year, every: 1 month}}
"""
MODEL = 'model m "test"\nkind bone\nparam k = 0.5 [1] in 0.1..0.9 {spread} "part" @ "assumed: for a test"\n' \
        'output o [1] = k "part"\n'


class Distributions(unittest.TestCase):
    def check(self, is_right, text, ending=".yaml", message=""):
        with tempfile.NamedTemporaryFile("w", suffix=ending, encoding="utf-8") as file:
            file.write(text)
            file.flush()
            done = subprocess.run([OSTEON, "check", file.name], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode == 0, is_right, text + done.stdout + done.stderr)
        self.assertIn(message, done.stderr)

    def age(self, is_right, keys):
        self.check(is_right, EXPERIMENT.format(age="{" + ", ".join(keys) + "}", more="", adherence="90 %"))

    def test_numbers_of_covariates(self):
        for kind, numbers in NUMBERS.items():
            name, full = f"distribution: {kind}", [keys[0] for keys in numbers]
            for picked in itertools.product(*[keys + [None] for keys in numbers]):
                self.age(None not in picked, [name] + [key for key in picked if key])
            for key in KEYS:
                if key not in full and key.split(":")[0] not in [k.split(":")[0] for k in full]:
                    self.age(False, [name] + full + [key])
            for key in full:
                for wrong in ("nan", ""):
                    self.age(False, [name] + [k if k != key else f"{key.split(':')[0]}: {wrong}" for k in full])
            self.age(False, [name + "l"] + full)
            self.age(False, full)

    def test_lists(self):
        """Values and probabilities fit each other, in number, order and sum."""
        for kind, lists in (("choice", "values: [70 year, 60 year, 65 year], probabilities: [50 %, 0.3, 0.2]"),
                            ("choice", "values: [60 year], probabilities: [1]"),
                            ("empirical", "values: [50 year, 60 year, 60 year], probabilities: [0, 50 %, 1]"),
                            ("empirical", "values: [600 month, 60 year]"), ("choice", "values: [70 year], unit: month")):
            self.age(True, [f"distribution: {kind}, {lists}"])
        for kind, lists, message in (
                ("choice", "values: [60 year, 70 year], probabilities: [0.5, 0.4]", "the sum is 0.9; expected 1"),
                ("choice", "values: [60 year, 70 year], probabilities: [1]", "1 probabilities of 2 values"),
                ("choice", "values: [60 year, 70 year], probabilities: [1.5, -0.5]", "outside 0 .. 1"),
                ("choice", "values: [60 year, 70 kg]", "expected time"),
                ("choice", "values: [60 year, 70]", "year"),
                ("choice", "values: []", "needs values"),
                ("choice", "values: 60 year", "list"),
                ("choice", "values: [60 year], max: 70 year", "does not belong"),
                ("empirical", "values: [60 year, 50 year]", "do not fall"),
                ("empirical", "values: [50 year, 60 year, 70 year], probabilities: [0, 0.5, 0.5]", "rise"),
                ("empirical", "values: [50 year, 60 year], probabilities: [0.1, 1]", "expected 0"),
                ("empirical", "values: [50 year, 60 year], probabilities: [0, 0.9]", "1 for the largest"),
                ("normal", "mean: 60 year, sd: 5 year, values: [1 year]", "does not belong"),
                ("triangular", "from: 50 year, mode: 45 year, to: 70 year", "within 'from' .. 'to'"),
                ("triangular", "from: 50 year, mode: 50 year, to: 50 year", "greater than 'from'"),
                ("beta", "from: 50 year, to: 40 year, alpha: 2, beta: 2", "greater than 'from'"),
                ("gamma", "scale: 12 year, shape: 0", "greater than 0")):
            text = EXPERIMENT.format(age=f"{{distribution: {kind}, {lists}}}", more="", adherence="90 %")
            self.check(False, text, message=message)

    def test_settings_and_adherence(self):
        for wrong in ("{}", "{value: }", "{spread: }", "{spread: -1}", "{spread: nan}", "{spread: 0.1 1/d}",
                      "{value: 0.08 1/d, sd: 3}", "{value: 0.08 1/d, distribution: normal}", ""):
            self.check(False, EXPERIMENT.format(age="60 year", more=f"parameters: {{aibl.k_C: {wrong}}}", adherence="1"))
        for wrong in ("-0.1", "1.1", "80", "normal", "nan", "{mean: 0.8}", ""):
            self.check(False, EXPERIMENT.format(age="60 year", more="", adherence=wrong))

    def test_spreads_of_models(self):
        for right in ("spread 0.3", "spread normal 0.1", "spread logit 0.3", "spread exponential", "spread 0.3 prior 0.1",
                      "spread choice 0.5: 0.4, 0.7: 0.6"):
            self.check(True, MODEL.format(spread=right), ".model")
        for wrong in ("spread", "spread normal", "spread logit", "spread exponential 0.3", "spread choice", "prior",
                      "spread choice 0.5: 0.4", "spread 0", "spread -0.1", "spread normal 0", "spread lognormal 0.3",
                      "spread 0.3 spread 0.4", "spread 0.3 0.4", "spread uniform 1 2", "spread nan", "prior 0"):
            self.check(False, MODEL.format(spread=wrong), ".model")


SHARE = 'model m "test"\nkind other\ncovariate w [kg] = 60 in 0..200 "weight"\n' \
        'covariate f [%] = 5 in 0..100 "share"\n' \
        'param p = 5 [%] in 0..100 spread {spread} "part" @ "assumed: for a test"\n' \
        'param q = 5 [1] in 0..100 spread normal 1 "part" @ "assumed: for a test"\n' \
        'output o [%] = f + p + q*1 [%] "part"\noutput weight [kg] = w "weight"\n'


class Shares(unittest.TestCase):
    """A plain number is refused where a unit with a scale is expected, whichever number of the covariate it is; a ratio
    of quantities stands. What spreads by more than the SD of a logarithm can be is a percentage without its sign."""

    def check(self, is_right, f="5 %", setting="", spread="0.2", message=""):
        with tempfile.TemporaryDirectory() as folder:
            texts = {"m.model": SHARE.format(spread=spread), "e.yaml":
                     "models: [./m.model]\npopulation: {covariates: {w: 60 kg, f: " + f + "}}\n" + setting +
                     "arms: {a: {}}\ntimes: [0 d, 1 d]\n"}
            for name, text in texts.items():
                with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                    file.write(text)
            done = subprocess.run([OSTEON, "check", "e.yaml"], cwd=folder, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode == 0, is_right, f + setting + spread + done.stdout + done.stderr)
        self.assertIn(message, done.stderr)

    def test_plain_numbers(self):
        for right in ("5 %", "0", '{formula: "w/200 [kg]"}', '{formula: "5 [%]"}', '{formula: "0"}',
                      "{distribution: uniform, from: 0, to: 50 %}", "{distribution: normal, mean: 0, sd: 2 %, min: 0}"):
            self.check(True, right)
        for wrong in ("5", "{formula: 0.5}", '{formula: "0.5", unit: 1}', '{formula: "if w > 50 [kg] then 5 else 10"}',
                      "{distribution: uniform, from: 0, to: 0.5}", "{distribution: normal, mean: 0, sd: 0.5}",
                      "{distribution: normal, mean: 0, sd: 2 %, max: 0.5}", '{formula: "w/200 [kg]", max: 0.5}'):
            self.check(False, wrong, message="no unit")

    def test_spreads(self):
        self.check(False, "{distribution: lognormal, median: 5 %, cv: 10}", message="outside")
        self.check(False, "{distribution: lognormal, median: 5 %, sd_log: 10}", message="outside")
        for spread in ("{value: 3 %, spread: 30}", "{spread: 30}", "{spread: 1e300}"):
            self.check(False, setting="parameters: {m.p: " + spread + "}\n", message="as in 0.3 or 30 %")
        self.check(False, setting="parameters: {m.q: {spread: 1e300}}\n", message="almost nothing")
        self.check(False, spread="30", message="SD of the logarithm")
        self.check(True, setting="parameters: {m.p: {spread: 30 %}, m.q: {spread: 30}}\n")


if __name__ == "__main__":
    unittest.main()
