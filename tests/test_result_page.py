#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`osteon report`: pages of runs, comparisons, draws, sweeps and sensitivity analyses, their numbers against numpy, the
predictive check against observed data, and wrong data. Takes the path of osteon as its first argument."""
import html
import os
import re
import unittest

import h5py
import numpy as np

import test_shards  # noqa: E402  the program in a folder
from test_dosing_table import FILES as OF_DOSES  # noqa: E402
from test_draws import table  # noqa: E402
from test_people import FILES  # noqa: E402
from test_report import Page  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
ENDPOINTS = "endpoints: {loss: {output: bmd, arm: treated, versus: control, to: 24 month}}\n"
N = 80


class Reports(test_shards.Program):
    """A folder, and pages of its result files."""

    def page(self, name, *words, code=0):
        """The page of a result file: text, without tags; tables as lists of rows of cells."""
        said = self.osteon("report", name, "-o", "page.html", *words, code=code)
        if code:
            self.assertFalse(os.path.exists(self.path("page.html")))
            return said
        with open(self.path("page.html"), encoding="utf-8") as file:
            text = file.read()
        parser = Page()
        parser.void = parser.void | {"rect"}
        parser.feed(text)
        self.assertEqual((parser.faults, parser.open), ([], []))
        self.counts = parser.counts
        self.assertNotRegex(re.sub(r"<title>.*?</title>", "", text), "https?://")
        rows = [[html.unescape(re.sub("<.*?>", "", cell)).replace("\u2212", "-") for cell in re.findall("<td.*?>(.*?)</td>", row)]
                for row in re.findall("<tr>(.*?)</tr>", text, re.S)]
        os.remove(self.path("page.html"))
        return html.unescape(re.sub("<style>.*?</style>|<[^>]*>", "", text, flags=re.S)).replace("\u2212", "-"), rows

    def numbers(self, cell):
        return [float(x) for x in re.findall(r"-?[\d.]+(?:e-?\d+)?", cell)]

    def close(self, cell, expected):
        np.testing.assert_allclose(self.numbers(cell), expected, rtol=6e-3)


class Pages(Reports):
    files = {**FILES, "test.yaml": FILES["test.yaml"] + ENDPOINTS, "fit.csv": table()}

    def run_one(self, *words):
        self.osteon("run", "test.yaml", "-n", str(N), "-q", "-o", "a.h5", "--force", *words)
        with h5py.File(self.path("a.h5")) as file:
            return file["bmd"][()]

    def test_run(self):
        """What was asked, a chart, its table, and the endpoint, as numpy has them; no more than one page."""
        bmd = self.run_one("--set", "times=[0 month, 6 month, 12 month, 18 month, 24 month]")
        text, rows = self.page("a.h5")
        for part in "A test", "seed 7", "osteon 0.", "control", "bmd [% change from baseline]", "months since start of treatment", \
                "loss: mean percent change of bmd, treated - control, month 0 to 24", "times=[0 month":
            self.assertIn(part, text)
        self.assertEqual((self.counts["svg"], self.counts["polygon"]), (3, 2))  # a chart and the key of two arms
        change = 100 * (bmd / bmd[..., :1] - 1)
        found = {row[0]: row[1:] for row in rows if row and row[0].startswith("month")}
        self.assertEqual(list(found), [f"month {m}" for m in (0, 6, 12, 18, 24)])
        for arm in range(2):
            self.close(found["month 24"][arm].replace(" to ", " "), np.quantile(change[arm, :, 4], [0.5, 0.05, 0.95]))
        loss = [row for row in rows if row and row[0] == "loss"][0]
        self.close(loss[2], [change[1, :, 4].mean() - change[0, :, 4].mean()])
        self.close(loss[3], [np.std(change[1, :, 4] - change[0, :, 4], ddof=1) / np.sqrt(N)])
        self.close(loss[5], [np.std(change[1, :, 4] - change[0, :, 4], ddof=1)])  # each subject is in both arms
        self.assertEqual((loss[4], loss[6]), ("%", str(N)))

    def test_one_of_a_cohort(self):
        """Whom --subject chose, and what --set changed, but not the settings by which the subject is run."""
        self.run_one("--subject", "3", "--set", "solver.rtol=1e-5")
        text, _ = self.page("a.h5")
        self.assertIn("solver.rtol=1e-5", text)
        self.assertRegex(text, r"subject\s*3 of test.yaml")
        self.assertNotIn("first_subject", text)

    def test_evidence(self):
        """The variable that `show` has, with the observed values and how far the simulation is from them."""
        self.osteon("run", os.path.join(HERE, "../configs/atac.yaml"), "-n", "16", "-q", "-o", "a.h5")
        self.assertIn("scanned_bmd: change from baseline", self.osteon("show", "a.h5"))
        text, rows = self.page("a.h5")
        self.assertIn("scanned bmd lumbar spine [% change from baseline]", text)
        self.assertEqual(self.counts["polygon"], 3 * 4 + 8)  # bands of four arms, squares and triangles
        found = [row for row in rows if len(row) == 6 and "ATAC_bone" in row[5]]
        self.assertEqual([row[:3] for row in found[:4]],
                         [["Anastrozole 1 mg daily", "2", "-4.1"], ["Anastrozole 1 mg daily", "5", "-6.08"],
                          ["Tamoxifen 20 mg daily", "2", "2.2"], ["Tamoxifen 20 mg daily", "5", "2.77"]])
        with h5py.File(self.path("a.h5")) as file:
            bmd, days = file["scanned_bmd"][:, 0], file["time"][()]
        for row, arm in zip(found, (1, 1, 2, 2)):
            at = [np.argmin(abs(days - x)) for x in (0, float(row[1]) * 365.25)]
            median = np.median(100 * (bmd[arm, :, at[1]] / bmd[arm, :, at[0]] - 1))
            self.close(row[3], [median])
            np.testing.assert_allclose(float(row[4]), median - float(row[2]), atol=6e-3)
        self.write("o.csv", "ID,TIME [month],DV [%],ARM\n1,12,-1,anastrozole\n")
        hint = "no output 'bmd[totalhip]' (did you mean 'bmd[total_hip]'?)"
        self.assertIn(hint, self.page("a.h5", "--data", "o.csv", "--of", "bmd[totalhip]", code=2))
        self.assertIn(hint, self.page("a.h5", "--variables", "bmd[totalhip]", code=1))

    def test_other_evidence(self):
        """What no chart shows: differences, changes from a later time, levels, other outputs; bars of rows with an SE."""
        self.write("own.csv", "role,trial,arm,endpoint,site,time_months,statistic,value,unit,lower,upper,interval,n,citation,"
                   "reference,note\n" + "".join(f"validate,ONE,{row},,,\n" for row in (
                       "x,BMD_change,LS,12,mean,-2,percent,,0.5,se,50", "x,BMD_change_from_month12,LS,24,mean,-1,percent,,,none,50",
                       "x,marker_change,sCTX,12,median,10,percent,,15,sd,25", "x,BMD_level,TH,12,mean,0.8,g_per_cm2,,,none,50",
                       "d,BMD_difference,LS,24,mean,-3,percentage_points_between_arms,-4,-2,95ci,50")))
        words = [os.path.join(HERE, "../configs/atac.yaml"), "-q", "--set", f"evidence.table={self.path('own.csv')}", "--set",
                 "evidence.compare=[{arm: anastrozole, trial: ONE, trial_arm: x}, "
                 "{arm: anastrozole, trial: ONE, trial_arm: d, versus: no_treatment}]"]
        self.osteon("run", *words, "-n", "16", "-o", "a.h5")
        text, rows = self.page("a.h5")
        with h5py.File(self.path("a.h5")) as file:
            bmd, days = file["scanned_bmd"][()], file["time"][()]
            ctx, arms = file["ctx"][1], [arm.decode() for arm in file["arm"][()]]
        at = [np.argmin(abs(days - m * 30.4375)) for m in (0, 12, 24)]
        other, spine, hip = bmd[arms.index("no_treatment"), 0], bmd[1, 0], bmd[1, 1]
        found = {row[1]: row[2:] for row in rows if len(row) == 7 and "ONE" in row[6]}
        wanted = {"BMD change from month12, scanned bmd lumbar spine [percent]":
                      ("12-24", "-1", np.mean(100 * (spine[:, at[2]] / spine[:, at[1]] - 1))),
                  "marker change, ctx [percent]":
                      ("12", "10 (4.12 to 15.9)", np.median(100 * (ctx[:, at[1]] / ctx[:, at[0]] - 1))),
                  "BMD level, scanned bmd total hip [g per cm2]": ("12", "0.8", np.mean(hip[:, at[1]])),
                  "BMD difference, scanned bmd lumbar spine [percentage points between arms]":
                      ("24", "-3 (-4 to -2)", np.mean(100 * (spine[:, at[2]] / spine[:, at[0]] - 1)) -
                       np.mean(100 * (other[:, at[2]] / other[:, at[0]] - 1)))}
        self.assertEqual(set(found), set(wanted))
        for name, (month, observed, simulated) in wanted.items():
            self.assertEqual(found[name][:2], [month, observed])
            np.testing.assert_allclose(float(found[name][2]), simulated, rtol=6e-3)
        self.assertIn(["Anastrozole 1 mg daily", "1", "-2 (-2.98 to -1.02)"], [row[:3] for row in rows])
        self.osteon("run", *words, "-n", "2", "--parameters", "flagship", "--draws", "2", "-o", "d.h5")
        text, rows = self.page("d.h5")
        self.assertIn("4 observations of other kinds or outputs: the page of a run without draws has a table of them.", text)
        self.assertFalse([row for row in rows if len(row) == 7 and "ONE" in row[6]])
        self.osteon("compare", *words, "--models", "aibl,nelson2026", "--allow-gaps", "-n", "2", "-o", "c.h5")
        text, rows = self.page("c.h5")
        commands = re.findall(r"'osteon (show c.h5 --variable \w+)'", text)  # each works as it is printed
        self.assertEqual({command.split()[-1] for command in commands}, {"scanned_bmd", "ctx"}, text[:2000])
        for command in commands:
            self.assertIn("ONE", self.osteon(*command.split()))

    def test_without_time_0(self):
        self.write("plain.yaml", FILES["test.yaml"])
        self.osteon("run", "plain.yaml", "-n", "40", "-q", "-o", "a.h5", "--set", "times=[6 month, 12 month]")
        note = "The file has no values at time 0, so values are drawn instead of changes from baseline."
        self.assertIn(note, self.page("a.h5")[0])
        self.run_one()
        self.assertNotIn(note, self.page("a.h5")[0])

    def test_changes(self):
        """`show` lists every changed setting, as the page does."""
        self.run_one("--set", "solver.rtol=1e-5")
        for said in self.osteon("show", "a.h5"), self.page("a.h5")[0]:
            self.assertIn("solver.rtol=1e-5", said)

    def test_warnings(self):
        """An interrupted run cannot be told from a whole one but by its page; failures, few and ineligible subjects."""
        self.osteon("run", "test.yaml", "-n", "12", "-q", "-o", "a.h5", "--set", "population.eligible=age > 65 [year]")
        text, _ = self.page("a.h5")
        self.assertRegex(text, r"\d+ of 12 subjects are eligible")
        self.osteon("run", "test.yaml", "-n", "12", "-q", "-o", "all.h5", "--set", "population.eligible=age > 1 [year]")
        self.assertNotIn("eligible;", self.page("all.h5")[0])
        self.assertRegex(text, r"An interval from \d+ subjects holds \d+ %, not 90 %, of all subjects on average")
        self.osteon("run", "test.yaml", "-n", "200", "-q", "--shard", "1/2", "-o", "half.h5")
        text, _ = self.page("half.h5")
        self.assertRegex(text, r"The run was interrupted after \d+ of 200 subjects")
        self.run_one()
        text, _ = self.page("a.h5")
        self.assertNotIn("interval from", text)

    def test_draws(self):
        """Two bands that are not mixed, and both intervals in the table."""
        self.osteon("run", "test.yaml", "--parameters", "fit.csv", "-n", str(N), "-q", "-o", "d.h5")
        with h5py.File(self.path("d.h5")) as file:
            change = 100 * (file["bmd"][()] / file["bmd"][..., :1] - 1)
        text, rows = self.page("d.h5")
        self.assertEqual(self.counts["polygon"], 4)  # of each arm a dark and a light one
        self.assertIn("An interval from 9 draws holds 76 %, not 95 %", text)
        row = [row for row in rows if row and row[0] == "month 24"][1]
        medians = np.median(change[:, 1, :, 2], axis=1)
        ends = np.median(np.quantile(change[:, 1, :, 2], [0.05, 0.95], axis=1), axis=1)
        self.close(row[1].replace(" to ", " "), [np.median(medians), *ends])
        self.close(row[2].replace(" to ", " "), np.quantile(medians, [0.025, 0.975]))
        self.assertIn("median over draws", text)

    def test_compare_and_variables(self):
        """A line for each model and their range; outputs that are asked for; wrong ones."""
        self.write("two.model", FILES["one.model"].replace("model one", "model two").replace("-loss*", "-2*loss*"))
        self.osteon("compare", "test.yaml", "--models", "./one.model,./two.model", "-n", "20", "-q", "-o", "m.h5")
        text, rows = self.page("m.h5", "--variables", "bmd")
        self.assertIn("Grey: from the lowest to the highest median", text)
        self.assertEqual((self.counts["polygon"], self.counts["polyline"]), (2, 4))
        self.assertEqual(sum(row[2:3] == ["two"] for row in rows), 1)
        self.run_one()
        self.assertIn("a.h5: has no output 'bdm' (did you mean 'bmd'?)", self.page("a.h5", "--variables", "bdm", code=1))
        self.assertIn("--variables: duplicate 'bmd'", self.page("a.h5", "--variables", "bmd,bmd", code=2))
        self.assertIn("-o PAGE.html is missing", self.osteon("report", "a.h5", code=2))
        self.assertIn("--of: of which data?", self.page("a.h5", "--of", "bmd", code=2))

    def test_sweeps(self):
        """A line over one entry, a map over two, small multiples over three, points of another design."""
        dose, loss, age = "arms.treated.regimen.0.dose", "parameters.one.loss", "population.covariates.age"
        entries = [f"{dose}=0.1 mg..10 mg : 5 log", f"{loss}=0.01 1/y, 0.03 1/y", f"{age}=55 year, 60 year, 65 year"]
        for n, charts, cells in (1, 1, 0), (2, 1, 10), (3, 5, 30):
            vary = [word for entry in entries[:n] for word in ("--vary", entry)]
            self.osteon("sweep", "test.yaml", *vary, "-n", "10", "-q", "-o", "s.h5", "--force", "--keep", "endpoints")
            _, rows = self.page("s.h5")
            self.assertEqual((self.counts["svg"], self.counts.get("rect", 0)), (charts, cells), n)
            with h5py.File(self.path("s.h5")) as file:
                found = [row for row in rows if len(row) == n + 5]
                self.assertEqual(len(found), file["loss"].size)
                for row, value in zip(found, file["loss"][()].ravel()):
                    self.assertRegex(row[n], r"\.\d\d$")
                    self.assertAlmostEqual(float(row[n]), value, delta=0.00501)
        for values, differences in ("0.5 mg, 1 mg, 2 mg", [1, 1]), ("1 mg, 2 mg, 3 mg", [1, 1]), ("1 mg, 2 mg, 5 mg", [1, 3]):
            self.osteon("sweep", "test.yaml", "--vary", f"{dose}={values}", "-n", "10", "-q", "-o", "r.h5", "--force", "--keep",
                        "endpoints")
            self.osteon("report", "r.h5", "-o", "r.html")
            with open(self.path("r.html"), encoding="utf-8") as file:
                text = file.read()
            if values.startswith("0.5"):  # a logarithmic axis: each dose has its label, also at the ends
                self.assertEqual(re.findall("text-anchor='middle'>([0-9.]+)</text>", text), ["0.5", "1", "2"])
            places = np.diff([float(x) for x in re.findall("<circle cx='(.*?)'", text)])
            np.testing.assert_allclose(places / places[0], differences, rtol=0.01)
            self.assertRegex(text, r"rotate\(-90\)' text-anchor='middle'>loss, %</text>")
        self.osteon("sweep", "test.yaml", "--vary", f"{dose}=0.1 mg..10 mg : log", "--design", "sobol", "--points", "8", "-n", "10",
                    "-q", "-o", "p.h5")
        self.page("p.h5")
        self.assertEqual(self.counts["circle"], 8)

    def test_sensitivity(self):
        """Bars sorted by importance, and a row for each input."""
        for method, words in ("morris", ("--trajectories", "4")), ("sobol", ("--base", "64")), ("local", ()):
            self.osteon("sensitivity", "test.yaml", "--method", method, "--by", "range", "--subjects", "4", "-q", "-o", "s.h5",
                        "--force", *words)
            text, rows = self.page("s.h5")
            self.assertIn(f"by the method {method}", text)
            with h5py.File(self.path("s.h5")) as file:
                inputs = [name.decode() for name in file["input"][()]]
            found = [row[0] for row in rows if row and row[0] in inputs]
            self.assertEqual(sorted(found), sorted(inputs))
            values = [abs(float(row[1])) for row in rows if row and row[0] in inputs and row[1]]
            self.assertEqual(values, sorted(values, reverse=True))
        dose = "arms.treated.regimen.0.dose"  # is nothing to those who are not treated
        self.osteon("sensitivity", "test.yaml", "--by", "range", "--subjects", "4", "-q", "-o", "s.h5", "--force", "--of",
                    "c={output: bmd, arm: control, to: 24 month}", "--vary", f"{dose}=0.5 mg..2 mg", "--over", "one")
        text, rows = self.page("s.h5")
        self.assertIn(f"Below 0.001 of the first, or without a value: {dose}.", text)
        self.assertNotIn(dose, [row[0] for row in rows if row])

    def observed(self, end="\n"):
        """Data of other subjects of the model, in g/cm2, with a BOM, quotes and a column that is not needed."""
        self.osteon("run", "test.yaml", "-n", "30", "--seed", "9", "-q", "-o", "o.h5", "--force")
        with h5py.File(self.path("o.h5")) as file:
            bmd = file["bmd"][1]
        rows = ['\ufeff"ID",TIME [year],DV [mg/cm2],ARM,"note of the visit"']
        rows += [f'"P {i}",{t},{1000 * bmd[i, t]:.6f},"treated","a ""good"", long one"' for i in range(30) for t in (1, 2)]
        with open(self.path("o.csv"), "w", encoding="utf-8", newline="") as file:
            file.write(end.join(rows) + end)
        return bmd

    def test_predictive_check(self):
        self.osteon("run", "test.yaml", "-n", "400", "-q", "-o", "a.h5", "--force")
        for end in "\n", "\r\n":
            bmd = self.observed(end)
            text, rows = self.page("a.h5", "--data", "o.csv", "--ignore", "note of the visit")
        self.assertRegex(text, r"\d of 6 observed percentiles lie in their 90 % intervals")
        found = [row for row in rows if len(row) == 8 and row[0] == "treated"]
        self.assertEqual([row[2:4] for row in found], [["30", q] for q in ("5", "50", "95")] * 2)
        with h5py.File(self.path("a.h5")) as file:
            simulated = file["bmd"][1]
        random = np.random.default_rng(4)
        for row, (t, q) in zip(found, [(t, q) for t in (1, 2) for q in (0.05, 0.5, 0.95)]):
            self.close(row[4], [np.quantile(bmd[:, t], q)])
            sets = np.quantile(simulated[random.integers(0, 400, (30, 4000)), t], q, axis=0)
            low, high = self.numbers(row[6].replace(" to ", " "))
            np.testing.assert_allclose([low, high], np.quantile(sets, [0.05, 0.95]), rtol=0.02)
            self.assertEqual(row[7], "inside" if low <= float(row[4]) <= high else "outside")
        self.assertNotIn("too narrow", text)
        # a change, between two output times
        change = [100 * ((y[..., 1] + y[..., 2]) / 2 / y[..., 0] - 1) for y in (bmd, simulated)]
        self.write("o.csv", "ID,TIME [month],DV [%],ARM\n" + "".join(f"{i},18,{x:.9g},treated\n" for i, x in enumerate(change[0])))
        row = [row for row in self.page("a.h5", "--data", "o.csv")[1] if len(row) == 8 and row[3] == "50"][0]
        self.close(row[4], [np.median(change[0])])
        np.testing.assert_allclose(float(row[5]), np.median(change[1]), rtol=0.05)
        self.run_one()
        self.assertIn("80 simulated subjects stand for 30 observed persons", self.page("a.h5", "--data", "o.csv")[0])
        self.assertIn("no output 'bdm' (did you mean 'bmd'?)", self.page("a.h5", "--data", "o.csv", "--of", "bdm", code=2))
        self.osteon("sweep", "test.yaml", "--vary", "population.covariates.age=55 year, 65 year", "-n", "5", "-q", "-o", "s.h5")
        self.assertIn("data are compared with a run or with draws of parameters, not with a sweep",
                      self.page("s.h5", "--data", "o.csv", code=2))

    def test_rows_left_out(self):
        """Records that are no observations, values that are missing, and changes at the baseline change no percentile."""
        self.osteon("run", "test.yaml", "-n", "80", "-q", "-o", "a.h5", "--force")
        head = "ID,TIME [month],DV [{}],ARM{}\n"
        rows = [f"{i},{t},{-i / 10 - t / 12:.3f},treated" for i in range(8) for t in (12, 24)]
        self.write("o.csv", head.format("%", "") + "\n".join(rows) + "\n")
        text, expected = self.page("a.h5", "--data", "o.csv")
        self.assertNotIn("left out", text)
        extra = ["0,12,50,treated,1,", "0,1200,0,?,0,1", "1,24,.,treated,1,0", "2,24,,treated,.,2", "3,6,.,treated,0,0",
                 "4,6,,treated,,", "5,0,3,treated,0,0", "6,0.01,0,treated,0,0"]
        lines = [row + ",0,0" for row in rows]
        self.write("o.csv", head.format("%", ",MDV,EVID") + "\n".join(extra[:4] + lines + extra[4:]) + "\n")
        text, found = self.page("a.h5", "--data", "o.csv")
        self.assertEqual(found, expected)
        for said in "4 rows left out: MDV is 1, or EVID is not 0.", "2 rows left out: DV is missing.", \
                "2 rows left out: at the baseline a change is 0 by definition.":
            self.assertIn(said, text)
        said = self.osteon("report", "a.h5", "-o", "page.html", "--data", "o.csv")
        self.assertIn("o.csv: 2 rows left out: DV is missing.", said)
        self.write("o.csv", head.format("g/cm2", ",MDV") + "1,0,0.9,treated,0\n1,12,0.8,treated,0\n")
        text, found = self.page("a.h5", "--data", "o.csv")
        self.assertEqual(sum(row[3:4] == ["50"] for row in found), 2)  # values at the baseline are observations
        self.assertNotIn("left out", text)
        self.assertIn("has no column 'MVD', which is to be left out (did you mean 'MDV'?)",
                      self.page("a.h5", "--data", "o.csv", "--ignore", "MVD", code=1))
        self.page("a.h5", "--data", "o.csv", "--ignore", "MDV")
        self.assertIn("--ignore: columns of which data?", self.page("a.h5", "--ignore", "MDV", code=2))

    def test_times_of_a_short_run(self):
        """Twelve hours after the last output of two days there is nothing to compare with."""
        self.osteon("run", "test.yaml", "-n", "20", "-q", "-o", "a.h5", "--force", "--set",
                    "times={from: 0 hour, to: 48 hour, every: 6 hour}", "--set", "endpoints={}")
        head = "ID,TIME [hour],DV [g/cm2],ARM\n1,48.2,0.9,treated\n"
        self.write("o.csv", head)
        self.page("a.h5", "--data", "o.csv")
        self.write("o.csv", head + "1,59,0.9,treated\n")
        self.assertIn("o.csv:3:3: TIME 0.0807666 month is outside", self.page("a.h5", "--data", "o.csv", code=1))

    def test_measured_output(self):
        """Where the file has the output with the error of a scan, the page says that people's scans are of that one."""
        self.write("one.model", FILES["one.model"] + 'output measured_bmd [g/cm2] = B*(1 [g/cm2]) "measured"\n'
                   'output scanned_bmd [g/cm2] = B*(1 [g/cm2]) "scanned"\n')
        self.run_one()
        self.write("o.csv", "ID,TIME [month],DV [g/cm2],ARM\n1,12,0.8,treated\n")
        note = "DV is compared with {}, which has no error of measurement; what was measured in people is compared with measured_bmd."
        for name in "bmd", "scanned_bmd":
            self.assertIn(note.format(name), self.page("a.h5", "--data", "o.csv", "--of", name)[0])
        self.assertNotIn("error of measurement", self.page("a.h5", "--data", "o.csv", "--of", "measured_bmd")[0])

    def test_wrong_data(self):
        """tests/wrong_data.txt: table, part of the message; nothing is written."""
        self.run_one()
        with open(os.path.join(HERE, "wrong_data.txt"), encoding="utf-8") as file:
            lines = [line.rstrip("\n") for line in file if line.strip() and not line.startswith("#")]
        self.assertGreaterEqual(len(lines), 25)
        for line in lines:
            text, message = line.split(" | ", 1)
            self.write("o.csv", text.strip().replace("\\n", "\n"))
            with self.subTest(line):
                self.assertIn(message.strip(), self.page("a.h5", "--data", "o.csv", code=1))
        self.assertIn("none.csv", self.page("a.h5", "--data", "none.csv", code=1))


