#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of scripts/plot.py: labels, looks of arms, bands, marks, observations and footnote, seen in the figure's own
artists; names of any length; files with nothing to draw, and damaged ones, which give a message and an exit code. Takes
the path of osteon."""
import contextlib
import fcntl
import io
import os
import re
import resource
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

OSTEON = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else "osteon"
SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scripts")
PLOT = os.path.join(SCRIPTS, "plot.py")
sys.path.insert(0, SCRIPTS)
import plot  # noqa: E402
from plotting import page as pages  # noqa: E402
from plotting.figures import Options, figure_of  # noqa: E402
from plotting.results import Results, quantiles  # noqa: E402
from plotting.tornado import figure_of_analysis  # noqa: E402
from plotting.words import Refused, number  # noqa: E402

YEAR, MONTH = 365.25, 30.4375
TREATED = """
title: {title}
arms:
  control: {{}}
  drug: {{regimen: [{{drug: x, dose: 1 mg, interval: 1 day, stop: 5 year}}]}}
{more}
"""
COLUMNS = "role,trial,arm,population,drug_regimen,endpoint,site,time_months,statistic,value,unit,lower,upper," \
    "interval,n,citation,reference,note\n"


def write(path, arms=("control", "drug"), elements=("lumbar_spine", "total_hip"), days=None, n_subjects=9, text="",
          names=("bmd", "ctx"), values=None, units="g/cm2", labels=None, models=None, overrides=""):
    """A result file; values(arm index, subject index, days) gives the values of an element."""
    days = np.arange(0, 7.01, 0.25) * YEAR if days is None else np.asarray(days, float)
    values = values or (lambda a, s, t: 1 - 0.01 * (a + 1) * np.abs(t) / YEAR * (1 + 0.1 * s))
    table = np.array([[values(a, s, days) for s in range(n_subjects)] for a in range(len(arms))], float).reshape(
        len(arms), n_subjects, len(days))
    with h5py.File(path, "w", track_order=True) as file:
        file.attrs.update({"experiment": text, "overrides": overrides, "name": "made", "osteon_version": "9.8.7", "osteon_format": 1,
                           "seed": 42, "n_subjects": n_subjects, "n_done": n_subjects, "n_failed": 0})
        as_text = h5py.string_dtype()
        file.create_dataset("arm", data=list(arms), dtype=as_text)
        file.create_dataset("arm_label", data=list(labels or arms), dtype=as_text)
        file.create_dataset("time", data=days)
        file.create_dataset("subject", data=np.arange(n_subjects))
        if models:
            file.create_dataset("model", data=list(models), dtype=as_text)
        file.create_dataset("site", data=list(elements), dtype=as_text)
        file["site"].make_scale("site")
        for name in names:
            data = table
            if name.endswith("bmd"):
                data = np.repeat(table[:, None], len(elements), axis=1)
            if models:
                data = np.repeat(data[None], len(models), axis=0)
            file[name] = data.astype("f4")
            file[name].attrs.update({"units": units, "long_name": f"long name of {name}, and more"})
            if name.endswith("bmd"):
                file[name].dims[1 + bool(models)].attach_scale(file["site"])


class Made(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder, self.path = folder.name, os.path.join(folder.name, "made.h5")

    def page(self, **options):
        return figure_of(Results(self.path), Options(**options))

    def figure(self, **options):
        figure = pages.draw(self.page(**options))
        self.addCleanup(pages.plt.close, figure)
        return figure

    def plot(self, *words, code=0):
        """What the command prints, in this process: an exception that it does not catch fails the test."""
        printed, said = io.StringIO(), io.StringIO()
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(printed), contextlib.redirect_stderr(said):
            try:
                found = plot.main(list(words))
            except SystemExit as end:
                found = end.code
        self.assertEqual(found, code, said.getvalue())
        self.assertEqual(bool(said.getvalue()), code != 0, said.getvalue())
        return said.getvalue() or printed.getvalue()


def texts(figure):
    return [t.get_text() for t in figure.texts]


def lines(figure, panel=None):
    """{name of arm or model: (colour, dashes)} of the curves."""
    axes = figure.axes if panel is None else [figure.axes[panel]]
    return {line.get_gid().split(": ")[0]: (line.get_color(), line._unscaled_dash_pattern) for axis in axes for line in
            axis.lines if line.get_gid()}


def ticks(axis, which):
    return [t.get_text() for t in getattr(axis, f"get_{which}ticklabels")()]


class Labels(Made):
    def test_time_in_words(self):
        for text, label in (TREATED.format(title="t", more=""), "Years since start of treatment"), \
                ("population: {covariates: {years_since_menopause: 0 year}}", "Years since final menstrual period"), \
                ("population: {covariates: {years_since_menopause: -5 year}}", "Years since baseline"), \
                ("arms: {drug: {signals: [{signal: s, value: 1, start: 20 day}]}}", "Years since baseline"):
            write(self.path, text=text)
            for variables in ["bmd"], ["bmd", "ctx"]:
                self.assertIn(label, texts(self.figure(variables=variables)))
        write(self.path, days=range(0, 700, 30), text=TREATED.format(title="t", more=""))
        self.assertIn("Months since start of treatment", texts(self.figure()))
        write(self.path, days=range(0, 70, 3), text=TREATED.format(title="t", more="plot: {variables: [bmd, ctx]}"))
        self.assertIn("Days since start of treatment", texts(self.figure()))

    def test_baseline(self):
        write(self.path)
        self.assertIn("Change in BMD from baseline [%]", " ".join(texts(self.figure())).replace("\n", " "))
        write(self.path, days=np.arange(1, 7) * YEAR)
        self.assertIn("Change in BMD from year 1.0 [%]", " ".join(texts(self.figure(show="change"))).replace("\n", " "))

    def test_a_unit_is_never_alone(self):
        figure = Figure()
        FigureCanvasAgg(figure)
        writer = pages.Writer(figure)
        whole = "Change in scanned BMD from baseline [%]"
        for room in np.linspace(0.8, 3.2, 49):
            lines = writer.wrap(whole, room, 9)
            self.assertEqual(" ".join(lines), whole)
            self.assertFalse([line for line in lines if line.startswith("[")], room)

    def test_minus_and_thousands(self):
        write(self.path, days=np.arange(-5, 21) * YEAR)
        figure = self.figure()
        self.assertIn("\N{MINUS SIGN}5", ticks(figure.axes[0], "x"))
        self.assertFalse([t for a in figure.axes for t in ticks(a, "x") + ticks(a, "y") if "-" in t])
        self.assertTrue(any(t.startswith("\N{MINUS SIGN}") for t in ticks(figure.axes[0], "y")))
        write(self.path, values=lambda a, s, t: 20000 + 5000 * np.sin(t / YEAR), days=range(0, 20000, 500))
        figure = self.figure(show="value", time="day")
        self.assertIn("20,000", ticks(figure.axes[0], "y"))
        self.assertIn("10,000", ticks(figure.axes[0], "x"))
        self.assertEqual([number(x, 2) for x in (-1234567.8, -0.0, -0.004)],
                         ["\N{MINUS SIGN}1,234,567.80", "0.00", "0.00"])

    def test_small_values(self):
        write(self.path, values=lambda a, s, t: 0.004 + 1e-7 * t)
        self.assertIn("BMD [10⁻³ g/cm2]", " ".join(texts(self.figure(show="value"))).replace("\n", " "))

    def test_scale_of_what_is_drawn(self):
        """Medians near 0 below a wide band."""
        write(self.path, values=lambda a, s, t: 0.004 + 0 * t if s == 8 else 1e-11 + 0 * t)
        figure = self.figure(show="value")
        self.assertIn("BMD [10⁻³ g/cm2]", " ".join(texts(figure)).replace("\n", " "))
        self.assertLess(max(len(t) for t in ticks(figure.axes[0], "y")), 5)
        write(self.path, units="1", values=lambda a, s, t: 0.004 + 0 * t)
        self.assertIn("BMD [10⁻³]", " ".join(texts(self.figure(show="value"))).replace("\n", " "))

    def test_whole_names(self):
        """What follows the first comma of an output's name belongs to it."""
        write(self.path, names=["bmd", "x"])
        titles = [p.title for _, _, row in self.page(variables=["bmd", "x"], show="value").rows for p in row]
        self.assertIn("Long name of x, and more [g/cm2]", titles)
        self.assertEqual(self.page(variables=["x"]).y_label, "Change in long name of x, and more, from baseline [%]")
        with h5py.File(self.path, "a") as file:
            file["bmd"].attrs["long_name"] = "resorption, of all"
            file.move("bmd", "resorption")
        titles = [p.title for _, _, row in self.page(variables=["resorption", "x"]).rows for p in row]
        self.assertEqual(titles[0], "Resorption, of all: lumbar spine [% change from baseline]")

    def test_whole_numbers(self):
        """0 and 1 are drawn as percent of the subjects, other small whole numbers as means: percentiles say little."""
        days = np.arange(0, 7.01) * YEAR
        write(self.path, names=["x"], arms=["a"], days=days, n_subjects=8, units="1",
              values=lambda a, s, t: np.where((s < 3) & (t > YEAR), 1.0, np.where((s > 6) & (t > YEAR), np.nan, 0)))
        page = self.page()
        curve = page.rows[0][2][0].curves[0]
        self.assertEqual((curve.bands[1][0], curve.has_band), (0, False))
        self.assertAlmostEqual(curve.bands[1][-1], 100 * 3 / 7)
        self.assertEqual(page.y_label, "Long name of x, and more [% of subjects with 1]")
        self.assertIn("Lines: means of 8 simulated subjects (7 to 8 have a value).", page.foot[0])
        write(self.path, names=["x"], arms=["a"], days=days, n_subjects=9, values=lambda a, s, t: s % 3 + 0 * t)
        self.assertEqual(self.page(show="value").rows[0][2][0].curves[0].bands[1][0], 1)
        for other in 0.5, -1, 300:
            write(self.path, names=["x"], arms=["a"], days=days, values=lambda a, s, t, x=other: x * (s % 2) + 0 * t)
            self.assertTrue(self.page().rows[0][2][0].curves[0].has_band)

    def test_periodic_dosing(self):
        """Values that stand still under regular doses are explained: they differ from the one after the last dose."""
        text = TREATED.format(title="t", more="")
        for dosing, said in ("periodic", True), ("exact", False):
            write(self.path, names=["x"], text=text, values=lambda a, s, t: np.where((t == 5 * YEAR) & (a == 1), 50.0, 37))
            with h5py.File(self.path, "a") as file:
                file.attrs["dosing"] = dosing
            self.assertEqual("Periodic dosing: " in self.page(show="value").foot[0], said)
            self.assertNotIn("Periodic dosing: ", self.page(show="value", arms=["control"]).foot[0])

    def test_changes(self):
        """A long list is counted; of --subject, the subject is named, and its output times are no change."""
        times = ", ".join(f"{i * 6.0875} d" for i in range(421))
        write(self.path, overrides=f"solver.list=[{times}]")
        self.assertEqual(self.page().changes, "Changed (--set): solver.list=[421 values]")
        for subject in 0, 12:
            write(self.path, n_subjects=1, overrides=f"times=[{times}]\noutputs=all\npopulation.cohort=100\n"
                  f"population.first_subject={subject}\npopulation.subjects=1")
            with h5py.File(self.path, "a") as file:
                file.attrs["first_subject"] = subject
            page = self.page()
            self.assertEqual(page.changes, "")
            self.assertIn(f"Subject {subject} of the cohort.", page.foot[0])
        mark = " # subject 6 of mine.h5\n"
        write(self.path, n_subjects=1, overrides="parameters.a.b=1\n" + mark.join((
            "outputs=all", "population.cohort=100", "population.first_subject=22", "population.subjects=1",
            "population.strata=~", "")))
        self.assertEqual(self.page().changes, "Changed (--set): parameters.a.b=1")
        self.assertIn("Subject 6 of mine.h5.", self.page().foot[0])
        write(self.path, n_subjects=1, text="population: {subjects: 1}")
        self.assertIn("One subject.", self.page().foot[0])

    def test_footnote(self):
        write(self.path, n_subjects=1200, elements=["hip"], names=["bmd"],
              overrides="population.subjects=1200\narms.drug.regimen.0.dose=0.5 mg\nparameters.aibl.k_C=0.1 1/d")
        foot = " ".join(texts(self.figure()))
        for part in "medians of 1,200 simulated subjects", "osteon 9.8.7, seed 42", \
                "Changed (--set): arms.drug.regimen.0.dose=0.5 mg; parameters.aibl.k_C=0.1 1/d":
            self.assertIn(part, foot)
        self.assertNotIn("population.subjects", foot)

    def test_subjects_without_values(self):
        """Subjects who leave count until they do."""
        write(self.path, names=["bmd"], arms=["a"], n_subjects=8,
              values=lambda a, s, t: np.where(t > s * YEAR, np.nan, 1 + 0.01 * s * t / YEAR))
        page = self.page()
        self.assertIn("8 simulated subjects (1 to 8 have a value)", " ".join(page.foot))
        with h5py.File(self.path, "a") as file:
            file.attrs["n_eligible"] = 8
        self.assertIn("Lines: medians of 8 simulated subjects (1", " ".join(self.page().foot))
        with h5py.File(self.path, "a") as file:
            file.attrs["n_eligible"] = 6
        self.assertIn("Lines: medians of 6 eligible of 8 simulated subjects (1", " ".join(self.page().foot))
        self.assertAlmostEqual(page.rows[0][2][0].curves[0].bands[1][4], 4, places=4)  # year 1: of 1 to 7 %
        y = np.random.default_rng(1).normal(size=(31, 50))
        y[:, 3], y[4:, 5], y[2, 7] = np.nan, np.nan, np.inf
        found, n = quantiles(y)
        self.assertEqual((n[3], n[5], n[7], n[8]), (0, 4, 30, 31))
        y[2, 7] = np.nan
        with np.errstate(all="ignore"), contextlib.redirect_stderr(io.StringIO()):
            np.testing.assert_allclose(found, np.nanpercentile(y, [5, 50, 95], axis=0), rtol=1e-12)


