#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ready populations: each runs, and what is drawn has the numbers of its sources. `population.from`: what an experiment
takes of another one, what it says itself, what a result file records, wrong values. Takes the path of osteon as its first
argument."""
import csv
import os
import unittest

import h5py
import numpy as np

import test_shards  # noqa: E402  the program in a folder
from test_people import FILES as OF_PEOPLE  # noqa: E402
from test_shards import contents  # noqa: E402
READY = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "configs", "populations")

FILES = {
    "pill.model": OF_PEOPLE["pill.model"],
    "one.model": OF_PEOPLE["one.model"],
    "base.yaml": """
models: [./one.model]
population:
  subjects: 999
  seed: 3
  sampling: latin_hypercube
  covariates:
    age: {distribution: uniform, from: 50 year, to: 80 year}
    since: {formula: "age - 50 [year]"}
    bmi: {distribution: lognormal, median: 25 kg/m2, cv: 10 %}
  eligible: age > 55 [year]
  dropout: 20 month
run_in: {start: "-since - 1 [y]"}
parameters:
  one.loss: {value: 0.03 1/y, spread: 0.1}
arms: {control: {}}
times: [0 d]
""",
    "test.yaml": """
models: [./pill.model, ./one.model]
population:
  from: base.yaml
  subjects: 70
  seed: 7
  covariates:
    weight: {distribution: uniform, from: 50 kg, to: 80 kg}
    bmi: 30 kg/m2
arms:
  control: {}
  treated: {regimen: [{drug: pill, dose: "0.02 [mg/kg]*weight", interval: 1 month, stop: 6 month}]}
times: {to: 24 month, every: 12 month}
results: {precision: float64}
""",
    # the same, written out
    "whole.yaml": """
models: [./pill.model, ./one.model]
population:
  subjects: 70
  seed: 7
  covariates:
    age: {distribution: uniform, from: 50 year, to: 80 year}
    since: {formula: "age - 50 [year]"}
    bmi: 30 kg/m2
    weight: {distribution: uniform, from: 50 kg, to: 80 kg}
  eligible: age > 55 [year]
  dropout: 20 month
run_in: {start: "-since - 1 [y]"}
parameters:
  one.loss: {value: 0.03 1/y, spread: 0.1}
arms:
  control: {}
  treated: {regimen: [{drug: pill, dose: "0.02 [mg/kg]*weight", interval: 1 month, stop: 6 month}]}
