#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`osteon run --parameters TABLE.csv --draws N`: the same subjects at each draw of a fit, and two intervals that are not
mixed. Takes the path of osteon as its first argument."""
import csv
import os
import subprocess
import sys
import unittest

import h5py
import numpy as np

import test_shards  # noqa: E402  the program in a folder
from test_people import FILES  # noqa: E402
from test_shards import contents  # noqa: E402
HERE = os.path.dirname(os.path.abspath(__file__))
PLOT = os.path.join(HERE, "..", "scripts", "plot.py")
sys.path.insert(0, os.path.dirname(PLOT))
from plotting.draws import figure_of_draws  # noqa: E402
from plotting.sweep import figure_of_sweep  # noqa: E402
M, SUBJECTS = 9, 70
HEAD = "draw,one.loss [1/y],aibl.k_C [1/d],pill.half [d],between BMD,within BMD"


def table():
    random = np.random.default_rng(5)
    rows = [f"{k},{0.02*np.exp(random.normal(0, 0.2)):.9g},0.08,{random.uniform(15, 25):.9g},1,0.5" for k in range(M + 1)]
    return "\n".join([HEAD, *rows]) + "\n"


class Draws(test_shards.Program):
    files = FILES

    def setUp(self):
        super().setUp()
        self.write("fit.csv", table())

    def draws(self, out, *arguments, code=0):
        return self.osteon("run", "test.yaml", "--parameters", "fit.csv", *arguments, "-n", str(SUBJECTS), "-o", out, "--force",
                           code=code)

    def rows(self):
        return list(csv.DictReader(table().splitlines()))[1:]

    def test_each_draw_has_the_bits_of_a_run(self):
        self.draws("d.h5", "-q")
        with h5py.File(self.path("d.h5")) as file:
            self.assertEqual(file["bmd"].shape, (M, 2, SUBJECTS, 3))
            self.assertEqual([d.keys()[0] for d in file["bmd"].dims], ["draw", "arm", "subject", "time"])
            bmd, age = file["bmd"][()], file["age"][()]
            np.testing.assert_allclose(file["loss"], [float(row["one.loss [1/y]"]) for row in self.rows()], rtol=1e-14)
            self.assertNotIn("k_C", file)  # of no model of this experiment
        self.assertEqual(age.shape, (SUBJECTS,))  # the same subjects
        for k, row in enumerate(self.rows()):
            if k % 4:
                continue
            self.osteon("run", "test.yaml", "-n", str(SUBJECTS), "--set", f"parameters.one.loss={row['one.loss [1/y]']} 1/y",
                        "--set", f"parameters.pill.half={row['pill.half [d]']} d", "-o", "one.h5", "-q", "--force")
            with h5py.File(self.path("one.h5")) as file:
                np.testing.assert_array_equal(bmd[k], file["bmd"][()])

    def test_numbers_of_draws(self):
        """Some of the draws are at equal distances in the table, so that each of its chains has its part."""
        self.draws("d.h5", "--draws", "3", "-q")
        with h5py.File(self.path("d.h5")) as file:
            wanted = [float(self.rows()[k]["one.loss [1/y]"]) for k in (0, 3, 6)]
            np.testing.assert_allclose(file["loss"], wanted, rtol=1e-14)

    def test_estimate_alone(self):
        """--draws 0, or a table without draws: an ordinary run with the parameters of the estimate."""
        row = next(csv.DictReader(table().splitlines()))
        self.osteon("run", "test.yaml", "-n", str(SUBJECTS), "--set", f"parameters.one.loss={row['one.loss [1/y]']} 1/y",
                    "--set", f"parameters.pill.half={row['pill.half [d]']} d", "-o", "one.h5", "-q")
        self.draws("e.h5", "--draws", "0", "-q")
        self.write("fit.csv", "".join(table().splitlines(True)[:2]))
        self.assertIn("parameters: the estimate of fit.csv, without draws\n", self.draws("f.h5"))
        self.osteon("run", "test.yaml", "--parameters", "fit.csv", "--set", "parameters.one.loss=0.03 1/y", "-o", "g.h5")
        self.assertIn("parameters.one.loss=0.03 1/y", self.osteon("show", "g.h5"))
        with h5py.File(self.path("one.h5")) as one:
            for name in "e.h5", "f.h5":
                with h5py.File(self.path(name)) as file:
                    np.testing.assert_array_equal(file["bmd"][()], one["bmd"][()])
        said = self.osteon("run", "test.yaml", "--parameters", "fit.csv", "--draws", "1", "-o", "h.h5", code=2)
        self.assertIn("expected 0, for the estimate alone", said)

    def test_two_intervals(self):
        """Of the median over draws, and between subjects; --csv has all digits."""
        text = "  treated: {"
        self.write("test.yaml", FILES["test.yaml"].replace(text, text) +
                   "endpoints: {loss: {output: bmd, arm: treated, versus: control, to: 24 month}}\n")
        said = self.draws("d.h5")
        self.assertIn("median 2.5 % to 97.5 %: of the median over 9 draws", " ".join(said.split()))
        self.osteon("show", "d.h5", "--csv", "d.csv", "--at", "12,24")
        with h5py.File(self.path("d.h5")) as file:
            bmd = file["bmd"][()]
        with open(self.path("d.csv"), encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        change = 100 * (bmd / bmd[..., :1] - 1)
        self.assertEqual(len(rows), 5)
        for row in rows[:4]:
            arm, time = ["control", "treated"].index(row["arm"]), [0, 12, 24].index(round(float(row["month"])))
            medians = np.median(change[:, arm, :, time], axis=1)
            ends = np.median(np.quantile(change[:, arm, :, time], [0.05, 0.95], axis=1), axis=1)
            expected = [np.median(medians), *np.quantile(medians, [0.025, 0.975]), *ends]
            found = [float(row[k]) for k in ("median", "median_q025", "median_q975", "subjects_q05", "subjects_q95")]
            np.testing.assert_allclose(found, expected, rtol=1e-6)
        means = np.mean(change[:, 1, :, 2], axis=1) - np.mean(change[:, 0, :, 2], axis=1)
        self.assertEqual(rows[4]["variable"], "loss")
        np.testing.assert_allclose([float(rows[4][k]) for k in ("median", "median_q025", "median_q975")],
                                   [np.median(means), *np.quantile(means, [0.025, 0.975])], rtol=1e-6)

    def test_a_spread_stays(self):
        """A draw replaces the typical value of a parameter, not its variability that the experiment sets."""
        self.write("test.yaml", FILES["test.yaml"] + "parameters: {one.loss: {value: 0.02 1/y, spread: 0}}\n")
        self.draws("d.h5", "-q", "--set", "population.covariates.age=60 year", "--set", "population.covariates.bmi=25 kg/m2")
        with h5py.File(self.path("d.h5")) as file:
            control = file["bmd"][:, 0, :, 2]
        self.assertEqual(np.ptp(control, axis=1).max(), 0)
        loss = np.array([float(row["one.loss [1/y]"]) for row in self.rows()])
        np.testing.assert_allclose(control[:, 0], np.exp(-2 * loss), rtol=1e-5)

    def test_variability_is_drawn(self):
        """The SD of a BSV is a column too: each draw has the bits of a run with it; one that the experiment sets stays."""
        self.write("fit.csv", "draw,one.loss.spread [1],one.loss [1/y]\n0,0.5,0.02\n1,0.25,0.03\n2,0,0.02\n3,0.9,0.01\n")
        self.draws("d.h5", "-q")
        with h5py.File(self.path("d.h5")) as file:
            bmd = file["bmd"][()]
        for k, (spread, loss) in enumerate([(0.25, 0.03), (0, 0.02), (0.9, 0.01)]):
            self.osteon("run", "test.yaml", "-n", str(SUBJECTS), "--set", f"parameters.one.loss={loss} 1/y", "--set",
                        f"parameters.one.loss.spread={spread}", "-o", "one.h5", "-q", "--force")
            with h5py.File(self.path("one.h5")) as file:
                np.testing.assert_array_equal(bmd[k], file["bmd"][()])
        self.write("test.yaml", FILES["test.yaml"] + "parameters: {one.loss: {spread: 0.1}}\n")
        done = subprocess.run([test_shards.OSTEON, "run", "test.yaml", "--parameters", "fit.csv", "-n", str(SUBJECTS), "-o", "e.h5", "-q"],
                              cwd=self.folder.name, capture_output=True, text=True, check=True)
        self.assertIn("warning: the draws of 'one.loss.spread' are left out for 'one.loss': the experiment sets its spread",
                      done.stderr)
        with h5py.File(self.path("e.h5")) as file:
            np.testing.assert_allclose(np.log(np.log(file["bmd"][0, 0, :, 2]) / np.log(file["bmd"][1, 0, :, 2])),
                                       np.log(0.03 / 0.02), atol=1e-4)

    def test_repeated_sharded_and_with_people(self):
        self.draws("d.h5", "-q")
        self.osteon("sweep", "d.h5", "-o", "again.h5", "-q")
        self.assertIn("median 2.5 % to 97.5 %", " ".join(self.osteon("run", "d.h5", "-o", "run.h5").split()))
        self.assertIn("is of draws of parameters, which --dry-run excludes", self.osteon("run", "d.h5", "--dry-run", code=2))
        for i in 1, 2:
            self.draws(f"s{i}.h5", "--shard", f"{i}/2", "-q", "--threads", str(i))
        self.osteon("merge", "s1.h5", "s2.h5", "-o", "merged.h5", "-q")
        for name in "again.h5", "run.h5", "merged.h5":
            one, two = contents(self.path("d.h5")), contents(self.path(name))
            self.assertEqual(one.keys(), two.keys())
            for key in one:
                np.testing.assert_array_equal(one[key], two[key], str(key))
        for table in "flagship", "flagship.csv", "configs/fit/flagship.csv":  # found, if it has nothing of these models
            said = self.osteon("run", "test.yaml", "--parameters", table, "-o", "f.h5", code=1)
            self.assertRegex(said, "/configs/fit/flagship.csv:1: has no parameter of a model of the experiment")
        self.assertIn("flagshp: cannot be opened", self.osteon("run", "test.yaml", "--parameters", "flagshp", code=1))
        self.write("few.csv", "age [year],one.loss [1/y]\n61,0.02\n62,0.03\n")
        self.osteon("run", "test.yaml", "--parameters", "fit.csv", "--people", "few.csv", "-o", "few.h5", "-q")
        with h5py.File(self.path("few.h5")) as file:
            self.assertEqual(file["bmd"].shape, (M, 2, 2, 3))
            self.assertNotIn("loss", file)  # the table of people has it
            self.assertEqual(np.ptp(file["bmd"][:, 0], axis=0).max(), 0)

    def test_figure(self):
        self.draws("d.h5", "-q")
        subprocess.run([PLOT, "d.h5", "-o", "d.svg"], cwd=self.folder.name, check=True, capture_output=True, timeout=120)
        with open(self.path("d.svg"), encoding="utf-8") as file:
            self.assertIn("<svg", file.read())
        for words, code, part in ((["--variables", "bdm"], 1, "has no output 'bdm'; it has bmd"),
                                  (["--arms", "treted"], 1, "has no arm 'treted'; it has control, treated"),
                                  (["--time", "day"], 2, "--time: not for d.h5"),
                                  (["--arms", "treated", "-o", "one.svg"], 0, "")):
            done = subprocess.run([PLOT, "d.h5", *words], cwd=self.folder.name, capture_output=True, text=True, timeout=120)
            self.assertEqual((done.returncode, part in done.stderr), (code, True), done.stderr)
        self.assertLess(os.path.getsize(self.path("one.svg")), os.path.getsize(self.path("d.svg")))

    def test_figure_of_quantiles(self):
        """A file that keeps quantiles has the figure of its subjects, of values where some baselines are below zero."""
        for model, label in (FILES["one.model"], "Change (%)"), (FILES["one.model"].replace("= B*", "= (B - loss/(0.02 [1/y]))*"), "(g/cm2)"):
            self.write("one.model", model)
            seen = []
            for keep in "subjects", "quantiles":
                self.draws("d.h5", "-q", "--draws", "3", "--set", f"results.keep={keep}")
                panel = figure_of_draws(self.path("d.h5"), None, None).axes[0]
                seen.append(np.concatenate([line.get_ydata() for line in panel.lines]))
                self.assertEqual(panel.get_ylabel(), label)
            np.testing.assert_allclose(*seen, atol=0.01 * np.abs(seen[0]).max())

    def test_observed_points(self):
        """Observations of the experiment's trials stand in the figure, on the output that they are compared with."""
        self.write("evidence.csv", "role,trial,arm,endpoint,site,time_months,statistic,value,unit,lower,upper,interval,n\n"
                   "validate,T,a,BMD_percent_change,total_hip,24,mean,-7.5,percent,,,,10\n"
                   "validate,T,a,BMD_percent_change,total_hip,12,sd,-2.5,percent,,,,10\n")
        self.write("test.yaml", FILES["test.yaml"] + "evidence: {table: evidence.csv, compare: [{arm: treated, trial: T, "
                   "trial_arm: a, output: bmd}]}\n")
        self.draws("d.h5", "-q", "--draws", "3")
        figure = figure_of_draws(self.path("d.h5"), None, None)
        seen = [[(float(x), round(float(y), 9)) for line in panel.lines if line.get_marker() == "o"
                 for x, y in zip(line.get_xdata(), line.get_ydata())] for panel in figure.axes]
        self.assertEqual(seen, [[], [(24.0, -7.5)]])
        for part in "observed, ● T; hollow: role validate (for testing)", "1 observation of other kinds, times or units", \
                "an interval from 3 draws holds 48 %, not 95 %":
            self.assertIn(part, " ".join(figure._supxlabel.get_text().split()))  # pylint: disable=protected-access

    def test_few(self):
        """An interval from few draws or subjects is narrower than its name, whatever the distribution: 0.95 (n-1)/(n+1)."""
        text = self.osteon("run", "test.yaml", "--parameters", "fit.csv", "--draws", "2", "-n", "1", "-o", "d.h5")
        for part in "an interval from 2 draws holds 32 %, not 95 %", "an interval from 1 subject holds 0 %, not 90 %":
            self.assertIn(part, " ".join(text.split()))
        random = np.random.default_rng(8)
        ends = np.quantile(random.gamma(2, size=(20000, 20)), [0.025, 0.975], axis=1)
        held = np.mean((1 - (1 + ends) * np.exp(-ends))[1] - (1 - (1 + ends) * np.exp(-ends))[0])
        self.assertAlmostEqual(held, 0.95 * 19 / 21, delta=0.01)
        self.osteon("run", "test.yaml", "-n", "20", "-q", "-o", "few.h5")
        self.osteon("run", "test.yaml", "-n", "35", "-q", "-o", "many.h5")
        self.assertIn("an interval from 20 subjects holds 81 %, not 90 %", " ".join(self.osteon("show", "few.h5").split()))
        self.assertNotIn("caution", self.osteon("show", "many.h5"))

    def test_exported_with_its_number(self):
        self.draws("d.h5", "-q")
        self.osteon("export", "d.h5", "--csv", "d.csv", "--wide")
        with open(self.path("d.csv"), encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(list(rows[0]), ["arm", "subject", "time", "draw", "bmd"])
        with h5py.File(self.path("d.h5")) as file:
            found = np.array([float(row["bmd"]) for row in rows]).reshape(file["bmd"].shape)
            np.testing.assert_array_equal(found, file["bmd"][()])
        self.assertEqual([row["draw"] for row in rows[::2 * SUBJECTS * 3]], [str(d) for d in range(M)])

    def test_verify_a_share(self):
        """A share is of draws: a change of all of them is found, of one where that one is computed again."""
        self.draws("d.h5", "-q")
        self.assertRegex(self.osteon("verify", "d.h5", "--share", "20 %"), r"recomputed: draw \d, 2 blocks .*: equal")
        with h5py.File(self.path("d.h5"), "r+") as file:
            file["bmd"][...] *= 1.01
        self.assertIn(" in the file, now ", self.osteon("verify", "d.h5", "--share", "20 %", code=4))

    def sweep(self, out, *arguments, code=0):
        self.write("test.yaml", FILES["test.yaml"] + "endpoints: {loss: {output: bmd, arm: treated, to: 24 month}}\n")
        return self.osteon("sweep", "test.yaml", "--vary", "arms.treated.regimen.0.dose=0.5 mg, 1 mg, 4 mg", "--parameters",
                           "fit.csv", "-n", str(SUBJECTS), "-o", out, "--force", *arguments, code=code)

    def test_sweep_with_draws(self):
        """Each point has the bits of a run with the same draws, and of each endpoint the interval that this prints."""
        self.sweep("s.h5", "-q")
        said = " ".join(self.osteon("show", "s.h5", "--csv", "s.csv").split())
        self.assertIn("3 points (grid) x 9 draws, the same 70 subjects at each", said)
        self.assertIn("dose [mg] value value 2.5 % value 97.5 % q05 q95 n", said)
        with h5py.File(self.path("s.h5")) as file, open(self.path("s.csv"), encoding="utf-8", newline="") as table_of_points:
            self.assertEqual([d.keys()[0] for d in file["bmd"].dims], ["dose", "draw", "arm", "subject", "time"])
            self.assertEqual(file["one_loss"].shape, (M,))
            rows = list(csv.DictReader(table_of_points))
            self.assertEqual([row["dose [mg]"] for row in rows], ["0.5", "1", "4"])
            for k, row in enumerate(rows):
                self.draws("d.h5", "-q", "--set", f"arms.treated.regimen.0.dose={row['dose [mg]']} mg")
                self.osteon("show", "d.h5", "--csv", "d.csv")
                with h5py.File(self.path("d.h5")) as run, open(self.path("d.csv"), encoding="utf-8", newline="") as of_run:
                    np.testing.assert_array_equal(file["bmd"][k], run["bmd"][()])
                    last = list(csv.DictReader(of_run))[-1]
                self.assertEqual([row[name] for name in ("endpoint", "value", "value_q025", "value_q975", "q05", "q95", "n")],
                                 [last[name] for name in ("variable", "median", "median_q025", "median_q975", "subjects_q05",
                                                          "subjects_q95", "n")])
        panel = figure_of_sweep(self.path("s.h5"), None).axes[0]
        self.assertEqual([band.get_label() for band in panel.collections],
                         ["5th to 95th percentile between subjects", "95 % interval over draws"])
        np.testing.assert_allclose(panel.lines[0].get_ydata(), [float(row["value"]) for row in rows], rtol=1e-6)
        dark = panel.collections[1].get_paths()[0].vertices[:, 1]
        np.testing.assert_allclose([dark.min(), dark.max()], [min(float(row["value_q025"]) for row in rows),
                                                              max(float(row["value_q975"]) for row in rows)], rtol=1e-6)
        self.osteon("report", "s.h5", "-o", "s.html")
        with open(self.path("s.html"), encoding="utf-8") as page:
            text = page.read().replace("\N{MINUS SIGN}", "-")
        for part in "over draws of the parameters", f"<td data-h='2.5 %'>{float(rows[0]['value_q025']):.2f}", \
                "<th>draws</th><td>9</td>", "<th>points</th><td>3, grid</td>":
            self.assertIn(part, text)

    def test_foot_of_a_figure_fits(self):
        self.osteon("sweep", "test.yaml", "--vary", "arms.treated.regimen.0.dose=1 mg, 2 mg", "--vary",
                    "arms.treated.regimen.0.interval=1 month, 2 month", "--vary", "population.covariates.age=60 year, 70 year",
                    "--parameters", "fit.csv", "--draws", "2", "-n", "8", "-o", "s.h5", "-q")
        figure = figure_of_sweep(self.path("s.h5"), None)
        figure.draw_without_rendering()
        foot = figure._supxlabel  # pylint: disable=protected-access
        self.assertIn("covariates.age.", foot.get_text())
        self.assertLess(foot.get_window_extent().x1, figure.bbox.x1)

    def test_sweep_with_draws_again(self):
        """Repeated, in shards, by a sampler, exported, at the estimate."""
        self.sweep("s.h5", "-q", "--draws", "3")
        self.osteon("sweep", "s.h5", "-o", "again.h5", "-q")
        for i in 1, 2:
            self.sweep(f"p{i}.h5", "--draws", "3", "--shard", f"{i}/2", "-q")
        self.osteon("merge", "p1.h5", "p2.h5", "-o", "merged.h5", "-q")
        for name in "again.h5", "merged.h5":
            one, two = contents(self.path("s.h5")), contents(self.path(name))
            self.assertEqual(one.keys(), two.keys())
            for key in one:
                np.testing.assert_array_equal(one[key], two[key], str(key))
        self.assertRegex(self.osteon("verify", "s.h5", "--share", "20 %"), r"dose .* mg, draw \d.*: equal")
        self.osteon("export", "s.h5", "--csv", "s.csv", "--wide")
        with open(self.path("s.csv"), encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(list(rows[0]), ["arm", "subject", "time", "dose", "draw", "bmd"])
        with h5py.File(self.path("s.h5")) as file:
            np.testing.assert_array_equal(np.array([float(row["bmd"]) for row in rows]).reshape(file["bmd"].shape), file["bmd"][()])
        self.osteon("sweep", "test.yaml", "--vary", "arms.treated.regimen.0.dose=1 mg..4 mg", "--design", "sobol", "--points", "4",
                    "--parameters", "fit.csv", "--draws", "2", "-n", "70", "-o", "q.h5", "-q")
        with h5py.File(self.path("q.h5")) as file:
            self.assertEqual([d.keys()[0] for d in file["loss"].dims], ["point", "draw"])
            self.assertEqual(file["dose"].shape, (4,))
        self.assertIn("4 points (sobol) x 2 draws", " ".join(self.osteon("show", "q.h5").split()))
        self.osteon("export", "q.h5", "--csv", "q.csv", "--wide")
        with open(self.path("q.csv"), encoding="utf-8", newline="") as file:
            self.assertEqual(next(file).strip(), "arm,subject,time,point,dose,draw,bmd")
        self.assertIn("parameters: the estimate of fit.csv", self.sweep("e.h5", "--draws", "0"))
        self.assertIn("draws without --vary", self.osteon("sweep", "s.h5", "--parameters", "fit.csv", "-o", "w.h5", code=2))

    def test_sweep_of_a_parameter_that_has_draws(self):
        """Its values are the sweep's, all others' the draws', also of the estimate alone."""
        for vary, draws in (("parameters.one.loss", 2), ("parameters.one.loss.value", 2), ("parameters.one.loss", 0)):
            said = self.osteon("sweep", "test.yaml", "--vary", f"{vary}=0.01 1/y, 0.02 1/y", "--parameters", "fit.csv",
                               "--draws", str(draws), "-n", "70", "-o", "w.h5", "--force")
            self.assertIn("the draws of 'one.loss' are left out: the sweep varies it", said)
            with h5py.File(self.path("w.h5")) as file:
                self.assertEqual(file["bmd"].shape[:2], (2, draws) if draws > 0 else (2, 2))
                half = np.atleast_1d(file["half"][()])[-1] if draws > 0 else float(next(iter(csv.DictReader(table().splitlines())))["pill.half [d]"])
                last = file["bmd"][(1, draws - 1) if draws > 0 else 1]
            self.osteon("run", "test.yaml", "-n", "70", "--set", "parameters.one.loss=0.02 1/y", "--set", f"parameters.pill.half={half!r} d",
                        "-o", "one.h5", "-q", "--force")
            with h5py.File(self.path("one.h5")) as file:
                np.testing.assert_array_equal(file["bmd"][()], last)

    def test_wrong(self):
        for words, code, part in (
            (["--draws", "3"], 2, "--draws: of which table? expected --parameters TABLE.csv"),
            (["--parameters", "fit.csv", "--draws", "10"], 2, "--draws: fit.csv has 9 draws beside its estimate; expected 0, "),
            (["--parameters", "fit.csv", "--draws", "1"], 2, "expected 0, for the estimate alone, or 2 to as"),
            (["--parameters", "fit.csv", "--subject", "3"], 2, "--parameters and --subject exclude each other"),
            (["--parameters", "fit.csv", "--dry-run"], 2, "--parameters and --dry-run exclude each other"),
            (["--parameters", "fti.csv"], 1, "fti.csv"),
            (["--parameters", "fit.csv", "--set", "parameters.one.loss=0.1 1/y"], 2, "is varied, and set to '0.1 1/y'"),
            (["--parameters", "none.csv"], 1, "none.csv:1: has no parameter of a model of the experiment 'test'"),
            (["--parameters", "unit.csv"], 1, "'one.loss' is measured in 1/y: another unit"),
            (["--parameters", "range.csv"], 1, "'one.loss' = 0.9 is not within 0.001..0.5 1/y"),
            (["--parameters", "name.csv"], 1, "model 'one' has no parameter 'los' (did you mean 'loss'?)"),
        ):
            head = "draw,one.loss [1/y]\n0,0.02\n"
            for name, text in (("none.csv", "draw,aibl.k_C [1/d]\n0,0.08\n1,0.07\n2,0.09\n"),
                               ("unit.csv", head.replace("1/y", "mg") + "1,0.1\n2,0.1\n"), ("range.csv", head + "1,0.9\n2,0.1\n"),
                               ("name.csv", head.replace("loss", "los") + "1,0.1\n2,0.1\n")):
                self.write(name, text)
            with self.subTest(words):
                self.assertIn(part, self.osteon("run", "test.yaml", *words, "-o", "w.h5", code=code))
                self.assertFalse(os.path.exists(self.path("w.h5")) or os.path.exists(self.path("w.h5.part")))
        self.draws("d.h5", "-q", "--draws", "2")
        self.assertIn("--versus: not for draws", self.osteon("show", "d.h5", "--versus", "control", code=2))


if __name__ == "__main__":
    unittest.main()
