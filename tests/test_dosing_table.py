#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of dosing records as a user meets them: NONMEM's concentrations, closed forms, the order of what happens at one
time, steady states, wrong tables. Takes the path of osteon as its first argument."""
import csv
import math
import os
import re
import unittest

import h5py
import numpy as np

import test_shards  # noqa: E402  the program in a folder

HERE = os.path.dirname(os.path.abspath(__file__))
KA, K, V = 1.5, 1.1 / 20, 20.0  # 1/h, 1/h, L
FILES = {
    "one.model": """
model one "one compartment, absorption of first order"
kind drug
param CL = 1.1 [L/h] in 0.01..100 "clearance" @ "assumed: of nmtest"
param V = 20 [L] in 0.1..1000 "volume" @ "assumed: of nmtest"
param k_a = 1.5 [1/h] in 0.01..100 "absorption" @ "assumed: of nmtest"
state depot = 0 [mg] "drug in the gut"
state central = 0 [mg] "drug in the body"
depot' = -k_a*depot
central' = k_a*depot - CL/V*central
dose depot
dose central
output cp [ng/mL] = central/V "concentration"
""",
    "curved.model": """
model curved "one compartment, elimination by Michaelis and Menten"
kind drug
param V_max = 20 [mg/h] in 0.01..100 "largest elimination" @ "assumed: for a test"
param K_M = 50 [mg] in 0.1..1000 "amount at half of it" @ "assumed: for a test"
state amount = 0 [mg] "drug in the body"
amount' = -V_max*amount/(K_M + amount)
dose amount
output left [mg] = amount "amount"
""",
    "reading.model": """
model reading "clearance that rises with estradiol, and in time"
kind drug
reads estradiol
param k = 0.05 [1/h] in 0.001..1 "elimination" @ "assumed: for a test"
state amount = 0 [mg] "drug in the body"
amount' = -k*(1 + estradiol/(100 [pmol/L]))*(if time < 30 [d] then 1 else 3)*amount
dose amount
output left [mg] = amount "amount"
""",
    "test.yaml": """
models: [./one.model]
arms: {dosed: {}}
events:
  table: table.csv
  time: hour
  amount: mg
  cmt:
    1: {into: one.depot, lag: lagt}
    2: {into: one.central, lag: lagt, bioavailability: bioav, rate: rat2, duration: dur2}
  covariates:
    lagt: {unit: hour, interpolation: locf}
    bioav: {unit: 1, interpolation: locf}
    rat2: {unit: mg/h, interpolation: locf}
    dur2: {unit: hour, interpolation: locf}
results: {precision: float64}
""",
    "plain.yaml": """
