#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Models as LaTeX: what each form of the notation becomes; every shipped model is well-formed, and its formulas are read by
matplotlib, of some models. Takes the path of osteon as its first argument."""
import glob
import os
import re
import subprocess
import sys
import tempfile
import unittest

OSTEON = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else "osteon"
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
try:
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib.mathtext import MathTextParser
except ImportError:
    sys.exit(77)

HEAD = """model m "A & B_1 < 100 %"
kind bone
index site = spine, hip
param k_C = 1 [1/d] in 0..9 "rate" @ "assumed: test"
param a[site] = 2, 3 [kg/m2] in 0..9 "mass" @ "assumed: test"
param tau = 1.5e-05 [d] in 0..9 "time" @ "assumed: test"
param u = 1 [1] in 0..9 "u" @ "assumed: test"
param n_x = 2 [1] in 0..9 "n" @ "assumed: test"
state X[site] = 1 [1] "state"
X[site]' = -k_C*X[site]
"""
# Right sides of a let of plain numbers, and their LaTeX.
FORMS = (
    ("u*n_x/X[hip]/u", r"\frac{\frac{u\,n_{x}}{X_{\mathrm{hip}}}}{u}"),
    ("(1 + u)/(2 - u)*3", r"\frac{1 + u}{2 - u} \cdot 3"),
    ("u*(1 + u)/(u)", r"\frac{u\,\left(1 + u\right)}{u}"),
    ("(1 + u)*(2 + u)", r"\left(1 + u\right)\,\left(2 + u\right)"),
    ("(u/2)^(1 + n_x)", r"\left(\frac{u}{2}\right)^{1 + n_{x}}"),
    ("-u^-2^n_x", r"-u^{-2^{n_{x}}}"),
    ("1 - (u - n_x)", r"1 - \left(u - n_{x}\right)"),
    ("2.5e-3*u + 1e+4", r"2.5 \cdot 10^{-3}\,u + 10^{4}"),
    ("exp(-time/tau)*log(u)", r"\exp\left(\frac{-t}{\tau}\right)\,\ln\left(u\right)"),
    ("min(sqrt(u), abs(u))", r"\min\left(\sqrt{u},\ \left|u\right|\right)"),
    ("time/5 [d]", r"\frac{t}{5\,\mathrm{d}}"),
    ("a[spine]/1 [kg/m2]", r"\frac{a_{\mathrm{spine}}}{1\,\mathrm{kg/m^{2}}}"),
    ("sum(site, X[site])", r"\sum_{\mathrm{site}} \left(X_{\mathrm{site}}\right)"),
    ("if u > 1 and not u >= 2 then 3 else if u <= n_x or u < 0 then 4/u else 5",
     r"\begin{cases} 3 & \text{if } u > 1 \text{ and } \neg\,u \ge 2 \\ \begin{cases} \frac{4}{u} & \text{if } "
     r"u \le n_{x} \text{ or } u < 0 \\ 5 & \text{otherwise} \end{cases} & \text{otherwise} \end{cases}"),
    ("table(time [d]; 1: u, 2.5: 3*u)", r"\mathrm{table}\left(t/\,\mathrm{d};\ 1{:}\ u,\ 2.5{:}\ 3\,u\right)"),
)


class Latex(unittest.TestCase):
    def write(self, name):
        return subprocess.run([OSTEON, "model", name, "--latex"], check=True, capture_output=True, text=True).stdout

    def test_forms(self):
        text = HEAD + "".join(f"let y_{chr(97 + i)} = {form}\noutput z{i} [1] = y_{chr(97 + i)} \"z\"\n" for i, (form, _) in enumerate(FORMS))
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "m.model")
            with open(path, "w", encoding="utf-8") as out:
                out.write(text)
            lines = self.write(path).splitlines()
        self.assertIn(r"\section*{A \& B\_1 $<$ 100 \%}", lines)
        self.assertIn(r"\frac{\mathrm{d}X_{\mathrm{site}}}{\mathrm{d}t} &= -k_{C}\,X_{\mathrm{site}} \\", lines)
        self.assertIn(r"$\tau$ & $1.5 \cdot 10^{-05}$ & $\,\mathrm{d}$ & time \\", lines)
        self.assertIn(r"$k_{C}$ & $1$ & $\,\mathrm{1/d}$ & rate \\", lines)
        for i, (form, expected) in enumerate(FORMS):
            self.assertIn(rf"y_{{{chr(97 + i)}}} &= {expected} \\", lines, form)

    def test_every_model(self):
        parser, n_read = MathTextParser("path"), 0
        for path in glob.glob(os.path.join(ROOT, "models", "*", "**", "*.model"), recursive=True):
            name = os.path.basename(path)[:-6]
            text = self.write(name)
            bare = re.sub(r"\\[{}]", "", text)
            self.assertEqual(bare.count("{"), bare.count("}"), name)
            self.assertEqual(text.count(r"\left"), text.count(r"\right"), name)
            self.assertEqual(text.count(r"\begin{cases}"), text.count(r"\end{cases}"), name)
            equations = text.partition("\\begin{align*}\n")[2].partition("\\end{align*}")[0].splitlines()
            with open(path, encoding="utf-8") as file:
                declared = re.findall(r"^(?:let .*? = |[\w\[\]]+' = )", file.read(), re.M)
            self.assertGreaterEqual(len(equations), len(declared), name)
            for equation in equations:
                if name in ("aibl", "jorg2022", "hormones", "goserelin") and r"\text" not in equation:
                    parser.parse("$" + equation.removesuffix(r" \\").replace("&=", "=").replace("{:}", ":") + "$")
                    n_read += 1
        self.assertGreater(n_read, 80)


if __name__ == "__main__":
    unittest.main()
