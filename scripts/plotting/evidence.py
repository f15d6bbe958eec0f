# SPDX-License-Identifier: GPL-3.0-or-later
"""Observations of trials that the experiment compares with its arms, as points of a panel. Rows are matched with
outputs by `endpoints.csv` beside the table, as `osteon show` does; differences between arms, rates and levels in other
units than the output's have no place in a panel and are counted."""
import csv
import math
import os
import re
import sys
from dataclasses import dataclass

from .experiment import MONTH, days_of, mapping, mappings, scalar
from .words import NOTHING_TO_DRAW, Refused

PREFIXES = {"p": 1e-12, "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "d": 0.1}
INTERVALS = {"sem": "se", "95% ci": "95ci", "95 % ci": "95ci", "95%ci": "95ci", "ci95": "95ci"}
UNITS = {"%": "percent", "pct": "percent", "per cent": "percent", "% of baseline": "percent_of_baseline",
         "pct_of_baseline": "percent_of_baseline", "percentage points": "percentage_points_between_arms",
         "points": "percentage_points_between_arms", "pp": "percentage_points_between_arms", "T-score": "T_score",
         "T score": "T_score", "T-score_change": "T_score_change", "T-score change": "T_score_change"}
PER_YEAR = re.compile("(/year|/yr?| per year|_per_y)$")
MAX_TABLE = 50_000_000  # bytes
CONFIGS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "configs")


@dataclass
class Observation:
    """What one row observed of an arm, in any of `outputs`. kind: change (percent since `start`), ratio (percent of
    baseline) or value (in `unit`)."""
    arm: str
    outputs: tuple
    trial: str
    role: str
    kind: str
    unit: str
    start: float
    day: float
    value: float
    lower: float
    upper: float


def find_table(results, given):
    """Path of the evidence table: as given, or as the experiment names it, from its folder or from configs/."""
    name = mapping(results.experiment.tree.get("evidence")).get("table")
    if given or not isinstance(name, str):
        return given
    folders = [os.path.dirname(results.text("experiment_path")), CONFIGS, os.path.join(CONFIGS, "trials"),
               os.path.dirname(os.path.abspath(results.path))]
    for folder in folders:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return path
    print(f"osteon-plot: evidence table {name} not found; drawn without it (--evidence FILE names its place)",
          file=sys.stderr)
    return None