class Looks(Made):
    arms = ["control"] + [f"drug {i}" for i in range(11)]
    text = "arms: {" + ", ".join(f"drug {i}: {{regimen: [{{drug: x, dose: 1 mg, interval: 1 day}}]}}" for i in
                                 range(11)) + ", control: {}}"

    def test_one_look_for_one_arm(self):
        write(self.path, arms=self.arms, text=self.text, n_subjects=3, names=["bmd", "ctx", "ntx"])
        alone = lines(self.figure())
        self.assertEqual(set(alone), set(self.arms))
        self.assertEqual(len({str(look) for look in alone.values()}), 12)
        self.assertEqual(lines(self.figure(variables=["ctx", "ntx"])), alone)
        some = lines(self.figure(variables=["ctx"], arms=["drug 7", "control"]))
        self.assertEqual(some, {a: alone[a] for a in ("control", "drug 7")})

    def test_bands(self):
        """At most three in a panel: with more arms, one with each arm's own row."""
        for n_arms in range(1, 9):
            write(self.path, arms=self.arms[:n_arms], text=self.text)
            for variables in ["bmd"], ["bmd", "ctx"]:
                page = self.page(variables=variables)
                for panel in [p for _, _, row in page.rows for p in row]:
                    strong = [c for c in panel.curves if not c.is_faint]
                    self.assertEqual([len(strong), len(panel.curves)], [n_arms if n_arms < 4 else 1, n_arms])
                    self.assertEqual([c.has_band for c in panel.curves], [not c.is_faint for c in panel.curves])
        write(self.path, arms=self.arms[:4], text=self.text, n_subjects=3)
        axes = self.figure(variables=["bmd", "ctx"]).axes
        self.assertEqual(len({a.get_ylim() for a in axes[::3]}), 1)  # rows can be compared
        write(self.path, models=["a", "b"])
        self.assertFalse([c for _, _, row in self.page().rows for p in row for c in p.curves if c.has_band])
        write(self.path, models=["a", "b", "c", "d"])
        self.assertFalse([c for _, _, row in self.page().rows for p in row for c in p.curves if c.has_band])
        with h5py.File(self.path, "a") as file:
            file["bmd"][1, :, 0] = file["bmd"][2, 0] = np.nan
            file.attrs["arms_left_out"] = f"c: arm '{self.arms[0]}': no effect"
        self.assertRegex(self.page().rows[0][2][0].note, "no such output in b$")
        write(self.path, n_subjects=1, arms=self.arms, text=self.text)
        self.assertEqual(len(self.page().rows[0][2][0].curves), 12)


