#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Subjects that are drawn until enough are eligible, strata with quotas, and outputs that are given at time 0. Takes the
path of osteon as its first argument."""
import csv
import os
import re
import subprocess
import unittest

import h5py
import numpy as np

import test_shards  # noqa: E402  the program in a folder
from test_shards import contents  # noqa: E402
from test_sweep import FILES as OF_SWEEPS  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
FILES = {
    "pill.model": OF_SWEEPS["pill.model"],
    "one.model": """
model one "bone that decays"
kind bone
index site = spine, hip
reads haste
covariate age [y] = 60 in 18..110 "age"
param loss = 0.02 [1/y] in 0.001..0.5 spread 0.5 "loss" @ "assumed: for a test"
param peak[site] = 1, 0.9 [g/cm2] in 0.2..1.5 spread 0.1 "at the start" @ "assumed: for a test"
param pull = 0 [1] in 0..1 "how much faster dense bone is lost" @ "assumed: for a test"
state B = 1 [1] "bone"
B' = -loss*age/(60 [y])*(1 + haste)*(1 + pull*peak[hip]*B/(1 [g/cm2]))*B
output bmd[site] [g/cm2] = peak[site]*B "bone mineral density"
noise scan "error of a scan, in its standard deviations"
output t[site] [1] = (peak[site]*B*exp(0.01*scan)/(1 [g/cm2]) - 1)/0.1 "score"
""",
    "e.yaml": """
models: [./pill.model, ./one.model]
population:
  enroll: 90
  seed: 7
  eligible: "bmd[hip] < 0.85 [g/cm2]"
  covariates: {age: {distribution: uniform, from: 50 year, to: 80 year}}
run_in: {start: -5 year}
arms:
  control: {}
  treated: {regimen: [{drug: pill, dose: 1 mg, interval: 1 month, stop: 12 month}]}
