#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A value that is infinite in the precision of the result file makes its subject fail, with a sentence; what the file
holds is kept. Takes the path of osteon."""
import os
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy as np

OSTEON = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else "osteon"
MODEL = """model m "grows"
kind other
covariate rate [1/d] = 1 in 0..1000 "growth"
state x = 1 [1] "size"
x' = rate*x
index part = one, two
let y[part] = x
output size [1] = x "size"
output both[part] [pg] = y[part]*1 [g] "size in a small unit"
output smallest [1] = 1e-44*x "below float32"
"""
EXPERIMENT = """models: [./m.model]
population:
  subjects: 4
  covariates: {{rate: {rate}}}
  {dropout}
arms: {{a: {{}}}}
times: {{to: 8 day, every: 1 day}}
outputs: [{outputs}]
results: {{{results}}}
"""
LARGEST = float(np.finfo(np.float32).max)


class Overflow(unittest.TestCase):
    def run_it(self, rate, outputs="size", results="precision: float32", dropout=""):
        """(status, values of the first output, messages)"""
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (("m.model", MODEL), ("e.yaml", EXPERIMENT.format(rate=rate, outputs=outputs,
                                                                                results=results, dropout=dropout))):
                with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                    file.write(text)
            subprocess.run([OSTEON, "run", "e.yaml", "-o", "e.h5", "-q"], cwd=folder, capture_output=True, check=False)
            with h5py.File(os.path.join(folder, "e.h5")) as file:
                messages = [m.decode() if isinstance(m, bytes) else m for m in file["failure_message"][:]] \
                    if "failure_message" in file else []
                return file["status"][:].ravel(), file[outputs][:], messages

    def test_float32(self):
        # exp(8 rate): 1e38 at 10.94, the largest float32 at 11.0904
        for rate, fails in (("10.9 1/d", False), ("11.09 1/d", False), ("11.1 1/d", True), ("40 1/d", True)):
            status, size, messages = self.run_it(rate)
            self.assertTrue((status != 0).all() if fails else (status == 0).all(), (rate, status))
            self.assertTrue(np.isnan(size).all() if fails else np.isfinite(size).all(), rate)
            if fails:
                self.assertIn("output 'size' is", messages[0])
                self.assertIn("infinite as float32", messages[0])
        status, size, _ = self.run_it("40 1/d", results="precision: float64")
        self.assertTrue((status == 0).all() and size.max() > 1e100)

    def test_units_and_elements(self):
        status, _, messages = self.run_it("8 1/d", outputs="both")
        self.assertTrue((status != 0).all())
        self.assertIn("output 'both[one]' is", messages[0])
        status, _, _ = self.run_it("0.1 1/d", outputs="smallest")
        self.assertTrue((status == 0).all())

    def test_some_subjects_and_dropout(self):
        status, size, _ = self.run_it("{distribution: uniform, from: 5 1/d, to: 17 1/d}")
        self.assertEqual(list(status != 0), list(np.isnan(size).any(axis=(0, 2))))
        status, _, _ = self.run_it("40 1/d", dropout="dropout: 1.5 day")
        self.assertTrue((status == 0).all())

    def test_rounding(self):
        # to one digit, 3.0e38 is the next power of two, which float32 does not have
        status, size, messages = self.run_it("11.02 1/d", results="digits: 1")
        self.assertTrue(np.isfinite(size).all() if (status == 0).all() else "infinite" in messages[0])
        self.assertTrue((status != 0).all() or size.max() <= LARGEST)

    def test_ratios_of_a_comparison(self):
        """Outputs in different units are kept relative to time 0: no value where that is 0, or beyond float32."""
        with tempfile.TemporaryDirectory() as folder:
            for name, start, unit in (("zero", "0", "g/cm2"), ("tiny", "1e-30", "1"), ("usual", "1", "mg/cm2")):
                with open(os.path.join(folder, f"{name}.model"), "w", encoding="utf-8") as file:
                    file.write(f"""model {name} "grows"
kind bone
state B = {start} [1] scale 1 "amount"
B' = 1e10 [1/d]
output bmd [{unit}] = B*1 [{unit}] "amount"
""")
            with open(os.path.join(folder, "e.yaml"), "w", encoding="utf-8") as file:
                file.write("models: [./zero.model]\narms: {a: {}}\ntimes: [0 d, 10 d]\n")
            for models, expected in (("zero,usual", [[np.nan, np.nan], [1, 1e11]]), ("tiny,usual", [[1, np.nan], [1, 1e11]])):
                subprocess.run([OSTEON, "compare", "e.yaml", "--models", ",".join(f"./{m}.model" for m in models.split(",")),
                                "-o", "c.h5", "-q", "--force"], cwd=folder, check=True)
                with h5py.File(os.path.join(folder, "c.h5")) as file:
                    np.testing.assert_allclose(file["bmd"][:].reshape(2, 2), expected, rtol=1e-6)


if __name__ == "__main__":
    unittest.main()