class WithoutTime0(Made):
    def test_values(self):
        """Of a file whose first output is half an hour after time 0, values, as osteon show has them."""
        for days, shown in ([0.5 / 24, 1 / 24, 2 / 24, 1, 7], "value"), ([0, 1 / 24, 2 / 24, 1, 7], "change"), \
                ([0.3, 30, 60, 90], "change"):
            write(self.path, days=days)
            self.assertEqual(self.page().y_label.startswith("Change in"), shown == "change", days)


class Evidence(Made):
    more = """
evidence:
  table: evidence.csv
  compare: [{arm: drug, trial: ONE, trial_arm: x}, {arm: drug, trial: TWO, trial_arm: x}]
"""

    def setUp(self):
        super().setUp()
        rows = ["calibrate,ONE,x,,,BMD_change,LS,24,mean,-3,percent,-4,-2,95ci,10,,,",
                "validate,TWO,x,,,BMD_change,LS,24,mean,-4,percent,,,none,10,,,",
                "calibrate,ONE,x,,,marker_change,sCTX,12,mean,-2,percent,,,none,10,,,",
                "validate,TWO,x,,,BMD_change_from_year5,LS,84,mean,1,percent,,,none,10,,,",
                "validate,TWO,x,,,BMD_difference,LS,24,mean,1,percentage_points_between_arms,,,none,10,,,"]
        with open(os.path.join(self.folder, "evidence.csv"), "w", encoding="utf-8") as file:
            file.write(COLUMNS + "\n".join(rows) + "\n")
        self.text = TREATED.format(title="t", more=self.more)

    def test_in_panels_of_variables(self):
        write(self.path, text=self.text + "plot: {variables: [bmd, ctx], show: change}\n")
        page = self.page()
        panels = page.rows[0][2]
        self.assertEqual([p.title for p in panels], ["BMD, lumbar spine [% change from baseline]",
                         "BMD, total hip [% change from baseline]", "CTX [% change from baseline]"])
        self.assertEqual([[(round(q.x, 6), q.trial) for q, _ in p.points] for p in panels],
                         [[(2, "ONE"), (2, "TWO"), (7, "TWO")], [], [(1, "ONE")]])
        lanes = [[(round(x, 9) for x in bar) for _, lane in p.lanes for bar in lane.bars] for p in panels]
        self.assertEqual([[tuple(bar) for bar in of_panel] for of_panel in lanes], [[(0, 5)]] * 3)
        self.assertIn(("treatment", "bar", "0.35"), page.legend)
        self.assertNotEqual(page.markers["ONE"], page.markers["TWO"])
        self.assertEqual([m for _, kind, m in page.legend if kind == "marker"], list(page.markers.values()))
        self.assertIn("1 observed difference between arms not drawn: see 'osteon validate'.", page.foot[0])

    def test_where_changes_count_from(self):
        """A change from month 6 begins on the median there, as one from a year does; one from a moment of its own needs
        'from' and 'to'."""
        words = ["from_month12", "from_year1", "in_year2", "year1_to_2", "after_stop", "from_third_infusion"]
        with open(os.path.join(self.folder, "evidence.csv"), "w", encoding="utf-8") as file:
            file.write(COLUMNS + "".join(f"validate,ONE,x,,,BMD_change_{w},LS,24,mean,-2,percent,,,none,10,,,\n" for w in words))
        write(self.path, text=self.text + "plot: {variables: [bmd], show: change}\n")
        points = self.page().rows[0][2][0].points
        self.assertEqual([(q.x, round(q.start[0], 6)) for q, _ in points], [(2, 1)] * 4)
        self.assertEqual(len({q.y for q, _ in points}), 1)

    def test_a_table_with_semicolons(self):
        write(self.path, text=self.text)
        with open(os.path.join(self.folder, "evidence.csv"), "w", encoding="utf-8") as file:
            file.write(COLUMNS.replace(",", ";"))
        with self.assertRaisesRegex(Refused, "separated by ';'; they have to be by ','"):
            self.page()

    def test_variables_that_the_file_lacks(self):
        write(self.path, text=self.text + "plot: {variables: [bmd, estradiol, 'p1np[x]'], show: change}\n")
        done = subprocess.run([sys.executable, PLOT, self.path, "-o", os.path.join(self.folder, "f.png")],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.stderr.count("not drawn, as the file does not have it: estradiol, p1np[x]\n"), 1)
        with contextlib.redirect_stderr(io.StringIO()) as said:
            titles = [p.title.split(" [")[0] for p in self.page().rows[0][2]]
        self.assertEqual(titles, ["Lumbar spine", "Total hip"])
        self.assertEqual(said.getvalue().count("\n"), 1)
        with self.assertRaisesRegex(Refused, "no variable 'estradiol'; it has bmd, ctx"):
            self.page(variables=["bmd", "estradiol"])
        write(self.path, text=self.text + "plot: {variables: [estradiol, p1np]}\n")
        with self.assertRaisesRegex(Refused, "no variable 'estradiol'"):
            self.page()

    def test_what_is_compared(self):
        """Points of BMD stand over scans where the file has them, which they are compared with, and over no density."""
        write(self.path, text=self.text, names=["bmd", "scanned_bmd", "ctx"])
        page = self.page()
        self.assertEqual(page.y_label, "Change in scanned BMD from baseline [%]")
        self.assertEqual([len(p.points) for p in page.rows[0][2]], [3, 0])
        self.assertEqual([len(p.points) for p in self.page(variables=["bmd"]).rows[0][2]], [0, 0])
        write(self.path, text=self.text.partition("evidence:")[0], names=["bmd", "scanned_bmd", "ctx"])
        self.assertEqual(self.page().y_label, page.y_label)  # with evidence or without

    def test_other_spellings(self):
        """Sites, endpoints, intervals and units in any spelling that osteon reads, in rows and in comparisons."""
        table = os.path.join(self.folder, "evidence.csv")
        row = "calibrate,ONE,x,,,BMD_change,LS,24,mean,-3,percent,,0.5,se,10,,,"
        pages = []
        for new in "LS", "lumbar spine", "L2-L4 (left)":
            with open(table, "w", encoding="utf-8") as file:
                file.write(COLUMNS + row.replace("LS", new).replace("percent", "%").replace("se,", "SEM,") + "\n")
            for site in ("",) if "(" in new else ("", ", site: LS", ", site: spine"):
                write(self.path, text=self.text.replace("trial_arm: x", "trial_arm: x" + site))
                pages.append(self.page())
        with open(os.path.join(self.folder, "endpoints.csv"), "w", encoding="utf-8") as file:
            file.write("site,endpoint,also,kind,output,class\nspine1,,,,bmd[lumbar_spine],BMD\n")
        with open(table, "w", encoding="utf-8") as file:
            file.write(COLUMNS + row.replace("LS", "spine1") + "\n" + row.replace("LS", "CTX").replace("24", "12"))
        write(self.path, text=self.text)
        pages.append(self.page(variables=["bmd", "ctx"]))
        panels = [p for p in pages[-1].rows[0][2] if p.points]
        self.assertEqual(len(panels), 2)  # by the dictionary beside the table, and by the shipped one
        for page in pages[:-1]:
            (point, _), = page.rows[0][2][0].points
            self.assertAlmostEqual(point.x, 2)
            self.assertAlmostEqual(point.y, -3)
            self.assertAlmostEqual(point.upper, -3 + 1.96 * 0.5)
            self.assertNotIn("not drawn", page.foot[0])

    def test_roles(self):
        """They are of the table, whatever was fitted to it."""
        write(self.path, text=self.text)
        self.assertIn("filled: role calibrate (for fitting), hollow: role validate (for testing)",
                      self.page().foot[0])

    def test_not_drawn(self):
        """What the figure has no place for is counted, with the command that shows it."""
        write(self.path, text=self.text.replace("trial: TWO,", "trial: TWO, versus: control,"))
        self.assertIn("3 observed differences between arms not drawn: see 'osteon show made.h5 --versus control' or "
                      "'osteon validate'.", self.page().foot[0])
        write(self.path, text=self.text, days=np.arange(0, 3) * YEAR)
        self.assertIn("1 observation of other kinds, times or units not drawn: see 'osteon show made.h5'",
                      self.page().foot[0])

    def test_one_subject(self):
        write(self.path, text=self.text + "population: {subjects: 1}\n", n_subjects=1)
        foot = self.page(show="value").foot[0]
        for part in "Points: observed in groups of people, not in this subject;", \
                "Changes observed in percent are drawn from the simulated value at their start.", \
                "drawn from the simulated value there":
            self.assertIn(part, foot)
        self.assertNotIn("median", foot)

    def test_later_start(self):
        """A change from year 5 begins on the simulated median of year 5."""
        write(self.path, text=self.text)
        page = self.page()
        panel = page.rows[0][2][0]
        later = panel.points[2][0]
        median = next(c for c in panel.curves if c.key.startswith("drug")).bands[1]
        start = median[np.argmin(np.abs(page.x - 5))]
        self.assertEqual(later.start, (5, start))
        self.assertAlmostEqual(later.y, 100 * ((1 + start / 100) * 1.01 - 1))

    def test_as_ratio_and_value(self):
        write(self.path, text=self.text)
        self.assertAlmostEqual(self.page(show="ratio").rows[0][2][0].points[0][0].y, 0.97)
        self.assertAlmostEqual(self.page(show="value").rows[0][2][0].points[1][0].y, 0.96, places=6)

    def test_levels(self):
        """Levels are drawn in the output's unit, where theirs is a concentration too."""
        with open(os.path.join(self.folder, "evidence.csv"), "w", encoding="utf-8") as file:
            rows = ("validate", "{},x,,,estradiol_level,estradiol,24,mean,2,{},1,3,95ci,10,,,\n")
            file.write(COLUMNS + "".join(",".join(rows).format(*words) for words in
                                         (("ONE", "pg_per_mL"), ("TWO", "nmol_per_L"))))
        compare = self.text.replace("trial: ONE,", "trial: ONE, unit: 3.5 pmol/L,")
        for text, values in (compare, [7, 2000]), (self.text, [2000]):
            write(self.path, names=["estradiol"], units="pmol/L", text=text)
            panel = self.page(variables=["estradiol"], show="value").rows[0][2][0]
            self.assertEqual([round(q.y, 6) for q, _ in panel.points], values)
            self.assertEqual(self.page(show="change").rows[0][2][0].points, [])

    def test_wrong_tables(self):
        write(self.path, text=self.text)
        table = os.path.join(self.folder, "evidence.csv")
        for content, code in (b"\xff\xfe\x00", 1), (b"a,b\n1,2\n", 1), (b"", 0), (COLUMNS.encode() + b"calibrate\n", 0):
            with open(table, "wb") as file:
                file.write(content)
            said = self.plot("made.h5", code=code)
            if code:
                self.assertIn("evidence.csv: ", said)
        os.remove(table)
        os.mkfifo(table)
        self.assertIn("not a regular file", self.plot("made.h5", "--evidence", "evidence.csv", code=1))
        os.remove(table)
        self.assertIn("evidence.csv not found", subprocess.run(
            [PLOT, "made.h5"], cwd=self.folder, capture_output=True, text=True, check=True).stderr)


