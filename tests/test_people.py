#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A table of people as a user meets it: rows as subjects, drawn rows, categories, what is recorded, wrong tables. Takes
the path of osteon as its first argument."""
import os
import subprocess
import unittest

import h5py
import numpy as np

import test_shards  # noqa: E402  the program in a folder
from test_shards import OSTEON, contents  # noqa: E402
from test_sweep import FILES as OF_SWEEPS  # noqa: E402
HERE = os.path.dirname(os.path.abspath(__file__))
N = 70  # rows, more than a block

FILES = {
    "pill.model": OF_SWEEPS["pill.model"],
    "one.model": """
model one "bone"
kind bone
reads haste
covariate age [y] = 60 in 18..110 "age"
covariate bmi [kg/m2] = 25 in 10..60 "body mass index"
param loss = 0.02 [1/y] in 0.001..0.5 spread 0.5 "loss" @ "assumed: for a test"
state B = 1 [1] "bone"
B' = -loss*age/(60 [y])*(25 [kg/m2])/bmi*(1 + haste)*B
output bmd [g/cm2] = B*(1 [g/cm2]) "bone mineral density"
""",
    "test.yaml": """
title: A test
models: [./pill.model, ./one.model]
population:
  subjects: 1000
  seed: 7
  covariates:
    age: {distribution: uniform, from: 50 year, to: 80 year}
    stop: {formula: "age*0 + 6 [month]"}
arms:
  control: {}
  treated: {regimen: [{drug: pill, dose: 1 mg, interval: 1 month, stop: stop}]}
