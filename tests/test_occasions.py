#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Doses that differ from occasion to occasion: the factor of every dose is taken from the course of a drug of one
compartment, and the courses are superposed again from these. Takes the path of osteon as its first argument."""
import math
import unittest

import h5py
import numpy as np

import test_shards  # noqa: E402  the program in a folder

K, SD, SUBJECTS, DAYS = 0.4, 0.3, 130, 20  # 1/d, of the logarithm, women, d
PER_DAY = 4  # outputs
ARMS = {
    "plain": "dose: 2 mg, interval: 1 day",
    "none": "dose: 2 mg, interval: 1 day, inter_occasion: 0",
    "none_of_each": "dose: 2 mg, interval: 1 day, inter_occasion: 0*sd",
    "daily": "dose: 2 mg, interval: 1 day, inter_occasion: 30 %",
    "infused": "dose: 5 mg, interval: 2 day, duration: 0.5 day, inter_occasion: 0.3",
    "own": "dose: '1 [mg]*(1 + sd)', interval: 1 day, inter_occasion: sd",
    "missed": "dose: 2 mg, interval: 1 day, inter_occasion: 0.3, adherence: 60 %",
    "missed_alike": "dose: 2 mg, interval: 1 day, adherence: 60 %",
    "late": "dose: 2 mg, interval: 1 day, inter_occasion: 0.3, visits: 1 day, begin_if: 'time > 2.5 [d]'",
    "holiday": "dose: 2 mg, interval: 1 day, inter_occasion: 0.3, visits: 1 day, begin_if: 'time < 4.5 [d] or time > 11.5 [d]', "
               "end_if: 'time > 4.5 [d] and time < 11.5 [d]'",
}
TWO = """  two:
    regimen:
      - {drug: one, dose: 2 mg, interval: 1 day, inter_occasion: 0.3}
      - {drug: one, dose: 2 mg, interval: 1 day, inter_occasion: 0.3, start: 0.5 day}
"""
EXPERIMENT = f"""
models: [./one.model]
population:
  subjects: {SUBJECTS}
  seed: 5
  covariates: {{sd: {{distribution: uniform, from: 0.1, to: 0.5}}}}
times: {{to: {DAYS} day, every: {24/PER_DAY} hour}}
results: {{precision: float64}}
arms:
""" + "".join(f"  {name}: {{regimen: [{{drug: one, {line}}}]}}\n" for name, line in ARMS.items()) + TWO
FILES = {
    "e.yaml": EXPERIMENT,
    "one.model": f"""