class Lanes(Made):
    """Above a panel, what each treated arm is given."""
    calcium = "signals: [{signal: calcium, value: 1 g/d}]"

    def lanes(self, text, arms, **options):
        """{arm: (bars, doses, what is given on a condition)} in years, and the words of the legend."""
        write(self.path, arms=arms, text=f"arms: {{{text}}}")
        page = self.page(variables=["bmd[total_hip]"], **options)
        panel = page.rows[0][2][0]
        of = {c.style.colour: c.key.split(":")[0] for c in panel.curves}
        pairs = [[[tuple(np.round(x, 9).tolist()) for x in what] for what in (lane.bars, lane.may_be)] for _, lane in panel.lanes]
        found = {of[colour]: (bars, np.round(lane.doses, 9).tolist(), may_be)
                 for (colour, lane), (bars, may_be) in zip(panel.lanes, pairs)}
        return found, [text for text, kind, _ in page.legend if kind in ("bar", "may_be", "dose")]

    def test_that_meet_and_end(self):
        found, words = self.lanes("""
  a: {regimen: [{drug: x, dose: 1 mg, interval: 1 day, stop: 2 year}]},
  b: {regimen: [{drug: x, dose: 1 mg, interval: 1 day, stop: 2 year},
                {drug: y, dose: 1 mg, interval: 1 day, start: 2 year, stop: 3 year}]},
  c: {}""", ["a", "b", "c"])
        self.assertEqual(found, {"a": ([(0, 2)], [], []), "b": ([(0, 2), (2, 3)], [], [])})
        self.assertEqual(words, ["treatment (gap: a change)"])
        found, _ = self.lanes("""
  a: {regimen: [{drug: x, dose: 1 mg, interval: 1 day, stop: 2 year},
                {drug: x, dose: 1 mg, interval: 1 day, start: 4 year, stop: 5 year}]}, b: {}""", ["a", "b"])
        self.assertEqual(found, {"a": ([(0, 2), (4, 5)], [], [])})

    def test_of_doses(self):
        """Doses that are far apart are shown, also where one arm alone has them; none at a stop or the last time."""
        found, words = self.lanes("""
  a: {regimen: [{drug: x, dose: 1 mg, interval: 1 year, stop: 3 year}]},
  b: {regimen: [{drug: x, dose: 1 mg, interval: 1 month}, {drug: y, dose: 5 mg, start: 3 year, duration: 15 min}]},
  c: {regimen: [{drug: x, dose: 1 mg, start: -1 year, interval: 2 year}]}""", ["a", "b", "c"])
        self.assertEqual(found, {"a": ([], [0, 1, 2], []), "b": ([(0, 7)], [3], []), "c": ([], [1, 3, 5], [])})
        self.assertEqual(words, ["treatment", "dose"])

    def test_of_infusions(self):
        """Infusions of months are bars, of minutes marks, those of a patch one bar."""
        found, words = self.lanes("""
  a: {regimen: [{drug: x, dose: 1 mg, interval: 1 year, duration: 3 month, start: -1 month, stop: 2 year}]},
  b: {regimen: [{drug: x, dose: 1 mg, interval: 1 year, duration: 15 min, stop: 2 year},
                {drug: y, dose: 1 mg, start: 3 year, duration: 6 month}]},
  c: {regimen: [{drug: x, dose: 1 mg, interval: 7 day, duration: 7 day, stop: 2 year}]}""", ["a", "b", "c"])
        ends = np.round([0, 2 / 12, 11 / 12, 14 / 12, 23 / 12, 26 / 12], 9).tolist()
        self.assertEqual(found, {"a": (list(zip(ends[::2], ends[1::2])), [], []), "b": ([(3, 3.5)], [0, 1], []), "c": ([(0, 2)], [], [])})
        self.assertEqual(words, ["treatment", "dose"])

    def test_of_formulas(self):
        """A formula that is the same for all is its value; others depend on the subject."""
        found, words = self.lanes("""
  a: {regimen: [{drug: x, dose: 1 mg, interval: 1 day, start: "1 [year] + 2*3 [month]", stop: "min(persistence, 5 [y])"}]},
  b: {regimen: [{drug: x, dose: 1 mg, interval: 1 day, start: shift, stop: {formula: "delay + 1 [y]"}}]},
  c: {regimen: [{drug: x, dose: 1 mg, interval: 1 day, stop: "age - 50 [y]"}]}}
population: {covariates: {persistence: 3 year, shift: {formula: "-2 [y] + 3 [y]"}, delay: {value: 12 month},
                          age: {distribution: normal, mean: 60 y, sd: 5 y}}""", ["a", "b", "c"])
        self.assertEqual(found, {"a": ([(1.5, 3)], [], []), "b": ([(1, 2)], [], []), "c": ([], [], [(0, 7)])})
        self.assertEqual(words, ["treatment", "treatment on a condition"])

    def test_of_a_background(self):
        """What all have throughout is not shown, and nothing is where nothing begins or ends."""
        drug = "regimen: [{drug: x, dose: 1 mg, interval: 1 day}]"
        stopped = drug.replace("1 day}", "1 day, stop: 3 year}")
        found, _ = self.lanes(f"a: {{{self.calcium}}}, b: {{{stopped}, {self.calcium}}}", ["a", "b"])
        self.assertEqual(found, {"b": ([(0, 3)], [], [])})
        self.assertEqual(self.lanes(f"a: {{{self.calcium}}}, b: {{{drug}, {self.calcium}}}", ["a", "b"]), ({}, []))
        found, _ = self.lanes(f"a: {{{stopped}}}, b: {{{stopped}}}", ["a", "b"])
        self.assertEqual(found, {"a": ([(0, 3)], [], []), "b": ([(0, 3)], [], [])})

    def test_on_a_condition(self):
        found, words = self.lanes("""
  a: {regimen: [{drug: x, dose: 1 mg, interval: 1 day},
                {drug: y, dose: 1 mg, interval: 6 month, start: 1 year, begin_if: bmd < 1, visits: 1 year}]},
  b: {regimen: [{drug: x, dose: 1 mg, interval: 1 day, start: "age - 50", stop: 4 year}]}""", ["a", "b"])
        self.assertEqual(found, {"a": ([(0, 7)], [], [(1, 7)]), "b": ([], [], [(0, 4)])})
        self.assertEqual(words, ["treatment", "treatment on a condition"])

    def test_apart_from_each_other(self):
        """Lanes are between the title and the panel, in the order of the legend, none on another."""
        arms = [f"a{i}" for i in range(5)]
        line = "regimen: [{drug: x, dose: 1 mg, interval: 1 day, stop: 2 year}, {drug: y, dose: 1 mg, start: 2 year}]"
        write(self.path, arms=arms, n_subjects=1, text=f"arms: {{{', '.join(f'{a}: {{{line}}}' for a in arms)}}}")
        figure = self.figure(variables=["bmd", "ctx"])
        colours = [colour for colour, _ in lines(figure).values()]
        for axis in figure.axes:
            bars = [line for line in axis.lines if not line.get_gid() and line.get_color() in colours]
            heights = [axis.bbox.y0 + axis.bbox.height * line.get_ydata()[0] for line in bars if len(line.get_xdata()) == 2]
            self.assertEqual(len(heights), 5)
            self.assertGreater(min(np.diff(sorted(heights))), 0.07 * figure.dpi)
            self.assertEqual([line.get_color() for line in bars if len(line.get_xdata()) == 2], colours[::-1])
            figure.canvas.draw()
            titles = [t.get_window_extent().y0 for t in figure.texts if t.get_text().startswith(("BMD", "CTX"))]
            self.assertTrue(all(y > max(heights) or y < axis.bbox.y1 for y in titles))
        self.assertEqual([len(line.get_xdata()) for line in figure.axes[0].lines if line.get_marker() == "v"], [1] * 5)