times: {to: 12 month, every: 6 month}
results: {precision: float64}
""",
}
FILES["all.yaml"] = FILES["e.yaml"].replace("enroll: 90", "subjects: 700")
STRATA = """{young: {if: "age < 60 [year]", quota: 40}, thin: {if: "bmd[hip] < 0.7 [g/cm2]", quota: 40}, """ \
         """rest: {if: "age > 0 [year]", quota: 20}}"""
GIVEN = ["population.enroll=~", "population.subjects=70", "population.eligible='age > 0 [year]'"]


def settings(*of):
    return [word for one in of for word in ("--set", one)]


class Enroll(test_shards.Program):
    files = FILES

    def values(self, name, *of):
        with h5py.File(self.path(name)) as file:
            return [file[each][()] for each in of]

    def test_steady(self):
        """A line that begins at steady state at an output time: as in a cohort that is not screened."""
        steady = settings("arms.treated.regimen.0.steady_state=true")
        self.run_one("e.yaml", "e.h5", *steady, "-q")
        self.run_one("all.yaml", "all.h5", *steady, "-q")
        bmd, number = self.values("e.h5", "bmd", "subject_number")
        np.testing.assert_array_equal(bmd, self.values("all.h5", "bmd")[0][:, :, number])

    def run_one(self, name, out, *words, code=0):
        return self.osteon("run", name, *words, "-o", out, "--force", code=code)

    def test_first_eligible(self):
        """Who takes part are the first eligible subjects of a cohort without end, with their bits."""
        said = self.run_one("e.yaml", "e.h5")
        self.run_one("all.yaml", "all.h5", "-q")
        bmd, number, age = self.values("e.h5", "bmd", "subject_number", "age")
        everyone, ages = self.values("all.h5", "bmd", "age")
        eligible = np.flatnonzero(np.isfinite(everyone[0, 0, :, 0]))[:90]
        np.testing.assert_array_equal(number, eligible)
        np.testing.assert_array_equal(bmd, everyone[:, :, eligible])
        np.testing.assert_array_equal(age, ages[eligible])
        self.assertIn(f"enrolled: 90 of {eligible[-1] + 1} candidates", said)
        self.assertTrue(np.isfinite(bmd).all())
        self.run_one("e.yaml", "ten.h5", "-q", "-n", "10")
        np.testing.assert_array_equal(self.values("ten.h5", "bmd")[0], bmd[:, :, :10])
        self.run_one("all.yaml", "set.h5", "-q", "--set", "population.enroll=10")  # in place of its subjects
        np.testing.assert_array_equal(self.values("set.h5", "bmd")[0], bmd[:, :, :10])
        self.run_one("e.yaml", "later.h5", "-q", "-n", "10", "--set", f"population.first_subject={number[30]}")
        np.testing.assert_array_equal(self.values("later.h5", "bmd")[0], bmd[:, :, 30:40])

    def test_arms_differ_before(self):
        """Who is eligible in one arm alone, as after other doses before time 0, takes part in none: arms have the same
        subjects, and the first of them are enrolled."""
        differ = settings("arms.treated.regimen.0.start=-3 year", 'population.eligible="bmd[hip] > 0.85 [g/cm2]"')
        said = self.run_one("all.yaml", "all.h5", *differ)
        bmd, = self.values("all.h5", "bmd")
        takes_part = np.isfinite(bmd[0, 0, :, 0])
        np.testing.assert_array_equal(np.isfinite(bmd), np.broadcast_to(takes_part[:, None], bmd.shape))
        self.run_one("all.yaml", "alone.h5", "-q", *differ, "--set", "arms.treated=~")
        in_control, = self.values("alone.h5", "bmd")
        self.assertGreater(np.isfinite(in_control[0, 0, :, 0]).sum(), takes_part.sum() + 10)
        self.assertIn(f"eligible: {takes_part.sum()} of 700 subjects", said)
        self.assertIn(f"(eligible: {takes_part.sum()})", self.osteon("show", "all.h5"))
        self.run_one("e.yaml", "e.h5", "-q", *differ)
        enrolled, number = self.values("e.h5", "bmd", "subject_number")
        np.testing.assert_array_equal(number, np.flatnonzero(takes_part)[:90])
        np.testing.assert_array_equal(enrolled, bmd[:, :, number])
        self.osteon("export", "e.h5", "--people", "people.csv")
        with open(self.path("people.csv"), encoding="utf-8", newline="") as file:
            self.assertEqual({(row["status_control"], row["status_treated"]) for row in csv.DictReader(file)}, {("ok", "ok")})
        warns = "arms 'control' and 'treated' differ before time 0, when 'eligible' is evaluated"
        self.assertIn(f"e.yaml: {warns}", self.osteon("check", "e.yaml", *differ))
        self.assertNotIn(warns, self.osteon("check", "e.yaml"))
        own = "arms.treated.regimen.0.start='-3 [year] + 0*age'"
        self.assertIn(warns, self.osteon("check", "e.yaml", "--set", own))

    def test_same_bits(self):
        """For any threads, in shards, alone, repeated; and verified."""
        for extra in ((), settings("population.strata=" + STRATA, "population.enroll=~")):
            self.run_one("e.yaml", "a.h5", "-q", "--threads", "1", *extra)
            self.run_one("e.yaml", "b.h5", "-q", "--threads", "3", *extra)
            for k in (1, 2):
                self.run_one("e.yaml", f"s{k}.h5", "-q", "--shard", f"{k}/2", *extra)
            self.osteon("merge", "s2.h5", "s1.h5", "-o", "m.h5", "-q", "--force")
            self.osteon("run", "a.h5", "-o", "r.h5", "-q", "--force")
            of_a = contents(self.path("a.h5"))
            for other in ("b.h5", "m.h5", "r.h5"):
                of_other = contents(self.path(other))
                for key in of_a:
                    np.testing.assert_array_equal(of_a[key], of_other[key], str((other, key)))
            self.osteon("verify", "a.h5", "--share", "all")
            bmd, number = self.values("a.h5", "bmd", "subject_number")
            for name in "a.h5", "e.yaml":  # the number is that of 'subject' in the file, not of the candidate
                said = self.osteon("run", name, "--subject", "5", "-o", "one.h5", "--force", "--set",
                                   "times=[0 d, 12 month]", *(extra if name == "e.yaml" else ()))
                self.assertIn(f"subject 5 is candidate {number[5]}\n", said)
                np.testing.assert_array_equal(self.values("one.h5", "bmd")[0][:, :, 0, 1], bmd[:, :, 5, 2])
            n = bmd.shape[2]
            self.assertIn(f"'{n}' is not the number of one of its subjects, 0 to {n - 1}", self.osteon(
                "run", "a.h5", "--subject", str(n), "-o", "one.h5", "--force", code=2))

    def test_export_of_a_shard(self):
        """Subjects that the shard did not run have neither number nor stratum, as they have no covariates."""
        self.run_one("e.yaml", "s2.h5", "-q", "--shard", "2/2", *settings("population.strata=" + STRATA, "population.enroll=~"))
        for name, *words in ("people.csv", "--people"), ("all.csv", "--columns", "bmd,stratum,subject_number,age", "--csv"):
            self.osteon("export", "s2.h5", *words, name)
            with open(self.path(name), encoding="utf-8", newline="") as file:
                table = list(csv.DictReader(file))
            self.assertEqual({row["age"] == "" for row in table}, {True, False})
            for row in table:
                self.assertEqual([row["age"] == ""] * 2, [row[column] == "" for column in ("stratum", "subject_number")], row)

    def test_not_eligible_alone(self):
        """One subject of a cohort without enrolment who is not eligible: said of her, without advice for cohorts."""
        self.run_one("all.yaml", "all.h5", "-q")
        k = np.flatnonzero(np.isnan(self.values("all.h5", "bmd")[0][0, 0, :, 0]))[0]
        said = self.run_one("all.h5", "one.h5", "--subject", str(k), "-q", code=1)
        self.assertTrue(said.endswith("the subject is not eligible by 'bmd[hip] < 0.85 [g/cm2]'\n"), said)
        self.assertEqual([name for name in os.listdir(self.folder.name) if name.startswith("one.h5")], [])

    def test_check_tries_candidates(self):
        """'check' fails where nobody of the cohort is eligible, or all fail, and warns where it has not tried all."""
        nobody = settings('population.eligible="bmd[hip] > 9 [g/cm2]"')
        self.assertIn("warning: e.yaml: 0 of 90 eligible subjects after 640 candidates; 640 not eligible ('eligible: bmd[hip] > 9 [g/cm2]')",
                      self.osteon("check", "e.yaml", *nobody))
        self.assertIn("warning: all.yaml: 0 of 700 eligible subjects after 640 candidates", self.osteon("check", "all.yaml", *nobody))
        of_60 = settings("population.subjects=60")
        self.assertIn("osteon: all.yaml: 0 of 60 eligible subjects after 60 candidates",
                      self.osteon("check", "all.yaml", *nobody, *of_60, code=1))
        young = settings("population.covariates.age={distribution: uniform, from: 6 year, to: 7 year}", "population.eligible=~")
        self.assertRegex(self.osteon("check", "all.yaml", *young, *of_60, code=1),
                         r"0 of 60 subjects after 60 candidates; 60 of them failed, the first: covariate 'age' = 6\.\d+ y is outside")
        self.assertNotIn("warning", self.osteon("check", "e.yaml", "all.yaml"))

    def test_strata(self):
        """Exact counts, in subject order, as filled by hand from a plain cohort."""
        self.run_one("e.yaml", "s.h5", "-q", *settings("population.strata=" + STRATA, "population.enroll=100"))
        self.run_one("all.yaml", "all.h5", "-q")
        number, = self.values("s.h5", "subject_number")
        bmd, age = self.values("all.h5", "bmd", "age")
        left, expected = [40, 40, 20], []
        strata = []
        for k in range(700):
            hip = bmd[0, 1, k, 0]
            if np.isnan(hip) or sum(left) == 0:
                continue
            stratum = 0 if age[k] < 60 else 1 if hip < 0.7 else 2
            if left[stratum] > 0:
                left[stratum] -= 1
                expected.append(k)
                strata.append(stratum)
        np.testing.assert_array_equal(number, expected)
        with h5py.File(self.path("s.h5")) as file:
            np.testing.assert_array_equal(file["stratum"][()], strata)
            self.assertEqual(file["stratum"].attrs["flag_meanings"].decode().split(), ["none", "young", "thin", "rest"])
            np.testing.assert_array_equal(file["stratum"].attrs["flag_values"], [-1, 0, 1, 2])

    def test_sweep_point_alone(self):
        """Points of a sweep, of a parameter and of an entry, have the bits of runs alone: each enrolls its own."""
        vary = ("parameters.one.loss=0.02 1/y, 0.05 1/y", "population.covariates.age.to=70 year, 80 year")
        self.osteon("sweep", "e.yaml", *[word for one in vary for word in ("--vary", one)], "-o", "w.h5", "-q")
        bmd, number = self.values("w.h5", "bmd", "subject_number")
        for i, loss in enumerate(("0.02", "0.05")):
            for k, to in enumerate(("70", "80")):
                self.run_one("e.yaml", "p.h5", "-q", *settings(f"parameters.one.loss={loss} 1/y",
                                                               f"population.covariates.age.to={to} year"))
                alone, alone_number = self.values("p.h5", "bmd", "subject_number")
                np.testing.assert_array_equal(bmd[i, k], alone)
                np.testing.assert_array_equal(number[i, k], alone_number)
        self.assertFalse(np.array_equal(number[0, 0], number[1, 1]))

    def test_rare(self):
        """A stratum that is not filled says how rare it was; so does a condition that hardly any subject meets."""
        said = self.run_one("e.yaml", "x.h5", *settings(
            'population.strata={old: {if: "age > 79.98 [year]", quota: 30}, rest: {if: "age > 0 [year]", quota: 1}}',
            "population.enroll=~"), code=1)
        self.assertRegex(said, r"stratum 'old' has \d of 30 subjects after 13100 candidates, one in \d+")
        said = self.run_one("e.yaml", "x.h5", *settings('population.eligible="age < 40 [year]"'), code=1)
        self.assertIn("0 of 90 eligible subjects after 19000 candidates", said)
        self.assertFalse(os.path.exists(self.path("x.h5")))
        self.write("two.csv", "age [year]\n60\n61\n")
        self.assertIn("of 90 eligible subjects after 2 candidates, one in 1, all rows of the table of people",
                      self.run_one("e.yaml", "x.h5", "--people", "two.csv", code=1))

    def test_empty_and_why(self):
        """A stratum that stays empty: how many candidates failed, with the first message; were not eligible; in no stratum."""
        strata = 'population.strata={some: {if: "age %s [year]", quota: 30}}'
        said = self.run_one("e.yaml", "x.h5", *settings(strata % "< 40", "population.enroll=~"), code=1)
        found = re.search(r"stratum 'some' has 0 of 30 subjects after 13000 candidates; (\d+) not eligible "
                          r"\(line 6, 'eligible: bmd\[hip\] < 0.85 \[g/cm2\]'\); (\d+) in no stratum$", said.strip())
        self.assertIsNotNone(found, said)
        self.assertEqual(sum(map(int, found.groups())), 13000)
        self.assertGreater(int(found[1]), 1000)
        said = self.run_one("e.yaml", "x.h5", *settings(strata % "> 40", "population.enroll=~", 'population.eligible="age < 40 [year]"'),
                            code=1)
        self.assertRegex(said, r"after 13000 candidates; 13000 not eligible \('eligible: age < 40 \[year\]'\)$")
        said = self.run_one("e.yaml", "x.h5", *settings(
            strata % "> 40", "population.enroll=~", GIVEN[2],
            "population.baseline=[{output: 'bmd[hip]', value: 9 g/cm2, solve: 'one.peak[hip]'}]"), code=1)
        self.assertIn("after 13000 candidates; 13000 of them failed, the first: baseline: bmd[hip] = 9 is out of reach", said)
        self.assertNotIn("no stratum", said)

    def test_places(self):
        """A fault is blamed where it is written: a covariate without unit, the value of a baseline, a number beside quotas."""
        def checked(text, *of):
            self.write("p.yaml", text)
            return self.osteon("check", "p.yaml", *of, code=2 if of else 1)
        plain = "{age: {distribution: normal, mean: 62, sd: 6}, menopause: 50 year, since: {formula: age - menopause}}"
        text = FILES["e.yaml"].replace("{age: {distribution: uniform, from: 50 year, to: 80 year}}", plain)
        self.assertIn("p.yaml:7:16: population.covariates.age: its numbers have no unit, and a formula (line 7) takes it with one, "
                      "such as year", checked(text))
        text = FILES["e.yaml"].replace("run_in: {start: -5 year}", "run_in: {start: 'w - age'}").replace(
            "{age: ", "{w: {distribution: uniform, from: 1, to: 2}, age: ")
        self.assertIn("p.yaml:7:16: population.covariates.w: its numbers have no unit, and a formula (line 8) takes it", checked(text))
        for value in ("0.8", "1 kg"):
            text = FILES["e.yaml"].replace("run_in", "  baseline:\n    - {output: 'bmd[hip]', value: %s, solve: 'one.peak[hip]'}\nrun_in"
                                           % value)
            self.assertIn("p.yaml:9:35: baseline: 'bmd[hip]'", checked(text))
        text = FILES["e.yaml"].replace("  enroll: 90\n", "  strata: %s\n" % STRATA)
        self.assertIn("expected settings of the quotas, as of population.strata.young.quota",
                      checked(text, "--set", "population.subjects=9"))

    def test_wrong(self):
        for text, part in (  # found when the experiment is read, then when it is planned
                ("population.enroll=0", "outside 1 .."), ("population.strata=[]", "strata"), ("population.enroll=1.5", "whole number"),
                ("population.strata={a: {if: 'age > 1 [year]', quota: 30}}", "the quotas of 'strata' sum to 30, not to 90"),
                ("population.strata={a: {quota: 90}}", "if"), ("population.strata={a: {if: 'agee > 1 [year]', quota: 90}}", "agee"),
                ("population.strata={a: {if: 'age > 1', quota: 90}}", "stratum 'a'"),
                ("population.sampling=latin_hypercube", "a latin_hypercube spreads subjects of a known number"),
                ("population.baseline=[{output: 'bmd[hip]', value: 1 kg, solve: one.loss}]", "has dimension"),
                ("population.baseline=[{output: 'bmd[hip]', value: 0.8, solve: one.loss}]", "bmd[hip]"),
                ("population.baseline=[{output: 'bmd[hipp]', value: 0.8 g/cm2, solve: one.loss}]", "did you mean 'hip'?"),
                ("population.baseline=[{output: bmdd, value: 0.8 g/cm2, solve: one.loss}]", "did you mean 'bmd'?"),
                ("population.baseline=[{output: 'bmd[hip]', value: 0.8 g/cm2, solve: one.los}]", "did you mean 'loss'?"),
                ("population.baseline=[{output: 'bmd[hip]', value: 0.8 g/cm2, solve: loss}]", "named by its model"),
                ("population.baseline=[{output: 'bmd[hip]', value: 0.8 g/cm2, solve: one.age}]", "is a covariate"),
                ("population.baseline=[{output: 'bmd[hip]', value: 0.8 g/cm2}]", "solve"),
                ("times=[-1 month, 1 month]", "given at time 0, and outputs or doses of this experiment begin on day -30.4375")):
            given = [] if text.startswith("population") else settings(
                "population.baseline=[{output: 'bmd[hip]', value: 0.8 g/cm2, solve: 'one.peak[hip]'}]")
            with self.subTest(text):
                done = subprocess.run([test_shards.OSTEON, "check", "e.yaml", "--set", text, *given], check=False,
                                      cwd=self.folder.name, capture_output=True, text=True)
                self.assertIn(done.returncode, (1, 2))
                self.assertIn(part, done.stderr)

    def test_baseline(self):
        """Scores that are given come back, to 1e-9 without the error of scans, also where loss depends on the peak."""
        self.write("w.csv", "age [year],score [1]\n" + "\n".join(f"{50 + k/3:.3f},{-0.5 - k/30:.4f}" for k in range(70)))
        for pull in ("0", "0.5"):
            self.run_one("e.yaml", "g.h5", "-q", *settings(
                *GIVEN[:1], GIVEN[2], "population.people=w.csv", f"parameters.one.pull={pull}", "outputs=all",
                "population.baseline=[{output: 't[hip]', value: score, solve: 'one.peak[hip]'}, "
                "{output: 'bmd[spine]', value: 0.8 g/cm2, solve: 'one.peak[spine]'}]"))
            bmd, score, t = self.values("g.h5", "bmd", "score", "t")
            np.testing.assert_allclose((bmd[0, 1, :, 0] - 1)/0.1, score, rtol=0, atol=1e-9)
            np.testing.assert_allclose(bmd[0, 0, :, 0], 0.8, rtol=1e-11)
            self.assertGreater(np.abs(t[0, 1, :, 0] - score).max(), 0.01)  # a scan has its error
            peak, = self.values("g.h5", "parameters/one.peak[hip]")
            # the same values, written as parameters, give the same courses
            self.write("p.csv", "age [year],one.peak[hip] [g/cm2]\n" +
                       "\n".join(f"{50 + k/3:.3f},{peak[k]!r}" for k in range(70)))
            self.run_one("e.yaml", "p.h5", "-q", *settings(
                *GIVEN[:1], GIVEN[2], "population.people=p.csv", f"parameters.one.pull={pull}"))
            # but for what the solver makes of a peak that the history depends on
            np.testing.assert_allclose(self.values("p.h5", "bmd")[0][:, 1], bmd[:, 1], rtol=3e-8 if pull != "0" else 1e-12)

    def test_baseline_out_of_range(self):
        """A subject for whom no value within the parameter's range will do fails, and is not enrolled."""
        baseline = "population.baseline=[{output: 'bmd[hip]', value: '(age - 30 [year])*0.03 [g/cm2/y]', solve: 'one.peak[hip]'}]"
        said = self.run_one("all.yaml", "f.h5", *settings(baseline, GIVEN[2]), code=3)
        self.assertRegex(said, r"baseline: bmd\[hip\] = [\d.]+ is out of reach: with one.peak\[hip\] = 1.5, in 0.2..1.5 g/cm2")
        self.assertIn("SBML cannot have a parameter that is solved for 'bmd[hip]'",
                      self.osteon("plan", "all.yaml", "--sbml", "control", *settings(baseline), code=1))
        said = self.run_one("all.yaml", "f.h5", "-n", "2", *settings(
            GIVEN[2], "population.baseline=[{output: 'bmd[hip]', value: 0.8 g/cm2, solve: one.loss}]"), code=3)
        self.assertIn("bmd[hip] does not depend on one.loss; expected a parameter such as a peak", said)
        self.run_one("e.yaml", "e.h5", "-q", *settings(baseline, GIVEN[2]))
        bmd, age = self.values("e.h5", "bmd", "age")
        np.testing.assert_allclose(bmd[0, 1, :, 0], (age - 30)*0.03, rtol=1e-11)
        self.assertLess(age.max(), 80)

    def test_shipped_models(self):
        """T-scores of the flagship with dxa, as trials state them."""
        self.write("t.yaml", '''
models: [hormones, aibl, dxa]
population:
  subjects: 40
  covariates:
    age: {distribution: normal, mean: 72 year, sd: 5 year, min: 60 year, max: 90 year}
    menopause_age: {distribution: normal, mean: 50 year, sd: 4 year, min: 40 year, max: 58 year}
    years_since_menopause: {formula: age - menopause_age, min: 0 year}
    hip: {distribution: normal, mean: -1.9, sd: 0.8, min: -4, max: 0}
    spine: {distribution: normal, mean: -2.8, sd: 0.7, min: -5, max: 0}
  correlate: [{of: [hip, spine], pearson: 0.5}]
  baseline:
    - {output: "t_score[total_hip]", value: hip, solve: "aibl.peak_bmd[total_hip]"}
    - {output: "t_score[lumbar_spine]", value: spine, solve: "aibl.peak_bmd[lumbar_spine]"}
run_in: {start: "-years_since_menopause - 5 [year]"}
arms: {control: {}}
times: {to: 1 year, every: 1 year}
outputs: [scanned_bmd]
results: {precision: float64}
''')
        self.run_one("t.yaml", "t.h5", "-q")
        scanned, hip, spine = self.values("t.h5", "scanned_bmd", "hip", "spine")
        np.testing.assert_allclose((scanned[0, 1, :, 0] - 0.942)/0.122, hip, rtol=0, atol=1e-9)
        np.testing.assert_allclose((scanned[0, 0, :, 0] - 1.047)/0.110, spine, rtol=0, atol=1e-9)


if __name__ == "__main__":
    unittest.main()
