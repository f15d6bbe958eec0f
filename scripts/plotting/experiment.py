# SPDX-License-Identifier: GPL-3.0-or-later
"""The experiment as a result file records it: its text and what `--set` changed. Anything that is not as an experiment
has it is passed over, because a figure needs little of it."""
import ast
import math
import operator
import re
from dataclasses import dataclass

import yaml

MONTH, YEAR = 30.4375, 365.25  # days
UNITS = {"d": 1, "day": 1, "days": 1, "wk": 7, "week": 7, "weeks": 7, "mo": MONTH, "month": MONTH, "months": MONTH,
         "y": YEAR, "year": YEAR, "years": YEAR, "h": 1 / 24, "hour": 1 / 24, "hours": 1 / 24, "min": 1 / 1440,
         "minute": 1 / 1440, "minutes": 1 / 1440}
MAX_DOSES = 30  # along the time axis; doses that are closer are a bar
LEAST_BAR = 100  # part of the axis; shorter infusions that are far apart are marks
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def scalar(value):
    """A word or number as text, "" of anything else: aliases may make a list of a few lines endless as text."""
    return str(value) if isinstance(value, (str, int, float)) else ""


NUMBER = r"((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv, ast.USub: operator.neg}
FUNCTIONS = {"min": min, "max": max, "abs": abs}


def value_of(node, values):
    """Of a formula in Python's notation; NaN of anything but sums, products, least and largest of the values."""
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return float(node.value)
    if isinstance(node, ast.Name):
        return values.get(node.id, math.nan)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS and node.args:
        of = [value_of(argument, values) for argument in node.args]
        return math.nan if any(map(math.isnan, of)) else FUNCTIONS[node.func.id](*of)
    if isinstance(node, (ast.BinOp, ast.UnaryOp)) and type(node.op) in OPERATORS:
        of = [node.operand] if isinstance(node, ast.UnaryOp) else [node.left, node.right]
        return OPERATORS[type(node.op)](*(value_of(part, values) for part in of))
    return math.nan


def days_of(quantity, values=None):
    """ "5 year" in days, or a formula of `values` in days, as "min(persistence, 5 [y])"; NaN if it is not a time, or has
    other names."""
    text = scalar(mapping(quantity).get("formula", quantity) if isinstance(quantity, dict) else quantity)[:200]
    match = re.fullmatch(rf"\s*([+-]?){NUMBER}\s*([a-z]+)\s*", text)
    try:
        if match:
            return float(match[1] + match[2]) * UNITS[match[3]]
        text = re.sub(rf"(?<![\w.]){NUMBER}\s*\[(\w+)\]", lambda found: f"({found[1]}*{UNITS[found[2]]})", text)
        return value_of(ast.parse(text.strip(), mode="eval").body, values or {})
    except (TypeError, ValueError, KeyError, SyntaxError, ArithmeticError, MemoryError, RecursionError):
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
    duration of each dose; may_be: to some subjects, or at times that differ between them."""
    start: float
    stop: float
    interval: float
    duration: float
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


def given_of(line, values):
    """Of a line of a regimen or of signals."""
    start = days_of(line.get("start", "0 day"), values)
    stop = days_of(line["stop"], values) if "stop" in line else math.inf
    interval = days_of(line["interval"], values) if "interval" in line else math.inf if "dose" in line else 0
    duration = days_of(line.get("duration", line.get("over", "0 day")), values)
    if interval == math.inf:
        stop = start + (duration if duration > 1 else 0)
        interval = 0 if duration > 1 else interval
    is_known = -math.inf < start <= stop and interval >= 0 and not (interval == 0 and "interval" in line)
    return Given(start, stop, interval, duration, not is_known or "begin_if" in line or "end_if" in line)


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

    def given(self, arm, but=()):
        """What an arm is given, without some of its lines; times may depend on covariates that all subjects have alike."""
        covariates = mapping(mapping(self.tree.get("population")).get("covariates"))
        values = {name: days_of(mapping(value).get("value", value) if isinstance(value, dict) else value)
                  for name, value in covariates.items()}
        return [given_of(line, values) for line in self.lines(arm) if line not in but]

    def windows(self, arm):
        """{(start, stop)} in days of what an arm is given for certain, where both are known; a single dose has no width."""
        return {(g.start, g.stop) for g in self.given(arm) if not g.may_be}

    def background(self, begin, end):
        """Lines that every arm has throughout, as calcium for all."""
        arms = [self.lines(arm) for arm in mapping(self.tree.get("arms"))]
        return [line for line in (arms[0] if arms else []) if all(line in lines for lines in arms) and
                given_of(line, {}).lasts(begin, end)]

    def lane(self, arm, begin, end):
        """Lane of an arm from day begin to day end, without what is the background there."""
        given = self.given(arm, self.background(begin, end))
        inside = [g for g in given if not (g.stop <= begin and g.start < g.stop or g.start >= end)]
        lasting = [g for g in inside if not g.may_be and g.start < g.stop and g.interval < (end - begin) / MAX_DOSES]
        others = [g for g in inside if not g.may_be and g not in lasting]
        long = [g for g in others if g.duration > (end - begin) / LEAST_BAR]
        windows = [(g.start, g.stop) for g in lasting] + \
            [(day, day + g.duration) for g in long for day in g.doses(begin - g.duration, end)]
        edges = sorted({min(max(day, begin), end) for window in windows for day in window})
        bars = [(x, y) for x, y in zip(edges, edges[1:]) if any(start <= x and y <= min(stop, end) for start, stop in windows)]
        single = {day for g in others if g not in long for day in g.doses(begin, end)}
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
