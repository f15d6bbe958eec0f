# SPDX-License-Identifier: GPL-3.0-or-later
"""The experiment as a result file records it: its text and what `--set` changed. Anything that is not as an experiment
has it is passed over, because a figure needs little of it."""
import math
import re
from dataclasses import dataclass

import yaml

MONTH, YEAR = 30.4375, 365.25  # days
UNITS = {"d": 1, "day": 1, "days": 1, "wk": 7, "week": 7, "weeks": 7, "mo": MONTH, "month": MONTH, "months": MONTH,
         "y": YEAR, "year": YEAR, "years": YEAR, "h": 1 / 24, "hour": 1 / 24, "hours": 1 / 24, "min": 1 / 1440,
         "minute": 1 / 1440, "minutes": 1 / 1440}
MAX_DOSES = 30  # along the time axis; doses that are closer are a bar
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def scalar(value):
    """A word or number as text, "" of anything else: aliases may make a list of a few lines endless as text."""
    return str(value) if isinstance(value, (str, int, float)) else ""


def days_of(quantity):
    """ "5 year" in days; NaN if it is not a time, as a formula is not."""
    match = re.fullmatch(r"\s*([+-]?[\d.]+(?:[eE][+-]?\d+)?)\s*([a-z]+)\s*", scalar(quantity)[:100])
    try:
        return float(match[1]) * UNITS[match[2]]
    except (TypeError, ValueError, KeyError):
        return math.nan


def mapping(value):
    return value if isinstance(value, dict) else {}


def mappings(value):
    """The mappings of a list, or of what stands for a list of one."""
    return [v for v in (value if isinstance(value, list) else [value]) if isinstance(v, dict)]


def apply_override(tree, line):
    """Set "arms.a.regimen.0.stop=3 year" in the parsed experiment."""
    path, _, value = line.partition("=")
    *walk, last = path.split(".")
    for key in walk:
        tree = tree[int(key)] if isinstance(tree, list) else tree.setdefault(key, {})
    tree[int(last) if isinstance(tree, list) else last] = yaml.load(value, LOADER)


SUBJECT_MARK = " # subject "


@dataclass
class Given:
    """What a line of an arm gives: days; interval between doses, 0 of what acts all the time, infinity of a single dose;
    may_be: to some subjects, or at times that differ between them."""
    start: float
    stop: float
    interval: float
    may_be: bool

    def lasts(self, begin, end):
        return not self.may_be and self.start <= begin and self.stop >= end

    def doses(self, begin, end):
        """Days of doses from a day on and before another."""
        if self.interval == math.inf:
            return [self.start] if begin <= self.start < end else []
        first = max(0, math.ceil((begin - self.start) / self.interval))
        last = math.ceil((min(end, self.stop) - self.start) / self.interval)
        return [self.start + i * self.interval for i in range(first, last)]


def given_of(line):
    """Of a line of a regimen or of signals."""
    start, stop = days_of(line.get("start", "0 day")), days_of(line["stop"]) if "stop" in line else math.inf
    interval = days_of(line["interval"]) if "interval" in line else math.inf if "dose" in line else 0
    if interval == math.inf:
        duration = days_of(line.get("duration", line.get("over", "0 day")))
        stop = start + (duration if duration > 1 else 0)
        interval = 0 if duration > 1 else interval
    is_known = -math.inf < start <= stop and interval >= 0 and not (interval == 0 and "interval" in line)
    return Given(start, stop, interval, not is_known or "begin_if" in line or "end_if" in line)


@dataclass
class Lane:
    """What an arm is given along the time axis: bars (from, to), which meet where something begins or ends; doses, days
    of those far apart; may_be: (from, to) of what depends on the subject."""
    bars: list
    doses: list
    may_be: list


class Experiment:
    """tree: the experiment with its overrides; overrides: their lines but those of --subject, whose subject is "6 of
    mine.h5", else ""."""

    def __init__(self, text, overrides):
        try:
            self.tree = mapping(yaml.load(text, LOADER))
        except (yaml.YAMLError, ValueError, RecursionError):
            self.tree = {}
        lines = [line for line in overrides.splitlines() if "=" in line]
        self.overrides = [line for line in lines if SUBJECT_MARK not in line]
        marked = [line for line in lines if SUBJECT_MARK in line]
        self.subject = marked[-1].partition(SUBJECT_MARK)[2] if marked else ""
        for line in lines:
            try:
                apply_override(self.tree, line)
            except (yaml.YAMLError, KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError):
                pass

    def lines(self, arm):
        """What an arm is given: the lines of its regimen and signals."""
        spec = mapping(mapping(self.tree.get("arms")).get(arm))
        return mappings(spec.get("regimen")) + mappings(spec.get("signals"))

    def windows(self, arm):
        """{(start, stop)} in days of what an arm is given for certain, where both are known; a single dose has no width."""
        return {(g.start, g.stop) for g in map(given_of, self.lines(arm)) if not g.may_be}

    def background(self, begin, end):
        """Lines that every arm has throughout, as calcium for all."""
        arms = [self.lines(arm) for arm in mapping(self.tree.get("arms"))]
        return [line for line in (arms[0] if arms else []) if all(line in lines for lines in arms) and
                given_of(line).lasts(begin, end)]

    def lane(self, arm, begin, end):
        """Lane of an arm from day begin to day end, without what is the background there."""
        background = self.background(begin, end)
        given = [given_of(line) for line in self.lines(arm) if line not in background]
        inside = [g for g in given if not (g.stop <= begin and g.start < g.stop or g.start >= end)]
        lasting = [g for g in inside if not g.may_be and g.start < g.stop and g.interval < (end - begin) / MAX_DOSES]
        edges = sorted({min(max(day, begin), end) for g in lasting for day in (g.start, g.stop)})
        bars = [(x, y) for x, y in zip(edges, edges[1:]) if any(g.start <= x and y <= min(g.stop, end) for g in lasting)]
        single = {day for g in inside if not g.may_be and g not in lasting for day in g.doses(begin, end)}
        may_be = [(begin if math.isnan(g.start) else max(g.start, begin), end if math.isnan(g.stop) else min(g.stop, end))
                  for g in inside if g.may_be]
        return Lane(bars, sorted(single), may_be)

    def since(self, arms):
        """What time 0 is."""
        starts = [start for arm in arms for start, _ in self.windows(arm)]
        covariates = mapping(mapping(self.tree.get("population")).get("covariates"))
        if any(self.lines(arm) for arm in arms) and (not starts or min(starts) == 0):
            return "start of treatment"
        if days_of(covariates.get("years_since_menopause")) == 0:
            return "final menstrual period"
        return "baseline"

    def is_typical(self):
        """One subject with typical values: the experiment has no cohort."""
        return "subjects" not in mapping(self.tree.get("population"))