class Dosed(Reports):
    """Data of people who each have doses of their own."""
    files = {"one.model": OF_DOSES["one.model"].replace("CL = 1.1 [L/h] in 0.01..100", "CL = 1.1 [L/h] in 0.01..100 spread 0.3"),
             "plain.yaml": OF_DOSES["plain.yaml"] + "population: {seed: 3}\n",
             "t.csv": "id,time,cmt,amt,evid\n" + "".join(
                 f"{i},0,2,{10 ** (i % 2 + 1)},1\n{i},6,.,.,0\n{i},12,2,{10 ** (i % 2 + 1)},1\n{i},18,.,.,0\n"
                 for i in range(1, 21))}
    def data(self, hours=(6, 18)):
        """What each ID has in the run at its times; at others what it has after 6 hours."""
        with h5py.File(self.path("a.h5")) as file:
            cp, ids, at = file["cp"][0], file["id"][()].astype(int), list(np.round(file["time"][()] * 24, 6))
        self.write("o.csv", "ID,TIME [hour],DV [ng/mL],ARM\n" + "".join(
            f"{ids[k]},{h},{cp[k, at.index(h if h in at else 6)]:.9g},dosed\n"
            for k in range(len(ids)) for h in hours))

    def test_ids(self):
        """Each ID has its own doses, ten times as much for the odd ones: data of the even ones alone are compared with these."""
        self.osteon("run", "plain.yaml", "-q", "-o", "a.h5")
        self.data()
        with open(self.path("o.csv"), encoding="utf-8") as file:
            lines = file.read().splitlines()
        small = [lines[0]] + [line for line in lines[1:] if int(line.split(",")[0]) % 2 == 0]
        self.write("o.csv", "\n".join(small) + "\n")
        text, rows = self.page("a.h5", "--data", "o.csv")
        self.assertIn("of which the run has one realisation: intervals have no width, and no percentile is judged", text)
        self.assertNotIn("observed percentiles lie in", text)  # nothing is judged
        for row in [row for row in rows if len(row) == 8 and row[0] == "dosed"]:
            self.close(row[5], [float(row[4])])  # the own prediction, not that of ten times the dose
            self.assertEqual(len(set(self.numbers(row[6].replace(" to ", " ")))), 1)
            self.assertEqual(row[7], "")
        draws = "draw,one.CL [L/h]\n" + "".join(f"{d},{1 + 0.02 * d}\n" for d in range(21))
        self.write("fit.csv", draws)
        self.osteon("run", "plain.yaml", "-q", "-o", "s.h5", "--no-probe", "--parameters", "fit.csv", "--draws", "20")
        text, rows = self.page("s.h5", "--data", "o.csv")
        self.assertIn("of 6 observed percentiles lie in", text)
        with open(self.path("o.csv"), encoding="utf-8") as file:
            self.write("no_arm.csv", re.sub(",(ARM|dosed)$", "", file.read(), flags=re.M))  # the run has one arm
        self.assertEqual([row[:7] for row in self.page("s.h5", "--data", "no_arm.csv")[1]], [row[:7] for row in rows])
        found = [row for row in rows if len(row) == 8 and row[0] == "dosed"]
        self.assertEqual(len(found), 6)
        for row in found:
            low, high = self.numbers(row[6].replace(" to ", " "))
            self.assertLess(low, high)
            self.assertLess(high, 3 * float(row[4]))
        self.write("o.csv", "\n".join(small + ["99,6,1,dosed"]) + "\n")
        self.assertIn("o.csv:22:1: ID '99' is not simulated", self.page("a.h5", "--data", "o.csv", code=1))

    def test_between_doses(self):
        """Between output times across a dose, values cannot be interpolated, and the page says where."""
        self.osteon("run", "plain.yaml", "-q", "-o", "a.h5")
        self.data(hours=(6, 7))
        said, _ = self.page("a.h5", "--data", "o.csv")
        self.assertIn("20 observations between output times", said)
        self.assertIn("there is a dose in between for 20 of them, across which that is wrong", said)
        self.assertIn("times: [0.291667 day", said)
        self.data()
        self.assertNotIn("between output times", self.page("a.h5", "--data", "o.csv")[0])


if __name__ == "__main__":
    unittest.main()