model one "one compartment"
kind drug
param k = {K} [1/d] in 0.001..100 "elimination" @ "assumed: for a test"
state amount = 0 [mg] "drug in the body"
amount' = -k*amount
dose amount
output left [mg] = amount "amount"
""",
}


def given(course, interval, duration=0.0, start=0.0):
    """Amounts that were given at start, start + interval, ..., mg: what is there a while later, less what was there before.
    @param course  [subject][time] @return [subject][dose]"""
    step, first = int(interval*PER_DAY), int(start*PER_DAY)
    after = max(int(duration*PER_DAY), 1)
    n = (course.shape[1] - 1 - first)//step
    before, later = course[:, first:first + n*step:step], course[:, first + after:first + after + n*step:step]
    risen = later - before*math.exp(-K*after/PER_DAY)
    if duration > 0:
        return risen*K*duration/-math.expm1(-K*duration)
    return risen*math.exp(K*after/PER_DAY)


def superposed(amounts, interval, duration=0.0, start=0.0):
    """The course of such amounts. An output at a dose is the value before it."""
    times = np.arange(DAYS*PER_DAY + 1)/PER_DAY
    course = np.zeros((amounts.shape[0], times.size))
    for i in range(amounts.shape[1]):
        since = times - start - i*interval
        if duration > 0:
            on = np.maximum(since, 0)
            one = (np.exp(-K*np.maximum(on - duration, 0)) - np.exp(-K*on))/(K*duration)
        else:
            one = np.where(since > 0, np.exp(-K*np.maximum(since, 0)), 0)
        course += amounts[:, [i]]*one
    return course


class Occasions(test_shards.Program):
    files = FILES

    def run_file(self, *arguments, text=EXPERIMENT):
        """@return the course of every arm [subject][time], and sd [subject]"""
        self.write("e.yaml", text)
        self.osteon("run", "e.yaml", *arguments, "-o", "out.h5", "-q", "--force")
        return self.courses("out.h5")

    def courses(self, name):
        with h5py.File(self.path(name)) as file:
            arms = [arm.decode() for arm in file["arm"][:]]
            return {arm: file["left"][a] for a, arm in enumerate(arms)}, file["sd"][:]

    def check_scores(self, z):
        """Standard normal scores, each by itself: mean, SD and correlations with the next within four standard errors."""
        n = z.size
        self.assertLess(abs(z.mean()), 4/math.sqrt(n))
        self.assertLess(abs(z.std() - 1), 4/math.sqrt(2*n))
        self.assertLess(abs(np.mean(z**3)), 4*math.sqrt(15/n))
        for pairs in (z[:, 1:]*z[:, :-1], z[1:]*z[:-1]):  # of one dose with the next, of one subject with the next
            self.assertLess(abs(pairs.mean()), 4/math.sqrt(pairs.size))
        self.assertLess(abs(z.mean(axis=0).var()*z.shape[0] - 1), 4*math.sqrt(2/z.shape[1]))  # nothing that a dose shares,
        self.assertLess(abs(z.mean(axis=1).var()*z.shape[1] - 1), 4*math.sqrt(2/z.shape[0]))  # nor a subject

    def test_factors(self):
        """The factor of each dose, lognormal of median 1; the same score in every arm, whatever SD, dose and interval."""
        arms, sd = self.run_file()
        factors = given(arms["daily"], 1)/2
        z = np.log(factors)/SD
        self.assertEqual(z.shape, (SUBJECTS, DAYS))
        self.check_scores(z)
        np.testing.assert_allclose(superposed(2*factors, 1), arms["daily"], rtol=1e-8, atol=1e-10)
        infused = given(arms["infused"], 2, 0.5)
        np.testing.assert_allclose(np.log(infused/5)/SD, z[:, :DAYS//2], atol=1e-7)
        np.testing.assert_allclose(superposed(infused, 2, 0.5), arms["infused"], rtol=1e-8, atol=1e-10)
        own = given(arms["own"], 1)
        np.testing.assert_allclose(np.log(own/(1 + sd[:, None]))/sd[:, None], z, atol=1e-6)
        np.testing.assert_allclose(given(arms["plain"], 1), 2, rtol=1e-9)

    def test_none(self):
        """An SD of 0, for all or for each, has the bits of no key; without variability every dose is the median."""
        arms, _ = self.run_file()
        for name in ("none", "none_of_each"):
            np.testing.assert_array_equal(arms[name], arms["plain"], err_msg=name)
        arms, _ = self.run_file("--set", "population.variability=false")
        for name in ("none", "daily"):
            np.testing.assert_array_equal(arms[name], arms["plain"], err_msg=name)
        np.testing.assert_array_equal(arms["missed"], arms["missed_alike"])

    def test_missed_and_begun(self):
        """Missed doses are those of the same line without variability, and have no other say in the rest; doses that begin by a
        rule are counted from the first, on through a pause."""
        arms, _ = self.run_file()
        z = np.log(given(arms["daily"], 1)/2)/SD
        missed, alike = given(arms["missed"], 1)/2, given(arms["missed_alike"], 1)/2
        taken = alike > 0.5
        np.testing.assert_array_equal(missed > 1e-3, taken)
        np.testing.assert_allclose(np.log(missed[taken])/SD, z[taken], atol=1e-6)
        self.assertTrue(0.55 < taken.mean() < 0.65)
        for of in (z[taken], z[~taken]):
            self.assertLess(abs(of.mean()), 4/math.sqrt(of.size))
        late, holiday = given(arms["late"], 1)/2, given(arms["holiday"], 1)/2
        np.testing.assert_allclose(late[:, :3], 0, atol=1e-9)
        np.testing.assert_allclose(np.log(late[:, 3:])/SD, z[:, :-3], atol=1e-6)
        np.testing.assert_allclose(holiday[:, 5:12], 0, atol=1e-8)
        np.testing.assert_allclose(np.log(holiday[:, list(range(5)) + list(range(12, 20))])/SD, z[:, :13], atol=1e-6)

    def test_lines(self):
        """Two lines of one drug have draws of their own; the first has those of a line alone."""
        arms, _ = self.run_file()
        course, z = arms["two"], np.log(given(arms["daily"], 1)/2)/SD
        first, second = given(course, 1), given(course, 1, start=0.5)
        np.testing.assert_allclose(np.log(first/2)/SD, z, atol=1e-6)
        other = np.log(second/2)/SD
        self.check_scores(other)
        products = z[:, :other.shape[1]]*other
        self.assertLess(abs(products.mean()), 4/math.sqrt(products.size))
        last = np.full((SUBJECTS, 1), 2.0)  # of the second line, seen half a day long
        last[:, 0] = (course[:, -1] - course[:, -3]*math.exp(-K/2))*math.exp(K/2)
        self.assertEqual(second.shape[1], DAYS - 1)
        np.testing.assert_allclose(superposed(first, 1) + superposed(np.hstack([second, last]), 1, start=0.5), course,
                                   rtol=1e-8, atol=1e-10)

    def test_whoever_is_run(self):
        """Threads, shards, the subjects and arms that are run, and their order leave the bits as they are; a seed does not."""
        arms, _ = self.run_file("--threads", "1")
        others = {"threads": self.run_file("--threads", "2")[0]}
        for i in (1, 2):
            self.osteon("run", "e.yaml", "--shard", f"{i}/2", "-o", f"s{i}.h5", "-q")
        self.osteon("merge", "s1.h5", "s2.h5", "-o", "merged.h5", "-q")
        others["shards"] = self.courses("merged.h5")[0]
        for how, other in others.items():
            for name, course in arms.items():
                np.testing.assert_array_equal(other[name], course, err_msg=f"{how} {name}")
        few, _ = self.run_file("--set", "population.first_subject=61", "--set", "population.subjects=9",
                               text=EXPERIMENT.replace(TWO, "").replace("arms:\n", "arms:\n" + TWO))
        for name, course in few.items():
            np.testing.assert_array_equal(course, arms[name][61:70], err_msg=name)
        seed, _ = self.run_file("--set", "population.seed=6", "--set", "population.subjects=9")
        self.assertTrue(np.all(seed["daily"][:, -1] != arms["daily"][:9, -1]))

    def test_said(self):
        """What `plan` prints; what is refused, with its place; a subject whose SD makes no sense fails alone."""
        said = self.osteon("plan", "e.yaml").split("\n")
        self.assertEqual(sum("doses differ by a lognormal factor" in line for line in said), 9, said)
        self.assertIn("      one, subject-specific: every 1 d from day 0, some doses missed, doses differ by a lognormal factor", said)
        self.assertRegex(self.osteon("plan", "e.yaml", "--sbml", "daily", code=1),
                         r"e\.yaml:\d+:\d+: SBML cannot have doses that differ at random; set inter_occasion to 0 by --set")
        self.osteon("plan", "e.yaml", "--sbml", "daily", "--set", "arms.daily.regimen.0.inter_occasion=0")
        steady = EXPERIMENT.replace("30 %", "30 %, steady_state: true")
        self.write("e.yaml", steady)
        self.assertRegex(self.osteon("check", "e.yaml", code=1),
                         r"e\.yaml:\d+:\d+: .*a steady state at the start does not go with 'inter_occasion'")
        self.write("e.yaml", EXPERIMENT.replace("30 %", "sd - 0.3"))
        said = self.osteon("run", "e.yaml", "-o", "out.h5", "--force", code=3)
        self.assertRegex(said, r"arm 'daily': inter-occasion variability of 'one' is -0\.\d+, expected 0 to 3")
        with h5py.File(self.path("out.h5")) as file:
            np.testing.assert_array_equal(np.isnan(file["left"][0, :, -1]), file["sd"][:] < 0.3)


if __name__ == "__main__":
    unittest.main()
