#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong settings of populations, doses, parameters and endpoints, each refused with its path and the nearest name. Takes
the path of osteon as its first argument."""
import os
import unittest

import h5py

import test_shards  # noqa: E402  the program in a folder
HERE = os.path.dirname(os.path.abspath(__file__))

FILES = {"e.yaml": """
models: [aibl, hormones]
population:
  subjects: 4
  covariates:
    age: {distribution: normal, mean: 66 year, sd: 8 year, min: 50 year, max: 85 year}
    menopause_age: {distribution: normal, mean: 50 year, sd: 3 year, min: 40 year, max: 58 year}
    years_since_menopause: {formula: age - menopause_age, min: 1 year}
    bmi: {distribution: lognormal, median: 27 kg/m2, cv: 17 %}
    weight: {distribution: normal, mean: 68 kg, sd: 10 kg, min: 40 kg}
run_in: {start: "-(years_since_menopause + 10 [y])"}
arms:
  placebo: {}
  anastrozole: {regimen: [{drug: anastrozole, dose: "0.0147 [mg/kg]*weight", interval: 1 day}]}
times: {to: 12 month, every: 6 month}
outputs: [bmd]
endpoints:
  loss: {output: "bmd[total_hip]", arm: anastrozole, versus: placebo, to: 12 month}
"""}


class Settings(test_shards.Program):
    files = FILES

    def test_right(self):
        self.osteon("run", "e.yaml", "-o", "e.h5", "-q")

    def test_hours(self):
        """An endpoint has the output of its hour; one between outputs is that of the nearest, with a warning."""
        said = self.osteon("run", "e.yaml", "-n", "1", "--set", "outputs=[anastrozole_concentration]", "--set",
                           "times={to: 24 hour, every: 1 hour}", "--set",
                           "endpoints={a: {output: anastrozole_concentration, arm: anastrozole, to: 18 hour, measure: level}, "
                           "b: {output: anastrozole_concentration, arm: anastrozole, to: 3.4 hour, measure: level}}", "-o", "h.h5")
        self.assertIn("warning: e.yaml: endpoints.b: 'times' has no output at 'to: 3.4 hour'; the nearest, day 0.125, is taken", said)
        self.assertNotIn("endpoints.a", said)
        with h5py.File(self.path("h.h5")) as file:
            values = file["anastrozole_concentration"][1, 0]
        rows = [line.split() for line in self.osteon("show", "h.h5").splitlines()]
        found = {row[0]: float(row[6]) for row in rows if row and row[0] in "ab" and len(row) > 6}
        self.assertEqual(found, {"a": float(f"{values[18]:.4g}"), "b": float(f"{values[3]:.4g}")})

    def test_wrong(self):
        """tests/wrong_settings.txt: exit code, settings, part of the message."""
        with open(os.path.join(HERE, "wrong_settings.txt"), encoding="utf-8") as file:
            lines = [line.rstrip("\n") for line in file if line.strip() and not line.startswith("#")]
        self.assertGreaterEqual(len(lines), 60)
        for line in lines:
            code, settings, message = line.split(" | ", 2)
            words = [word for each in settings.split(" ; ") for word in ("--set", each)]
            with self.subTest(settings):
                said = self.osteon("run", "e.yaml", *words, "-o", "w.h5", code=int(code))
                self.assertIn("e.yaml", said)
                self.assertIn(message.strip(), said)
                self.assertFalse(os.path.exists(self.path("w.h5")))


if __name__ == "__main__":
    unittest.main()
