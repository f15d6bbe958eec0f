#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`osteon export`: every value of a run, a comparison, a sweep and a run that is not finished, as a table; memory that does
not grow with the cohort; wrong words, damaged files. Takes the path of osteon as its first argument."""
import csv
import os
import resource
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import test_shards  # noqa: E402  its cohort
import test_sweep  # noqa: E402  its sweep

import h5py  # noqa: E402
import numpy as np  # noqa: E402

OSTEON, SUBJECTS = test_shards.OSTEON, test_shards.SUBJECTS
DOSE, AGE = test_sweep.DOSE, test_sweep.AGE
SWEPT = ("--vary", f"{DOSE}=0.5 mg, 1 mg", "--vary", f"{AGE}=55 y, 75 y, 60 y", "--subjects", "70")
WRONG = (
    ((), "--csv OUT.csv is missing"),
    (("--csv", "t.txt"), "--csv: 't.txt' is not the name of a table of values (CSV), which ends in .csv"),
    (("--csv", "no/t.csv"), "--csv: no/t.csv: cannot be written: No such file or directory"),
    (("--csv", "mine.csv"), "'mine.csv' is there and is not a table of values (CSV); it is not overwritten"),
    (("--csv", "other.csv"), "'other.units.csv' is there and is not a table of units (CSV); it is not overwritten"),
    (("--csv", "t.csv", "--arms", "agian"), "--arms: the file has no arm 'agian' (did you mean 'again'?); it has:\n  none\n"),
    (("--csv", "t.csv", "--arms", "none,none"), "--arms: duplicate 'none'"),
    (("--csv", "t.csv", "--arms", "none,"), "--arms: 'none,': a name is missing"),
    (("--csv", "t.csv", "--columns", ""), "--columns: '': a name is missing"),
    (("--csv", "t.csv", "--columns", "bdm"), "--columns: the file has no column 'bdm' (did you mean 'bmd'?); it has:\n  bmd\n"),
    (("--csv", "t.csv", "--columns", "bmd[totl_hip]"), "no column 'bmd[totl_hip]' (did you mean 'bmd[total_hip]'?)"),
    (("--csv", "t.csv", "--columns", "status"), "--columns: the file has no column 'status'"),
    (("--csv", "t.csv", "--columns", "one.peak"), "--columns: the file has no column 'one.peak'"),
    (("--csv", "t.csv", "--columns", "arm_label"), "--columns: the file has no column 'arm_label'"),
    (("--csv", "t.csv", "--columns", "bmd,bmd[total_hip]"), "'bmd[total_hip]' is among the elements of a name"),
    (("--csv", "t.csv", "--columns", "bmd[total_hip],bmd"), "'bmd' is among the elements of a name"),
    (("--csv", "t.csv", "--columns", "age"), "--columns: 'age' has one value for each subject and names no output, of which a table "
     "has its rows; add one, such as 'bmd'"),
    (("--csv", "t.csv", "--people", "u.csv"), "export: --csv and --people are two tables; expected one of them"),
    (("--people", "u.csv", "--every", "1 year"), "--people: --every is of tables with times"),
    (("--people", "u.csv", "--columns", "bmd"), "--columns: the file has no column 'bmd'"),
    (("--csv", "t.csv", "--observations"), "--observations: the run has no dosing table ('events')"),
    (("--csv", "t.csv", "--observations", "--every", "1 year"), "--observations: --every is of other tables"),
    (("--csv", "t.csv", "--every", "3"), "--every: '3' has no unit of time; write one, for example 3 month"),
    (("--csv", "t.csv", "--every", "3 mg"), "--every: '3 mg' has dimension mass; expected time, for example 3 month"),
    (("--csv", "t.csv", "--every", "3 mnth"), "--every: "),
    (("--csv", "t.csv", "--every", "month"), "--every: "),
    (("--csv", "t.csv", "--every", "0 month"), "--every: '0 month' is not above 0; expected a time such as '3 month'"),
    (("--csv", "t.csv", "--every", "-3 month"), "--every: '-3 month' is not above 0"),
    (("--csv", "t.csv", "--every", "28 day"), "no output time that is a multiple of '28 day', besides time 0; its times are 0 d"),
    (("--csv", "t.csv", "--csv", "t.csv"), "--csv is given twice"),
    (("--csv", "t.csv", "--colums", "bmd"), "unknown option --colums (did you mean 'columns'?)"),
)


def number(text):
    return float(text) if text else np.nan


class Export(test_shards.Program):
    def setUp(self):
        super().setUp()
        for name, text in test_sweep.FILES.items():
            if name.endswith(".yaml") or name == "pill.model":
                self.write(name, text.replace("./one.model", "./haste.model"))
            elif name == "one.model":
                self.write("haste.model", text)

    def export(self, path, *words):
        """@return the columns by name, as texts; the units by name"""
        said = self.osteon("export", path, "--csv", "t.csv", *words)
        with open(self.path("t.csv"), encoding="utf-8", newline="") as file:
            text = file.read()
        rows = list(csv.DictReader(text.splitlines()))
        self.assertEqual(text.count("\r\n"), len(rows) + 1)
        self.assertIn(f"wrote t.csv: {len(rows):,} row", said)
        with open(self.path("t.units.csv"), encoding="utf-8", newline="") as file:
            units = {row["name"]: (row["unit"], row["meaning"]) for row in csv.DictReader(file)}
        return {name: np.array([row[name] for row in rows]) for name in rows[0]}, units

    def run_one(self, *words, code=0):
        self.osteon("run", "e.yaml", "-o", "a.h5", "-q", *words, code=code)
        return h5py.File(self.path("a.h5"))

    def values(self, texts, like, kind=np.float32):
        """The bits of the file: a number of a table is read back as it was."""
        return np.array([number(text) for text in texts], kind).reshape(like.shape)

    def test_long(self):
        with self.run_one() as file:
            table, units = self.export("a.h5")
            self.assertEqual(list(table), ["arm", "subject", "time", "variable", "element", "value"])
            self.assertEqual(list(table["variable"][:3]), ["bmd", "bmd", "shifted"])
            self.assertEqual(list(table["element"][:3]), ["lumbar_spine", "total_hip", ""])
            self.assertEqual(list(table["arm"][[0, -1]]), ["none", "again"])
            shape = (2, SUBJECTS, 5, 3)
            bmd = np.moveaxis(file["bmd"][()], 1, -1)
            found = self.values(table["value"], np.empty(shape))
            np.testing.assert_array_equal(found[..., :2], bmd)
            np.testing.assert_array_equal(found[..., 2], file["shifted"][()])
            self.assertTrue(np.isnan(found).any())  # a subject that failed has empty fields
            np.testing.assert_array_equal(table["subject"].astype(int).reshape(shape)[0, :, 0, 0], file["subject"][()])
            np.testing.assert_array_equal(table["time"].astype(float).reshape(shape)[1, 9, :, 1], file["time"][()])
        self.assertEqual(units["time"], ("d", "time since the start of treatment"))
        self.assertEqual(units["bmd"], ("g/cm2", "bone mineral density"))
        self.assertEqual(list(units), ["arm", "subject", "time", "bmd", "shifted"])

    def test_wide(self):
        with self.run_one() as file:
            table, units = self.export("a.h5", "--wide", "--arms", "again", "--every", "1 year", "--columns",
                                       "shifted, age,bmd[total_hip],one.loss")
            self.assertEqual(list(table), ["arm", "subject", "time", "age", "one.loss", "shifted", "bmd_total_hip"])
            self.assertEqual(set(table["arm"]), {"again"})
            bmd = file["bmd"][1, 1][:, [0, 2, 4]]
            np.testing.assert_array_equal(self.values(table["bmd_total_hip"], bmd), bmd)
            for name, of in (("age", file["age"]), ("one.loss", file["parameters/one.loss"])):
                np.testing.assert_array_equal(table[name].astype(float)[::3], of[()])  # all digits of a double
        self.assertEqual(units["bmd_total_hip"][0], "g/cm2")
        self.assertEqual(units["one.loss"][0], "1/y")
        self.assertEqual(units["age"][0], "y")

    def test_people(self):
        """A row for each subject: strata by name, covariates, and how each arm ended."""
        def people(*words):
            self.osteon("export", "a.h5", "--people", "t.csv", *words)
            with open(self.path("t.csv"), encoding="utf-8", newline="") as file:
                return list(csv.DictReader(file))
        self.write("one.model", test_shards.MODEL.replace("B' = -loss*B", "B' = -loss*B + (if age > 80 [y] then log(-1*B) else 0)/1 [d]"))
        self.run_one("--set", "population.eligible=age > 60 [y]", code=3).close()
        table = people()
        with h5py.File(self.path("a.h5")) as file:
            status, age = file["status"][()], file["age"][()]
        self.assertEqual(list(table[0]), ["subject", "age", "status_none", "status_again"])
        np.testing.assert_array_equal([float(row["age"]) for row in table], age)
        for k, arm in enumerate(("none", "again")):
            wanted = ["failed" if code else "ok" if old > 60 else "not_eligible" for code, old in zip(status[k], age)]
            self.assertEqual([row[f"status_{arm}"] for row in table], wanted)
        self.assertEqual(set(wanted), {"failed", "ok", "not_eligible"})
        self.write("one.model", test_shards.MODEL)
        strata = "population.strata={young: {if: 'age < 60 [y]', quota: 20}, old: {if: 'age >= 60 [y]', quota: 30}}"
        settings = strata, "population.enroll=50", "population.subjects=~", "population.sampling=random"
        self.run_one(*(word for each in settings for word in ("--set", each))).close()
        table = people("--arms", "again", "--columns", "stratum,subject_number,age,one.loss")
        self.assertEqual(list(table[0]), ["subject", "stratum", "subject_number", "age", "one.loss", "status_again"])
        self.assertEqual([row["stratum"] for row in table], ["young" if float(row["age"]) < 60 else "old" for row in table])
        self.osteon("compare", "e.yaml", "--models", "one.model,two.model", "-o", "a.h5", "-q")
        self.assertEqual([row["model"] for row in people()], SUBJECTS*["one"] + SUBJECTS*["two"])

    def test_doubles_keep_their_digits(self):
        with self.run_one("--set", "results.precision=float64") as file:
            table, _ = self.export("a.h5", "--wide")
            bmd = file["bmd"][()][:, 0]
            np.testing.assert_array_equal(self.values(table["bmd_lumbar_spine"], bmd, float), bmd)

    def test_compare(self):
        self.osteon("compare", "e.yaml", "--models", "one.model,two.model", "-o", "a.h5", "-q")
        with h5py.File(self.path("a.h5")) as file:
            table, units = self.export("a.h5", "--wide")
            self.assertEqual(list(table)[:4], ["arm", "subject", "time", "model"])
            hip = file["bmd"][()][:, :, 1]
            np.testing.assert_array_equal(self.values(table["bmd_total_hip"], hip), hip)
            np.testing.assert_array_equal(table["model"].reshape(hip.shape)[:, 0, 0, 0], ["one", "two"])
        self.assertIn("model", units)

    def test_sweep(self):
        self.osteon("sweep", "test.yaml", *SWEPT, "-o", "a.h5")
        with h5py.File(self.path("a.h5")) as file:
            table, units = self.export("a.h5", "--columns", "bmd,age" if file["age"].ndim == 1 else "bmd")
            spine = file["bmd"][()][:, :, :, 0]
            picked = table["element"] == "lumbar_spine"
            np.testing.assert_array_equal(self.values(table["value"][picked], spine), spine)
            names = [d.keys()[0] for d in file["bmd"].dims][:2]
            self.assertEqual(list(table)[3:5], names)
            for axis, name in enumerate(names):
                found = np.moveaxis(table[name][picked].reshape(spine.shape), axis, 0).reshape(len(file[name]), -1)
                for texts, value in zip(found, file[name][()]):
                    self.assertEqual({float(text) for text in texts}, {float(value)})
            self.assertEqual(units["dose"], ("mg", DOSE))
        self.osteon("sweep", "test.yaml", *SWEPT, "--keep", "endpoints", "-o", "b.h5")
        said = self.osteon("export", "b.h5", "--csv", "b.csv", code=2)
        self.assertIn("b.h5 keeps endpoints alone, and no subjects; 'osteon show b.h5 --csv OUT.csv' writes them", said)

    def test_points(self):
        self.osteon("sweep", "test.yaml", "--design", "halton", "--points", "3", "--vary", f"{AGE}=55 y..75 y", "--vary",
                    f"{DOSE}=1 mg..2 mg", "--subjects", "5", "-o", "a.h5")
        with h5py.File(self.path("a.h5")) as file:
            table, units = self.export("a.h5", "--wide", "--columns", "marker,age")
            self.assertEqual((list(table)[3], units["point"][0]), ("point", "1"))
            marker = file["marker"][()]
            np.testing.assert_array_equal(self.values(table["marker"], marker), marker)
            np.testing.assert_array_equal(table["dose"].astype(float).reshape(marker.shape)[:, 0, 0, 0], file["dose"][()])

    def test_names_that_would_be_twice(self):
        self.write("three.model", test_shards.MODEL + 'output bmd_total_hip [1] = B "another one"\n'
                   'output value [1] = B "a third"\n')
        self.osteon("run", "e.yaml", "--set", "models=[three.model]", "-o", "a.h5", "-q", "-n", "3", "--force")
        said = self.osteon("export", "a.h5", "--csv", "t.csv", "--wide", code=2)
        self.assertIn("two columns of the table would be named 'bmd_total_hip'; --columns chooses one of them", said)
        self.export("a.h5", "--wide", "--columns", "bmd,value")
        self.export("a.h5")

    def test_wrong_words(self):
        self.run_one("-n", "3").close()
        self.write("mine.csv", "name,age\nme,40\n")
        self.write("other.units.csv", "name,age\nme,40\n")
        for words, said in WRONG:
            found = self.osteon("export", "a.h5", *words, code=4 if "cannot be" in said else 2)
            self.assertIn(said, found)
            self.assertFalse(os.path.exists(self.path("t.csv")), words)
        self.assertIn("none.h5: No such file", self.osteon("export", "none.h5", "--csv", "t.csv", code=1))

    def test_as_show_says(self):
        """Of a file that is cut short, changed or of another kind, the message is that of `show`."""
        self.run_one().close()
        with open(self.path("a.h5"), "rb") as file:
            data = file.read()
        with h5py.File(self.path("a.h5")) as file:
            place = file["bmd"].id.get_chunk_info(2)
        middle = place.byte_offset + place.size // 2
        changed = bytearray(data)
        changed[middle] ^= 8
        for name, content in (("cut", data[:len(data) // 2]), ("empty", b""), ("text", b"a,b\n" * 999),
                              ("head", data[:30] + bytes(4) + data[34:]), ("changed", bytes(changed))):
            with open(self.path(f"{name}.h5"), "wb") as file:
                file.write(content)
            said = self.osteon("show", f"{name}.h5", code=4)
            self.assertEqual(self.osteon("export", f"{name}.h5", "--csv", "t.csv", code=4), said)
            self.assertEqual([x for x in os.listdir(self.folder.name) if x.startswith("t.")], [], name)

    def test_shard(self):
        """A shard, as a run that is not finished, gives its finished blocks."""
        self.run_one().close()
        whole, _ = self.export("a.h5")
        self.osteon("run", "e.yaml", "--shard", "1/2", "-o", "half.h5", "-q")
        half, _ = self.export("half.h5")
        has_value = half["value"] != ""
        n = 2 * 64 * 4 * 5 * 2  # arms, subjects of 4 of 8 blocks, times, sites
        self.assertGreaterEqual(has_value.sum(), n)
        self.assertLess(has_value.sum(), len(whole["value"]) * 0.6)
        for name, texts in half.items():
            np.testing.assert_array_equal(texts[has_value], whole[name][has_value])
        self.assertIn("shard 1 of 2", self.osteon("export", "half.h5", "--csv", "t.csv"))

    def test_full_disk(self):
        self.run_one().close()
        done = subprocess.run([OSTEON, "export", "a.h5", "--csv", "t.csv"], cwd=self.folder.name, capture_output=True, text=True,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000)), check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertFalse(os.path.exists(self.path("t.csv")))

    def test_memory_does_not_grow(self):
        def most(n):
            self.osteon("run", "e.yaml", "-n", str(n), "--set", "times={to: 24 month, every: 10 day}", "--set", "arms={none: {}}",
                        "-o", "a.h5", "-q", "--force")
            with subprocess.Popen([OSTEON, "export", "a.h5", "--csv", "t.csv", "--wide"], cwd=self.folder.name,
                                  stdout=subprocess.DEVNULL) as child:
                return os.wait4(child.pid, 0)[2].ru_maxrss
        few, many = most(3000), most(12000)
        self.assertLess(many, 1.05 * few)

    @unittest.skipUnless(shutil.which("Rscript"), "R is not installed")
    def test_r_reads_it(self):
        self.run_one("-n", "3").close()
        self.export("a.h5", "--wide")
        code = 'd <- read.csv("t.csv"); cat(nrow(d), class(d$bmd_total_hip), class(d$subject))'
        said = subprocess.run(["Rscript", "-e", code], cwd=self.folder.name, capture_output=True, text=True, check=True).stdout
        self.assertEqual(said, "30 numeric integer")


if __name__ == "__main__":
    unittest.main()
