#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `osteon validate` writes: its tables, its CSV and its page. Takes the path of osteon as its first argument;
further words name single tests."""
import csv
import html.parser
import json
import math
import os
import re
import subprocess
import sys
import unittest
import xml.etree.ElementTree

import test_validate as own
from terminal import open_terminal
from test_validate import HEAD, ROWS, TRIAL, MODEL, lost

SOURCES = """\
role,trial,arm,population,drug_regimen,endpoint,site,time_months,statistic,value,unit,lower,upper,interval,n,citation,reference,note
calibrate,T,placebo,"women, ""healthy""\nand young",sugar,BMD_change,LS,12,mean,-3,percent,-4,-2,95ci,50,"Smith 1999, J Bone 1:2",PMID 123,read <this> first
validate,T,drug,women,"drug, 1 mg",BMD_change,LS,24,median,-9,percent,,0.2,se,,Jones 2001,doi 10.1000/xyz(1),
validate,T,drug,women,"drug, 2 mg",BMD_level,LS,24,mean,1,g_per_cm2,,0.2,se,50,Jones 2001,doi 10.1000/xyz(1),
"""


class Page(html.parser.HTMLParser):
    """Every tag is closed, nothing is fetched, no script is run."""
    void = {"meta", "line", "circle", "polyline", "polygon", "br"}

    def __init__(self):
        super().__init__()
        self.open, self.counts, self.faults = [], {}, []

    def handle_starttag(self, tag, attrs):
        self.counts[tag] = self.counts.get(tag, 0) + 1
        if tag not in self.void:
            self.open.append(tag)
        for name, value in attrs:
            if name in ("src", "srcset", "xlink:href"):
                self.faults.append(f"{tag} {name}={value}")
            if value is not None and re.search(r"\b(nan|inf)\b", value):
                self.faults.append(f"{tag} {name}={value}")
        if tag in ("script", "link", "iframe", "img"):
            self.faults.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.void:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}>")


def cells(row):
    return ["".join(cell.itertext()) for cell in row]


class Report(own.Trials):
    def test_csv(self):
        """Read back by another reader: a row for every check, with its source and the parts of its SD."""
        self.write("trials/evidence.csv", SOURCES)
        self.write("trials/one.yaml", re.sub(r"    - .*difference.*\n", "", TRIAL))
        self.write("p.csv", "draw,tiny.g [1/y],between BMD,within BMD\n0,0.03,0.3,0.4\n1,0.02,0.3,0.4\n2,0.04,0.3,0.4\n")
        self.validate("--csv", "out.csv", "--parameters", "p.csv")
        self.assertFalse(os.path.exists(self.path("out.csv.part")))
        with open(self.path("out.csv"), encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, strict=True))
        self.assertEqual([row["line"] for row in rows], ["2", "4", "5"])
        first, second, third = rows
        said = {"experiment": "one", "trial": "T", "arm": "placebo", "simulated_arm": "placebo", "versus": "",
                "population": 'women, "healthy"\nand young', "drug_regimen": "sugar", "endpoint": "BMD_change", "site": "LS",
                "output": "bmd[lumbar_spine]", "class": "BMD", "role": "calibrate", "time_months": "12", "statistic": "mean",
                "unit": "percent", "n": "50", "observed": "-3", "observed_lower": "-4", "observed_upper": "-2",
                "observed_interval": "95ci", "check": "inside", "citation": "Smith 1999, J Bone 1:2",
                "reference": "PMID 123", "address": "https://pubmed.ncbi.nlm.nih.gov/123", "note": "read <this> first"}
        self.assertEqual({key: first[key] for key in said}, said)
        self.assertTrue(first["table"].endswith("trials/evidence.csv"))
        self.assertEqual(second["address"], "https://doi.org/10.1000/xyz(1)")
        self.assertEqual((second["n"], second["statistic"], second["observed_interval"]), ("", "median", "se"))
        self.assertEqual((third["class"], third["unit"]), ("level", "g_per_cm2"))
        for row, wanted, own_error in zip(rows, (lost(0.02, 1), lost(0.05, 2), math.exp(-0.1)), (1 / 1.96, 0.2, 0.2)):
            number = {key: float(row[key]) for key in row if row[key] and re.match("sd|lower|upper|simul.*ed$|resid|obs.*ed$", key)}
            parts = [number[f"sd_{part}"] for part in ("observed", "cohort", "parameters", "between", "within")]
            self.assertAlmostEqual(number["simulated"], wanted, 5)
            self.assertAlmostEqual(number["residual"], wanted - number["observed"], 5)
            self.assertAlmostEqual(number["sd_observed"], own_error, 6)
            self.assertAlmostEqual(number["sd"], math.sqrt(sum(part * part for part in parts)), 6)
            self.assertAlmostEqual((number["lower"] + number["upper"]) / 2, wanted, 5)
            self.assertEqual(row["check"] == "inside", number["lower"] <= number["observed"] <= number["upper"])
        self.assertAlmostEqual(float(first["sd_between"]), 0.3, 6)
        self.assertAlmostEqual(float(first["sd_within"]), 0.4, 6)
        moved = [lost(0.02 + g, 2) for g in (0.02, 0.04)]
        self.assertAlmostEqual(float(second["sd_parameters"]), abs(moved[0] - moved[1]) / math.sqrt(2), 5)

    def test_changes_from_a_later_time(self):
        """Where a change does not count from time 0, text and page say from when to when, and CSV has both."""
        later = "validate,T,drug,BMD_change_from_month12,LS,24,mean,-4,percent,,0.2,se,50,c,r,\n"
        self.write("trials/evidence.csv", HEAD + ROWS + later)
        text, _, tree = self.page("--csv", "out.csv")
        with open(self.path("out.csv"), encoding="utf-8", newline="") as file:
            times = [(row["time_months"], row["from_months"], row["to_months"]) for row in csv.DictReader(file)]
        self.assertEqual(times, [("12", "0", "12"), ("12", "0", "12"), ("24", "0", "24"), ("24", "", "24"),
                                 ("24", "12", "24"), ("12", "0", "12")])
        months = [cell.text for cell in tree.iter("td") if cell.get("data-h") == "month"]
        self.assertEqual([month for month in months if "-" in month or "\u2212" in month], ["12-24"])
        self.assertIn("month 12-24", text)
        self.assertIn(" 12-24 ", self.validate().stdout)

    def test_digits_of_intervals(self):
        """An SE has digits of its own beside a large value; text and page say what an interval is made of."""
        self.write("trials/evidence.csv", HEAD + "validate,T,placebo,BMD_change,LS,12,mean,250,percent,,0.7,se,50,c,r,\n" +
                   "".join(line + "\n" for line in ROWS.splitlines() if "T,drug" in line or "diff" in line))
        said = " ".join(self.validate("--parameters", "none").stdout.split())
        self.assertIn(" 250 se 0.70 ", said)
        for text in said, " ".join(self.page()[0].split()):
            self.assertIn("A prediction interval has in it the error of the observed value, that of the simulated one", text)
        self.assertIn("-o REPORT.html has charts and sources", said)

    def test_months_of_the_table(self):
        """As in the table of evidence; where the simulation counts from another time, its months in brackets."""
        self.write("trials/evidence.csv", HEAD + ROWS + "validate,T,drug,BMD_change_after_stop,LS,12,mean,-4,percent,,,,,c,r,\n")
        self.write("trials/one.yaml", TRIAL.replace("trial_arm: drug}", "trial_arm: drug, endpoint: BMD_change}\n    - "
                   "{arm: drug, trial: T, trial_arm: drug, endpoint: BMD_change_after_stop, from: 1 year, to: 2 year}"))
        _, _, tree = self.page("--csv", "out.csv")
        cell = {key: [cell.text for cell in tree.iter("td") if cell.get("data-h") == key] for key in ("month", "n")}
        self.assertEqual((cell["month"].count("12 (12-24)"), cell["month"].count("24")), (1, 1))
        self.assertEqual(sorted(set(cell["n"])), ["50", "unknown"])
        self.assertIn("12 (12-24)", self.validate().stdout)
        with open(self.path("out.csv"), encoding="utf-8", newline="") as file:
            rows = [[row[key] for key in ("time_months", "from_months", "to_months", "n")] for row in csv.DictReader(file)]
        self.assertIn(["12", "12", "24", ""], rows)

    def test_axes_of_values(self):
        """In the unit of the table of evidence; a row in another unit of the same stands where it should."""
        self.write("trials/evidence.csv", HEAD + "validate,T,placebo,BMD_level,LS,24,mean,900,mg_per_cm2,,,,50,c,r,\n"
                   "validate,T,drug,BMD_level,LS,24,mean,0.9,g_per_cm2,,,,50,c,r,\n")
        self.write("trials/one.yaml", re.sub(r"    - .*difference.*\n", "", TRIAL))
        _, _, tree = self.page()
        panels = {"".join(f.find("figcaption").itertext()): f for f in tree.iter("figure")}
        panel = panels["bmd lumbar spine, mg per cm2"]
        self.assertEqual(len({circle.get("cy") for circle in panel.iter("circle")}), 1)
        self.assertEqual(len(list(panel.iter("circle"))), 2)
        ticks = [float(t.text) for t in panel.iter("text") if t.get("text-anchor") == "end" and re.fullmatch("[0-9.]+", t.text)]
        self.assertTrue(ticks and all(800 < tick < 1050 for tick in ticks), ticks)

    def test_paths_lead_down_only(self):
        """A table in a folder beside that of the trials is named without the way to it; through a link, with it."""
        os.mkdir(self.path("data"))
        os.rename(self.path("trials/evidence.csv"), self.path("data/evidence.csv"))
        self.write("trials/one.yaml", TRIAL.replace("table: evidence.csv", "table: ../data/evidence.csv"))
        text, _, _ = self.page("--csv", "out.csv")
        self.assertIn("Observed values: data/evidence.csv;", text)
        os.makedirs(self.path("deep/er"))
        os.rename(self.path("trials"), self.path("deep/trials"))
        os.symlink("deep/trials", self.path("trials"))
        self.assertIn("trials/../data/evidence.csv", self.validate(code=1).stderr)

    def test_converted_values(self):
        """What was compared stands beside what the table has, in CSV and on the page."""
        self.write("trials/evidence.csv", HEAD + ROWS.replace("T,placebo,BMD_change,LS,12,mean,-3,percent,-4,-2,95ci",
                                                              "T,placebo,BMD_change,LS,12,mean,-0.03,g_per_cm2,,,none"))
        text, _, _ = self.page("--csv", "out.csv")
        with open(self.path("out.csv"), encoding="utf-8", newline="") as file:
            row = next(csv.DictReader(file))
        self.assertEqual([row[key] for key in ("observed", "unit", "reported", "reported_unit", "line")],
                         ["-3", "percent", "-0.03", "g_per_cm2", "2"])
        self.assertIn("Line 2: reported as \u22120.03 g per cm2, compared as \u22123 percent.", text)

    def test_progress(self):
        """Off a terminal one line at the end; on one, trials done and the time left, drawn again; JSON where asked."""
        self.write("trials/two.yaml", TRIAL)
        self.write("p.csv", "draw,tiny.g [1/y],between BMD,within BMD\n0,0.03,1,1\n1,0.02,1,1\n2,0.04,1,1\n")
        self.assertRegex(self.validate().stderr, r"^2 trials simulated in \d+ s\n$")
        self.assertEqual(self.validate("--progress", "none").stderr, "")
        last = json.loads(self.validate("--progress", "json", "--parameters", "p.csv").stderr.splitlines()[-1])
        self.assertEqual([last[key] for key in ("event", "what", "trials_done", "trials")],
                         ["finished", "uncertainty of parameters", 2, 2])
        # a terminal; slow enough that a report is due
        self.write("trials/two.yaml", TRIAL + "solver: {h_max: 0.01 day}\n")
        leader, follower = open_terminal(self)
        subprocess.run([own.OSTEON, "validate", "--trials", "trials", "--subjects", "64", "--threads", "1"],
                       cwd=self.folder.name, stdout=subprocess.DEVNULL, stderr=follower, check=True, timeout=300)
        os.close(follower)
        text = os.read(leader, 65536).decode()
        os.close(leader)
        self.assertNotIn("simulated in", text)
        self.assertTrue(text.endswith("\r\033[K"), repr(text))

    def test_csv_of_a_wrong_name(self):
        self.write("mine.csv", "my,own\n")
        for name, part in (("out.html", "end"), ("out", "end"), ("mine.csv", "not overwritten"), ("", "")):
            with self.subTest(name):
                done = self.validate("--csv", name, code=2)
                self.assertIn(part, done.stderr)
                self.assertEqual(done.stdout, "")

    def test_tables_fit_a_terminal(self):
        """No line has more than 100 characters, and every name is there in full."""
        arm = "postmenopausal women with osteopenia: anastrozole 1 mg a day and risedronate 35 mg a week, after tamoxifen"
        trial = "The long trial " * 6 + "of names"
        unit = "g_per_cm2"
        self.write("trials/evidence.csv", HEAD + ROWS.replace(",T,placebo,", f",{trial},\"{arm}\",").replace(
            ",g_per_cm2,", f",{unit},"))
        self.write("trials/one.yaml", TRIAL.replace("trial: T, trial_arm: placebo", f'trial: "{trial}", trial_arm: "{arm}"'))
        text = self.validate().stdout
        self.assertLessEqual(max(map(len, text.splitlines())), 100)
        self.assertIn(f"{trial}, {arm} (calibrate)", own.sentences(text))
        self.assertEqual(len(own.rows_of(text)), 5)

    def test_reasons_of_misses(self):
        """The reason stands in one table beside the evidence, for a trial and a bone model."""
        self.write("trials/misses.csv", 'trial,model,reason\nT,other,not this\nT,tiny,"too weak, it seems"\n')
        self.write("trials/evidence.csv", HEAD + ROWS.replace(",-9,percent", ",-12,percent"))
        self.validate("--csv", "out.csv")
        with open(self.path("out.csv"), encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        missed = [abs(float(row["residual"])) > 1.5 and row["class"] == "BMD" for row in rows]
        self.assertEqual(sum(missed), 1)
        self.assertEqual([row["reason"] for row in rows], ["too weak, it seems" if is_missed else "" for is_missed in missed])
        self.write("trials/misses.csv", "trial,model,reason\nTt,tiny,x\n")
        self.assertIn("misses.csv:2: trial 'Tt' has no row in", self.validate(code=1).stderr)

    def page(self, *words):
        """The page as text, as checked by the parser, and as a tree."""
        self.validate("-o", "report.html", *words)
        with open(self.path("report.html"), encoding="utf-8") as file:
            text = file.read()
        page = Page()
        page.feed(text)
        self.assertEqual((page.open, page.faults), ([], []))
        return text, page, xml.etree.ElementTree.fromstring(text)

    def test_report(self):
        text, page, tree = self.page()
        self.assertIn("A trial of &lt;tags&gt; &amp; more", text)
        self.assertIn("Drug &lt;b&gt;", text)
        # overview of BMD and of levels; change of the spine, its level, change of the hip, difference; a key for either arm
        self.assertEqual(page.counts["svg"], 2 + 4 + 2)
        self.assertEqual(page.counts["figure"], 2 + 4)
        self.assertIn("Not compared: T, drug, BMD_change FN (line 7): ", text)
        bars = [line for line in tree.iter("line") if line.get("stroke-width") == "5"]
        self.assertGreater(len(bars), 0)
        for bar in bars:  # within the axis: not cut at its upper end
            self.assertGreater(float(bar.get("y2")), 8)
        rows = [row for row in tree.iter("tr") if row.get("id", "").startswith("r")]
        self.assertEqual([cells(row)[-1] for row in rows], ["1, 2", "1, 3", "1, 4", "1, 5", "1, 6"])
        for link in tree.iter("a"):
            if link.get("href").startswith("#"):
                self.assertEqual(sum(e.get("id") == link.get("href")[1:] for e in tree.iter()), 1, link.get("href"))
        os.mkfifo(self.path("pipe.html"))
        for name, part in ("nowhere/report.html", "nowhere/report.html: cannot be written: No such file"), (
                "pipe.html", "pipe.html: cannot be written: it is not a regular file"):
            done = self.validate("-o", name, code=4)
            self.assertIn(part, done.stderr)
            self.assertEqual(done.stdout, "")  # said before the work, which may take long
        self.assertEqual([name for name in os.listdir(self.folder.name) if name.endswith(".part")], [])

    def test_overview_comes_first(self):
        """Every observation of BMD is a mark with a title and a link to its row, before the first trial."""
        _, _, tree = self.page()
        headings = ["".join(h.itertext()) for h in tree.iter("h2")]
        self.assertEqual(headings, ["Observed against predicted", "Missed by far, and why", "Trials",
                                    "A trial of <tags> & more"])
        figures = list(tree.iter("figure"))
        marks = list(figures[0].iter("a"))
        self.assertEqual([mark.get("href") for mark in marks], ["#r0", "#r1", "#r2", "#r4"])
        title = "".join(marks[2].find("title").itertext())
        self.assertIn("T, drug, bmd lumbar spine, month 24, observed \u22129.00", title.replace("  ", " ").replace(" ,", ","))

    def test_differences_have_panels_of_their_own(self):
        """The simulated line of a difference is that of the two means; no mark of it stands on the line of an arm."""
        _, _, tree = self.page()
        panels = {"".join(f.find("figcaption").itertext()): f for f in tree.iter("figure")}
        difference = panels["bmd lumbar spine: difference in percentage points from Placebo"]
        self.assertEqual([mark.get("href") for mark in difference.iter("a")], ["#r4"])
        self.assertEqual(len(list(difference.iter("polyline"))), 1)
        change = panels["bmd lumbar spine, change in percent"]
        self.assertEqual([mark.get("href") for mark in change.iter("a")], ["#r0", "#r2"])
        self.assertEqual(len(list(change.iter("polyline"))), 2)
        ticks = [(float(t.get("y")) - 4, float(t.text.replace("\u2212", "-"))) for t in difference.iter("text")
                 if t.get("text-anchor") == "end" and re.fullmatch("\u2212?[0-9.]+", t.text or "")]
        (y0, v0), (y1, v1) = ticks[0], ticks[-1]
        line = [tuple(map(float, pair.split(","))) for pair in difference.find(".//polyline").get("points").split()]
        for place, wanted in zip(line, (0, lost(0.05, 1) - lost(0.02, 1), lost(0.05, 2) - lost(0.02, 2))):
            self.assertAlmostEqual(v0 + (place[1] - y0) / (y1 - y0) * (v1 - v0), wanted, delta=0.05)

    def test_classes_of_treatment(self):
        """Marks, key and table by class, and the class mean beside the model: where the smaller error is."""
        self.write("trials/classes.csv", "class,meaning\nnone,without <drugs>\npush,with\nother,unused\n")
        self.write("trials/arms.csv", "trial,arm,class,minus\nT,placebo,none,\nT,drug,push,\nT,difference,push,none\n"
                   "U,placebo,none,\nU,drug,push,\nU,difference,push,none\n")
        self.write("trials/evidence.csv", HEAD + ROWS + ROWS.replace(",T,", ",U,").replace(",-3,percent", ",-4,percent"))
        self.write("trials/two.yaml", TRIAL.replace("trial: T", "trial: U"))
        text, _, tree = self.page("--csv", "out.csv")
        key = next(p for p in tree.iter("p") if p.get("class") == "key")
        self.assertEqual([span.get("title") for span in key], ["without <drugs>", "with"])
        self.assertNotIn("unused", text)
        marks = {mark.get("href"): mark for mark in next(tree.iter("figure")).iter("a")}
        self.assertEqual([marks[row].find("circle") is not None for row in ("#r0", "#r2", "#r4")], [True, False, False])
        with open(self.path("out.csv"), encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual([(row["treatment"], row["treatment_minus"]) for row in rows[:3] + rows[4:5]],
                         [("none", ""), ("none", ""), ("push", ""), ("push", "none")])
        self.assertEqual([rows[i]["naive"] for i in (0, 5)], ["-4", "-3"])  # the mean of the other trial
        table = next(t for t in tree.iter("table") if t.get("class") == "treatments")
        body = [cells(row) for row in table.find("tbody")]
        self.assertEqual([row[0].strip() for row in body], ["none", "push", "all"])
        residuals = [lost(rate, 1) - row for rate, row in ((0.02, -3), (0.01, -1), (0.02, -4), (0.01, -1))]
        self.assertEqual(body[0][6], f"{math.sqrt(sum(r * r for r in residuals) / 4):.2f}")
        self.assertEqual(body[0][7], f"{math.sqrt((1 + 0 + 1 + 0) / 4):.2f}")

    def test_sources(self):
        """A row names its source and line; the source has a link, subjects and treatment; notes their lines."""
        self.write("trials/evidence.csv", SOURCES)
        self.write("trials/one.yaml", re.sub(r"    - .*difference.*\n", "", TRIAL) + "notes: |\n  Two <arms>\n  of one.\n\n"
                   "  Age: 50 (assumed).\n  Menopause: none, as all\n    of them are young.\n")
        text, _, tree = self.page()
        rows = [row for row in tree.iter("tr") if row.get("id", "").startswith("r")]
        self.assertEqual([cells(row)[-1] for row in rows], ["1, 2", "2, 4", "3, 5"])
        items = {item.get("id"): " ".join("".join(item.itertext()).split()) for item in tree.iter("li")}
        self.assertEqual(items["s0-1"], 'Smith 1999, J Bone 1:2, PMID 123. Subjects: women, "healthy" and young. '
                                        "Treatment: sugar. Line 2: read <this> first.")
        self.assertEqual(items["s0-2"], "Jones 2001, doi 10.1000/xyz(1). Subjects: women. Treatment: drug, 1 mg.")
        self.assertIn('<a class=\'short\' href=\'https://pubmed.ncbi.nlm.nih.gov/123\'>PMID 123</a>', text)
        self.assertIn("https://doi.org/10.1000/xyz(1)", text)
        self.assertIn("<p>Two &lt;arms&gt; of one.</p>", text)
        self.assertIn("<ul><li>Age: 50 (assumed).</li><li>Menopause: none, as all of them are young.</li></ul>", text)
        self.assertIn("trials/evidence.csv; lines are those of this file", text)

    def test_misses_on_the_page(self):
        self.write("trials/misses.csv", "trial,model,reason\nT,tiny,too <weak>\n")
        self.write("trials/evidence.csv", HEAD + ROWS.replace(",-9,percent", ",-12,percent"))
        text, _, tree = self.page()
        self.assertIn("1 of 4 observations of BMD by more than 1.5 points.", text)
        why = next(row for row in tree.iter("tr") if row.get("class") == "why")
        self.assertEqual("".join(why.itertext()), "T: too <weak>")

    def test_misses_of_markers(self):
        """By more than 20 points, without the reason of a miss of BMD; in the text too."""
        self.write("trials/misses.csv", "trial,model,reason\nT,tiny,too weak\n")
        self.write("trials/tiny.model", MODEL + 'output ctx [ng/L] = 100 [ng/L]*B[lumbar_spine] "a marker"\n')
        row = "validate,T,placebo,marker_change,sCTX,12,mean,{},percent,,1,se,50,c,r,\n"
        self.write("trials/evidence.csv", HEAD + ROWS + row.format(15) + row.format(-30))
        self.assertIn("marker missed by more than 20 points: 1 of 2: T 1", own.sentences(self.validate().stdout))
        text, _, tree = self.page()
        self.assertIn("1 of 2 observations of marker by more than 20 points.", text)
        why = ["".join(row.itertext()) for row in tree.iter("tr") if row.get("class") == "why"]
        self.assertEqual(why[-1], "T")

    def test_sds_on_the_page(self):
        """Each at its value: as percent of themselves all would stand at 100."""
        row = "validate,T,placebo,BMD_change,LS,12,sd,{},percent,,,,50,c,r,\n"
        self.write("trials/evidence.csv", HEAD + ROWS + row.format(3) + row.format("4.5"))
        text, _, _ = self.page()
        chart = next(svg for svg in re.findall(r"(?s)<figure.*?</figure>", text) if "SD between subjects" in svg)
        marks = re.findall(r"(?s)</title>(.*?)</a>", chart)
        self.assertEqual(len(marks), 2)
        self.assertNotEqual(marks[0], marks[1])

    def test_report_of_odd_names_and_sizes(self):
        self.write("trials/it's <mine>.yaml", TRIAL)
        self.write("trials/tiny.model", MODEL.replace("-(k[site]", "-0*(k[site]").replace("= 1 [g/cm2]", "= 1e9 [g/cm2]"))
        _, page, tree = self.page()
        titles = [a.text for a in next(e for e in tree.iter("div") if e.get("class") == "index")][2:]
        self.assertEqual(titles, ["A trial of <tags> & more"] * 2)
        self.assertEqual(page.counts["svg"], 2 + 2 * (4 + 2))  # a level that never moves has its panel too


if __name__ == "__main__":
    sys.argv[1:] = [f"Report.{word}" for word in sys.argv[1:]]
    unittest.main()
