#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Covariates of dosing tables that change in time, in the equations of models: against scipy, piece by piece between the
rows. Takes the path of osteon as its first argument."""
import csv
import unittest

import h5py
import numpy as np
from scipy.integrate import solve_ivp
from scipy.linalg import expm

import test_dosing_table  # noqa: E402  a table in a folder

FILES = {
    "oral.model": """
model oral "absorption, and elimination by the kidneys"
kind drug
covariate crcl [mL/min] = 90 in 1..200 "creatinine clearance"
covariate weight [kg] = 70 in 1..300 "body weight"
param k_a = 0.8 [1/h] in 0.01..100 "absorption" @ "assumed: for a test"
param share = 0.6 [1] in 0..1 "of the clearance that is renal" @ "assumed: for a test"
param CL = 4 [L/h] in 0.01..100 "clearance at 90 mL/min" @ "assumed: for a test"
param V = 0.5 [L/kg] in 0.01..10 "volume" @ "assumed: for a test"
state depot = 0 [mg] "drug in the gut"
state central = 0 [mg] "drug in the body"
depot' = -k_a*depot
central' = k_a*depot - CL*(1 - share + share*crcl/(90 [mL/min]))/(V*weight)*central
dose depot
dose central
output cp [mg/L] = central/(V*weight) "concentration"
output body [mg] = central "amount"
""",
    "curved.model": """
model curved "elimination by Michaelis and Menten, and what responds to it"
kind drug
covariate weight [kg] = 70 in 1..300 "body weight"
param V_max = 20 [mg/h] in 0.01..100 "largest elimination at 70 kg" @ "assumed: for a test"
param K_M = 50 [mg] in 0.1..1000 "amount at half of it" @ "assumed: for a test"
param k = 0.1 [1/h] in 0.001..1 "turnover" @ "assumed: for a test"
param late = 12 [h] in 0..100 "when it rises for minutes, at 70 kg" @ "assumed: for a test"
state amount = 0 [mg] "drug in the body"
state effect = weight/(70 [kg]) [1] "at its steady state before the drug"
amount' = -V_max*weight/(70 [kg])*amount/(K_M + amount)
effect' = k*(weight/(70 [kg])*(1 + 40*exp(-((time - late*weight/(70 [kg]))/(0.1 [h]))^2)) - (1 + amount/(30 [mg]))*effect)
dose amount
output left [mg] = amount "amount"
output response [1] = effect "response"
""",
    "resting.model": """
model resting "at a steady state before the first dose"
kind drug
covariate weight [kg] = 70 in 1..300 "body weight"
param k = 0.1 [1/h] in 0.001..1 "turnover" @ "assumed: for a test"
state amount = 0 [mg] "drug in the body"
state effect = weight/(70 [kg]) [1] "response"
amount' = -k*amount
effect' = k*(weight/(70 [kg]) - (1 + amount/(30 [mg]))*effect)
dose amount
output response [1] = effect "response"
""",
}
EVENTS = """
events:
  table: t.csv
  time: hour
  amount: mg
  cmt: {%s}
  covariates:
    %s