class Lengths(Made):
    """Texts are whole, inside the figure, and apart from each other and from the panels."""

    def check(self, figure, whole):
        figure.canvas.draw()
        renderer = figure.canvas.get_renderer()
        boxes = [(t.get_text(), t.get_window_extent(renderer)) for t in figure.texts]
        boxes += [(t.get_text(), t.get_window_extent(renderer)) for a in figure.axes for t in
                  a.get_xticklabels() + a.get_yticklabels() if t.get_text() and t.get_visible() and self.is_on(a, t)]
        page = figure.bbox
        for text, box in boxes:
            self.assertTrue(page.x0 - 1 <= box.x0 and box.x1 <= page.x1 + 1 and page.y0 - 1 <= box.y0 and
                            box.y1 <= page.y1 + 1, f"'{text}' is cut")
        boxes += [(f"panel {i}", a.get_window_extent(renderer)) for i, a in enumerate(figure.axes)]
        for i, (text, a) in enumerate(boxes):
            for other, b in boxes[:i]:
                x, y = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
                self.assertFalse(x > 2 and y > 3, f"'{text}' is on '{other}'")
        joined = re.sub(r"\s", "", "".join(texts(figure))).lower()
        for text in whole:
            self.assertTrue(re.sub(r"[\s_]", "", text).lower() in joined, f"'{text}' is not whole")

    @staticmethod
    def is_on(axis, label):
        which = "x" if label in axis.get_xticklabels() else "y"
        low, high = sorted(getattr(axis, f"get_{which}lim")())
        at = label.get_position()[which == "y"]
        return low <= at <= high

    def test_long_names(self):
        long = "A very long name of an arm with many drugs, doses and intervals one after the other, "
        for n_arms, n_panels, n_subjects in (1, 1, 1), (3, 9, 5), (5, 1, 5), (12, 3, 3), (8, 9, 1):
            with self.subTest(arms=n_arms, panels=n_panels):
                labels = [f"{i} {long * (1 + i % 3)}{'x' * 90}" for i in range(n_arms)]
                elements = [f"site_{i}_{'of_a_long_name_' * (i % 4)}" for i in range(n_panels)]
                title = "Title " * 60
                write(self.path, arms=[f"a{i}" for i in range(n_arms)], labels=labels, elements=elements, names=["bmd"],
                      n_subjects=n_subjects, text=TREATED.format(title=title, more=""), overrides="a.b=" + "c" * 300,
                      days=np.arange(-2, 3, 0.25) * YEAR)
                self.check(self.figure(), [title, *labels, *elements])

    def test_panels_of_variables(self):
        names = ["bmd", "ctx"] + [f"output_{i}_{'with_a_long_name_' * i}" for i in range(6)]
        for n_arms in 1, 4:
            write(self.path, arms=[f"a{i}" for i in range(n_arms)], names=names, n_subjects=3,
                  values=lambda a, s, t: 123456 + 10000 * np.sin(t / 300 + s))
            self.check(self.figure(variables=names, show="value"), names[3:4])
            self.check(self.figure(variables=names[1:4], show="change", panels="arms"), [])

    def test_models(self):
        models = ["m" * 40 + str(i) for i in range(5)]
        for arms in ["a", "b"], ["a"]:
            write(self.path, arms=arms, labels=["label " * 40 for _ in arms], models=models)
            self.check(self.figure(), models)

    def test_signs_that_are_no_letters(self):
        """Dollars do not begin a formula; control characters do not reach an SVG file."""
        write(self.path, arms=["a", "b"], labels=["$\\frac{1}", "\x1b[31m\x07 \ud7ff \n b"], text="title: 'x_{$^'")
        for name in "f.svg", "f.png", "f.pdf":
            self.plot("made.h5", "-o", name)
        with open(os.path.join(self.folder, "f.svg"), encoding="utf-8") as file:
            self.assertNotRegex(file.read(), "[\x00-\x08\x0b-\x1f]")