models: [./one.model]
arms: {dosed: {}}
events: {table: t.csv, time: hour, amount: mg, cmt: {1: one.depot, 2: one.central}}
results: {precision: float64}
""",
}
COVARIATES = ("lagt", "bioav", "rat2", "dur2")
HEAD = "id,time,cmt,amt,evid,ii,ss,addl,rate," + ",".join(COVARIATES)
# Where osteon means something else on purpose: at steady state a lag that is longer than II leaves doses that were given and
# have not entered yet; these rows come before the last of them has. NONMEM follows the time course after them backwards
# instead, to concentrations below 0.
BEFORE = {410: 5, 415: 4, 509: 4, 610: 20, 709: 20, 809: 46, 909: 28}


class Tables(test_shards.Program):
    files = FILES

    def run_table(self, lines, *arguments, name="test.yaml", table="table.csv", code=0, column="cp"):
        """@return cp by id, and the times in hours"""
        self.write(table, "\n".join(lines) + "\n")
        self.osteon("run", name, *arguments, "-o", "out.h5", "-q", "--force", code=code)
        with h5py.File(self.path("out.h5")) as file:
            hours = file["time"][:] * 24
            return {int(i): file[column][0, k] for k, i in enumerate(file["id"][:])}, hours


class Doubts(Tables):
    def test_rows_that_are_doubted(self):
        """A series that goes on past the next dose, II alone and AMT 0, each with its line; not what is meant so."""
        head = "ID,TIME,AMT,EVID,CMT,II,ADDL,SS"
        overlap = "table.csv:%d: ID 1 has a dose at TIME %g, though ADDL of line 2 goes on until TIME %g: both are given, as by NONMEM"
        for rows, said in (
            (["1,0,10,1,1,24,3,0", "1,72,5,1,1,24,3,0"], overlap % (3, 72, 72)),
            (["1,0,10,1,1,24,9,0", "1,50,5,1,1,0,0,0", "1,60,5,1,1,0,0,0"],
             overlap % (3, 50, 216) + "; a lower ADDL ends the series before (and 1 more such rows)"),
            (["1,0,10,1,1,24,9,0", "1,50,5,1,2,0,0,0"], overlap % (3, 50, 216)),
            (["1,0,10,1,1,24,3,0", "1,96,5,1,1,24,3,0"], None),
            (["1,0,10,1,1,24,9,0", "1,12,5,1,1,24,9,0"], None),  # morning and evening
            (["1,0,10,1,1,24,9,0", "1,0,40,1,1,0,0,0"], None),   # a loading dose
            (["1,0,10,1,1,24,9,0", "1,48,0,3,0,0,0,0", "1,50,5,1,1,0,0,0"], None),  # ended by a reset
            (["1,0,10,1,1,24,9,0", "2,50,5,1,1,0,0,0"], None),
            (["1,0,10,1,1,24,0,0"], "table.csv:2: ID 1 has II at TIME 0, but neither ADDL nor SS: one dose is given"),
            (["1,0,10,1,1,24,0,1"], None),
            (["1,0,10,1,1,0,0,0", "1,5,0,1,1,0,0,0"], "table.csv:3: ID 1 has a dose of AMT 0 at TIME 5: nothing is given"),
        ):
            self.write("table.csv", "\n".join([head, *rows, rows[-1].split(",")[0] + ",300,0,0,0,0,0,0"]) + "\n")
            with self.subTest(rows=rows):
                found = self.osteon("check", "plain.yaml", "--set", "events.table=table.csv")
                if said:
                    self.assertIn(said, found)
                else:
                    self.assertNotIn("warning", found)


class Nonmem(Tables):
    def test_nmtest(self):
        """All concentrations that NONMEM prints, to 1e-4, but for those of BEFORE."""
        with open(os.path.join(HERE, "nmtest.txt"), encoding="utf-8") as file:
            lines = [line.rstrip("\n") for line in file if not line.startswith("#")]
        self.assertEqual(lines[0], HEAD)
        doses = {}
        expected = {}
        for line in lines[1:]:
            fields = line.split(",")
            if " " not in fields[-1]:
                doses.setdefault(int(fields[0]), []).append(line)
                continue
            of = int(fields[0])
            expected[of] = np.array(fields[-1].split(), float)
            rows = doses[of]
            for hour in range(131):
                at = [k for k, row in enumerate(rows) if float(row.split(",")[1]) <= hour]
                rows.insert(len(at), f"{of},{hour},2,0,0,0,0,0,0," + ",".join(fields[1:5]))
        self.assertEqual(len(expected), 35)
        got, hours = self.run_table([HEAD] + [row for of in expected for row in doses[of]])
        np.testing.assert_allclose(hours, np.arange(131), rtol=1e-14)
        compared = 0
        for of, cp in expected.items():
            first = BEFORE.get(of, 0)
            np.testing.assert_allclose(got[of][first:], cp[first:], rtol=1e-4, atol=1e-7, err_msg=f"ID {of}")
            if first > 0:
                self.assertGreater(abs(got[of][first - 1] / cp[first - 1] - 1), 1e-4, f"ID {of} agrees at {first - 1} h")
            self.assertGreaterEqual(min(got[of]), 0)
            compared += 131 - first
        self.assertEqual(compared, 35 * 131 - 127)


def response(compartment, u):
    """Amount in the central compartment a time u after a unit dose, and its integral up to u."""
    if u < 0:
        return 0.0, 0.0
    if compartment == 2:
        return math.exp(-K * u), -math.expm1(-K * u) / K
    c = KA / (KA - K)
    return c * (math.exp(-K * u) - math.exp(-KA * u)), c * (-math.expm1(-K * u) / K + math.expm1(-KA * u) / KA)


def bolus(at, amount, compartment=2, end=math.inf):
    """A dose that enters at a time; at `end` a reset takes away what it left."""
    return [(compartment, at, amount, None, end)]


def infusion(at, amount, duration, compartment=2, end=math.inf):
    return [(compartment, at, amount, duration, end)]


def series(one, at, n, interval, **of):
    """n doses, each as `one` gives it at its time; of infinitely many before the first: n = 0 and `of` has `ever`."""
    return [dose for k in range(n) for dose in one(at + k * interval, **of)]


def ever(one, before, interval, n=800, **of):
    """Doses given for ever, the last of them at `before`."""
    return [dose for k in range(n) for dose in one(before - k * interval, **of)]


def concentration(doses, t, after):
    """Just before what happens at t, or after it."""
    total = 0.0
    for compartment, at, amount, duration, end in doses:
        if at > t or (at == t and not after) or t > end or (t == end and after):
            continue
        if duration is None:
            total += amount * response(compartment, t - at)[0]
        else:
            gone = response(compartment, t - at - duration)[1]
            total += amount / duration * (response(compartment, t - at)[1] - gone)
    return 1000 * total / V


def dose(time, amt=100, cmt=2, evid=1, ii=0, ss=0, addl=0, rate=0, lag=0, f=1, r=10, d=2):
    return f"{time},{cmt},{amt},{evid},{ii},{ss},{addl},{rate},{lag},{f},{r},{d}"


def look(time):
    """An observation row: outputs after the rows above it."""
    return f"{time},2,0,0,0,0,0,0,0,1,10,2"


def reset(time):
    return f"{time},2,0,3,0,0,0,0,0,1,10,2"


LATER = 1e-12  # h: of a dose that follows an observation of its time
# What a table says, and the doses that it stands for; then times at which outputs come after the rows of that time.
CASES = {
    "a bolus": ([dose(1)], bolus(1, 100), []),
    "a bolus by mouth": ([dose(1, cmt=1)], bolus(1, 100, 1), []),
    "seen after it": ([dose(2), look(2)], bolus(2, 100), [2]),
    "seen before it": ([look(2), dose(2)], bolus(2, 100), []),
    "seen between two": ([dose(2), look(2), dose(2, 50)], bolus(2, 100) + bolus(2 + LATER, 50), [2]),
    "two at one time": ([dose(2), dose(2, 50, cmt=1)], bolus(2, 100) + bolus(2, 50, 1), []),
    "additional doses": ([dose(0, ii=8, addl=5)], series(lambda t: bolus(t, 100), 0, 6, 8), []),
    "additional dose, then seen": ([dose(0, ii=8, addl=5), look(16)], series(lambda t: bolus(t, 100), 0, 6, 8), [16]),
    "additional dose, seen, then a row": (
        [dose(0, ii=8, addl=5), look(16), dose(16, 30)],
        series(lambda t: bolus(t, 100), 0, 6, 8) + bolus(16 + LATER, 30), [16]),
    "no additional dose": ([dose(0, ii=8)], bolus(0, 100), []),
    "a lag": ([dose(1, lag=2.5)], bolus(3.5, 100), []),
    "a lag to an observation": ([dose(1, lag=3), look(4)], bolus(4, 100), [4]),
    "a lag past the next dose": ([dose(1, lag=9), dose(4, 50)], bolus(10, 100) + bolus(4, 50), []),
    "a lag past additional doses": (
        [dose(0, ii=4, addl=2, lag=9)], series(lambda t: bolus(t, 100), 9, 3, 4), []),
    "lag of the dose's row, not of later ones": (
        [dose(0, lag=5, ii=10, addl=1), look(3)], series(lambda t: bolus(t, 100), 5, 2, 10), []),
    "bioavailability": ([dose(1, f=0.4)], bolus(1, 40), []),
    "bioavailability of the dose's row": ([dose(1, f=0.4, ii=5, addl=1), look(3)], bolus(1, 40) + bolus(6, 40), []),
    "an infusion": ([dose(1, rate=25)], infusion(1, 100, 4), []),
    "an infusion into the gut": ([dose(1, cmt=1, rate=25)], infusion(1, 100, 4, 1), []),
    "bioavailability shortens an infusion": ([dose(1, rate=25, f=0.5)], infusion(1, 50, 2), []),
    "an infusion ends at a dose": ([dose(1, rate=25), dose(5, 60)], infusion(1, 100, 4) + bolus(5, 60), []),
    "an infusion ends where the next begins": (
        [dose(1, rate=25, ii=4, addl=2)], series(lambda t: infusion(t, 100, 4), 1, 3, 4), []),
    "infusions overlap": ([dose(1, rate=10, ii=4, addl=3)], series(lambda t: infusion(t, 100, 10), 1, 4, 4), []),
    "a late infusion": ([dose(1, rate=25, lag=3.25)], infusion(4.25, 100, 4), []),
    "a modelled rate": ([dose(1, rate=-1, r=20)], infusion(1, 100, 5), []),
    "a modelled rate and bioavailability": ([dose(1, rate=-1, r=20, f=0.6)], infusion(1, 60, 3), []),
    "a modelled duration": ([dose(1, rate=-2, d=7)], infusion(1, 100, 7), []),
    "a modelled duration and bioavailability": ([dose(1, rate=-2, d=7, f=0.6)], infusion(1, 60, 7), []),
    "other": ([dose(1), "4,2,0,2,0,0,0,0,5,0.1,10,2"], bolus(1, 100), []),
    "a reset": ([dose(1), reset(6)], bolus(1, 100, end=6), []),
    "a reset, then seen": ([dose(1), reset(6), look(6)], bolus(1, 100, end=6), [6]),
    "a reset ends an infusion": ([dose(1, rate=10), reset(6)], infusion(1, 100, 10, end=6), []),
    "a reset ends additional doses": ([dose(1, ii=2, addl=9), reset(6)], series(lambda t: bolus(t, 100, end=6), 1, 3, 2), []),
    "a reset ends a lag": ([dose(1, lag=7), reset(6)], [], []),
    "a reset at an additional dose": (
        [dose(0, ii=3, addl=9), reset(6)], series(lambda t: bolus(t, 100, end=6), 0, 3, 3), []),
    "a reset and a dose": ([dose(1), dose(6, 50, evid=4)], bolus(1, 100, end=6) + bolus(6, 50), []),
    "a reset, a dose, then seen": ([dose(1), dose(6, 50, evid=4), look(6)], bolus(1, 100, end=6) + bolus(6, 50), [6]),
    "a dose, then a reset at its time": ([dose(6), reset(6)], [], []),
    "steady state": ([dose(3, ii=8, ss=1)], ever(lambda t: bolus(t, 100, end=math.inf), 3, 8), []),
    "steady state, and further doses": (
        [dose(3, ii=8, ss=1, addl=2)],
        ever(lambda t: bolus(t, 100), 3, 8) + series(lambda t: bolus(t, 100), 11, 2, 8), []),
    "steady state by mouth": ([dose(3, cmt=1, ii=8, ss=1)], ever(lambda t: bolus(t, 100, 1), 3, 8), []),
    "steady state takes away what was there": (
        [dose(1, 500), dose(3, ii=8, ss=1)], bolus(1, 500, end=3) + ever(lambda t: bolus(t, 100), 3, 8), []),
    "steady state that is added": (
        [dose(1, 500), dose(3, ii=8, ss=2)], bolus(1, 500) + ever(lambda t: bolus(t, 100), 3, 8), []),
    "steady state ends additional doses": (
        [dose(0, 70, ii=2, addl=9), dose(3, ii=8, ss=1)],
        series(lambda t: bolus(t, 70, end=3), 0, 2, 2) + ever(lambda t: bolus(t, 100), 3, 8), []),
    "steady state that is added, and additional doses": (
        [dose(0, 70, ii=2, addl=9), dose(3, ii=8, ss=2)],
        series(lambda t: bolus(t, 70), 0, 10, 2) + ever(lambda t: bolus(t, 100), 3, 8), []),
    "steady state with a lag": ([dose(3, ii=8, ss=1, lag=2)], ever(lambda t: bolus(t, 100), 5, 8), []),
    "steady state with a lag of II": (
        [dose(3, ii=8, ss=1, lag=8), look(3)], ever(lambda t: bolus(t, 100), 11, 8), [3]),
    "steady state with a lag longer than II": ([dose(3, ii=8, ss=1, lag=21)], ever(lambda t: bolus(t, 100), 24, 8), []),
    "steady state of infusions": ([dose(3, rate=25, ii=8, ss=1)], ever(lambda t: infusion(t, 100, 4), 3, 8), []),
    "steady state of infusions as long as II": (
        [dose(3, rate=12.5, ii=8, ss=1)], ever(lambda t: infusion(t, 100, 8), 3, 8), []),
    "steady state of infusions longer than II": (
        [dose(3, rate=5, ii=8, ss=1, addl=1)],
        ever(lambda t: infusion(t, 100, 20), 3, 8) + infusion(11, 100, 20), []),
    "steady state of infusions longer than II, with a lag": (
        [dose(3, rate=5, ii=8, ss=1, lag=3)], ever(lambda t: infusion(t, 100, 20), 6, 8), []),
    "steady state of infusions with a lag longer than II": (
        [dose(3, rate=25, ii=8, ss=1, lag=18)], ever(lambda t: infusion(t, 100, 4), 21, 8), []),
    "steady state of a modelled duration": (
        [dose(3, rate=-2, d=3, ii=8, ss=1, f=0.5)], ever(lambda t: infusion(t, 50, 3), 3, 8), []),
    "steady state of one infusion": (
        [dose(3, amt=0, rate=10, ss=1)], infusion(3 - 2000, 20000, 2000), []),
    "steady state of one infusion by a modelled rate": (
        [dose(3, amt=0, rate=-1, r=15, ss=1)], infusion(3 - 2000, 30000, 2000), []),
    "steady state of infusions of which nothing enters, with a lag of II": (
        [dose(3, 40, rate=10, ii=2, ss=1, lag=2, f=0)], [], []),
    "steady state of boluses of which nothing enters, with a lag": ([dose(3, ii=2, ss=1, lag=5, f=0)], [], []),
    "an infusion that goes on, and a steady state of which nothing enters": (
        [dose(0, 400, rate=10), dose(5, 40, rate=25, ii=2, ss=2, lag=2, f=0)], infusion(0, 400, 40), []),
    "a modelled duration of which nothing enters, with a lag of 3 II": (
        [dose(3, rate=-2, d=3, ii=2, ss=1, lag=6, f=0)], [], []),
    "a reset after a steady state": (
        [dose(3, rate=5, ii=8, ss=1), reset(6)], ever(lambda t: infusion(t, 100, 20, end=6), 3, 8), []),
    "a reset and a steady state": (
        [dose(1, 500), dose(3, ii=8, ss=1, evid=4)], bolus(1, 500, end=3) + ever(lambda t: bolus(t, 100), 3, 8), []),
}


class ClosedForms(Tables):
    def test_cases(self):
        """Every case against the sum over its single doses, to 1e-8 of its largest value."""
        times = "[" + ", ".join(f"{t} hour" for t in np.arange(0, 40.5, 0.5)) + "]"
        lines = [HEAD]
        for k, (rows, _, _) in enumerate(CASES.values()):
            lines += [f"{k + 1},{row}" for row in rows]
        got, hours = self.run_table(lines, "--set", f"times={times}")
        self.assertGreaterEqual(len(CASES), 40)
        for k, (name, (rows, doses, after)) in enumerate(CASES.items()):
            begins = "steady state" in name  # at 3 h: what is before it is another matter
            chosen = [j for j, t in enumerate(hours) if not begins or t > 3.1 or (3 in after and t > 2.9)]
            expected = [concentration(doses, round(hours[j], 9), round(hours[j], 9) in after) for j in chosen]
            largest = max(max(expected), 1)
            np.testing.assert_allclose(got[k + 1][chosen] / largest, np.array(expected) / largest, rtol=0, atol=1e-8,
                                       err_msg=name)


SIZED = """
model sized "clearance by weight"
kind drug
covariate weight [kg] = 70 in 1..300 "body weight"
param CL = 1.1 [L/h] in 0.01..100 "clearance at 70 kg" @ "assumed: for a test"
state central = 0 [mg] "drug in the body"
central' = -CL*weight/(70 [kg])/(20 [L])*central
dose central
output cp [ng/mL] = central/(20 [L]) "concentration"
"""


class Steady(Tables):
    def run_arms(self, model, arms, *arguments):
        self.write("s.yaml", f"models: [./{model}.model]\narms:\n  " + "\n  ".join(arms) +
                   "\ntimes: {to: 3 day, every: 1 hour}\nresults: {precision: float64}\n")
        self.osteon("run", "s.yaml", *arguments, "-o", "s.h5", "-q", "--force")
        with h5py.File(self.path("s.h5")) as file:
            return file["cp" if model == "one" else "left"][:, 0]

    def test_lines(self):
        """A line that begins at steady state: the sum over all doses before; also just before the first of them."""
        got = self.run_arms("one", [
            "depot: {regimen: [{drug: one, dose: 100 mg, interval: 12 hour, steady_state: true}]}",
            "over: {regimen: [{drug: one, compartment: central, dose: 100 mg, interval: 12 hour, duration: 5 hour, "
            "steady_state: true}]}",
            "late: {regimen: [{drug: one, dose: 100 mg, interval: 12 hour, start: 7 hour, stop: 40 hour, "
            "steady_state: true}]}",
            "both: {regimen: [{drug: one, dose: 60 mg, interval: 12 hour, steady_state: true}, "
            "{drug: one, dose: 40 mg, interval: 12 hour, steady_state: true}]}"])
        hours = np.arange(0, 73)
        depot = ever(lambda t: bolus(t, 100, 1), 72, 12)
        np.testing.assert_allclose(got[0], [concentration(depot, t, False) for t in hours], rtol=1e-6)
        np.testing.assert_allclose(got[3], got[0], rtol=1e-6)
        over = ever(lambda t: infusion(t, 100, 5), 72, 12)
        np.testing.assert_allclose(got[1], [concentration(over, t, False) for t in hours], rtol=1e-6)
        late = ever(lambda t: bolus(t, 100, 1), 31, 12)
        np.testing.assert_allclose(got[2][7:], [concentration(late, t, False) for t in hours[7:]], rtol=1e-6)
        np.testing.assert_array_equal(got[2][:7], 0)

    def test_iterated(self):
        """Elimination that saturates: the interval that begins the run repeats itself, and is where long treatment leads to;
        the plan says how it is found."""
        line = "{drug: curved, dose: 100 mg, interval: 12 hour, %s}"
        infused = "{drug: curved, dose: 100 mg, interval: 12 hour, duration: 2 hour, %s}"
        arms = [f"a: {{regimen: [{line % 'steady_state: true'}]}}", f"b: {{regimen: [{line % 'start: -100 day'}]}}",
                f"c: {{regimen: [{infused % 'steady_state: true'}]}}", f"d: {{regimen: [{infused % 'start: -100 day'}]}}"]
        a, b, c, d = self.run_arms("curved", arms, "--set", "solver.rtol=1e-10", "--dosing", "exact")
        np.testing.assert_allclose(a[12::12], a[0], rtol=1e-7)
        np.testing.assert_allclose(a, b, rtol=1e-6)
        np.testing.assert_allclose(c, d, rtol=1e-6)
        self.assertIn("curved begins at steady state, by iteration", self.osteon("plan", "s.yaml"))
        self.run_arms("one", ["a: {regimen: [{drug: one, dose: 1 mg, interval: 1 day, steady_state: true}]}"])
        self.assertIn("one begins at steady state, in closed form", self.osteon("plan", "s.yaml"))

    def test_none(self):
        """More is given than can be eliminated: the subject fails, and the message has the change that is left."""
        self.write("s.yaml", "models: [./curved.model]\narms: {a: {regimen: [{drug: curved, dose: 500 mg, interval: 12 hour, "
                   "steady_state: true}]}}\ntimes: [1 day]\n")
        self.osteon("run", "s.yaml", "-o", "s.h5", "-q", code=3)
        with h5py.File(self.path("s.h5")) as file:
            self.assertTrue(np.isnan(file["left"][()]).all())

    def test_when(self):
        """What the drug depends on is that at the end of the history, and time is that of the doses."""
        self.write("s.yaml", "models: [hormones, aibl, ./reading.model]\nrun_in: {start: -16 year}\n"
                   "population: {covariates: {bmi: 27 kg/m2, years_since_menopause: 10 year}}\narms:\n"
                   "  a: {regimen: [{drug: reading, dose: 100 mg, interval: 1 day, steady_state: true}]}\n"
                   "  b: {regimen: [{drug: reading, dose: 100 mg, interval: 1 day, start: 40 day, steady_state: true}]}\n"
                   "times: [0 day, 1 day, 2 day, 40 day, 41 day]\noutputs: [left, estradiol]\n"
                   "results: {precision: float64}\nsolver: {dosing: exact, rtol: 1e-9}\n")
        self.osteon("run", "s.yaml", "-o", "s.h5", "-q")
        with h5py.File(self.path("s.h5")) as file:
            left, estradiol = file["left"][:, 0], file["estradiol"][0, 0, 0]
        rate = 24*0.05*(1 + estradiol/100)
        np.testing.assert_allclose(left[0, :3], 100/math.expm1(rate), rtol=1e-4)
        np.testing.assert_allclose(left[1, 3:], 100/math.expm1(3*rate), rtol=1e-2)

    def test_one_arm(self):
        """A subject that has no steady state in one arm fails there alone."""
        arms = ["none: {}", "much: {regimen: [{drug: curved, dose: 500 mg, interval: 12 hour, steady_state: true}]}",
                "usual: {regimen: [{drug: curved, dose: 10 mg, interval: 12 hour, steady_state: true}]}"]
        self.write("s.yaml", "models: [./curved.model]\narms:\n  " + "\n  ".join(arms) +
                   "\ntimes: [0 day, 1 day]\nresults: {precision: float64}\n")
        self.osteon("run", "s.yaml", "-o", "s.h5", "-q", code=3)
        with h5py.File(self.path("s.h5")) as file:
            np.testing.assert_array_equal(file["status"][:, 0] == 0, [True, False, True])
            left = file["left"][:, 0]
            self.assertIn("has no steady state", file["failure_message"][0].decode())
        np.testing.assert_array_equal(left[0], 0)
        self.assertTrue(np.isnan(left[1]).all())
        np.testing.assert_allclose(left[2], 10/math.expm1(230/50), rtol=1e-6)

    def test_capacity(self):
        """At most 240 mg are eliminated in 12 h: below that the closed form to 1e-4, or a failure; above it a failure."""
        doses = [100, 200, 230, 239, 239.5, 239.95, 239.999, 240, 240.01, 241, 242, 300, 400, 501, 600, 1e4]
        arms = "".join(f"  a{i}: {{regimen: [{{drug: curved, dose: {d} mg, interval: 12 hour, steady_state: true}}]}}\n"
                       for i, d in enumerate(doses))
        self.write("s.yaml", f"models: [./curved.model]\narms:\n{arms}times: [0 day, 1 day]\nresults: {{precision: float64}}\n")
        self.osteon("run", "s.yaml", "-o", "s.h5", "-q", code=3)
        with h5py.File(self.path("s.h5")) as file:
            for given, left in zip(doses, file["left"][:, 0, 0]):
                if given <= 239.5 or (given < 240 and np.isfinite(left)):
                    np.testing.assert_allclose(left, given/math.expm1((240 - given)/50), rtol=1e-4, err_msg=str(given))
                else:
                    self.assertTrue(np.isnan(left), given)

    def test_two_lines(self):
        """Steady states of two lines are added where kinetics are linear, and refused where they are not."""
        two = "{drug: %s, dose: 5 mg, interval: 12 hour%s, steady_state: true}, {drug: %s, dose: 5 mg, interval: 1 day%s}"
        for first, second, code in ((", start: 0 hour", ", start: 1 hour", 0), ("", ", steady_state: true", 1),
                                    (", start: 2 day", "", 1), (", start: 2 day", ", start: 2 day", 0)):
            for model in ("one", "curved"):
                self.write("s.yaml", f"models: [./{model}.model]\narms:\n  a:\n    regimen: [{two % (model, first, model, second)}]\n"
                           "times: [0 day, 3 day]\nresults: {precision: float64}\n")
                said = self.osteon("check", "s.yaml", code=code if model == "curved" else 0)
                if code == 1 and model == "curved":
                    self.assertIn("s.yaml:4:15: arm 'a': 'steady_state' of this line leaves out the doses of line 4, and the "
                                  "kinetics of 'curved' are not linear, so that steady states cannot be added; expected one line", said)
        a, b, both = self.run_arms("one", ["a: {regimen: [{drug: one, dose: 5 mg, interval: 12 hour, steady_state: true}]}",
                                           "b: {regimen: [{drug: one, dose: 8 mg, interval: 1 day, steady_state: true}]}",
                                           "c: {regimen: [{drug: one, dose: 5 mg, interval: 12 hour, steady_state: true}, "
                                           "{drug: one, dose: 8 mg, interval: 1 day, steady_state: true}]}"])
        np.testing.assert_allclose(both, a + b, rtol=1e-9)

    def test_wrong_lines(self):
        for more, message in (("", "needs an 'interval'"), (", interval: 1 day, adherence: 80 %", "does not go with 'adherence'"),
                              (", interval: 1 day, visits: 1 day, begin_if: 'cp > 0 [ng/mL]'", "does not go with 'begin_if'")):
            self.write("s.yaml", "models: [./one.model]\narms: {a: {regimen: [{drug: one, dose: 5 mg, steady_state: true"
                       f"{more}}}]}}}}\ntimes: [1 day]\n")
            self.assertIn(message, self.osteon("check", "s.yaml", code=1))

    def test_changing_covariate(self):
        """What has one value for a subject takes it from a column that is constant, not from one that changes."""
        self.write("sized.model", SIZED)
        keys = "events: {table: t.csv, time: hour, amount: mg, cmt: {1: sized}, covariates: {weight: %s}}\n"
        self.write("w.yaml", "models: [./sized.model]\narms: {a: {}}\nresults: {precision: float64}\n" + keys % "kg")
        got, _ = self.run_table(["ID,TIME,AMT,weight", "1,0,100,70", "1,9,,70", "2,0,100,140", "2,9,,"], name="w.yaml",
                                table="t.csv")
        np.testing.assert_allclose([got[1][0], got[2][0]], [5000*math.exp(-K*9), 5000*math.exp(-2*K*9)], rtol=1e-8)
        size = "2*weight/(70 [kg])"
        for used in (f"population: {{dropout: '9 [h]*{size}'}}", f"population: {{eligible: '{size} > 1'}}", f"run_in: {{start: '-9 [h]*{size}'}}",
                     f"arms: {{a: {{regimen: [{{drug: one, dose: '5 [mg]*{size}'}}]}}}}",
                     f"population: {{covariates: {{size: {{formula: '{size}'}}}}, eligible: size > 1}}"):
            arms = "" if used.startswith("arms") else "arms: {a: {}}\n"
            self.write("c.yaml", f"models: [./one.model]\n{arms}{used}\n"
                       + keys.replace("sized", "one.depot") % "{unit: kg, interpolation: locf}")
            self.assertIn("'weight' changes in time ('interpolation: locf'), and",
                          self.osteon("check", "c.yaml", code=1), used)


class Readme(Tables):
    def test_example(self):
        """The table and the experiment of the front page."""
        with open(os.path.join(HERE, "..", "README.md"), encoding="utf-8") as file:
            part = file.read().split("## Dosing tables")[1].split("\n## ")[0]
        table, yaml = re.findall(r"```(?:yaml)?\n(.*?)```", part, re.S)
        self.write("e.yaml", yaml)
        got, _ = self.run_table(table.splitlines(), name="e.yaml", column="estradiol")
        self.assertTrue(0 < got[1][0] < got[2][0])  # pmol/L; the other had stopped


class People(Tables):
    """Which arms and which subjects a table is of: nothing acts, and no ID is left out, without a word."""

    def setUp(self):
        super().setUp()
        self.write("t.csv", "id,time,amt,evid,cmt\n1,0,100,1,2\n1,2,0,0,.\n2,0,200,1,2\n2,2,0,0,.\n3,0,300,1,2\n3,2,0,0,.\n")

    def test_arm(self):
        for arms, arm, dosed in (("{a: {}, b: {}}", "b", [0, 1]), ("{a: {}, b: {}}", "all", [1, 1]),
                                 ("{a: {}, all: {}}", "all", [0, 1])):
            self.write("a.yaml", FILES["plain.yaml"].replace("{dosed: {}}", arms))
            names = [name.split(":")[0].strip(" {") for name in arms.split(",")]
            self.assertIn(f"a.yaml:4:9: events: 'arm' is missing here: which of the arms the rows act in, {' or '.join(names)}, or all",
                          self.osteon("run", "a.yaml", "-o", "a.h5", code=1))
            self.osteon("run", "a.yaml", "-o", "a.h5", "-q", "--force", "--set", f"events.arm={arm}")
            with h5py.File(self.path("a.h5")) as file:
                np.testing.assert_array_equal(file["cp"][:, 0, -1] > 0, np.array(dosed, bool))
        self.assertIn("'c' must be one of a, all", self.osteon("check", "a.yaml", "--set", "events.arm=c", code=1))

    def test_some_ids(self):
        """A stated number is that of all IDs; -n takes the first of them and says so."""
        for stated, last in ((2, 1), (4, 3)):
            self.write("n.yaml", FILES["plain.yaml"] + f"population: {{subjects: {stated}}}\n")
            said = self.osteon("run", "n.yaml", "-o", "n.h5", code=1)
            self.assertIn(f"n.yaml:6:24: population.subjects: subjects 0 to {last}, but 't.csv' has 3 IDs, subjects 0 to 2; "
                          "without 'subjects' all IDs are run", said)
            self.assertNotIn("drawn", said)
        self.write("n.yaml", FILES["plain.yaml"] + "population: {subjects: 3}\n")
        self.assertNotIn("IDs", self.osteon("run", "n.yaml", "-o", "n.h5"))
        self.assertIn("subjects: 2 of 3 IDs of t.csv\n", self.osteon("run", "plain.yaml", "-n", "2", "-o", "n.h5", "--force"))
        self.assertIn("has 3 IDs", self.osteon("run", "plain.yaml", "-n", "4", "-o", "n.h5", "--force", code=2))
        self.write("w.csv", "one.V [L]\n20\n30\n40\n")
        self.write("p.yaml", "models: [./one.model]\narms: {a: {}}\ntimes: [1 day]\n")
        self.assertIn("subjects: 2 of 3 rows of w.csv\n",
                      self.osteon("run", "p.yaml", "--people", "w.csv", "-n", "2", "-o", "p.h5", "--force"))

    def test_keys_needed(self):
        """--events where the experiment has no 'events': all that is needed, at once."""
        self.write("p.yaml", "models: [./one.model]\narms: {a: {}}\ntimes: [1 day]\n")
        said = self.osteon("run", "p.yaml", "--events", "t.csv", code=2)
        self.assertIn("events: 'time' is missing here: a unit such as hour; 'amount': a unit such as mg; 'cmt': a mapping of numbers "
                      "or words of CMT to states; expected in the file, or as further settings", said)
        self.osteon("run", "p.yaml", "--events", "t.csv", "--set", "events.time=hour", "--set", "events.amount=mg", "--set",
                    "events.cmt={2: one.central}", "-o", "p.h5", "-q", "--force")


class Observations(Tables):
    def test_rows(self):
        """Each observation row as it stands in the table, with the value of its subject at its time."""
        self.write("o.yaml", """models: [./one.model]