results: {precision: float64}
"""
ORAL = "1: oral.depot, 2: {into: oral.central, lag: 2 hour}"
RENAL = "{crcl: {unit: mL/min, column: CRCL, interpolation: %s}, weight: {unit: kg, column: WT, interpolation: %s}}"


def values(rows, column, how, t):
    """A covariate just after time t, by what locf and nocb mean. @param rows  [(time, {column: value})]"""
    times = np.array([row[0] for row in rows])
    if how == "locf":
        return rows[max(np.searchsorted(times, t, side="right") - 1, 0)][1][column]
    return rows[min(np.searchsorted(times, t, side="right"), len(rows) - 1)][1][column]


class InTime(test_dosing_table.Tables):
    files = FILES

    def run_events(self, model, table, cmt, covariates, *arguments, more="", code=0):
        self.write("e.yaml", f"models: [./{model}.model]\narms: {{a: {{}}}}\n" + more + EVENTS % (cmt, covariates))
        self.write("t.csv", table)
        self.osteon("run", "e.yaml", *arguments, "-o", "out.h5", "-q", "--force", code=code)
        with h5py.File(self.path("out.h5")) as file:
            return {name: file[name][0] for name in file if getattr(file[name], "ndim", 0) == 3}, file["time"][:]*24

    def piecewise(self, rows, how, doses, hours, crcl="CRCL", weight="WT"):
        """Amounts of `oral` by matrix exponentials. @param doses  [(time, state, amount, duration)]"""
        marks = sorted({0.0} | {row[0] for row in rows} | {d[0] for d in doses} | {d[0] + d[3] for d in doses} | set(hours))
        x, out = np.zeros(3), {}
        for t, end in zip(marks, marks[1:] + [marks[-1] + 1]):
            out[t] = x.copy()
            for at, state, amount, duration in doses:
                if at == t and duration == 0:
                    x[state] += amount
            kg = values(rows, weight, how[1], t)
            k = 4*(0.4 + 0.6*values(rows, crcl, how[0], t)/90)/(0.5*kg)
            rate = [sum(d[2]/d[3] for d in doses if d[1] == s and d[3] > 0 and d[0] <= t < d[0] + d[3]) for s in (0, 1)]
            a = np.array([[-0.8, 0, rate[0]], [0.8, -k, rate[1]], [0, 0, 0]])
            x[2] = 1
            x = expm(a*(end - t)) @ x
        return out

    def test_steps(self):
        """Closed-form kinetics, made anew where a covariate changes: locf, nocb, both; doses, a lag and an infusion across."""
        rows = [(0, 90, 70), (5, 60, 70), (12, 60, 74), (24, 20, 82), (24.5, 35, 82), (48, 110, 64), (60, 80, 64)]
        table = "ID,TIME,AMT,EVID,CMT,RATE,CRCL,WT\n" + "".join(
            line for t, c, w in rows for line in
            ([f"1,{t},0,2,.,0,{c},{w}\n"] + {0: ["1,0,100,1,1,0,.,.\n"], 5: ["1,5,80,1,2,0,.,.\n"], 12: ["1,12,60,1,2,3,.,.\n"],
                                             48: ["1,48,100,1,1,0,.,.\n"]}.get(t, [])))
        doses = [(0, 0, 100, 0), (7, 1, 80, 0), (14, 1, 60, 20), (48, 0, 100, 0)]
        hours = [0.5, 4, 6, 11, 18, 24.25, 30, 47, 49, 55, 59, 72]
        looks = "".join(f"2,{t},0,0,.,0,{c},{w}\n" for t, c, w in [(0, 90, 70)] + [(h, 90, 70) for h in hours])
        rows = [(t, {"CRCL": c, "WT": w}) for t, c, w in rows]
        for how in (("locf", "locf"), ("nocb", "nocb"), ("locf", "nocb"), ("nocb", "locf")):
            got, at = self.run_events("oral", table + looks, ORAL, RENAL % how)
            np.testing.assert_allclose(at, [0] + hours)
            exact = self.piecewise(rows, how, doses, hours)
            for k, hour in enumerate(hours):
                kg = values(rows, "WT", how[1], hour)
                np.testing.assert_allclose(got["body"][0, k + 1], exact[hour][1], rtol=1e-8, err_msg=f"{how} {hour}")
                np.testing.assert_allclose(got["cp"][0, k + 1], exact[hour][1]/(0.5*kg), rtol=1e-8, err_msg=f"{how} {hour}")
            steady, _ = self.run_events("oral", table.replace(",60,", ",90,") + looks, ORAL, RENAL % how)
            self.assertGreater(np.max(abs(steady["body"][0, 3:]/got["body"][0, 3:] - 1)), 1e-3)

    def curved(self, rows, how, dose, hours):
        """`curved` by DOP853 from row to row. @return amounts and responses at the hours"""
        def weight(t):
            return values(rows, "WT", how, t)/70
        marks = sorted({0.0, dose[0]} | {row[0] for row in rows} | set(hours))
        x, out = np.array([0.0, rows[0][1]["WT"]/70]), {0.0: None}
        for t, end in zip(marks, marks[1:]):
            if t == dose[0]:
                x[0] += dose[1]
            kg = weight(t)
            def rates(t, y, kg=kg):
                bump = 1 + 40*np.exp(-((t - 12*kg)/0.1)**2)
                return [-20*kg*y[0]/(50 + y[0]), 0.1*(kg*bump - (1 + y[0]/30)*y[1])]
            x = solve_ivp(rates, (t, end), x, method="DOP853", rtol=1e-12, atol=1e-12, max_step=0.05).y[:, -1]
            out[end] = x.copy()
        return np.array([out[hour] for hour in hours])

    def test_nonlinear(self):
        """Equations that are integrated, states away from steady state, and a bump whose time changes, as by GSL's stepper."""
        rows = [(0, 70), (3, 84), (8, 84), (11, 56), (20, 91), (30, 63)]
        hours = [1.0, 3.5, 9.0, 10.5, 13.0, 19.0, 25.0, 40.0]
        lines = sorted([(t, 0, f"1,{t},0,2,{w}\n") for t, w in rows] + [(4, 1, "1,4,120,1,.\n")] +
                       [(h, 2, f"1,{h},0,0,.\n") for h in hours])
        for how in ("locf", "nocb"):
            # the doses and observations have no value of their own: by nocb that of the next row, by locf of the one before
            exact = self.curved([(t, {"WT": w}) for t, w in rows], how, (4, 120), hours)
            for stepper, rtol in (("rodas5p", 1e-10), ("rodas4", 1e-10), ("tsit5", 1e-11), ("gsl_rk8pd", 1e-11)):
                got, _ = self.run_events("curved", "ID,TIME,AMT,EVID,WT\n" + "".join(line for _, _, line in lines), "1: curved",
                                         f"weight: {{unit: kg, column: WT, interpolation: {how}}}", "--set", f"solver.stepper={stepper}",
                                         "--set", f"solver.rtol={rtol}")
                np.testing.assert_allclose(np.array([got["left"][0], got["response"][0]]).T, exact, rtol=1e-8, atol=1e-8,
                                           err_msg=f"{how} {stepper}")

    def test_parameters(self):
        """A formula of a parameter, through one of a covariate: the subject's own deviation stays what it is."""
        more = """population: {subjects: 3, seed: 4, covariates: {size: {formula: 'weight/(70 [kg])'}}}
parameters: {oral.CL: {value: '4 [L/h]*size^0.75', spread: 0.4}}
"""
        rows = [(0, 70, 90), (6, 100, 90), (12, 140, 30)]
        table = "ID,TIME,AMT,EVID,CMT,WT,CRCL\n" + "".join(
            f"{i},0,100,1,1,70,90\n" + "".join(f"{i},{t},0,2,.,{w},{c}\n" for t, w, c in rows[1:]) + f"{i},20,0,0,.,140,30\n"
            for i in (1, 2, 3))
        more = more.replace("subjects: 3, ", "")
        got, _ = self.run_events("oral", table, ORAL, RENAL % ("locf", "locf"), more=more)
        self.assertIn("change with rows of the dosing table: oral.crcl, oral.weight, oral.CL\n", self.osteon("plan", "e.yaml"))
        with h5py.File(self.path("out.h5")) as file:
            own = file["parameters/oral.CL"][:]/4
        self.assertGreater(np.ptp(own), 0.1)
        for i in range(3):
            x = np.array([100.0, 0])
            for (t, w, c), end in zip(rows, (6, 12, 20)):
                k = 4*own[i]*(w/70)**0.75*(0.4 + 0.6*c/90)/(0.5*w)
                x = expm(np.array([[-0.8, 0], [0.8, -k]])*(end - t)) @ x
            np.testing.assert_allclose(got["body"][i, -1], x[1], rtol=1e-8)

    def test_at_one_time(self):
        """A row's covariate holds before its dose and its output; steady states and resets have the values of their time."""
        table = "ID,TIME,AMT,EVID,CMT,SS,II,CRCL,WT\n1,0,0,2,.,0,0,90,70\n" \
                "1,9,60,1,1,1,12,30,84\n1,15,0,0,.,0,0,.,.\n1,20,0,3,.,0,0,60,84\n1,20,50,1,1,0,0,.,.\n1,26,0,0,.,0,0,.,.\n" \
                "2,0,100,1,1,0,0,90,70\n2,9,30,1,1,0,0,90,35\n2,9,0,0,.,0,0,.,.\n2,15,0,0,.,0,0,.,70\n3,0,100,1,1,0,0,90,70\n" \
                "3,9,30,1,1,0,0,90,35\n3,15,0,0,.,0,0,.,.\n"
        got, at = self.run_events("oral", table, ORAL, RENAL % ("locf", "locf"))
        at = list(np.round(at, 6))
        k = 4*(0.4 + 0.6*30/90)/(0.5*84)
        one = expm(np.array([[-0.8, 0], [0.8, -k]])*12)
        steady = np.linalg.solve(np.eye(2) - one, one @ [60, 0]) + [60, 0]
        x = expm(np.array([[-0.8, 0], [0.8, -k]])*6) @ steady
        np.testing.assert_allclose(got["body"][0, at.index(15)], x[1], rtol=1e-8)
        k = 4*(0.4 + 0.6*60/90)/(0.5*84)
        x = expm(np.array([[-0.8, 0], [0.8, -k]])*6) @ [50, 0]
        np.testing.assert_allclose(got["body"][0, at.index(26)], x[1], rtol=1e-8)
        before = expm(np.array([[-0.8, 0], [0.8, -4/35]])*9) @ [100, 0]
        for i in (1, 2):  # with its own observation at hour 9, and with that of another subject
            np.testing.assert_allclose(got["cp"][i, at.index(9)], before[1]/(0.5*35), rtol=1e-8)
            x = expm(np.array([[-0.8, 0], [0.8, -4/17.5]])*6) @ (before + [30, 0])
            np.testing.assert_allclose(got["body"][i, at.index(15)], x[1], rtol=1e-8)

    def test_time_0(self):
        """Rows where the arms begin act as those of any other time: what changes after them does so after them."""
        rows = "{i},{a},50,1,1,1,12,90,70\n{i},{a},0,0,.,0,0,150,84\n{i},{b},0,0,.,0,0,30,105\n{i},{c},0,0,.,0,0,.,.\n"
        table = "ID,TIME,AMT,EVID,CMT,SS,II,CRCL,WT\n" + rows.format(i=1, a=0, b=9, c=15) + \
                "2,0,0,2,.,0,0,90,70\n" + rows.format(i=2, a=24, b=33, c=39)
        for how in (("locf", "locf"), ("nocb", "nocb"), ("locf", "nocb"), ("nocb", "locf")):
            got, at = self.run_events("oral", table, ORAL, RENAL % how)
            at = list(np.round(at, 6))
            for name in ("body", "cp"):
                np.testing.assert_allclose([got[name][0, at.index(t)] for t in (0, 9, 15)],
                                           [got[name][1, at.index(t)] for t in (24, 33, 39)], rtol=1e-9, err_msg=f"{how} {name}")

    def test_arms(self):
        """Rows that only change covariates act in every arm, on doses of regimens, whose periods are not held; any threads."""
        arms = """arms:
  none: {}
  daily: {regimen: [{drug: oral, dose: 50 mg, interval: 1 day}]}
  most: {regimen: [{drug: oral, dose: 50 mg, interval: 1 day, adherence: 100 %}]}
times: {from: 0 day, to: 60 day, every: 1 day}
population: {variability: false}
solver: {dosing: periodic}
"""
        table = "ID,TIME,AMT,EVID,CRCL,WT\n" + "".join(f"{i},{24*d},0,2,{c},{70 + i/10}\n" for i in range(1, 70)
                                                       for d, c in ((0, 90), (20, 45), (40, 80)))
        self.write("t.csv", table)
        self.write("e.yaml", "models: [./oral.model]\n" + arms + EVENTS.replace("cmt:", "arm: none\n  cmt:") % ("1: oral", RENAL % ("locf", "locf")))
        found = []
        for threads in ("1", "2"):
            self.osteon("run", "e.yaml", "--threads", threads, "-o", "out.h5", "-q", "--force")
            with h5py.File(self.path("out.h5")) as file:
                found.append(file["body"][:])
        np.testing.assert_array_equal(found[0], found[1])
        np.testing.assert_array_equal(found[0][0], 0)
        np.testing.assert_allclose(found[0][1], found[0][2], rtol=1e-10)
        for i in (0, 68):
            x = np.zeros(2)
            for day in range(60):
                self.assertLess(abs(found[0][1, i, day]/x[1] - 1) if x[1] > 0 else 0, 1e-8, day)
                k = 4*(0.4 + 0.6*(90 if day < 20 else 45 if day < 40 else 80)/90)/(0.5*(70.1 + i/10))
                x = expm(np.array([[-0.8, 0], [0.8, -k]])*24) @ (x + [50, 0])

    def test_held(self):
        """A model that stands still until its first dose goes on where a covariate of it changes."""
        table = "ID,TIME,AMT,EVID,WT\n1,0,0,2,70\n1,10,0,2,105\n1,16,0,2,84\n" + "".join(f"1,{t},0,0,84\n" for t in (17, 30))
        got, at = self.run_events("resting", table, "1: resting", "weight: {unit: kg, column: WT, interpolation: locf}")
        exact = 1.2 + (1.5 - 0.5*np.exp(-0.6) - 1.2)*np.exp(-0.1*(at - 16))
        np.testing.assert_allclose(got["response"][0], exact, rtol=1e-6)

    def test_brief(self):
        """At loose tolerances, too, no step passes by what is brief in time once a covariate has moved it."""
        table = "ID,TIME,AMT,EVID,WT\n1,0,0,2,70\n1,480,0,2,7000\n" + "".join(f"1,{t},0,0,.\n" for t in (1190, 1201))
        self.write("curved.model", FILES["curved.model"].replace("1..300", "1..9000"))
        got, _ = self.run_events("curved", table, "1: curved", "weight: {unit: kg, column: WT, interpolation: locf}", "--set",
                                 "solver.rtol=1e-3")
        self.assertGreater(got["response"][0, 1], got["response"][0, 0] + 60)

    def test_periodic(self):
        """Regular doses are given one by one, as under `dosing: exact`."""
        self.write("t.csv", "ID,TIME,AMT,EVID,WT\n1,0,0,2,70\n1,960,0,2,100\n")
        found = []
        for dosing in ("periodic", "exact"):
            self.write("e.yaml", f"""models: [aibl, hormones]
arms: {{a: {{regimen: [{{drug: anastrozole, dose: 1 mg, interval: 1 day}}]}}}}
times: [90 day]
parameters: {{anastrozole.CL: {{value: '1.6 [L/h]*(weight/(70 [kg]))^0.75'}}}}
solver: {{dosing: {dosing}}}
""" + EVENTS % ("1: letrozole", "weight: {unit: kg, column: WT, interpolation: locf}"))
            self.osteon("run", "e.yaml", "-o", "out.h5", "-q", "--force")
            with h5py.File(self.path("out.h5")) as file:
                found.append(file["estradiol"][:])
        np.testing.assert_array_equal(found[0], found[1])

    def test_meaning(self):
        """Of a covariate that changes, tables have the first value and say so."""
        table = "ID,TIME,AMT,EVID,CMT,CRCL,WT\n1,0,100,1,1,90,70\n1,5,0,2,.,60,80\n1,9,0,0,.,60,80\n"
        for how in "locf", None:
            weight = "weight: {unit: kg, column: WT" + (f", interpolation: {how}}}}}" if how else "}}")
            self.run_events("oral", table if how else table.replace(",80\n", ",70\n"), ORAL,
                            (RENAL % ("locf", "locf")).split("weight")[0] + weight)
            self.osteon("export", "out.h5", "--csv", "c.csv", "--columns", "body,weight")
            with open(self.path("c.units.csv"), encoding="utf-8", newline="") as file:
                meaning = {row["name"]: row["meaning"] for row in csv.DictReader(file)}["weight"]
            self.assertEqual(meaning.endswith(", at the first row of each subject; it changes in time"), how is not None, meaning)

    def test_refused(self):
        table = "ID,TIME,AMT,EVID,CMT,CRCL,WT\n1,0,100,1,1,90,70\n1,5,0,2,.,60,%s\n1,9,0,0,.,60,70\n2,0,100,1,1,90,70\n2,9,0,0,.,60,.\n"
        for covariates, weight, more, message in (
                (RENAL % ("locf", "linear"), 80, "", "e.yaml:10:63: parameter 'oral.weight' depends on 'weight', which models follow in "
                 "steps; expected 'locf' or 'nocb', with more rows where it changes fast, not 'linear'"),
                (RENAL % ("nocb", "locf"), 350, "", "t.csv:3: WT: 350 kg is outside the range 1..300 of model 'oral'"),
                (RENAL % ("nocb", "locf"), "heavy", "", "t.csv:3:14: WT: 'heavy' is not a number")):
            self.write("e.yaml", f"models: [./oral.model]\narms: {{a: {{}}}}\n{more}" + EVENTS % (ORAL, covariates))
            self.write("t.csv", table % weight)
            self.assertIn(message, self.osteon("check", "e.yaml", code=1))
        more = "parameters: {oral.CL: {value: '4 [L/h]*(weight/(70 [kg]))^20'}}\n"
        got, _ = self.run_events("oral", table % 90, ORAL, RENAL % ("locf", "locf"), more=more, code=3)
        self.assertTrue(np.all(np.isnan(got["body"][0])) and np.all(np.isfinite(got["body"][1])))
        self.assertIn("t.csv:3: parameter 'oral.CL' = 609.", self.osteon("show", "out.h5"))
        self.assertIn("osteon does not write SBML of covariates that change in time", self.osteon("plan", "e.yaml", "--sbml", "a", code=1))


if __name__ == "__main__":
    unittest.main()