class InPlace(Made):
    def test_links_and_devices(self):
        """A link stays: the file that it leads to is written, a device in place."""
        write(self.path)
        for name, target in (("link.svg", "real.svg"), ("full.png", "/dev/full"), ("null.pdf", "/dev/null")):
            os.symlink(target, os.path.join(self.folder, name))
        self.plot("made.h5", "-o", "link.svg")
        self.plot("made.h5", "-o", "null.pdf")
        self.assertIn("full.png: No space left on device", self.plot("made.h5", "-o", "full.png", code=4))
        for name in "link.svg", "full.png", "null.pdf":
            self.assertTrue(os.path.islink(os.path.join(self.folder, name)), name)
        self.assertGreater(os.path.getsize(os.path.join(self.folder, "real.svg")), 1000)
        self.assertEqual([name for name in os.listdir(self.folder) if "part" in name], [])


class Refusals(Made):
    def refused(self, message, code, *words):
        said = self.plot("made.h5", "-o", "made.png", *words, code=code)
        self.assertRegex(said, message)
        self.assertLess(len(said), 600)
        self.assertFalse(os.path.exists(os.path.join(self.folder, "made.png")))

    def test_what_verify_refuses(self):
        """A bit of a value, of a hidden dataset, a link that is not drawn: nothing of it shows in the figure."""
        subprocess.run([OSTEON, "run", "menopause", "-n", "8", "-q", "-o", "made.h5"], cwd=self.folder, check=True)
        with open(self.path, "rb") as file:
            whole = file.read()
        self.plot("made.h5", "-o", "whole.png")
        for at in len(whole) // 3, len(whole) // 2, len(whole) - 100:
            with open(self.path, "wb") as file:
                file.write(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1:])
            self.refused("damaged", 4)
        for target in h5py.SoftLink("/bmd"), h5py.ExternalLink("other.h5", "/bmd"):
            with open(self.path, "wb") as file:
                file.write(whole)
            with h5py.File(self.path, "r+") as file:
                file["added"] = target
            self.refused("'added' is a link to another place", 4)

    def test_nothing_to_draw(self):
        write(self.path, values=lambda a, s, t: np.full(len(t), np.nan))
        self.refused("bmd: no subject has a value", 1)
        write(self.path, days=[0])
        self.refused("it has 1 output time; a figure needs two", 1)
        write(self.path, n_subjects=0)
        self.refused("no output over subjects and times", 4)
        write(self.path, names=["ctx"], values=lambda a, s, t: t * 1.0)
        self.plot("made.h5", "-o", "value.png")  # values, as there is no change
        self.refused("ctx is 0 at time 0 in some subjects, so that it has no change", 1, "--show", "change")
        self.refused("no variable 'bmd'; it has ctx", 1, "--variables", "bmd")
        self.refused("no arm 'drgu'; it has control, drug", 1, "--arms", "drgu")
        write(self.path)
        self.refused("bmd has no element 'hip'; it has lumbar_spine, total_hip", 1, "--variables", "bmd[hip]")
        page = self.page(variables=["bmd[total_hip]"])
        self.assertEqual(page.y_label, "Change in BMD, total hip, from baseline [%]")
        self.assertEqual(page.rows[0][2][0].curves[0].key, "control: bmd[total_hip]")
        os.remove(self.path)
        self.refused("made.h5: no such file", 1)
        os.mkfifo(self.path)
        self.refused("not a regular file", 4)

    def test_usage(self):
        write(self.path)
        for words in ["-o", "x.jpeg"], ["-o", "x"], ["--dpi", "0"], ["--show", "all"], ["--size"], ["--arms", "drug", "--arms", "control"]:
            self.plot("made.h5", *words, code=2)
        text = self.plot("--help")
        self.assertEqual(re.findall(r"(?m)^  (\d)  ", text.split("exit codes:")[1]), ["0", "1", "2", "4"])
        self.plot("made.h5", "-o", "nowhere/x.png", code=4)
        self.plot("made.h5")
        self.assertTrue(os.path.exists(os.path.join(self.folder, "made.png")))

    def test_no_hdf5(self):
        for content in b"", b"title: x\n", b"OSJ1\0\0\0\0", b"\x89HDF\r\n\x1a\n" + b"\xff" * 5000, os.urandom(3000):
            with open(self.path, "wb") as file:
                file.write(content)
            self.refused("'osteon merge'" if content.startswith(b"OSJ1") else "made.h5",
                         1 if content.startswith(b"OSJ1") else 4)

    def test_in_use(self):
        write(self.path)
        with open(self.path, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self.refused("made.h5: another process is writing it", 4)

    def test_first_order_above_its_total(self):
        """Both are seen, each with its interval, and the foot says what it means."""
        text, sizes = h5py.string_dtype(), {"first": [[0.4, 0.2]], "total": [[0.3, 0.5]]}
        with h5py.File(self.path, "w") as file:
            file.attrs.update({"analysis_method": "sobol", "title": "t", "n_done": 9})
            for name, words in {"endpoint": ["e"], "endpoint_unit": ["%"], "endpoint_meaning": ["m"], "input": ["a", "b"],
                                "factor_input": ["a", "b"], "factor": ["a", "b"], "factor_meaning": ["one", "two"]}.items():
                file.create_dataset(name, data=words, dtype=text)
            file["point"] = np.arange(8.0)
            for name, size in sizes.items():
                for end, by in ("", 0), ("_lower", -0.1), ("_upper", 0.1):
                    file[name + end] = np.array(size) + by
        figure = figure_of_analysis(self.path, None)
        bars = sorted(figure.axes[0].patches, key=lambda bar: bar.get_y())
        self.assertEqual([round(bar.get_width(), 6) for bar in bars], [0.3, 0.4, 0.5, 0.2])
        for below, above in zip(bars, bars[1:]):
            self.assertLessEqual(below.get_y() + below.get_height(), above.get_y() + 1e-9)
        lines = [segment for lines in figure.axes[0].collections for segment in lines.get_segments()]
        self.assertEqual(sorted(round(line[1][0], 6) for line in lines), [0.3, 0.4, 0.5, 0.6])
        self.assertIn("noise of sampling", " ".join(figure._supxlabel.get_text().split()))

    def test_truncated(self):
        write(self.path)
        with open(self.path, "rb") as file:
            whole = file.read()
        for n in np.linspace(8, len(whole) - 1, 12).astype(int):
            with open(self.path, "wb") as file:
                file.write(whole[:n])
            self.refused("made.h5: .*(cut short|damaged|result)", 4)

    def test_wrong_datasets(self):
        as_text = h5py.string_dtype()
        faults = {
            "it has no 'time'": lambda f: f.pop("time"),
            "it has no 'arm'": lambda f: f.pop("arm"),
            "'arm' is not a list": lambda f: replace(f, "arm", data=[1.0, 2.0]),
            "2 arms and 3 labels": lambda f: replace(f, "arm_label", data=["a", "b", "c"], dtype=as_text),
            "'time' does not increase": lambda f: replace(f, "time", data=f["time"][:][::-1]),
            "'time' is not a list": lambda f: replace(f, "time", data=np.zeros((3, 3))),
            "'time' is not a list ": lambda f: replace(f, "time", shape=(2 ** 60,), dtype="f8", chunks=(1024,)),
            "'bmd' has shape": lambda f: replace(f, "bmd", data=np.zeros((2, 3))),
            "'bmd' has shape ": lambda f: replace(f, "bmd", data=["a"], dtype=as_text),
            "values, a figure reads at most": lambda f: replace(f, "bmd", shape=(2, 2, 10 ** 9, 29), dtype="f4",
                                                                chunks=(1, 1, 64, 29)),
            "'bmd' has chunks of": lambda f: replace(f, "bmd", shape=(2, 2, 10 ** 8, 29), dtype="f4",
                                                     chunks=(1, 1, 10 ** 7, 29)),
            "'arm' is not a dataset of it": lambda f: link(f, "arm", h5py.ExternalLink("other.h5", "/arm")),
            "'bmd' is not a dataset of it": lambda f: link(f, "bmd", h5py.ExternalLink("/dev/zero", "/bmd")),
            "'bmd' is not a dataset of it ": lambda f: link(f, "bmd", h5py.SoftLink("/ctx")),
            "the values of 'bmd' are in another file": lambda f: replace(
                f, "bmd", shape=(2, 2, 9, 29), dtype="f4", external=[("/etc/hostname", 0, h5py.h5f.UNLIMITED)]),
        }
        for message, fault in faults.items():
            with self.subTest(message):
                write(self.path)
                with h5py.File(self.path, "a") as file:
                    fault(file)
                words = ["--variables", "bmd"] if "bmd" in message or "figure" in message else []
                self.refused(message.strip(), 1 if "figure reads" in message else 4, *words)

    def test_wrong_experiment(self):
        """What is not as an experiment has it is passed over."""
        for text in "[1, 2", "- a", "arms: 3", "arms: {control: [], drug: 7}", "plot: [a]", "title: [a, b]", \
                "plot: {variables: 3, show: []}", "arms: {drug: {regimen: {start: x, stop: {}}}}", "[" * 5000, \
                "evidence: {compare: 3}", "population: {covariates: []}", "a: &a [*a]", \
                "evidence: {table: 3, compare: [{arm: 1}]}":
            write(self.path, text=text, overrides="arms.drug.regimen.0.stop={\n=\na.b.c=1\narms=3")
            self.assertEqual(self.page(variables=["ctx"]).rows[0][2][0].curves[1].key, "drug: ctx")
        bomb = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [{', '.join(9 * [f'*a{i - 1}'])}]\n" for i in range(1, 30))
        write(self.path, text=bomb + "title: *a29\narms: {drug: {regimen: {stop: *a29, start: *a29}}}\n"
              "plot: {variables: [*a29], time: *a29}\nevidence: {table: *a29, compare: [{arm: *a29, month: *a29}]}\n")
        self.assertEqual(self.page(variables=["ctx"]).title, self.path)

    def test_memory(self):
        """A million subjects that are not there fit into a few hundred megabytes."""
        write(self.path, days=range(0, 80, 10))
        with h5py.File(self.path, "a") as file:
            replace(file, "bmd", shape=(2, 1, 10 ** 6, 8), dtype="f4", chunks=(1, 1, 65536, 1), fillvalue=1.0)
        limit = 2 * 2 ** 30
        done = subprocess.run([PLOT, "made.h5", "-o", "f.png", "--variables", "bmd"], cwd=self.folder, check=False,
                              capture_output=True, text=True, timeout=300,
                              env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
        self.assertEqual((done.returncode, done.stderr), (0, ""))


def replace(file, name, **new):
    file.pop(name)
    file.create_dataset(name, **new)


def link(file, name, target):
    file.pop(name)
    file[name] = target


class Shipped(unittest.TestCase):
    def test_gallery(self):
        """Every shipped experiment is in configs/README.md as it is now, with a small picture."""
        done = subprocess.run([os.path.join(SCRIPTS, "gallery"), "--check"], capture_output=True, text=True,
                              check=False)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        configs = os.path.join(SCRIPTS, "..", "configs")
        with open(os.path.join(configs, "README.md"), encoding="utf-8") as file:
            text = file.read()
        for section in "", "published", "trials":
            for name in os.listdir(os.path.join(configs, section)):
                if name.endswith(".yaml"):
                    rows = re.findall(rf"\| .*\]\({re.escape(os.path.join(section, name))}\).* \|", text)
                    self.assertEqual(len(rows), 1, name)
                    shown = os.path.join(configs, re.search('img src="(.*?)"', rows[0])[1])
                    self.assertLess(os.path.getsize(shown), 40001)
        with open(os.path.join(SCRIPTS, "..", "README.md"), encoding="utf-8") as file:
            for shown in re.findall(r"\((configs/pictures/.*?)\)", file.read()):
                self.assertTrue(os.path.exists(os.path.join(SCRIPTS, "..", shown)), shown)

    def test_lesson(self):
        """The experiment of the README: six panels from estradiol to BMD; a line names what --set changed."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "m.h5")
            subprocess.run([OSTEON, "run", "menopause", "--subjects", "8", "--quiet", "-o", path, "--set",
                            "parameters.aibl.k_C=0.1 1/d"], check=True, cwd=os.path.join(SCRIPTS, ".."))
            page = figure_of(Results(path), Options())
        self.assertEqual([p.title for _, _, row in page.rows for p in row],
                         ["Plasma estradiol [pmol/L]", "RANKL/OPG, relative to baseline",
                          "Active osteoclasts, relative to baseline", "Active osteoblasts, relative to baseline",
                          "BMD, lumbar spine [g/cm2]", "BMD, total hip [g/cm2]"])
        self.assertEqual(page.x_label, "Years since final menstrual period")
        self.assertRegex(page.foot[1], r"menopause: osteon \S+, seed 1951\.")
        self.assertEqual(page.changes, "Changed (--set): parameters.aibl.k_C=0.1 1/d")


if __name__ == "__main__":
    unittest.main()
