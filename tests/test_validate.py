#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`osteon fit` and `osteon validate` as a user meets them: trials, evidence and models of their own, outside of any
source tree. Takes the path of osteon as its first argument; further words name single tests."""
import csv
import math
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import unittest.mock

OSTEON = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else "osteon"

# bmd = exp(-(k + g push) t): every figure is known.
MODEL = """
model tiny "bone that is lost, more where it is pushed"
kind bone
signal push [1] = 0 combine sum "speeds the loss"
reads push
index site = lumbar_spine, total_hip
param k[site] = 0.02, 0.01 [1/y] in 0.001..0.5 prior 0.5 "loss" @ "assumed: for a test"
param g = 0.03 [1/y] in 0.001..0.5 prior 0.5 "loss by push" @ "assumed: for a test"
state B[site] = 1 [1] "bone"
B[site]' = -(k[site] + g*push)*B[site]
output bmd[site] [g/cm2] = 1 [g/cm2]*B[site] "bone mineral density"
"""
OTHER = MODEL.replace("model tiny", "model slow").replace("0.02, 0.01", "0.002, 0.001")
PILL = """
model pill "pushes"
kind drug
state A = 0 [mg] scale 1 "amount"
A' = -0.1 [1/d]*A
dose A
drives push = A/10 [mg]
output amount [mg] = A "amount"
"""
TRIAL = """
title: "A trial of <tags> & more"
models: [./tiny.model]
arms:
  placebo: {label: Placebo}
  drug: {label: "Drug <b>", signals: [{signal: push, value: 1}]}
times: {to: 24 month, every: 12 month}
evidence:
  table: evidence.csv
  compare:
    - {arm: placebo, trial: T, trial_arm: placebo}
    - {arm: drug, trial: T, trial_arm: drug}
    - {arm: drug, trial: T, trial_arm: difference, versus: placebo}
"""
HEAD = "role,trial,arm,endpoint,site,time_months,statistic,value,unit,lower,upper,interval,n,citation,reference,note\n"
ROWS = """\
calibrate,T,placebo,BMD_change,LS,12,mean,-3,percent,-4,-2,95ci,50,c,r,
calibrate,T,placebo,BMD_change,TH,12,mean,-1,percent,,0.2,se,50,c,r,
validate,T,drug,BMD_change,LS,24,mean,-9,percent,,0.2,se,50,c,r,
validate,T,drug,BMD_level,LS,24,mean,1,g_per_cm2,,0.2,se,50,c,r,
calibrate,T,difference,BMD_difference,LS,12,mean,-3,percentage_points_between_arms,,1,se,50,c,r,
validate,T,drug,BMD_change,FN,24,mean,-9,percent,,0.2,se,50,c,r,
"""
FIT = """
title: A fit
trials: trials
subjects: 1
starts: 2
parameters:
  "tiny.k[lumbar_spine]": {prior: 0.02 1/y}
  tiny.g: {prior: 0.03 1/y}
exclude:
  - {trial: T, site: TH, reason: to see it named}
"""


def lost(rate, years):
    return 100 * math.expm1(-rate * years)


def rows_of(text):
    """The lines of a printed table that have a check."""
    return [line for line in text.splitlines() if re.search(" (in|out)side$", line)]


def sentences(text):
    """Without the ends of lines, which a terminal's width makes."""
    return " ".join(text.split())


class Trials(unittest.TestCase):
    """Trials of one's own in a folder of one's own."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        os.mkdir(self.path("trials"))
        self.write("trials/tiny.model", MODEL)
        self.write("slow.model", OTHER)
        self.write("trials/one.yaml", TRIAL)
        self.write("trials/evidence.csv", HEAD + ROWS)
        self.write("fit.yaml", FIT)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def osteon(self, *words, code=0):
        done = subprocess.run([OSTEON, *words], cwd=self.folder.name, capture_output=True, text=True, check=False,
                              timeout=300)
        self.assertEqual(done.returncode, code, f"{words}\n{done.stdout}\n{done.stderr}")
        return done

    def validate(self, *words, code=0):
        own = (("--trials", "trials"), ("--subjects", "2"))
        return self.osteon("validate", *(w for option in own if option[0] not in words for w in option), *words, code=code)


class Analysis(Trials):
    def words_of(self, *words):
        """The output without its line breaks."""
        return " ".join(self.validate(*words).stdout.split())

    def test_people_of_every_trial(self):
        """Each file of configs/trials says who was simulated, the same six things in the same order."""
        said = ["Age", "Menopause", "BMI", "T-score", "Calcium and vitamin D", "Dropout"]
        for path in sorted((pathlib.Path(__file__).parent.parent / "configs/trials").glob("*.yaml")):
            text = path.read_text(encoding="utf-8")
            with self.subTest(trial=path.stem):
                notes = re.search(r"(?m)^notes: \|\n(?:  .*\n|\n)+", text)[0]
                self.assertEqual(re.findall(r"(?m)^  ([A-Z][\w -]+): .+", notes.partition("\n\n")[2]), said)
                for covariate in ("age", "years_since_menopause", "bmi"):
                    self.assertRegex(text, rf"(?m)^    {covariate}: ")

    def test_table_and_sums(self):
        text = self.validate().stdout
        lines, rows = text.splitlines(), rows_of(text)
        simulated = [lost(0.02, 1), lost(0.01, 1), lost(0.05, 2), math.exp(-0.1), lost(0.05, 1) - lost(0.02, 1)]
        observed = [-3, -1, -9, 1, -3]
        self.assertEqual(lines[0].split(), ["output", "month", "observed", "interval", "simulated", "90", "%", "simulated",
                                            "-", "check"])
        columns = [lines[0].index(word) for word in ("output", "check")]
        self.assertEqual(len(rows), 5)
        for line, wanted, seen in zip(rows, simulated, observed):
            self.assertTrue(all(line[at - 1] == " " != line[at] for at in columns), line)
            self.assertIn(f" {wanted:.2f} ", line)
            self.assertIn(f" {wanted - seen:+.2f} ", line)
        self.assertEqual([line for line in lines if line.startswith("T, ")],
                         ["T, placebo (calibrate)", "T, drug (validate)", "T, difference (calibrate)"])
        self.assertIn("-4.00..-2.00", rows[0])
        self.assertIn(" se 0.20 ", rows[1])
        half = 1.6449 * 2 / 2 / 1.96  # the row's own error is all the uncertainty there is
        self.assertIn(f"{lost(0.02, 1) - half:.2f}..{lost(0.02, 1) + half:.2f}", rows[0])
        self.assertRegex(rows[0], "outside$")
        self.assertRegex(rows[4], "inside$")
        self.assertIn("not compared: T, drug, BMD_change FN (line 7): the models have no output 'bmd[femoral_neck]'; "
                      "expected bmd[lumbar_spine], bmd[total_hip]", sentences(text))
        residuals = [s - o for s, o in zip(simulated, observed)]
        of = [residuals[i] for i in (0, 1, 4)]
        rmse, bias = math.sqrt(sum(r * r for r in of) / 3), sum(of) / 3
        weighted = math.sqrt(sum((r / e) ** 2 for r, e in zip(of, (1 / 1.96, 0.2, 1))) / 3)
        self.assertIn(f"BMD calibrate: n 3 rmse {rmse:.2f} bias {bias:+.2f} coverage 0.67 weighted {weighted:.2f}", lines)
        self.assertIn(f"BMD validate: n 1 rmse {abs(residuals[2]):.2f} bias {residuals[2]:+.2f} coverage 0.00", text)
        self.assertIn(f"level validate: n 1 rmse {-100 * residuals[3]:.2f} bias {100 * residuals[3]:+.2f} coverage 1.00",
                      text)
        self.assertNotIn("replicates", text)

    def test_every_arm_names_its_outputs(self):
        """Also where outputs stand above their rows, since the table would be wider than the terminal."""
        with unittest.mock.patch.dict(os.environ, COLUMNS="80"):
            done = self.osteon("validate", "--trial", "atac", "--subjects", "2", "--parameters", "none")
        lines = done.stdout.splitlines()
        self.assertEqual([line for line in lines if line.startswith(",")], [])
        heads = [i for i, line in enumerate(lines) if line.startswith("ATAC_bone, ")]
        self.assertEqual(len(heads), 4)
        for i in heads:
            self.assertRegex(lines[i + 1], r"^  scanned_bmd\[lumbar_spine\]$")
        self.assertIn("  scanned_bmd[total_hip]", lines[heads[0]:heads[1]])

    def test_no_more_is_lost_than_there_is(self):
        self.write("trials/evidence.csv", HEAD + """\
