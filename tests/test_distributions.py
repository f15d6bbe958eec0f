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
    def check(self, is_right, text, ending=".yaml"):
        with tempfile.NamedTemporaryFile("w", suffix=ending, encoding="utf-8") as file:
            file.write(text)
            file.flush()
            done = subprocess.run([OSTEON, "check", file.name], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode == 0, is_right, text + done.stdout + done.stderr)

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


if __name__ == "__main__":
    unittest.main()
