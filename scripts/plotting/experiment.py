# SPDX-License-Identifier: GPL-3.0-or-later
"""The experiment as a result file records it: its text and what `--set` changed. Anything that is not as an experiment
has it is passed over, because a figure needs little of it."""
import math
import re

import yaml

MONTH, YEAR = 30.4375, 365.25  # days
UNITS = {"d": 1, "day": 1, "days": 1, "wk": 7, "week": 7, "weeks": 7, "mo": MONTH, "month": MONTH, "months": MONTH,
         "y": YEAR, "year": YEAR, "years": YEAR, "h": 1 / 24, "hour": 1 / 24, "hours": 1 / 24, "min": 1 / 1440,
         "minute": 1 / 1440, "minutes": 1 / 1440}
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
        """{(start, stop)} in days of what an arm is given, where both are known; a single dose has no width."""
        windows = set()
        for line in self.lines(arm):
            start, stop = days_of(line.get("start", "0 day")), days_of(line.get("stop", f"{math.inf} day"))
            if "stop" not in line:
                stop = math.inf
            if "dose" in line and "interval" not in line:
                duration = days_of(line.get("duration", line.get("over", "0 day")))
                stop = start + (duration if duration > 1 else 0)
            if start <= stop and "begin_if" not in line:
                windows.add((start, stop))
        return windows

    def ends(self, arm):
        """Days at which treatment of an arm ends: a line stops and none begins. A single dose has no end."""
        windows = self.windows(arm)
        return {stop for start, stop in windows if start < stop < math.inf} - {start for start, _ in windows}

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