calibrate,T,placebo,BMD_change,LS,12,mean,-3,percent,,200,se,50,c,r,
calibrate,T,placebo,BMD_rate,TH,24,mean,-1,percent_per_year,,200,se,50,c,r,
validate,T,drug,BMD_change,LS,24,mean,-9,percent,,200,se,50,c,r,
validate,T,difference,BMD_difference,LS,24,mean,-3,percentage_points_between_arms,,200,se,50,c,r,
""")
        rows = rows_of(self.validate().stdout)
        lowest = [re.search(r"(-[0-9.]+)\.\.", line)[1] for line in rows]
        self.assertTrue(rows[1].startswith("  bmd[total_hip]/y "), rows[1])
        self.assertEqual([float(low) for low in lowest[:3]], [-100, -50, -100])
        self.assertLess(float(lowest[3]), -300)

    def test_another_bone_model(self):
        """Rows are answered by the outputs of the model that stands in, not by scans that it does not give."""
        done = self.osteon("validate", "--trial", "atac", "--model", "peterson2012", "--subjects", "2")
        self.assertRegex(done.stdout, r"bmd\[lumbar_spine\] +24 +-4\.10 ")
        self.assertRegex(done.stdout, r"BMD calibrate: n 2 ")

    def test_nobody_eligible(self):
        """Candidates are drawn until as many as asked for are eligible; a condition that nobody meets is an error."""
        text = self.osteon("validate", "--trial", "adamo,sabre", "--subjects", "20", "--parameters", "none").stdout
        n, candidates = re.search(r"eligible subjects: adamo \((\d+) eligible of (\d+) candidates\)", sentences(text)).groups()
        self.assertEqual(n, "20")
        self.assertGreater(int(candidates), 40)
        self.write("trials/one.yaml", TRIAL + "population: {eligible: 1 > 2}\n")
        err = self.validate(code=1).stderr
        self.assertRegex(err, r"trials/one.yaml:14:24: 0 of 2 eligible subjects after \d+ candidates")
        self.write("trials/tiny.model", MODEL.replace("index site", "covariate age [y] = 60 in 18..110 \"age\"\nindex site")
                   .replace("1 [g/cm2]*B", "1 [g/cm2]*age/age*B"))
        self.write("trials/one.yaml", TRIAL + "population: {covariates: {age: {distribution: uniform, from: 6 year, to: 7 year}}}\n")
        err = self.validate(code=1).stderr  # without a condition: why each of them failed
        self.assertRegex(err, r"one.yaml: 0 of 2 subjects after 2 candidates; 2 of them failed, the first: covariate 'age' = 6\.\d+ y is "
                         r"outside the range 18\.\.110 of model 'tiny'\n")

    def test_few_eligible(self):
        """Of many trials, those where hardly anyone was eligible; all in CSV. Lines break between trials."""
        for i in range(6):
            limit = 0.02 if i == 3 else 0.5
            self.write(f"trials/t{i}.yaml", TRIAL + "population:\n  covariates: {x: {distribution: uniform, from: 0, to: 1}}\n"
                       f"  eligible: x < {limit}\n")
        with unittest.mock.patch.dict(os.environ, COLUMNS="60"):
            text = self.validate("--csv", "out.csv", "--subjects", "40").stdout
        with open(self.path("out.csv"), encoding="utf-8", newline="") as file:
            rows = {row["experiment"]: (row["eligible"], row["candidates"]) for row in csv.DictReader(file)}
        self.assertEqual(rows["one"], ("", ""))
        self.assertEqual([rows[f"t{i}"][0] for i in range(6)], ["40"] * 6)
        self.assertIn("6 trials select their subjects (CSV and page have all); in 1, fewer than 1 in 20 candidates is "
                      f"eligible: t3 (40 eligible of {rows['t3'][1]} candidates) ", sentences(text))
        self.assertIn(f"  t3 (40 eligible of {rows['t3'][1]} candidates)", text.splitlines())

    def test_table_of_few_people(self):
        """Subjects are the rows of the table, however many are asked for."""
        self.write("trials/people.csv", "age [year],w [1]\n60,1\n70,1\n80,1\n")
        self.write("trials/one.yaml", TRIAL + "population: {eligible: 'age > 65 [year]', covariates: {age: 50 year}, "
                                              "people: {table: people.csv, ignore: [w]}}\n")
        self.validate("--subjects", "50", "--csv", "out.csv")
        with open(self.path("out.csv"), newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual({(row["eligible"], row["candidates"]) for row in rows}, {("2", "3")})

    def test_the_trial_to_copy(self):
        """The files that configs/trials/README.md prints, as they stand there."""
        readme = pathlib.Path(__file__).parent.parent / "configs" / "trials" / "README.md"
        os.mkdir(self.path("mine"))
        files = re.findall(r"`(mine/\S+?)`(?:(?!```).)*```\w+\n(.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL)
        self.assertEqual([name for name, _ in files], ["mine/mine.yaml", "mine/mine.csv", "mine/arms.csv"])
        for name, text in files:
            self.write(name, text)
        self.assertEqual(self.osteon("check", "mine/mine.yaml").stderr, "")
        text = self.osteon("validate", "mine", "--subjects", "20", "-o", "mine.html").stdout
        self.assertEqual(len(rows_of(text)), 3)
        self.assertRegex(text, r"(?m)^denosumab +2 .* 2 +[\d.]+ +[\d.]+ +[\d.]+ +[\d.]+$")

    def test_trials_by_name(self):
        """Several names make one run; a name that is not there is said before anything is simulated."""
        for words in ["--trial", "sabre,zofast"], ["SABRE,ZO-FAST"]:
            done = self.osteon("validate", *words, "--subjects", "2", "--parameters", "none")
            self.assertIn("SABRE, ", done.stdout)
            self.assertEqual(len(re.findall("(?m)^  output +month ", done.stdout)), 2)  # a table for each
            self.assertIn("ZO-FAST, ", done.stdout)
        for wrong in ("sabre,zofas", "sabre,", ",sabre", ""):
            self.assertIn("there is no trial", self.osteon("validate", "--trial", wrong, code=1).stderr)

    def test_one_trial(self):
        """A file instead of a folder, by --trials or as it is."""
        self.write("trials/two.yaml", TRIAL)
        whole = self.validate("--trial", "two").stdout
        for words in ["trials/two.yaml"], ["--trials", "trials/two.yaml"], ["trials", "--trial", "two"]:
            self.assertEqual(self.osteon("validate", *words, "--subjects", "2").stdout, whole)
        self.assertIn("trials/two.yaml: there is no trial 'one'",
                      self.osteon("validate", "trials/two.yaml", "--trial", "one", code=1).stderr)

    def test_frozen_list(self):
        """A row that was of role validate counts as such later, in sums, tables and on the page."""
        self.write("trials/frozen.csv", "trial,arm,endpoint,site,time_months,statistic,value,unit\n"
                                        "T,placebo,BMD_change,TH,12,mean,-1,percent\n"
                                        "T,drug,BMD_change,LS,24,mean,-9,percent\n")
        text = self.validate("-o", "page.html").stdout
        self.assertIn("BMD calibrate: n 2 rmse", text)
        self.assertIn("BMD validate: n 2 rmse", text)
        self.assertIn("of the 2 rows that were never to be fitted (frozen.csv) 2 are compared; 1 have another role now "
                      "and count as validate; 2 rows of role validate were added later", sentences(text))
        page = pathlib.Path(self.path("page.html")).read_text(encoding="utf-8")
        self.assertRegex(page, r"BMD</td><td class='t'>validate</td><td>2<")
        # up to two years in months, and the 95 % interval of each observation that has one: here all five
        self.assertEqual(set(re.findall(r">(\w+) since (?:start of treatment|baseline)<", page)), {"months"})
        self.assertEqual(page.count("class='whisker'"), 5)
        self.assertIn(">0</text>", page)
        self.assertNotIn("\u22120</text>", page)
        self.write("trials/evidence.csv", HEAD + ROWS.replace("TH,12,mean,-1,", "TH,12,mean,-2,"))
        self.assertIn("frozen.csv:2: ", self.validate(code=1).stderr)

    def test_evidence_and_trials_from_elsewhere(self):
        self.write("mine.csv", HEAD + ROWS.replace(",-9,percent", f",{lost(0.05, 2):.6f},percent"))
        lines = self.validate("--evidence", "mine.csv", "--trial", "one").stdout.splitlines()
        self.assertIn("BMD validate: n 1 rmse 0.00 bias", "\n".join(lines))
        self.write("trials/two.yaml", TRIAL)
        self.assertIn("BMD calibrate: n 6", self.validate().stdout)
        self.assertIn("BMD calibrate: n 3", self.validate("--trial", "two").stdout)

    def test_trials_that_did_the_same(self):
        """Placebo's figures of two trials are replicates, those of drugs of different strength or end are not."""
        self.write("trials/evidence.csv", HEAD + ROWS + ROWS.replace(",T,", ",U,").replace(",-3,percent", ",-4,percent"))
        other = TRIAL.replace("trial: T", "trial: U")
        for text, n, groups, sd in (
            (other, 6, 3, math.sqrt((0.5 + 0 + 0) / 3)),
            (other.replace("value: 1", "value: 2"), 4, 2, math.sqrt(0.5 / 2)),
            (other.replace("value: 1", "value: 1, stop: 18 month"), 4, 2, math.sqrt(0.5 / 2)),
            (other.replace("value: 1", "value: 1, stop: 30 month"), 6, 3, math.sqrt(0.5 / 3)),
        ):
            with self.subTest(text):
                self.write("trials/two.yaml", text)
                self.assertIn(f"BMD replicates: n {n} in {groups} groups of trials that gave the same, sd {sd:.2f}",
                              self.validate().stdout.splitlines())

    def test_rules_are_part_of_what_was_given(self):
        """Doses that begin by a rule, or are missed, are not those that all get from the first day."""
        self.write("trials/evidence.csv", HEAD + ROWS + ROWS.replace(",T,", ",U,"))
        self.write("trials/pill.model", PILL)
        rule = ', visits: 6 month, begin_if: "bmd[lumbar_spine] < 0.99 [g/cm2]"'
        people = "population: {covariates: {share: 0.5}}\narms:"
        for one, two, n, groups in (
            ("", "", 6, 3),
            (rule, "", 4, 2),
            (rule, rule, 6, 3),
            (rule, rule.replace("0.99", "0.9"), 4, 2),
            (rule, rule.replace("6", "3"), 4, 2),
            (", adherence: share", ", adherence: share", 4, 2),
            (", inter_occasion: 20 %", "", 4, 2),
        ):
            with self.subTest(one=one, two=two):
                for name, trial, line in (("one", "T", one), ("two", "U", two)):
                    given = f"regimen: [{{drug: pill, dose: 1 mg, interval: 1 month{line}}}]"
                    self.write(f"trials/{name}.yaml", TRIAL.replace("trial: T", f"trial: {trial}")
                               .replace("[./tiny.model]", "[./tiny.model, ./pill.model]").replace("arms:", people)
                               .replace("signals: [{signal: push, value: 1}]", given))
                self.assertIn(f"BMD replicates: n {n} in {groups} groups", self.validate().stdout)

    def test_fit_without_rules(self):
        """The report names the arms whose doses a rule begins, where their rows are fitted; the command that follows runs."""
        self.write("trials/pill.model", PILL)
        rule = ('regimen: [{drug: pill, dose: 1 mg, interval: 1 month, visits: 6 month, '
                'begin_if: "bmd[lumbar_spine] < 0.99 [g/cm2]"}]')
        self.write("trials/one.yaml", TRIAL.replace("[./tiny.model]", "[./tiny.model, ./pill.model]")
                   .replace("placebo: {label: Placebo}", "placebo: {label: Placebo, %s}" % rule))
        self.write("fit.yaml", FIT.replace("subjects: 1\n", ""))
        text = self.osteon("fit", "fit.yaml", "-o", "table.csv").stdout
        self.assertIn("rules are off in a fit: one, arm 'placebo': pill is never given, as its 'begin_if' is not "
                      "evaluated; 2 rows of this arm are fitted: 'exclude' those after it begins", sentences(text))
        self.assertIn("The estimates depend on which 256 subjects an arm has: 'subjects: 1024' shows by how much.", text)
        words = text.partition("next:    osteon ")[2].split("\n")[0].split()
        self.assertEqual(words[2:], ["--parameters", "table.csv", "--draws", "0"])
        self.osteon(*words, "-q", "-o", "next.h5")
        self.write("trials/one.yaml", TRIAL)
        self.assertNotIn("rules are off", self.osteon("fit", "fit.yaml").stdout)

    def test_another_model(self):
        text = self.validate("--model", "./slow.model").stdout
        self.assertIn(f" {lost(0.002, 1):.2f} ", text)
        self.assertIn("unknown model 'slo'", self.validate("--model", "slo", code=1).stderr)

    def test_wrong_usage(self):
        for words, code, part in (
            (["--trial", "onn"], 1, "did you mean 'one'?"),
            (["--evidence", "no.csv"], 1, "no.csv"),
            (["--subjects", "1"], 2, "osteon: --subjects: '1'"),
            (["-o", "fit.yaml"], 2, "'fit.yaml' is not the name of a report (HTML), which ends in .html"),
            (["./mine"], 2, "validate: 'trials' and './mine' both name trials"),
            (["two", "--trial", "one"], 2, "validate: 'one' and 'two' both name trials"),
            (["onn"], 1, "trials: there is no trial 'onn' (did you mean 'one'?)"),
            (["--parameters", "no.csv"], 1, "no.csv: cannot be opened: No such file"),
            (["--parameter", "no.csv"], 1, "no.csv: cannot be opened: No such file"),
            (["--trials", "nowhere"], 1, "nowhere: No such file"),
        ):
            with self.subTest(words):
                self.assertIn(part, self.validate(*words, code=code).stderr)

    def test_wrong_parameters(self):
        head = "draw,tiny.g [1/y],between BMD,within BMD\n"
        for text, line, part in (
            ("", 1, "the line of column names is missing"),
            ("draw;tiny.g [1/y]\n0;0.1\n", 1, "the columns are separated by ';'; they have to be by ','"),
            ("drew,tiny.g [1/y]\n0,0.1\n", 1, "the first column is not 'draw'"),
            ("draw,tiny.g\n0,0.1\n", 1, "a column is not headed like"),
            ("draw,tiny.g [yy]\n0,0.1\n", 1, "column 'tiny.g': unknown unit 'yy'"),
            ("draw,tiny.gg [1/y]\n0,0.1\n", 1, "model 'tiny' has no parameter 'gg'"),
            ("draw,tinny.g [1/y]\n0,0.1\n", 1, "'tinny.g' is of no model that is known"),
            ("draw,tiny.g [mg]\n0,0.1\n", 1, "is measured in 1/y"),
            (head, 2, "there is no estimate"),
            (head + "0,0.1,1\n", 2, "3 fields where the first line names 4 columns"),
            (head + "0,0.1,1,1,1\n", 2, "5 fields"),
            (head + "0,0.1,1,1\n1,x,1,1\n", 3, "tiny.g: 'x' is not a number"),
            (head + "0,0.1,1,1\n1,0.9,1,1\n", 3, "'tiny.g' = 0.9 is not within 0.001..0.5 1/y"),
            (head + "0,nan,1,1\n", 2, "tiny.g: 'nan' is not a number"),
            (head + "0,,1,1\n", 2, "tiny.g: a number is expected"),
            (head + "1,0.1,1,1\n", 2, "the first row must be draw 0, the estimate"),
            (head + "0,0.1,1,1\n2,0.1,1,1\n2,0.2,1,1\n", 4, "draw: '2' must be a whole number above"),
            (head + "0,0.1,1,1\n1.5,0.1,1,1\n", 3, "draw: '1.5' must be a whole number above"),
            (head + "0,0.1,1,1\n1,0.1,1,2\n", 3, "a residual error differs from that of draw 0"),
            (head + "0,0x1,1,1\n", 2, "tiny.g: '0x1' is not a number"),
            (head + "0,1e999,1,1\n", 2, "tiny.g: '1e999' is not a number"),
            (head + "0,0.1,1,1\n\n\n1,0.9,1,1\n", 5, "'tiny.g' = 0.9 is not within"),
            ("draw,tiny.g [1/y],tiny.g [1/d]\n0,0.1,0.0003\n", 1, "duplicate parameter 'tiny.g'"),
            ("draw,tiny.g [1/y],within BMD,within BMD\n0,0.1,1,1\n", 1, "duplicate column 'within BMD'"),
            (head + "0,0.1,-1,1\n", 2, "a residual error is negative or missing"),
            (head + "0,0.1,1,nan\n", 2, "residual error: 'nan' is not a number"),
        ):
            with self.subTest(text):
                self.write("p.csv", text)
                done = self.validate("--parameters", "p.csv", code=1)
                self.assertIn(f"p.csv:{line}:" if line else "p.csv: ", done.stderr)
                self.assertIn(part, done.stderr)

    def test_words_of_the_evidence(self):
        """What is expected is named where no word is near; a text with a comma needs quotes."""
        for old, new, says in (
                ("BMD_change", "percent change", "endpoint: 'percent change' is not one of the words of .*; expected BMD_change, BMD_difference, "
                                                 "BMD_rate, BMD_level, marker_change, .*hormone_level; a new word"),
                (",c,r,", ",Love, N Engl J Med,r,", r'17 fields where the first line names 16 columns; a text with a \',\' needs quotes \("a, b"\)')):
            self.write("trials/evidence.csv", HEAD + ROWS.replace(old, new))
            self.assertRegex(self.validate(code=1).stderr, says)
        self.write("trials/evidence.csv", HEAD + ROWS.replace(",LS,", ",L2-4,"))
        self.assertEqual(len(rows_of(self.validate().stdout)), 5)

    def test_wrong_evidence(self):
        """A table that makes no sense is refused at the same place, in the same words, by every command."""
        shutil.copy(self.path("trials/tiny.model"), self.path("tiny.model"))
        self.write("evidence.csv", HEAD + ROWS)
        self.write("one.yaml", TRIAL)
        self.osteon("run", "one.yaml", "--subjects", "4", "-o", "one.h5", "--quiet")
        names = HEAD.strip().split(",")
        for at, changes, message in (
            ("lower", {"lower": "-2", "upper": "-4"}, "lower: -2 must be below 'upper' (-4)"),
            ("value", {"upper": "-3.5"}, "value: -3 is outside its own 95ci, -4 to -3.5"),
            ("upper", {"lower": "", "upper": "-1", "interval": "se"}, "upper: the se is -1; it must be above 0"),
            ("n", {"n": "0"}, "n: 0 must be a whole number of subjects, 1 or more"),
            ("endpoint", {"endpoint": "BMD_chnge"}, "endpoint: 'BMD_chnge' is not one of the words of"),
            ("time_months", {"time_months": "20240101"}, "20240101 months are more than 150 years, longer than a human life"),
            ("unit", {"unit": "percnt"}, "unit: 'percnt' is neither a word for a unit of evidence nor a unit"),
            ("site", {"site": "L-spine"}, "expected LS (lumbar spine), TH (total hip), FN (femoral neck), sCTX"),
            ("unit", {"unit": "fraction"}, "expected percent, percentage_points_between_arms, percent_of_baseline, T_score"),
            ("value", {"value": ""}, "value: a number is expected"),
            ("unit", {"unit": "ng_per_mL"}, "unit: 'ng_per_mL' does not fit endpoint 'BMD_change'"),
        ):
            row = dict(zip(names, "calibrate,T,placebo,BMD_change,LS,12,mean,-3,percent,-4,-2,95ci,50,c,r,".split(",")))
            row.update(changes)
            place = f"2:{len(''.join(row[name] + ',' for name in names[:names.index(at)])) + 1}: "
            text = HEAD + ",".join(row.values()) + "\n" + ROWS
            self.write("evidence.csv", text)
            self.write("trials/evidence.csv", text)
            for words in (("fit", "fit.yaml"), ("validate", "--trials", "trials"),
                          ("check", "one.yaml"), ("show", "one.h5"), ("show", "one.h5", "--evidence")):
                with self.subTest(changes=changes, words=words):
                    err = self.osteon(*words, code=1).stderr
                    self.assertIn("evidence.csv:" + place, err)
                    self.assertIn(message, err)

    def test_why_not_compared(self):
        """A site of fractures says so; months beyond the experiment may be days; a missing table has its place."""
        self.write("trials/evidence.csv", HEAD + ROWS.replace(",LS,12,mean,-3,", ",hip,12,mean,-3,")
                   .replace(",TH,12,", ",TH,365,"))
        said = sentences(self.osteon("check", "trials/one.yaml").stderr)
        self.assertIn("('hip': fractures; the density is of TH or FN)", said)
        self.assertIn("no output at month 365; the last output time is month 24: is time_months in days?", said)
        os.remove(self.path("trials/evidence.csv"))
        self.assertIn("one.yaml:9:10: evidence.table: trials/evidence.csv: cannot be opened",
                      self.osteon("check", "trials/one.yaml", code=1).stderr)

    def test_rows_twice_and_none(self):
        """The same observation twice is named with both lines and counts once; where none is left the exit code is 1."""
        rows = ROWS.replace(",FN,", ",total body,")
        self.write("trials/evidence.csv", HEAD + rows + rows.splitlines()[0].replace(",c,r", ",other,s") + "\n")
        warning = "evidence.csv:8: the observation of line 2 again (T, placebo, BMD_change LS); it counts once"
        done = self.validate()
        self.assertIn(warning, done.stderr)
        self.assertEqual(len(rows_of(done.stdout)), 5)
        done = self.osteon("fit", "fit.yaml")
        self.assertIn(warning, done.stderr)
        self.assertIn("not compared: T, drug, BMD_change total body (line 7): not simulated: no output of a model is", done.stderr)
        self.assertIn("A fit: 2 rows of 1 groups", done.stdout)
        self.write("trials/evidence.csv", HEAD + "".join(
            f"validate,T,{arm},fracture_HR,any,12,mean,0.5,hazard_ratio,,,none,,c,r,\n"
            for arm in ("placebo", "drug", "difference")))
        done = self.validate(code=1)
        self.assertIn("no row of the evidence can be compared", done.stderr)
        self.assertIn("no row of the evidence can be compared", self.osteon("check", "trials/one.yaml", code=1).stderr)
        self.assertIn("is left to be fitted", self.osteon("fit", "fit.yaml", code=1).stderr)
        self.write("trials/evidence.csv", HEAD + ROWS)
        self.write("fit.yaml", FIT.replace("site: TH", "site: THH"))
        self.assertIn("fit.yaml:10:5: site: 'THH' is not one of the words of", self.osteon("fit", "fit.yaml", code=1).stderr)

    def test_rows_in_no_comparison(self):
        """Rows of the trial that no comparison takes are named with line and arm, also where the trial is spelt otherwise;
        those of other trials and of role context are not. A blank at the end of a field does not count."""
        row = "calibrate,{},{},BMD_change,{},12,mean,-2,percent,,,none,50,c,r,\n"
        self.write("trials/one.yaml", TRIAL.replace("trial: T,", "trial: T 1,"))
        self.write("trials/evidence.csv", HEAD + ROWS.replace(",T,", ",T 1,") + row.format("T 1", "placebo ", "TH") +
                   row.format("T 1", "drug: young", "LS") + row.format("T 1", "drug: young", "TH") +
                   row.format("T 1", "old", "LS") + row.format("T 1", "older", "LS") +
                   row.format("T 1", "oldest", "LS") +
                   row.format("T 1", "yet older", "LS") +
                   row.format("t-1", "drug", "LS") + row.format("T 10", "drug", "LS") +
                   row.format("T 1", "other", "LS").replace("calibrate", "context"))
        for words in ("check", "trials/one.yaml"), ("validate", "--subjects", "2", "--parameters", "none", "trials/one.yaml"):
            done = self.osteon(*words)
            said = sentences(done.stdout + done.stderr)
            self.assertIn("not compared: T 1, drug: young, BMD_change LS (line 9) and 5 more, also of old, older, oldest, ...: in no comparison of "
                          "the experiment", said)
            self.assertIn("not compared: t-1, drug, BMD_change LS (line 15): in no comparison of the experiment: trial 't-1', "
                          "where they name 'T 1'", said)
            self.assertEqual(said.count("in no comparison"), 2)
            self.assertIn("evidence.csv:3: values -1 and -2 of line 8 for one measurement (T 1, placebo, BMD_change TH); both", said)

    def test_the_line_for_a_change_after_a_moment(self):
        """What names it is a line to copy, whatever the trial's name; with it the row is compared, also where another
        comparison takes its arm."""
        trial = TRIAL.replace("trial: T,", 'trial: "T, one",')
        rows = ROWS + "validate,T,drug,BMD_change_after_stop,LS,12,mean,-4,percent,,,,,c,r,\n"
        self.write("trials/evidence.csv", HEAD + rows.replace(",T,", ',"T, one",'))
        self.write("trials/one.yaml", trial)
        said = sentences(self.osteon("check", "trials/one.yaml").stderr)
        line = re.search(r"'- (\{arm: drug, trial: .T, one., trial_arm: .drug., endpoint: BMD_change_after_stop, from: 24 month, "
                         r"to: 36 month\})' below the other comparisons names it", said)[1]
        line = line.replace("24 month", "12 month").replace("36 month", "24 month")
        self.write("trials/one.yaml", trial + f"    - {line}\n")
        self.assertNotIn("after_stop", self.osteon("check", "trials/one.yaml").stderr)
        self.assertIn(" 12 (12-24) ", self.validate().stdout)

    def test_rows_after_the_end(self):
        """Rows later than 'times' are simulated, and named; check says that a run has no output there."""
        self.write("trials/evidence.csv", HEAD + ROWS + "validate,T,drug,BMD_change,LS,480,mean,-9,percent,,0.2,se,50,c,r,\n")
        self.assertIn("one.yaml: 'times' end at month 24; 1 observation is later, the last at month 480 (line 8 of the table): "
                      "simulated to there", sentences(self.validate().stderr))
        self.assertIn("(line 8): no output at month 480", sentences(self.osteon("check", "trials/one.yaml").stderr))

    def test_numbers_in_another_unit(self):
        """Rows that most likely say another unit than they are in are warned of; none of the shipped ones is."""
        row = "validate,T,drug,BMD_change,LS,{},mean,{},{},,{},c,r,\n"
        cases = (
            ([(24, 5, "percent", "4.5,se,100")], "2: by its SE an SD between subjects (n = 100) of 45 points, 12 times the usual 3.9: is it an SD?"),
            ([(24, 5, "percent", "0.5,sd,100"), (12, 3, "percent", "0.6,sd,100")],
             "2: by its SD an SD between subjects (n = 100) of 0.5 points, 0.13 times the usual 3.9: is it an SE ('interval' se), or a "
             "fraction, as 0.055 for 5.5? (and 1 more of the trial)"),
            ([(12, 0.05, "percent", "0.004,se,100"), (24, 3, "percent", "0.4,se,100")], "2: by its SE an SD between subjects (n = 100) of "
             "0.04 points, 0.01 times the usual 3.9: are they fractions, as 0.055 for 5.5?\n"),
            ([(24, 5, "percent", "0.45,se,100")], ""),
            ([(12, 0.85, "g_per_cm2", ",none,9")], "2: a change by 0.85 g_per_cm2 is as much as a BMD: is it a level?"),
            ([(12, 0.055, "percent", ",none,9"), (24, 0.085, "percent", ",none,9")],
             "2: no change of BMD of 'T' exceeds 0.085 percent: are they fractions, as 0.055 for 5.5?"),
            ([(12, 0.055, "percent", ",none,9"), (24, 0.85, "percent", ",none,9")], ""),
            ([(1, 3, "percent", ",none,9"), (2, 5, "percent", ",none,9")], "2: BMD of 'T' is at month 2 at the latest: is time_months in years?"),
            ([(26, 3, "percent", ",none,9"), (52, 5, "percent", ",none,9")],
             "2: BMD of 'T' is at multiples of 13 months, the last at month 52: is time_months in weeks?"),
            ([(100, 3, "percent", ",none,9")], "one.yaml: 'times' end at month 24; 1 observation is later, the last at month 100 (line 2 "
                                               "of the table): simulated to there: is time_months in weeks?"),
            ([(60, 3, "percent", ",none,9")], "1 observation is later, the last at month 60 (line 2 of the table): simulated to there\n"),
        )
        of_drug = [line for line in TRIAL.splitlines() if "trial_arm" not in line or "trial_arm: drug" in line]
        self.write("trials/one.yaml", "\n".join(of_drug))
        for rows, says in cases:
            self.write("trials/evidence.csv", HEAD + "".join(row.format(*one) for one in rows))
            with self.subTest(rows=rows):
                err = self.validate("--parameters", "none").stderr
                self.assertEqual("warning" in err, says != "", err)
                self.assertLess(err.count("an SD between subjects"), 2, err)
                self.assertIn(says, err)
        self.assertIn("no output at month 60; the 3 output times are from month 0 to month 24; 'times: ", self.osteon("check", "trials/one.yaml").stderr)
        self.write("trials/evidence.csv", HEAD + row.format(*cases[-2][0][0]))
        self.assertIn("no output at month 100; the last output time is month 24: is time_months in weeks?", self.osteon("check", "trials/one.yaml").stderr)
        self.assertNotIn("warning", self.osteon("check", "atac").stderr)  # of all rows of the shipped table

    def test_where_the_uncertainty_comes_from(self):
        """The report says whose parameters were used; a draw that gives no value leaves no interval."""
        table = "draw,tiny.g [1/y],between BMD,within BMD\n0,0.01,1,1\n"
        for rows, part in (
            ("", "fitted parameters of p.csv, without uncertainty, so too narrow"),
            ("1,0.01,1,1\n", "fitted parameters of p.csv, without uncertainty, so too narrow"),
            ("1,0.01,1,1\n2,0.02,1,1\n", "fitted parameters of p.csv, their uncertainty from 2 draws"),
        ):
            with self.subTest(rows=rows):
                self.write("p.csv", table + rows)
                self.assertIn(part, sentences(self.validate("--parameters", "p.csv").stdout))
        self.assertIn("the models' own parameters without uncertainty", sentences(self.validate().stdout))
        self.write("trials/tiny.model", MODEL.replace("g*push)*B[site]", "g*push)*B[site] + 10*g*push*B[site]*B[site]"))
        self.write("p.csv", table + "1,0.001,1,1\n2,0.4,1,1\n")  # bone without bound within months
        rows = rows_of(self.validate("--parameters", "p.csv").stdout)
        self.assertRegex(rows[0], r"-\d+\.\d\d\.\.")
        self.assertRegex(rows[2], r" -9.0 .* \d+\.\d+ +[+]\d+.\d+  outside$")

    def test_parameters_of_the_shipped_fit(self):
        """They are the default for trials of its models alone; the sentence says of which trials they are not."""
        own = "intervals: the models' own parameters without uncertainty, so too narrow"
        other = own + "; the fit that comes with osteon is of other models BMD"
        self.assertIn(other, self.words_of())
        people = """population:
  covariates: {age: 60 year, menopause_age: 50 year, years_since_menopause: 10 year, bmi: 27 kg/m2}
arms:
  placebo: {}
  drug: {regimen: [{drug: anastrozole, dose: 1 mg, interval: 1 day}]}
"""
        shipped = TRIAL.replace("[./tiny.model]", "[hormones, aibl]")
        shipped = shipped[:shipped.index("arms:")] + people + shipped[shipped.index("times:"):]
        self.write("trials/shipped.yaml", shipped)
        fitted = r"intervals: fitted parameters of \S*fit/flagship\.csv, their uncertainty from 40 draws"
        self.assertRegex(self.words_of("--trial", "shipped"), fitted + " BMD")
        self.assertRegex(self.words_of(), fitted + "; without them, as they have other models: one BMD")
        widths = {}
        for words in (), ("--parameters", "none"):
            for line in self.validate(*words).stdout.splitlines():
                found = re.match(r"  bmd.* (-?[\d.]+)\.\.(-?[\d.]+) +[+-]", line)
                if found:
                    widths.setdefault(words, []).append(float(found[2]) - float(found[1]))
        with_fit, without = widths.values()
        self.assertEqual(with_fit[:5], without[:5])  # trial one
        self.assertTrue(all(a > b for a, b in zip(with_fit[5:], without[5:])), widths)
        self.assertIn(own + " BMD", self.words_of("--parameters", "none"))
        for models in ("peterson2012", "jorg2022"):
            self.assertIn(other, self.words_of("--trial", "shipped", "--model", models))

    def test_class_means(self):
        """Means of the calibrate rows of other trials, by class of treatment, beside the model."""
        self.write("trials/classes.csv", "class,meaning\nnone,nothing\npushed,pushed\n")
        self.write("trials/arms.csv", "trial,arm,class,minus\nT,placebo,none,\nU,placebo,none,\nU,drug,pushed,\n"
                                      "T,drug,pushed,\nT,difference,pushed,none\nU,difference,pushed,none\n")
        other = ROWS.replace(",T,", ",U,").replace(",-3,percent,-4,-2,", ",-5,percent,-6,-4,")
        self.write("trials/evidence.csv", HEAD + ROWS + other)
        self.write("trials/two.yaml", TRIAL.replace("trial: T", "trial: U"))
        text = self.validate("--parameters", "none").stdout
        model = [lost(0.02, 1) + 3, lost(0.02, 1) + 5, lost(0.01, 1) + 1, lost(0.01, 1) + 1]
        naive = [-5 + 3, -3 + 5, 0, 0]
        errors = (lambda x: math.sqrt(sum(r * r for r in x) / len(x)), lambda x: sum(map(abs, x)) / len(x))
        columns = [f"{f(x):.2f}" for f in errors for x in (model, naive)]
        difference = lost(0.02 + 0.03, 1) - lost(0.02, 1) + 3
        of_all = " +".join(f"{f(model + 2 * [difference]):.2f}" for f in errors)
        self.assertRegex(text, r"(?m)^BMD calibrate +n +coverage +bias +median +rmse +MAE +with +model +class +model +class\n")
        numbers = " +".join(map(re.escape, columns))
        own = " +".join(map(re.escape, (f"{sum(model) / 4:+.2f}", f"{sum(sorted(model, key=abs)[1:3]) / 2:.2f}")))
        self.assertRegex(text, rf"(?m)^all +6 +0\.\d\d +[+-]\d+\.\d\d +\d+\.\d\d +{of_all} +4 +{numbers}$")
        self.assertRegex(text, rf"(?m)^none +4 +0\.\d\d +{own} +{columns[0]} +{columns[2]} +4 +{numbers}$")
        self.assertRegex(text, r"(?m)^pushed +2 +1\.00 +[+-][\d.]+ +[\d.]+ +([\d.]+) +\1 +0$")   # its class has no row: no difference either
        self.assertRegex(text, r"(?m)^BMD validate (?:.*\n){1,3}?all +(2 +0\.00 +[+-][\d.]+ +([\d.]+) +\2 +\2 +0)\npushed +\1$")
        done = self.osteon("fit", "fit.yaml", "--leave-out", "T")
        self.assertRegex(done.stdout, r"(?m)^BMD left out (?:.*\n){1,3}?all +2 +\d\.\d\d +[+-]\d\.\d\d( +\d\.\d\d){3} +1 +\d\.\d\d +2\.00 +\d\.\d\d +2\.00$")
        os.remove(self.path("trials/arms.csv"))
        self.assertIn("BMD calibrate: no arm has a class of treatment, so no class means; arms.csv beside the evidence gives one",
                      self.words_of())
        self.write("trials/classes.csv", "class,meaning\nnone,nothing\npushed,\"a pill, or a push\"\n")
        self.write("trials/arms.csv", "trial,arm,class,minus\nT,placebo,pill,\n")
        self.assertIn("arms.csv:2: class: 'pill' is not a class; 'pushed' is a pill, or a push\n", self.validate(code=1).stderr)
        os.remove(self.path("trials/classes.csv"))  # those of osteon, all named
        self.write("trials/arms.csv", "trial,arm,class,minus\nT,placebo,dunno,\n")
        self.assertRegex(self.validate(code=1).stderr, r"'dunno' must be one of untreated, .* or bone formation in men\n")
        self.write("trials/classes.csv", "class,meaning\nnone,nothing\npushed,pushed\n")
        self.write("trials/arms.csv", "trial,arm,class,minus\nT,placebo,nome,\n")
        self.assertIn("arms.csv:2: class: 'nome' must be one of none or pushed (did you mean 'none'?)",
                      self.validate(code=1).stderr)

    def test_trust(self):
        """Which classes of treatment can be trusted: intervals that hold, and errors against class means."""
        self.write("trials/classes.csv", "class,meaning\npushed,pushed\n")
        self.write("trials/arms.csv", "trial,arm,class,minus\nT,drug,pushed,\nU,drug,pushed,\n")
        self.write("trials/two.yaml", TRIAL.replace("trial: T", "trial: U"))
        row = "{},{},{},BMD_change,LS,{},mean,{:.3f},percent,,0.2,se,50,c,r,\n"
        rest = "".join(line for line in ROWS.splitlines(True) if ",drug," not in line)
        rest += rest.replace(",T,", ",U,") + row.format("context", "U", "drug", 12, -5)
        for n, n_outside, mean, trust in (
                (10, 1, -9, "inside as often as intervals say, nearer than class means: pushed (9 of 10)"),
                (10, 0, -5.01, "inside as often as intervals say, no nearer than class means: pushed (10 of 10)"),
                (10, 1, None, "inside as often as intervals say, no class means: pushed (9 of 10)"),
                (10, 4, -9, "inside too rarely: intervals are too narrow: pushed (6 of 10)"),
                (2, 2, -9, "inside too rarely: intervals are too narrow: pushed (0 of 2)")):
            with self.subTest(trust):
                rows = [row.format("validate", "T", "drug", month, lost(0.05, month / 12) - (2 if month <= n_outside else 0.05))
                        for month in range(1, n + 1)]
                rows += [row.format("calibrate", "U", "drug", 12, mean)] if mean else []
                self.write("trials/evidence.csv", HEAD + rest + "".join(rows))
                text = sentences(self.validate("--parameters", "none", "-o", "page.html").stdout)
                self.assertTrue(text.endswith("Too few: under 10. - " + trust), text[-300:])
                with open(self.path("page.html"), encoding="utf-8") as file:
                    table = re.search("<h2 id='trust'>.*?</table>", file.read(), re.S)[0]
                cells = re.findall(r"<tr><th>(.*?)</th><td class='key'>.*</svg> (.*?)</span></td></tr>", table)
                self.assertEqual([": ".join(cell) for cell in cells], [trust])
        self.write("trials/classes.csv", "class,meaning\npushed,pushed\nfew,few\n")
        self.write("trials/arms.csv", "trial,arm,class,minus\nT,drug,pushed,\nT,placebo,few,\n")
        few = [row.format("validate", "T", "placebo", month, lost(0.02, month / 12)) for month in range(1, 10)]
        self.write("trials/evidence.csv", HEAD + rest + "".join(rows + few))
        self.assertIn("- too few observations to tell: few (9 of 9)", self.words_of("--parameters", "none"))
        self.write("trials/evidence.csv", HEAD + rest + row.format("context", "T", "drug", 12, -5))
        self.assertNotIn("trusted", self.validate("--parameters", "none", "-o", "page.html").stdout)
        with open(self.path("page.html"), encoding="utf-8") as file:
            self.assertNotIn("trusted", file.read())

    def test_class_means_of_shipped_trials(self):
        """A trial of one's own whose arms.csv names classes of osteon has the class means of the shipped trials."""
        self.write("trials/arms.csv", "trial,arm,class,minus\nT,placebo,aromatase inhibitor,\nT,drug,untreated,\n"
                                      "T,difference,aromatase inhibitor,untreated\n")
        text = sentences(self.validate("--parameters", "none").stdout)
        self.assertRegex(text, r"BMD calibrate .* all 3 [\d.]+ [+-][\d.]+ [\d.]+ [\d.]+ [\d.]+ 3 [\d.]+")
        self.assertRegex(text, r"Class means are of \d{3} calibrate rows of the trials of \S+/trials and 2 of these trials\.")

    def test_residual_errors_grow_with_the_change(self):
        """Their variance has doubled at a change of 1/growth; a table without growth has constant ones."""
        change = lost(0.05, 2)
        for column, value, factor in (("", "", 1), (",growth BMD", ",0.5", 1 + 0.25 * (change ** 2 + 4 ** 2))):
            with self.subTest(column):
                self.write("p.csv", f"draw,tiny.g [1/y],between BMD,within BMD{column}\n0,0.03,1,2{value}\n")
                half = 1.6449 * math.sqrt(0.2 ** 2 + (1 + 4) * factor)
                self.assertIn(f" {change - half:.2f}..{change + half:.2f} ",
                              rows_of(self.validate("--parameters", "p.csv").stdout)[2])

    def test_fit_then_validate(self):
        done = self.osteon("fit", "fit.yaml", "-o", "table.csv", "--draws", "30", "--threads", "1", "--profile", "tiny.g",
                           "--leave-out", "each")
        self.assertIn("A fit: 2 rows of 1 groups, 2 parameters", done.stdout)
        self.assertIn("not fitted: 1 of T: to see it named", done.stdout)
        self.assertRegex(done.stdout, r"profile of tiny\.g: -2 log posterior rises by [\d.]+, ")
        self.assertRegex(done.stdout, r"(?m)^BMD left out: n 2 rmse [\d.]+ bias [+-][\d.]+ coverage 1\.00 weighted [\d.]+$")
        self.assertRegex(done.stdout, r"(?m)^one step without .*\nT +2 +[\d.]+ +[\d.]+ +[\d.]+$")
        with open(self.path("table.csv"), encoding="utf-8") as file:
            lines = file.read().splitlines()
        self.assertEqual(len(lines), 32)
        self.assertTrue(lines[0].startswith("draw,tiny.k[lumbar_spine] [1/y],tiny.g [1/y],between BMD,"))
        k, g, between, within = map(float, lines[1].split(",")[1:5])
        self.assertTrue(0.02 < k < 0.0305 and 0.0285 < g < 0.032, lines[1])
        # from there, nothing is searched for any more
        self.osteon("fit", "fit.yaml", "--from", "table.csv", "-o", "again.csv")
        with open(self.path("again.csv"), encoding="utf-8") as file:
            again = [float(word) for word in file.read().splitlines()[1].split(",")[1:3]]
        self.assertTrue(abs(again[0] / k - 1) < 1e-3 and abs(again[1] / g - 1) < 1e-3, again)
        # or the estimate is kept, and the errors are estimated anew
        table = "draw,tiny.k[lumbar_spine] [1/y],tiny.g [1/y],between BMD,within BMD\n0,0.0234,0.0345,1,1\n"
        self.write("kept.csv", table)
        text = self.osteon("fit", "fit.yaml", "--from", "kept.csv", "--errors-only", "-o", "again.csv").stdout
        self.assertRegex(text, r"(?m)^BMD +2 .* 0\.\d+ +0\.\d+ +0\.\d+$")
        with open(self.path("again.csv"), encoding="utf-8") as file:
            names, values = (line.split(",") for line in file.read().splitlines()[:2])
        kept = dict(zip(names, values))
        self.assertEqual((kept["tiny.k[lumbar_spine] [1/y]"], kept["tiny.g [1/y]"]), ("0.0234", "0.0345"))
        self.assertNotEqual((kept["between BMD"], kept["growth marker"]), ("1", "1"))
        self.assertEqual(kept["growth marker"], "0")
        self.assertTrue(0.05 < float(kept["growth BMD"]) < 1)
        # the estimate is what validate simulates with; its intervals hold all parts of the error
        row = rows_of(self.validate("--parameters", "table.csv").stdout)[0]
        self.assertIn(f" {lost(k, 1):.2f} ", row)
        interval = re.search(r"(-[\d.]+)\.\.(-?[\d.]+) +[+-][\d.]+  (in|out)side", row)
        half = (float(interval[2]) - float(interval[1])) / 2
        self.assertGreater(half, 1.645 * math.sqrt(between ** 2 + within ** 2 + (1 / 1.96) ** 2) - 0.02)
        self.assertFalse(os.path.exists(self.path("table.csv.part")))

    def test_fit_says_what_is_wrong(self):
        for words, code, part in (
            (["fit.yaml", "--profile", "tiny.h"], 1, "--profile: this fit estimates no 'tiny.h' (did you mean 'tiny.g'?)"),
            (["fit.yaml", "--leave-out", "U"], 1, "--leave-out: this fit has no row of trial 'U'"),
            (["fit.yaml", "--draws", "many"], 2, "--draws"),
            (["fit.yaml", "--from", "no.csv"], 1, "no.csv: No such file"),
            (["no.yaml"], 1, "no.yaml"),
            (["fit.yaml", "-o", "nowhere/table.csv"], 4, "nowhere/table.csv"),
            ([], 2, "FIT.yaml is missing"),
            (["fit.yaml", "-o", "fit.yaml"], 2, "'fit.yaml' is not the name of a table of estimates"),
            (["fit.yaml", "--draws", "10"], 2, "--draws needs -o"),
            (["fit.yaml", "--errors-only"], 2, "--errors-only needs --from"),
            (["fit.yaml", "--draws", "x", "-o", "t.csv"], 2, "osteon: --draws: 'x'"),
        ):
            with self.subTest(words):
                done = self.osteon("fit", *words, code=code)
                self.assertIn(part, done.stderr)
                self.assertEqual(done.stdout, "")  # said before the search, which may take long

    def test_files_of_fits_are_no_experiments(self):
        os.makedirs(self.path("configs/fit"))
        os.makedirs(self.path("configs/mine"))
        self.write("configs/fit/some_fit.yaml", FIT)
        self.write("configs/mine/some_trial.yaml", TRIAL)
        text = self.osteon("list", "configs").stdout
        self.assertIn("some_trial", text)
        self.assertNotIn("some_fit", text)
        self.assertIn("no experiment of that name", self.osteon("check", "some_fit", code=1).stderr)

    def interrupt(self, part, *words, sent=signal.SIGINT):
        """Runs a fit that takes long and interrupts it at the first line of progress with `part`."""
        self.write("trials/one.yaml", TRIAL + "solver: {h_max: 0.05 day}\n")
        with subprocess.Popen([OSTEON, "fit", "fit.yaml", "-o", "table.csv", "--progress", "json", *words], cwd=self.folder.name,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
            err = ""
            for line in child.stderr:
                err += line
                if part in line:
                    child.send_signal(sent)
                    break
            out, more = child.communicate(timeout=200)
        self.assertEqual(child.returncode, 130, out + err + more)
        return out, more

    def test_interrupted_validation(self):
        """Nothing is printed or written that half of the simulation would have made."""
        self.write("trials/one.yaml", TRIAL + "solver: {h_max: 0.001 day}\n")
        for sent in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(sent=sent), subprocess.Popen(
                    [OSTEON, "validate", "--trials", "trials", "--subjects", "100000", "-o", "report.html"],
                    cwd=self.folder.name, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
                time.sleep(1.5)
                child.send_signal(sent)
                out, err = child.communicate(timeout=100)
                self.assertEqual(child.returncode, 130, out + err)
                self.assertEqual(out, "")
                self.assertIn("interrupted: nothing was printed or written", err)
                self.assertFalse(os.path.exists(self.path("report.html")))

    def table_lines(self):
        with open(self.path("table.csv"), encoding="utf-8") as file:
            return file.read().splitlines()

    def test_interrupted_fit_keeps_the_best(self):
        self.write("fit.yaml", FIT.replace("subjects: 1\nstarts: 2", "subjects: 64\nstarts: 900"))
        for part in ("start 2", "errors and estimate"):
            if part == "errors and estimate":
                self.write("fit.yaml", FIT.replace("subjects: 1\nstarts: 2",
                                                   "subjects: 64\nsearch_subjects: 2\nstarts: 1"))
            for sent in (signal.SIGINT, signal.SIGTERM):
                with self.subTest(part=part, sent=sent):
                    out, _ = self.interrupt(part, sent=sent)
                    self.assertIn("tiny.g", out)
                    self.assertIn("not computed", out)
                    self.assertNotIn("100 %", out)
                    self.assertNotIn("0.000", out)
                    self.assertIn("table.csv: the best estimate so far, without its errors", out)
                    lines = self.table_lines()
                    self.assertEqual(len(lines), 2)
                    self.assertNotIn("within", lines[0])  # the size of errors was not estimated

    def test_interrupted_fit_ends_within_a_second(self):
        """Also within one evaluation, and while the trials are read; finished evaluations are kept."""
        self.write("fit.yaml", FIT.replace("subjects: 1\nstarts: 2", "subjects: 250\nsearch_subjects: 2\nstarts: 1"))
        self.write("trials/one.yaml", TRIAL + "solver: {h_max: 0.03 day}\n")
        with subprocess.Popen([OSTEON, "fit", "fit.yaml", "-o", "table.csv", "--progress", "json"],
                              cwd=self.folder.name, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
            while "start 1 of 1" not in child.stderr.readline():
                pass
            child.send_signal(signal.SIGINT)
            sent = time.monotonic()
            out, err = child.communicate(timeout=200)
            self.assertLess(time.monotonic() - sent, 2, out + err)  # a second, on a busy machine two
        self.assertEqual(child.returncode, 130, out + err)
        self.assertIn("table.csv: the best estimate so far, without its errors", out)
        self.assertEqual(len(self.table_lines()), 2)

    def test_interrupted_after_the_fit(self):
        self.write("fit.yaml", FIT.replace("starts: 2", "starts: 1"))
        out, err = self.interrupt("sample", "--draws", "64")
        self.assertIn("table.csv: the estimate, without draws", out)
        self.assertIn("interrupted", err)
        self.assertIn("within BMD", self.table_lines()[0])
        self.assertEqual(len(self.table_lines()), 2)


if __name__ == "__main__":
    sys.argv[1:] = [f"Analysis.{word}" for word in sys.argv[1:]]
    unittest.main()
