#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write typical_atac.csv: a typical woman on anastrozole as in ATAC, by an implementation of its own.

Reads the .model texts with a reader that shares nothing with osteon's, gives every daily dose exactly, and integrates
with scipy from dose to dose. With --check it integrates with another method too and prints the largest difference.
"""
import argparse
import math
import pathlib
import re

import numpy
from scipy.integrate import solve_ivp

HERE = pathlib.Path(__file__).resolve().parent
MODELS = HERE.parent.parent / "models"
YEAR = 365.25
UNITS = {"1": 1, "%": 0.01, "d": 1, "h": 1 / 24, "min": 1 / 1440, "y": YEAR, "mg": 1, "g": 1e3, "kg": 1e6,
         "ng": 1e-6, "ug": 1e-3, "L": 1, "mL": 1e-3, "pmol": 1, "nmol": 1e3, "mmol": 1e9, "cm2": 1e-2, "m2": 1e2}
TIMES = [0, 0.25, 1, 7, 14, 28, 90, 182.625, YEAR, 2 * YEAR, 3 * YEAR, 5 * YEAR, 5 * YEAR + 7, 6 * YEAR, 7 * YEAR]
COLUMNS = ["estradiol", "anastrozole_concentration", "rankl", "opg", "osteoclasts", "osteoblasts", "ctx", "p1np",
           "bmd[lumbar_spine]", "bmd[total_hip]", "bmd[femoral_neck]"]


def factor(unit):
    value, below = 1.0, False
    for part in re.findall(r"[A-Za-z%0-9]+|/", unit):
        below = below or part == "/"
        if part != "/":
            value *= 1 / UNITS[part] if below else UNITS[part]
    return value


class Model:
    """The statements of one text: numbers in d, mg, dm and pmol, equations as Python text."""

    def __init__(self, name):
        self.values, self.start, self.rates, self.outputs = {}, {}, {}, {}
        self.lets, self.drives, self.sites, self.dose = [], [], [], None
        for line in self.statements(next(MODELS.rglob(f"{name}.model")).read_text()):
            self.read(line)

    @staticmethod
    def statements(text):
        lines = []
        for line in text.splitlines():
            if line.strip() and not line.lstrip().startswith("#"):
                if line[0] == " ":
                    lines[-1] += " " + line.strip()
                else:
                    lines.append(line)
        return lines

    def each(self, name, expression):
        """Once, or once for each site where the name carries [site]."""
        expression = expression.replace("^", "**").strip()
        name = name.strip()
        if "[site]" not in name:
            return [(name, expression)]
        return [(name.replace("[site]", "_" + s), expression.replace("[site]", "_" + s)) for s in self.sites]

    def read(self, line):
        word, _, rest = line.partition(" ")
        left, _, right = rest.partition("=")
        bare = re.sub(r'"[^"]*"', "", right)
        if word == "index":
            self.sites = [s.strip() for s in right.split(",")]
        elif word in ("param", "covariate"):
            unit = factor(re.search(r"\[([^]]+)\]", bare if word == "param" else left)[1])
            numbers = re.match(r"[^\[\"a-z]+", bare)[0].split(",")
            names = [n for n, _ in self.each(left.split(" ")[0], "")]
            for i, name in enumerate(names):
                self.values[name] = eval(numbers[i % len(numbers)]) * unit
        elif word == "state":
            value, unit = re.match(r"\s*(.*?) \[([^]]+)\]", bare).groups()
            is_number = re.fullmatch(r"[\d.]+", value)
            for name, text in self.each(left, value):
                self.start[name] = f"{text}*{factor(unit)}" if is_number else text
        elif word == "let":
            self.lets += self.each(left, right)
        elif word == "drives":
            self.drives += self.each(left, right)
        elif word == "dose":
            self.dose = rest.strip()
        elif word == "output":
            unit = factor(re.search(r"\[([^]]+)\]\s*$", left)[1])
            for name, text in self.each(re.match(r"\w+(\[site\])?", left)[0], bare):
                self.outputs[name] = f"({text})/{unit!r}"
        elif "'" in word:
            for name, text in self.each(word.replace("'", ""), line.partition("=")[2]):
                self.rates[name] = text
        elif word not in ("model", "kind", "reads"):
            raise SystemExit(f"not understood: {line}")


def neutral_signals():
    """{name: value} of the signals that have one and that no block here drives."""
    lines = re.findall(r"^signal (\w+) \[[^]]+\] = (\S+)", (MODELS / "signals.model").read_text(), re.M)
    return {name: float(value) for name, value in lines}


class System:
    """Blocks in the order in which signals flow, as one vector of states. Names of each block get its own prefix."""

    def __init__(self, names, signals):
        self.scope = dict(exp=math.exp, log=math.log, max=max, hill=lambda x, k, n: x**n / (k**n + x**n))
        self.states, self.doses, body, outputs = [], {}, [], {}
        for name in names:
            model = Model(name)
            own = {k: f"{name}_{k}" for k in [*model.values, *model.start, *[n for n, _ in model.lets]]}
            spell = lambda text: re.sub(r"\b[A-Za-z]\w*", lambda m: own.get(m[0], m[0]), text)
            self.scope.update({own[k]: v for k, v in model.values.items()})
            if model.dose:
                self.doses[name] = len(self.states) + list(model.start).index(model.dose)
            self.states += [(own[k], eval(spell(v), self.scope), spell(model.rates[k])) for k, v in model.start.items()]
            body += [f"{own[k]} = {spell(v)}" for k, v in model.lets]
            body += [f"{k} = {spell(v)}" for k, v in model.drives]
            outputs.update({k: spell(v) for k, v in model.outputs.items()})
        head = ", ".join(s for s, _, _ in self.states) + ", = x\n    "
        head += "\n    ".join([f"{k} = {v}" for k, v in signals.items()] + body)
        self.x0 = numpy.array([v for _, v, _ in self.states])
        exec(f"def rate(time, x):\n    {head}\n    return [{', '.join(r for _, _, r in self.states)}]", self.scope)
        pairs = ", ".join(f"{k!r}: {v}" for k, v in outputs.items())
        exec(f"def observe(time, x):\n    {head}\n    return {{{pairs}}}", self.scope)

    def run(self, x, start, end, method, tolerance, times=()):
        """@return the state at the end, and (time, state) at those of `times` that lie in start <= t < end"""
        inside = [t for t in times if start <= t < end]
        out = solve_ivp(self.scope["rate"], (start, end), x, method, sorted({*inside, end}), rtol=tolerance,
                        atol=tolerance * 1e-2)
        if not out.success:
            raise SystemExit(out.message)
        return out.y[:, -1], [(t, y) for t, y in zip(out.t, out.y.T) if t in inside]


def trajectory(method, tolerance):
    system = System(["anastrozole", "hormones", "aibl"], neutral_signals())
    since = Model("aibl").values["years_since_menopause"]
    x, _ = system.run(system.x0, -(since + 10 * YEAR), 0.0, "LSODA", tolerance)
    cuts = [*range(0, 1827), 7 * YEAR + 1]
    seen = []
    for start, end in zip(cuts, cuts[1:]):
        x[system.doses["anastrozole"]] += 1.0
        long_way = end - start > 1
        x, points = system.run(x, start, end, "LSODA" if long_way else method, tolerance, TIMES)
        seen += points
    assert len(seen) == len(TIMES)
    scope = system.scope
    flat = [c.replace("[", "_").replace("]", "") for c in COLUMNS]
    return [[t] + [scope["observe"](t, list(y))[c] for c in flat] for t, y in seen]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="integrate with a second method and compare")
    rows = trajectory("DOP853", 1e-12)
    if parser.parse_args().check:
        rows, other = numpy.array(rows), numpy.array(trajectory("LSODA", 1e-10))
        print("largest relative difference", (abs(other - rows) / numpy.maximum(abs(rows), 1e-6)).max())
    with open(HERE / "typical_atac.csv", "w") as out:
        out.write("time_d," + ",".join(COLUMNS) + "\n")
        for row in rows:
            out.write(",".join(f"{v if abs(v) > 1e-20 else 0:.13g}" for v in row) + "\n")


if __name__ == "__main__":
    main()