times: {to: 24 month, every: 12 month}
results: {precision: float64}
""",
}


def rows():
    random = np.random.default_rng(3)
    return [(f"W{i}", f"{random.uniform(50, 75):.2f}", f"{random.uniform(18, 40):.3f}", random.choice(["no", "yes"]),
             f"{random.uniform(0.01, 0.05):.5f}", f"{i % 5}") for i in range(N)]


HEAD = "id,age [year],bmi [kg/m2],smoker [no|yes],one.loss [1/y],chance"
KEYS = "ignore: [id, smoker, chance]"


class People(test_shards.Program):
    files = FILES

    def setUp(self):
        super().setUp()
        self.write("women.csv", "\n".join([HEAD, *(",".join(row) for row in rows())]) + "\n")

    def run_people(self, out, keys=KEYS, *arguments, table="women.csv", name="test.yaml", code=0):
        return self.osteon("run", name, "--set", f"population.people={{table: {table}, {keys}}}", *arguments, "-o", out,
                           "-q", "--force", code=code)

    def values(self, name, *of):
        with h5py.File(self.path(name)) as file:
            return [file[each][()] for each in of]

    def test_rows_in_order(self):
        """Subject k has row k: all of it, for covariates and parameters, in the units of the head."""
        self.run_people("a.h5")
        subject, age, bmi, loss, bmd = self.values("a.h5", "subject", "age", "bmi", "parameters/one.loss", "bmd")
        table = np.array([[float(x) for x in (row[1], row[2], row[4])] for row in rows()])
        np.testing.assert_array_equal(subject, np.arange(N))
        np.testing.assert_allclose(np.transpose([age, bmi, loss]), table, rtol=1e-15)
        np.testing.assert_allclose(bmd[0, :, 2], np.exp(-2 * table[:, 2] * table[:, 0] / 60 * 25 / table[:, 1]), rtol=1e-5)
        self.write("months.csv", "age [month],bmi [g/cm2]\n720,2.5\n")  # 25 kg/m2
        self.run_people("m.h5", "rows: in_order", table="months.csv")
        age, bmi = self.values("m.h5", "age", "bmi")
        np.testing.assert_allclose([age[0], bmi[0]], [720, 2.5], rtol=1e-14)

    def test_a_row_alone_has_the_bits_of_a_row_within(self):
        for keys in (KEYS, "rows: drawn, weights: chance, ignore: [id, smoker]"):
            self.run_people("a.h5", keys)
            for k in (0, 7, N - 1):
                self.run_people("one.h5", keys, "--set", f"population.first_subject={k}", "-n", "1")
                for whole, alone in zip(self.values("a.h5", "bmd", "age"), self.values("one.h5", "bmd", "age")):
                    np.testing.assert_array_equal(np.take(whole, [k], axis=0 if whole.ndim == 1 else 1), alone)
        # the values of a row, written in the experiment, are the same bits
        self.run_people("a.h5", "rows: in_order, ignore: [id, smoker, chance, one.loss]")
        row = rows()[7]
        self.osteon("run", "test.yaml", "--set", f"population.covariates.age={row[1]} year", "--set",
                    f"population.covariates.bmi={row[2]} kg/m2", "--set", "population.first_subject=7", "-n", "1", "-o",
                    "one.h5", "-q", "--force")
        for whole, alone in zip(self.values("a.h5", "age", "bmi"), self.values("one.h5", "age", "bmi")):
            self.assertEqual(whole[7], alone[0])
        np.testing.assert_allclose(self.values("a.h5", "bmd")[0][:, [7]], self.values("one.h5", "bmd")[0], rtol=1e-12)

    def test_forms_of_a_table(self):
        """A byte order mark, CRLF, CR, quotes and blanks around fields change nothing."""
        self.run_people("a.h5")
        with open(self.path("women.csv"), encoding="utf-8") as file:
            text = file.read()
        quoted = "\n".join(",".join(f'"{field}"' for field in line.split(",")) for line in text.splitlines()) + "\n"
        for form in ("\ufeff" + text, text.replace("\n", "\r\n"), text.replace("\n", "\r"), quoted, text.rstrip("\n"),
                     text.replace(",", " , "), text.replace("\n", "\n\n")):
            self.write("form.csv", form)
            self.run_people("b.h5", table="form.csv")
            for one, two in zip(self.values("a.h5", "bmd", "age"), self.values("b.h5", "bmd", "age")):
                np.testing.assert_array_equal(one, two)

    def test_drawn_rows(self):
        """By weights, each about as often as it says; a latin hypercube to within one."""
        keys = "rows: drawn, weights: chance, ignore: [id, smoker]"
        weight = np.array([float(row[5]) for row in rows()])
        ages = np.array([float(row[1]) for row in rows()])
        for sampling, most in (("random", 5), ("latin_hypercube", 0.1)):
            n = 2100
            self.run_people("d.h5", keys, "-n", str(n), "--set", f"population.sampling={sampling}", "--set", "times=[0 d]",
                            "--no-probe")
            age, = self.values("d.h5", "age")
            found = np.array([np.sum(np.abs(age - a) < 1e-6) for a in ages])
            expected = n * weight / weight.sum()
            self.assertEqual(found.sum(), n)
            self.assertEqual(found[weight == 0].sum(), 0)
            self.assertLess(np.max(np.abs(found - expected) / np.sqrt(np.maximum(expected, 1))), most)
        self.run_people("e.h5", "rows: drawn, " + KEYS, "-n", "2100", "--no-probe", "--set", "times=[0 d]")
        age, = self.values("e.h5", "age")
        self.assertEqual(len(np.unique(age)), len(np.unique(ages)))

    def test_categories(self):
        """A column [no|yes] gives covariates that are 1 or 0, for formulas and conditions."""
        self.run_people("a.h5", "ignore: [id, chance]", "--set",
                        "population.covariates.stop={formula: 'if smoker_yes > 0 then 2 [month] else 6 [month]'}")
        yes, no, stop = self.values("a.h5", "smoker_yes", "smoker_no", "stop")
        expected = np.array([row[3] == "yes" for row in rows()], dtype=float)
        np.testing.assert_array_equal(yes, expected)
        np.testing.assert_array_equal(no, 1 - expected)
        np.testing.assert_allclose(stop, np.where(expected > 0, 2, 6) / 12, rtol=1e-12)

    def test_option_of_people(self):
        """--people runs all rows, whatever number of subjects the experiment has; a path is seen from where one is."""
        self.write("few.csv", "age [year]\n61\n62\n63\n")
        os.mkdir(self.path("sub"))
        subprocess.run([OSTEON, "run", "../test.yaml", "--people", "../few.csv", "-o", "few.h5", "-q"], check=True,
                       cwd=self.path("sub"))
        age, = self.values("sub/few.h5", "age")
        np.testing.assert_array_equal(age, [61, 62, 63])
        self.write("inside.yaml", FILES["test.yaml"].replace("  subjects: 1000\n", "  people: few.csv\n"))
        subprocess.run([OSTEON, "run", "../inside.yaml", "-o", "in.h5", "-q"], check=True, cwd=self.path("sub"))
        np.testing.assert_array_equal(self.values("sub/in.h5", "age")[0], age)

    def test_record(self):
        """The file has the table: it is repeated, and one subject of it, without the table's file; so are shards."""
        self.run_people("a.h5")
        self.run_people("s2.h5", KEYS, "--shard", "2/2")
        self.run_people("s1.h5", KEYS, "--shard", "1/2")
        os.remove(self.path("women.csv"))
        self.osteon("run", "a.h5", "-o", "again.h5", "-q")
        self.osteon("merge", "s1.h5", "s2.h5", "-o", "merged.h5", "-q")
        for name in ("again.h5", "merged.h5"):
            one, two = contents(self.path("a.h5")), contents(self.path(name))
            self.assertEqual(one.keys(), two.keys())
            for key in one:
                np.testing.assert_array_equal(one[key], two[key], str(key))
        self.osteon("run", "a.h5", "--subject", "69", "-o", "s.h5", "-q", "--set", "times=[0 d, 24 month]")
        np.testing.assert_array_equal(self.values("s.h5", "bmd")[0][:, 0, 1], self.values("a.h5", "bmd")[0][:, 69, 2])
        self.osteon("verify", "a.h5", "--share", "all")
        self.write("women.csv", "\n".join([HEAD, *(",".join(row) for row in rows()[:3])]) + "\n")
        for name, n in (("women.csv", 3), ("a.h5", N)):  # a setting takes the file as it is now
            table = [] if name == "a.h5" else ["--set", f"population.people={{table: {name}, {KEYS}}}"]
            self.osteon("run", "a.h5", *table, "-o", "new.h5", "-q", "--force")
            self.assertEqual(self.values("new.h5", "age")[0].size, n)
        self.osteon("run", "a.h5", "--set", "population.people=~", "-o", "new.h5", "-q", "--force")
        self.assertEqual(self.values("new.h5", "age")[0].size, 1000)  # those of the experiment

    def test_another_table_is_another_run(self):
        """Shards and journals of a table that changed in between are refused."""
        self.run_people("s1.h5", KEYS, "--shard", "1/2")
        with open(self.path("women.csv"), encoding="utf-8") as file:
            text = file.read()
        self.write("women.csv", text.replace("yes", "no"))
        self.run_people("s2.h5", KEYS, "--shard", "2/2")
        self.assertIn("people_text", self.osteon("merge", "s1.h5", "s2.h5", "-o", "m.h5", code=1))

    def test_sweep(self):
        """Each point of a sweep has the same people."""
        self.osteon("sweep", "test.yaml", "--vary", "arms.treated.regimen.0.dose=0 mg, 1 mg", "--set",
                    f"population.people={{table: women.csv, {KEYS}}}", "-o", "sweep.h5", "-q")
        self.run_people("a.h5")
        np.testing.assert_array_equal(self.values("sweep.h5", "bmd")[0][1], self.values("a.h5", "bmd")[0])

    def test_dose_by_weight(self):
        """A dose may be a formula of covariates: for each subject that of a run with the number, bolus and infusion."""
        self.write("w.csv", "age [year],weight [kg]\n61,50\n62,75\n63,100\n")
        dose = "arms.treated.regimen.0.dose"
        for more in ([], ["--set", "arms.treated.regimen.0.duration=1 day"], ["--set", "solver.dosing=exact"]):
            self.osteon("run", "test.yaml", "--people", "w.csv", "--set", f"{dose}=0.02 [mg/kg]*weight", *more, "-o", "w.h5",
                        "-q", "--force")
            whole, = self.values("w.h5", "bmd")
            self.assertLess(whole[1, 2, 1] / whole[0, 2, 1], whole[1, 0, 1] / whole[0, 0, 1])
            for k, amount in enumerate((1, 1.5, 2)):
                self.osteon("run", "test.yaml", "--set", "population.people={table: w.csv, ignore: [weight]}", "--set",
                            f"{dose}={amount} mg", *more, "-o", "p.h5", "-q", "--force")
                np.testing.assert_allclose(whole[:, k], self.values("p.h5", "bmd")[0][:, k], rtol=1e-9)
        for text in ("0.05*weight", "weight", "if age > 60 [year] then 3 [mg] else 0.05*weight"):
            self.assertIn("kg; expected at most 1 kg" if "if" in text else
                          f"'{text}' is in kilograms, as 'weight' is, and no number in it has a unit",
                          self.osteon("run", "test.yaml", "--set", f"{dose}={text}", "-o", "x.h5",
                                      "--set", "population.covariates.age=50 year", "--set",
                                      "population.people={table: w.csv, ignore: [age]}", "--force",
                                      code=3 if "if" in text else 2))
        for text, part in (("0.02 [mg/kg]*wight", "wight"), ("0.02 [mg/kg]*age", "has dimension"),
                           ("-0.02 [mg/kg]*weight", "the dose of 'pill' is negative")):
            code = 3 if "-" in text else 2 if "wight" in text else 1
            self.assertIn(part, self.osteon("run", "test.yaml", "--people", "w.csv", "--set", f"{dose}={text}", "-o", "x.h5",
                                            "--force", code=code))

    def test_columns_left_out(self):
        """--ignore, before --people or after it."""
        self.run_people("a.h5")
        for words in (("--people", "women.csv", "--ignore", "id,smoker,chance"),
                      ("--ignore", "id,smoker,chance", "--people", "women.csv"),
                      ("--people", "women.csv", "--set", "population.people.ignore=[id, smoker, chance]")):
            self.osteon("run", "test.yaml", *words, "-o", "b.h5", "-q", "--force")
            np.testing.assert_array_equal(self.values("a.h5", "bmd")[0], self.values("b.h5", "bmd")[0])
        self.assertIn("has no column 'di', which 'ignore' names (did you mean 'id'?)", self.osteon(
            "run", "test.yaml", "--people", "women.csv", "--ignore", "di", "-o", "x.h5", code=1))

    def test_exit_codes(self):
        """A wrong table is wrong input, whatever is wrong with it and whoever names it."""
        for table in ("age [year]\n60x\n", "age [year]\n600\n", "age [year]\n\n", "age [kg]\n60\n", "age\n60\n",
                      "agee [year]\n60\n", "age [year],age [year]\n60,60\n", "age [year],one.loss [1/y]\n60,\n"):
            self.write("t.csv", table)
            self.assertIn("t.csv", self.osteon("run", "test.yaml", "--people", "t.csv", "-o", "x.h5", code=1), table)

    def test_draws_of_a_column(self):
        """Draws of a parameter that is a column are left out, which is said."""
        self.write("fit.csv", "draw,one.loss [1/y],pill.half [d]\n" + "".join(f"{d},{0.02 + 0.01*d},{20 - d}\n" for d in range(4)))
        said = self.osteon("run", "test.yaml", "--people", "women.csv", "--ignore", "id,smoker,chance", "--parameters",
                           "fit.csv", "-o", "d.h5", "-q")
        self.assertIn("the draws of 'one.loss' are left out: it is a column of 'women.csv'", said)
        self.assertNotIn("pill.half", said)

    def test_covariate_effect(self):
        """A typical value by a formula: the bits of a run with the number, for each subject, and its spread around it."""
        effect = "0.02 [1/y]*(age/60 [year])^0.5"
        for spread in ("", ", spread: 0.3"):
            more = ("--set", "population.people={table: women.csv, ignore: [id, smoker, chance, one.loss]}", "-q", "--force")
            self.osteon("run", "test.yaml", *more, "--set", f"parameters.one.loss={{value: '{effect}'{spread}}}", "-o", "a.h5")
            bmd, age = self.values("a.h5", "bmd", "age")
            loss, = self.values("a.h5", "parameters/one.loss")
            for k in (3, 40):
                self.osteon("run", "test.yaml", *more, "--set", f"population.first_subject={k}", "-n", "1", "-o", "b.h5", "--set",
                            f"parameters.one.loss={{value: {0.02*(age[k]/60)**0.5!r} 1/y{spread}}}")
                np.testing.assert_allclose(self.values("b.h5", "bmd")[0][:, 0], bmd[:, k], rtol=1e-12)
            self.assertGreater(np.std(np.log(loss/age**0.5)), 0.15)
        for value, part in (("0.02 [kg]*(age/60 [year])", "has dimension"), ("0.02 [1/y]*(agee/60 [year])", "agee"),
                            ("10 [1/y]*(age/60 [year])", "by its formula, is outside its range 0.001..0.5")):
            done = subprocess.run([OSTEON, "run", "test.yaml", "-n", "2", "--set", f"parameters.one.loss={value}", "-o", "x.h5"],
                                  cwd=self.folder.name, capture_output=True, text=True, check=False)
            self.assertIn(part, done.stdout + done.stderr)

    def test_wrong_tables(self):
        """tests/wrong_people.txt: table, further keys, part of the message."""
        with open(os.path.join(HERE, "wrong_people.txt"), encoding="utf-8") as file:
            lines = [line.rstrip("\n") for line in file if line.strip() and not line.startswith("#")]
        self.assertGreaterEqual(len(lines), 40)
        for line in lines:
            table, keys, message = line.split(" | ", 2)
            self.write("t.csv", table.strip().replace("\\n", "\n").replace("\\t", "\t"))
            text = FILES["test.yaml"].replace("  subjects: 1000\n", f"  people: {{table: t.csv{keys.strip()}}}\n")
            self.write("w.yaml", text)
            with self.subTest(line):
                said = self.osteon("run", "w.yaml", "-o", "w.h5", code=1)
                self.assertIn(message.strip(), said)
                self.assertFalse(os.path.exists(self.path("w.h5")) or os.path.exists(self.path("w.h5.part")))
        self.write("t.csv", "age [year]\n60\n")
        self.assertIn("subjects 0 to 2, but 't.csv' has 1 rows",
                      self.osteon("run", "test.yaml", "--people", "t.csv", "-n", "3", code=2))
        for words in ("run", "--set", "population.covariates.age=50 year"), ("sweep", "--vary", "population.covariates.age=50 year, 60 year"):
            self.assertIn("population.covariates.age: it is changed, and a column of 't.csv' replaces it",
                          self.osteon(words[0], "test.yaml", "--people", "t.csv", *words[1:], "-o", "w.h5", code=2))
        self.assertIn("there is no file 'women.scv'", self.osteon("run", "test.yaml", "--people", "women.scv", code=2))


if __name__ == "__main__":
    unittest.main()