def read_csv(path):
    """Rows as mappings, with "" for what a short row lacks."""
    if os.path.exists(path) and (not os.path.isfile(path) or os.path.getsize(path) > MAX_TABLE):
        raise Refused(f"{path}: it is not a regular file of at most {MAX_TABLE:,} bytes")
    try:
        with open(path, newline="", encoding="utf-8-sig") as table:
            rows = csv.DictReader(table)
            if len(rows.fieldnames or []) == 1 and ";" in rows.fieldnames[0]:
                raise Refused(f"{path}: the columns are separated by ';'; they have to be by ','")
            return [{k: v or "" for k, v in row.items() if k} for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Refused(f"{path}: {getattr(error, 'strerror', None) or error}", NOTHING_TO_DRAW) from error


def number(text):
    try:
        return float(text)
    except ValueError:
        return math.nan


def base_month(endpoint):
    """The month that an endpoint counts from: 60 in "BMD_change_from_year5", 24 in "_year2_to_5", 0 in "_in_year1"; NaN:
    from a moment of its own."""
    match = re.search(r"_(in_|from_)?(year|month)(\d+)", endpoint)
    if match:
        return (int(match[3]) - (match[1] == "in_")) * (12 if match[2] == "year" else 1)
    own = re.search("_after_stop|_from_extension_baseline|_transmenopause|_from_third_infusion", endpoint)
    return math.nan if own else 0


def concentration(unit):
    """(amount in mol or g per L, "mol" or "g") of "ng/dL", or of a multiple such as "3.67 pmol/L"; None of others."""
    match = re.fullmatch(r"(?:([\d.eE+-]+) )?([pnum]?)(mol|g)/([md]?)L", str(unit))
    return match and (number(match[1] or "1") * PREFIXES[match[2]] / PREFIXES[match[4]], match[3])


def factor_between(unit, other):
    """What a value in `unit` is multiplied by to be in `other`; None where that is not known."""
    a, b = concentration(unit), concentration(other)
    if unit == other:
        return 1.0
    return a[0] / b[0] if a and b and a[1] == b[1] else None


def read_dictionary(path):
    """Rows of the dictionary beside a table, which come first, and of the shipped one."""
    shipped = os.path.join(CONFIGS, "evidence", "endpoints.csv")
    own = os.path.join(os.path.dirname(path), "endpoints.csv")
    is_own = os.path.isfile(own) and not (os.path.isfile(shipped) and os.path.samefile(own, shipped))
    return (read_csv(own) if is_own else []) + read_csv(shipped)


def spelt(text, column, dictionary):
    """A site or an endpoint as the dictionary spells it, its remark kept: "lumbar spine (L2-L4)" is "LS (L2-L4)"."""
    stem = re.sub(r" *\([^(]*\)$", "", text)
    for line in dictionary:
        own = line.get(column) if column == "endpoint" or not line.get("endpoint") else None
        if own and stem in [word.strip() for word in line.get("also", "").split(";")]:
            return own + text[len(stem):]
    return text


def with_words(row, dictionary):
    """A row of a table, or a comparison, in the words of the dictionary, as osteon reads it."""
    out = dict(row)
    for column in {"site", "endpoint"} & out.keys():
        out[column] = spelt(scalar(out[column]), column, dictionary)
    if "interval" in out:
        out["interval"] = INTERVALS.get(out["interval"].lower(), out["interval"].lower())
        stem = PER_YEAR.sub("", out["unit"])
        out["unit"] = UNITS.get(stem, stem) + "_per_year" * (stem != out["unit"])
    return out


def takes(comparison, row):
    month = number(scalar(comparison.get("month", "nan")).removesuffix("month").strip())
    return comparison.get("trial") == row["trial"] and comparison.get("trial_arm", row["arm"]) == row["arm"] and \
        all(comparison.get(k, row[k]) == row[k] for k in ("endpoint", "site")) and \
        (math.isnan(month) or month == number(row["time_months"]))


def outputs_of(row, dictionary):
    """The outputs that answer a row, best first, by the first line of the dictionary for its site and endpoint."""
    found = next((line["output"] for line in dictionary if
                  line.get("site", "") in ("", row["site"].split("(")[0].rstrip()) and
                  row["endpoint"].startswith(line.get("endpoint", "")) and line.get("output")), "")
    return tuple(name.strip() for name in found.split(";") if name.strip())


def observation(comparison, row, outputs):
    """None if a panel has no place for it."""
    kind = {"percent": "change", "percent_of_baseline": "ratio"}.get(row["unit"], "value")
    base = base_month(row["endpoint"])
    if comparison.get("versus") or row.get("statistic") == "sd" or not outputs or \
            math.isnan(base) and not {"from", "to"} <= set(comparison) or row["unit"].endswith("_per_year") or \
            kind == "value" and not row["endpoint"].endswith("_level"):
        return None
    start = days_of(comparison["from"]) if "from" in comparison else base * MONTH
    day = days_of(comparison["to"]) if "to" in comparison else number(row["time_months"]) * MONTH
    value, lower, upper, n = (number(row[k]) for k in ("value", "lower", "upper", "n"))
    if row["interval"] in ("sd", "se"):
        spread = upper if math.isfinite(upper) else lower
        half = 1.96 * spread / (math.sqrt(n) if row["interval"] == "sd" and n > 0 else 1)
        lower, upper = (value - half, value + half) if row["interval"] == "se" or n > 0 else (math.nan, math.nan)
    if not all(map(math.isfinite, (start, day, value))):
        return None
    unit = scalar(comparison.get("unit", row["unit"].replace("_per_", "/"))) if kind == "value" else ""
    return Observation(comparison.get("arm"), outputs, row["trial"], row["role"], kind, unit, start, day, value, lower,
                       upper)


def read_observations(results, given):
    """(observations, rows that a figure cannot show: of a difference between arms the arm compared with, "" if not
    named; None of others). Nothing where the experiment names no evidence."""
    compare = mappings(mapping(results.experiment.tree.get("evidence")).get("compare"))
    path = find_table(results, given) if compare else None
    if path is None:
        return [], []
    rows = read_csv(path)
    columns = ("trial", "arm", "role", "endpoint", "site", "unit", "time_months", "value", "lower", "upper", "interval",
               "n")
    missing = [k for k in columns if rows and k not in rows[0]]
    if missing:
        raise Refused(f"{path}: it has no column {', '.join(missing)}")
    dictionary = read_dictionary(path)
    rows, compare = ([with_words(row, dictionary) for row in of] for of in (rows, compare))
    found, left = [], []
    for comparison in compare:
        for row in rows:
            if not takes(comparison, row):
                continue
            given_output = comparison.get("output")
            made = observation(comparison, row, (given_output,) if given_output else outputs_of(row, dictionary))
            if made is not None:
                found.append(made)
            elif row["role"] != "context":
                is_difference = "versus" in comparison or "between_arms" in row["unit"]
                left.append(scalar(comparison.get("versus")) if is_difference else None)
    return found, left


def answering(seen, names):
    """The output among the variables `names` that an observation is compared with, the first that answers it, as a list."""
    return [output for output in seen.outputs if output.partition("[")[0] in names][:1]


def as_scanned(name, known):
    """BMD, or an element of it, as scans show it, which observed BMD is compared with, where the file has that."""
    variable = name.partition("[")[0]
    return "scanned_" + name if variable == "bmd" and "scanned_bmd" in known else name


@dataclass
class Point:
    """An observation on the axes of a panel; start: where its change begins, if not at baseline."""
    x: float
    y: float
    lower: float
    upper: float
    role: str
    trial: str
    start: tuple = None


def point_of(seen, show, unit, days, zero, median):
    """The observation as a point of a panel, or None. Changes of an output that the panel shows as values, and changes
    from a later time, are drawn from the simulated median there."""
    if not days[0] <= seen.day <= days[-1] * (1 + 1e-6):
        return None
    factor = factor_between(seen.unit, unit) if seen.kind == "value" and show == "value" else None
    if seen.kind == "value" and factor is None:
        return None
    at = min(range(len(days)), key=lambda i: abs(days[i] - seen.start)) if seen.kind != "ratio" else zero
    if seen.kind != "value" and abs(days[at] - (seen.start if seen.kind == "change" else days[zero])) > 16:
        return None
    start = median[at]

    def on_axis(value):
        if seen.kind == "value":
            return value * factor
        ratio = value / 100 if seen.kind == "ratio" else 1 + value / 100
        if show == "value":
            return start * ratio
        return 100 * ((1 + start / 100) * ratio - 1) if show == "change" else start * ratio

    later = seen.kind == "change" and at != zero
    return Point(seen.day, on_axis(seen.value), on_axis(seen.lower), on_axis(seen.upper), seen.role, seen.trial,
                 (seen.start, start) if later else None)