arms: {none: {}, dosed: {}}
events: {table: t.csv, time: hour, amount: mg, arm: dosed, ignore: [DV, NOTE],
  cmt: {1: {into: one.depot, lag: '0.01 [hour]*wt/(70 [kg])'}, 2: one.central},
  covariates: {wt: {unit: kg, column: WT, interpolation: locf}}}
results: {precision: float64}
""")
        rows = ["ID,TIME,AMT,EVID,CMT,DV,WT,NOTE", "7,0,100,1,2,.,70,", '7,2.50,.,0,.,3.1,70,"a, b"', "7,5,.,0,.,4,80,", "", "3,0,50,1,1,.,90,",
                "3,2.5,.,0,.,7,.,", "3,6,.,2,.,,95,", "3,9,.,0,.,,95,late", "12,1,10,1,2,.,60,", "12,9,.,0,.,1,60,"]
        self.write("t.csv", "\n".join(rows) + "\n")
        self.osteon("run", "o.yaml", "-o", "o.h5", "-q")
        for words, ids in ((), {7, 3, 12}), (("--set", "population.first_subject=1", "-n", "1"), {3}):
            if words:
                self.osteon("run", "o.yaml", *words, "-o", "o.h5", "-q", "--force")
            for arms, count in ((), 1), (("--arms", "dosed,none"), 2):
                said = self.osteon("export", "o.h5", "--csv", "c.csv", "--observations", "--columns", "id,cp", *arms)
                with open(self.path("c.csv"), encoding="utf-8", newline="") as file:
                    found = list(csv.DictReader(file))
                wanted = [r for r in csv.DictReader([x for x in rows if x]) if r["EVID"] == "0" and int(r["ID"]) in ids]
                self.assertIn(f"wrote c.csv: {count*len(wanted)} row", said)
                self.assertEqual(list(found[0]), ["arm", "subject", *rows[0].split(","), "id", "cp"])
                self.assertEqual([{k: v for k, v in row.items() if k not in ("arm", "subject", "id", "cp")} for row in found], count*wanted)
                with h5py.File(self.path("o.h5")) as file:
                    at, of, cp = list(np.round(file["time"][:]*24, 9)), list(file["id"][:]), file["cp"][:]
                    for k, row in enumerate(found):
                        self.assertEqual(row["arm"], "dosed" if k < len(wanted) else "none")
                        value = cp[["none", "dosed"].index(row["arm"]), of.index(int(row["ID"])), at.index(float(row["TIME"]))]
                        self.assertEqual(float(row["cp"]), value)
                        self.assertEqual(int(row["subject"]), [7, 3, 12].index(int(row["ID"])))
                        self.assertEqual(value > 0, row["arm"] == "dosed")
        with open(self.path("c.units.csv"), encoding="utf-8", newline="") as file:
            units = {row["name"]: row["unit"] for row in csv.DictReader(file)}
        self.assertEqual([units[name] for name in ("TIME", "AMT", "WT", "DV", "cp")], ["hour", "mg", "kg", "", "ng/mL"])
        self.osteon("run", "o.yaml", "--set", "times=[5 hour]", "-o", "o.h5", "-q", "--force")
        said = self.osteon("export", "o.h5", "--csv", "c.csv", "--observations", code=1)
        self.assertIn("t.csv:3: the run has no output at TIME 2.5 hour; without 'times' in the experiment it has one at each", said)


    def test_times_that_differ_by_rounding(self):
        """7.2 and the next double are one output time, with what each subject's own rows say of it."""
        near = "7.200000000000001"
        cp, hours = self.run_table(["ID,TIME,AMT,EVID,CMT", "1,7.2,100,1,2", f"1,{near},.,0,.", "2,7.2,.,0,.", f"2,{near},100,1,2",
                                    "3,7.2,100,1,2", "3,7.2,.,0,."], name="plain.yaml", table="t.csv")
        self.assertEqual([float(x) for x in np.round(hours, 9)], [7.2])
        self.assertEqual([list(cp[i]) for i in (1, 2, 3)], [[5000], [0], [5000]])

    def test_summary(self):
        """The summary says what was dosed and how long, of the subjects that are simulated."""
        self.write("t.csv", "id,time,amt,evid,cmt,ii,addl\n1,0,100,1,2,12,3\n1,36,.,0,.,.,.\n2,0,2.5,1,2,.,.\n2,1,1,4,1,.,.\n"
                            "2,1461,.,0,.,.,.\n3,0,7,1,1,.,.\n3,9999,.,0,.,.,.\n")
        said = self.osteon("run", "plain.yaml", "-n", "2", "-o", "s.h5")
        self.assertIn("t.csv: the last row is at day 60.875, month 2\n  one.depot: 1 dose of 1 to 1 mg, 1 subject\n"
                      "  one.central: 5 doses of 2.5 to 100 mg, 2 subjects\n", said)
        said = self.osteon("run", "plain.yaml", "--set", "events.amount=ug", "--set", "events.time=day", "--set", "population.first_subject=2",
                           "-o", "s.h5", "--force")
        self.assertIn("t.csv: the last row is at day 9999, month 328.5\n  one.depot: 1 dose of 7 to 7 ug, 1 subject\n", said)