times: {to: 24 month, every: 12 month}
results: {precision: float64}
""",
}

WRONG = [  # in place of `from: base.yaml`, part of the message
    ("from: postmenopausal_woman", "test.yaml:4:9: population.from: 'postmenopausal_woman' must be one of early_breast_cancer"),
    ("from: postmenopausal_woman", "(did you mean 'postmenopausal_women'?)"),
    ("from: base", "'base' must be one of early_breast_cancer"),
    ("from: bas.yaml", "test.yaml:4:9: population.from: there is no file 'bas.yaml'"),
    ("form: base.yaml", "test.yaml:4:3: population.form: unknown key (did you mean 'from'?)"),
    ("from: [base.yaml]", "4:9: population.from: the name of a population, or the path of an experiment, is expected here"),
    ("from:", "population.from: the name of a population, or the path of an experiment, is expected here"),
    ("from: test.yaml", "4:9: population.from: the population of 'test.yaml' has 'from' itself"),
    ("from: table.yaml", "4:9: population.from: the population of 'table.yaml' has 'people' itself"),
    ("from: none.yaml", "4:9: population.from: 'none.yaml' has no population.covariates"),
    ("from: wrong.yaml", "wrong.yaml:4:3: population.agge: unknown key"),
    ("from: broken.yaml", "broken.yaml:"),
    ("from: osteoporotic_women", "test.yaml:4:9: this experiment has no model 'aibl'"),
    ("from: other.yaml", "population.covariates.since.formula: unknown name 'age'; a formula may use the covariates above it"),
]


class Populations(test_shards.Program):
    files = FILES

    def values(self, name, *of):
        with h5py.File(self.path(name)) as file:
            return [file[each][()] for each in of]

    def same(self, one, two):
        """Every value of two result files; their texts differ."""
        one, two = contents(self.path(one)), contents(self.path(two))
        self.assertEqual({name for name in one if isinstance(name, str)}, {name for name in two if isinstance(name, str)})
        for name in one:
            if isinstance(name, str):
                np.testing.assert_array_equal(one[name], two[name], err_msg=name)

    def test_sources(self):
        """Each ready population has the numbers of configs/populations/sources.csv, to half of their last digit."""
        with open(os.path.join(READY, "sources.csv"), encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        names = sorted(name[:-5] for name in os.listdir(READY) if name.endswith(".yaml"))
        self.assertEqual(sorted({row["population"] for row in rows}), names)
        listed = [line.split(None, 1) for line in self.osteon("list", "populations").splitlines()]
        self.assertEqual([name for name, title in listed], names)
        self.assertTrue(all(title.strip() for name, title in listed))
        self.assertEqual(dict(listed)["osteoporotic_women"].rpartition("; for ")[2].split(), ["hormones", "aibl", "dxa"])
        self.assertEqual(dict(listed)["premenopausal_breast_cancer"].rpartition("; for ")[2].split(), ["hormones", "aibl"])
        for name in names:
            out = f"{name}.h5"
            self.osteon("run", os.path.join(READY, f"{name}.yaml"), "-n", "2000", "--set", "times=[0 d, 1 month]", "--set",
                        "population.sampling=latin_hypercube", "--no-probe", "-q", "-o", out)
            with h5py.File(self.path(out)) as file:
                self.assertEqual(np.sum(file["status"][()]), 0)
                for row in rows:
                    if row["population"] != name:
                        continue
                    self.assertTrue(row["source"].strip())
                    group, _, site = row["quantity"].rstrip("]").partition("[")
                    found = file[group][()]
                    if site:
                        found = found[0, list(file["site"].asstr()).index(site), :, 0]
                    else:
                        self.assertEqual(file[group].attrs["units"].decode(), {"year": "y"}.get(row["unit"], row["unit"]))
                    word, _, below = row["statistic"].partition(" ")
                    is_share = word == "below"
                    value = np.mean(found < float(below)) if is_share else \
                        {"mean": np.mean, "sd": np.std, "median": np.median}[word](found)
                    last = 10.0**-len(row["value"].partition(".")[2])
                    with self.subTest(name, quantity=row["quantity"], statistic=row["statistic"]):
                        # a latin hypercube of 2000 is exact to 1/2000 in shares; scans add an error to T-scores
                        self.assertLessEqual(abs(value - float(row["value"])), 0.5 * last + (0.0005 if is_share else 1e-9))

    def test_taken(self):
        """The bits of the experiment written out; where one says something itself, it is not taken."""
        self.osteon("run", "test.yaml", "-o", "a.h5", "-q")
        self.osteon("run", "whole.yaml", "-o", "b.h5", "-q")
        self.same("a.h5", "b.h5")
        self.assertEqual(self.values("a.h5", "subject")[0].size, 70)
        for taken, whole in (
                (["run_in={start: -2 year}"], ["run_in={start: -2 year}"]),
                (["population.eligible=age > 60 [year]"], ["population.eligible=age > 60 [year]"]),
                (["parameters={one.loss: 0.01 1/y}"], ["parameters.one.loss=0.01 1/y"]),
                (["population.covariates.age.to=70 year"], ["population.covariates.age.to=70 year"]),
                (["population.covariates.since=5 year"], ["population.covariates.since=5 year"])):
            self.osteon("run", "test.yaml", "-o", "a.h5", "-q", "--force", *(word for each in taken for word in ("--set", each)))
            self.osteon("run", "whole.yaml", "-o", "b.h5", "-q", "--force", *(word for each in whole for word in ("--set", each)))
            with self.subTest(taken):
                self.same("a.h5", "b.h5")

    def test_nothing_is_taken_away(self):
        """A key without a value takes away what would be taken."""
        self.write("a.yaml", FILES["test.yaml"].replace("    bmi: 30 kg/m2\n", "    bmi: 30 kg/m2\n    since:\n")
                   .replace("arms:", "run_in: {start: -1 year}\narms:"))
        self.osteon("run", "a.yaml", "-o", "a.h5", "-q")
        with h5py.File(self.path("a.h5")) as file:
            self.assertNotIn("since", file)
            self.assertIn("age", file)
        for name, taken, whole in (("eligible", "  eligible: age > 55 [year]\n", ""), ("dropout", "  dropout: 20 month\n", ""),
                                   ("run_in", 'run_in: {start: "-since - 1 [y]"}\n', "")):
            none = f"{name}:\n"
            self.write("a.yaml", FILES["test.yaml"].replace("arms:", none + "arms:") if name == "run_in" else
                       FILES["test.yaml"].replace("  seed: 7\n", "  seed: 7\n  " + none))
            self.write("b.yaml", FILES["whole.yaml"].replace(taken, whole))
            for each in "ab":
                self.osteon("run", f"{each}.yaml", "-o", f"{each}.h5", "-q", "--force")
            with self.subTest(name):
                self.same("a.h5", "b.h5")

    def test_settings_take_away(self):
        """path=~ is the experiment without that key, also of what was taken."""
        for path, taken in (("population.eligible", "  eligible: age > 55 [year]\n"), ("population.dropout", "  dropout: 20 month\n"),
                            ("run_in", 'run_in: {start: "-since - 1 [y]"}\n'), ("parameters.one.loss.spread", ", spread: 0.1")):
            self.write("b.yaml", FILES["whole.yaml"].replace(taken, ""))
            self.osteon("run", "b.yaml", "-o", "b.h5", "-q", "--force")
            for name in "test.yaml", "whole.yaml":
                self.osteon("run", name, "-o", "a.h5", "-q", "--force", "--set", f"{path}=~")
                with self.subTest(path, of=name):
                    self.same("a.h5", "b.h5")
        self.assertIn("'times' is missing here", self.osteon("run", "test.yaml", "-o", "c.h5", "--set", "times=~", code=2))

    def test_record(self):
        """A result file is repeated and verified without the file that was taken; a setting takes another population."""
        self.osteon("run", "test.yaml", "-o", "a.h5", "-q")
        os.remove(self.path("base.yaml"))
        self.osteon("run", "a.h5", "-o", "b.h5", "-q")
        self.same("a.h5", "b.h5")
        self.osteon("verify", "a.h5", "--share", "100 %")
        self.assertIn("there is no file 'base.yaml'", self.osteon("run", "test.yaml", "-o", "c.h5", code=1))
        ready = "early_breast_cancer"
        text = FILES["test.yaml"].replace("from: base.yaml", f"from: {ready}")
        self.write("test.yaml", text)
        self.osteon("run", "test.yaml", "-o", "c.h5", "-q")
        self.osteon("run", "a.h5", "-o", "d.h5", "-q", "--set", f"population.from={ready}")
        self.same("c.h5", "d.h5")
        self.osteon("sweep", "test.yaml", "--vary", f"population.from={ready}, postmenopausal_women", "-o", "s.h5", "-q")
        age, bmd = self.values("s.h5", "age", "bmd")
        np.testing.assert_array_equal(bmd[0], self.values("c.h5", "bmd")[0])
        self.assertGreater(abs(age[0].mean() - age[1].mean()), 2)

    def test_who_takes_part(self):
        """Strata and `enroll` are taken as the rest is; how many take part is said once."""
        strata = '{old: {if: "age > 70 [year]", quota: 9}, young: {if: "age <= 70 [year]", quota: 5}}'
        for theirs, ours, whole, n in (
                (f"strata: {strata}\n  enroll: 14", "", f"strata: {strata}", 14),
                ("enroll: 12", "", "enroll: 12", 12),
                ("enroll: 12", "enroll: 11\n  ", "enroll: 11", 11),
                (f"strata: {strata}", "strata:\n  enroll: 13\n  ", "enroll: 13", 13),
                (f"strata: {strata}", "strata:\n  subjects: 13\n  ", "subjects: 13", 13),
                ("enroll: 12", f"strata: {strata}\n  ", f"strata: {strata}", 14)):
            self.write("base.yaml", FILES["base.yaml"].replace("sampling: latin_hypercube", theirs))
            self.write("a.yaml", FILES["test.yaml"].replace("subjects: 70\n  ", ours))
            self.write("b.yaml", FILES["whole.yaml"].replace("subjects: 70", whole))
            for each in "ab":
                self.osteon("run", f"{each}.yaml", "-o", f"{each}.h5", "-q", "--force")
            with self.subTest(theirs, ours=ours):
                self.same("a.h5", "b.h5")
                self.assertEqual(self.values("a.h5", "subject")[0].size, n)
        self.osteon("run", "a.h5", "-o", "b.h5", "-q", "--force")
        self.same("a.h5", "b.h5")
        for theirs, word in ((f"strata: {strata}", "strata"), ("enroll: 12", "enroll")):
            self.write("base.yaml", FILES["base.yaml"].replace("sampling: latin_hypercube", theirs))
            self.assertIn(f"test.yaml:5:13: population.subjects: '{word}' of the population 'base.yaml' says how many subjects "
                          "take part", self.osteon("run", "test.yaml", "-o", "c.h5", code=1))

    def test_settings(self):
        """A setting takes the file as it is now, also of the name that a result file has the text of; two populations in
        one setting and one file are refused."""
        self.osteon("run", "test.yaml", "-o", "a.h5", "-q")
        self.osteon("run", "test.yaml", "-o", "b.h5", "-q", "--set", "population.from=base.yaml")
        self.write("base.yaml", FILES["base.yaml"].replace("from: 50 year", "from: 60 year"))
        self.osteon("run", "test.yaml", "-o", "c.h5", "-q")
        for name in "ab":
            self.osteon("run", f"{name}.h5", "-o", "d.h5", "-q", "--force")
            self.same("a.h5", "d.h5")
            self.osteon("run", f"{name}.h5", "-o", "d.h5", "-q", "--force", "--set", "population.from=base.yaml")
            self.same("c.h5", "d.h5")
        self.osteon("run", "test.yaml", "-o", "d.h5", "-q", "--force", "--set", "population.covariates.age.from=55 year", "--set",
                    "population.from = base.yaml")
        self.assertLess(self.values("d.h5", "age")[0].min(), 60)
        self.assertIn("another population, 'base.yaml', was taken already; expected the setting population.from=b.yaml",
                      self.osteon("run", "test.yaml", "-o", "e.h5", "--set", "population={from: b.yaml, subjects: 3}", code=2))

    def test_models(self):
        """A population for other models: a warning that says so."""
        self.write("test.yaml", FILES["test.yaml"].replace("from: base.yaml", "from: early_breast_cancer"))
        said = self.osteon("run", "test.yaml", "-n", "2", "-o", "a.h5")
        self.assertIn("warning: test.yaml:4:9: the population 'early_breast_cancer' is one for the model 'hormones'", said)

    def test_wrong(self):
        self.write("table.yaml", FILES["base.yaml"].replace("  seed: 3\n", "  people: women.csv\n"))
        self.write("none.yaml", "models: [./one.model]\narms: {a: {}}\ntimes: [0 d]\n")
        self.write("wrong.yaml", "models: [./one.model]\npopulation:\n  seed: 1\n  agge: 3\narms: {a: {}}\ntimes: [0 d]\n")
        self.write("broken.yaml", "models: [./one.model\n")
        self.write("other.yaml", FILES["base.yaml"].replace("    age: {distribution: uniform, from: 50 year, to: 80 year}\n", ""))
        for line, message in WRONG:
            self.write("test.yaml", FILES["test.yaml"].replace("from: base.yaml", line))
            with self.subTest(line, says=message):
                said = self.osteon("run", "test.yaml", "-o", "w.h5", code=1)
                self.assertIn(message, said)
                self.assertFalse(os.path.exists(self.path("w.h5")))


if __name__ == "__main__":
    unittest.main()