class Wrong(Tables):
    def test_wrong_tables(self):
        """Each with its place, what is wrong, and what was expected; nothing is run."""
        with open(os.path.join(HERE, "wrong_events.txt"), encoding="utf-8") as file:
            lines = [line for line in file if not line.startswith("#")]
        self.assertGreaterEqual(len(lines), 60)
        for line in lines:
            table, keys, message = line.split(" | ", 2)
            self.write("t.csv", table.strip().replace("\\n", "\n").replace("\\t", "\t"))
            self.write("w.yaml", FILES["plain.yaml"].replace("2: one.central}}", "2: one.central}" + keys.strip() + "}"))
            with self.subTest(line):
                said = self.osteon("run", "w.yaml", "-o", "w.h5", code=1)
                self.assertIn(message.strip(), said)
                self.assertFalse(os.path.exists(self.path("w.h5")) or os.path.exists(self.path("w.h5.part")))

    def test_names_and_words_of_cmt(self):
        """Columns in letters of any case, as mrgsolve writes them; CMT by the word that `cmt` maps, or by its state."""
        tables = [FILES["plain.yaml"], "id,time,amt,evid,cmt\n1,0,100,1,1\n1,12,50,1,2\n1,24,,0,1\n"], \
            [FILES["plain.yaml"], "ID,time,Amt,EVID,cmt\n1,0,100,1,depot\n1,12,50,1,one.central\n1,24,,0,\n"], \
            [FILES["plain.yaml"].replace("{1: one.depot, 2: one.central}", "{GUT: one.depot, CENT: one.central}"),
             "ID,TIME,AMT,EVID,CMT\n1,0,100,1,GUT\n1,12,50,1,CENT\n1,24,,0,.\n"]
        values = []
        for i, (text, table) in enumerate(tables):
            self.write("w.yaml", text)
            self.write("t.csv", table)
            self.osteon("run", "w.yaml", "-o", f"{i}.h5")
            with h5py.File(self.path(f"{i}.h5")) as file:
                values.append(file["cp"][()].tobytes())
        self.assertEqual(values[1], values[0])
        self.assertEqual(values[2], values[0])

    def test_wrong_compartments(self):
        """A bioavailability above 100 %; two keys that are one CMT."""
        for f in ("80", "80 %", "1.01"):
            cmt = f"{{1: one.depot, 2: {{into: one.central, bioavailability: {f}}}}}"
            self.write("w.yaml", FILES["plain.yaml"].replace("{1: one.depot, 2: one.central}", cmt))
            self.write("t.csv", "id,time,amt,cmt\n1,0,100,2\n1,9,,\n")
            said = self.osteon("run", "w.yaml", "-o", "w.h5", "--force", code=0 if f == "80 %" else 1)
            self.assertEqual("expected at most 100 %, as in '80 %'" in said, f != "80 %", f)
        for key in ("02", "+2"):
            cmt = f"{{2: one.central, '{key}': one.depot}}"
            self.write("w.yaml", FILES["plain.yaml"].replace("{1: one.depot, 2: one.central}", cmt))
            self.assertIn(f"'{key}' maps CMT 2 again", self.osteon("check", "w.yaml", code=1))


if __name__ == "__main__":
    unittest.main()
