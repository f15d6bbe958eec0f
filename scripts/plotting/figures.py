# SPDX-License-Identifier: GPL-3.0-or-later
"""What a figure shows: arms, outputs and models of a result file, arranged as rows of panels. A panel with more than
three lines has no bands; instead, arms get a panel each, with one band and the medians of the others."""
import os
import re
import sys

import numpy as np

from .evidence import answering, as_scanned, point_of, read_observations
from .experiment import MONTH, UNITS, Lane, mapping, scalar
from .page import MARKERS, Curve, Page, Panel, style, untreated_style
from .words import Refused, capitalised, counted, in_words, number, plain, power_of_ten

MAX_BANDS, MAX_PANELS = 3, 60
SHORT = {"bmd": "BMD", "scanned_bmd": "scanned BMD", "ctx": "CTX", "p1np": "P1NP", "ntx": "NTX", "balp": "BALP", "opg": "OPG", "rankl": "RANKL"}
ROLES = {"calibrate": "filled: role calibrate (for fitting)", "validate": "hollow: role validate (for testing)",
         "context": "half-filled: role context"}
NO_LANE = Lane([], [], [])
WHOLE = {"share": "% of subjects with 1", "count": "mean"}  # units of outputs that are whole numbers
STEPS = {"day": (), "month": (1, 2, 3, 6, 12, 24, 60, 120), "year": (0.25, 0.5, 1)}  # others: 1, 2, 5, 10, ...


class Options:
    """variables, arms (None: by default); show, panels, time (None: as the experiment says); evidence: path or None."""

    def __init__(self, variables=None, arms=None, show=None, panels=None, time=None, evidence=None):
        self.variables, self.arms, self.show = variables, arms, show
        self.panels, self.time, self.evidence = panels, time, evidence


def kept_of(planned, results):
    """Those of the experiment's variables that the file has, all where it has none of them; a note names the others."""
    left = [name for name in planned if name.partition("[")[0] not in results.file]
    if not left or len(left) == len(planned):
        return planned
    print(f"osteon-plot: {results.path}: not drawn, as the file does not have it: {', '.join(map(plain, left))}",
          file=sys.stderr)
    return [name for name in planned if name not in left]


def chosen(options, results):
    """The settings of `plot:` in the experiment, below those of the command line."""
    settings = results.experiment.tree.get("plot")
    settings = settings if isinstance(settings, dict) else {}
    words = {"show": ("value", "change", "ratio"), "panels": ("variables", "arms"), "time": ("day", "month", "year")}
    own = {k: settings.get(k) if settings.get(k) in allowed else None for k, allowed in words.items()}
    variables = options.variables
    if variables is None and isinstance(settings.get("variables"), list):
        variables = kept_of([scalar(v) for v in settings["variables"]], results)
    names = results.names() if not variables else []
    if not variables and not names:
        raise results.damaged("it has no output over subjects and times")
    return (variables or (["bmd"] if "bmd" in names else names[:1]),
            options.show or own["show"] or ("value" if settings and not results.has_models or not results.has_zero else "change"),
            options.panels or own["panels"] or "variables", options.time or own["time"])


def chosen_arms(arms, results):
    """Indices of the arms to draw."""
    for arm in arms or []:
        if arm not in results.arms:
            raise Refused(f"{results.path} has no arm '{plain(arm)}'; it has {', '.join(results.arms)}")
    return [results.arms.index(a) for a in arms] if arms else list(range(len(results.arms)))


def arm_styles(results):
    """One look for each arm in every figure of a file; grey where nothing is given while others are treated."""
    treated = [bool(results.experiment.lines(arm)) for arm in results.arms]
    number_of = [sum(t == treated[i] for t in treated[:i]) for i in range(len(treated))]
    return [style(number_of[i]) if treated[i] or not any(treated) else untreated_style(number_of[i])
            for i in range(len(treated))]


def shortened(change):
    """ "times=[0 d, 1 d, 2 d, ...]" of a long list as "times=[421 values]"."""
    name, _, value = plain(change).partition("=")
    n = change.count(",") + 1 if re.match(r"[^=]+=\s*\[", change) else 0
    return f"{name}=[{n} values]" if n > 8 and "{" not in value else f"{name}={value}"


def foot_left(left, path):
    """Sentences on observations that have no place in the figure. left: as read_observations()"""
    show, parts = f"'osteon show {plain(os.path.basename(path))}", []
    versus = [v for v in left if v is not None]
    places = [f"{show} --versus {plain(arm)}'" for arm in dict.fromkeys(versus) if arm] + ["'osteon validate'"]
    if versus:
        parts.append(f"{counted(len(versus), 'observed difference')} between arms not drawn: see {' or '.join(places)}.")
    if len(left) > len(versus):
        parts.append(f"{counted(len(left) - len(versus), 'observation')} of other kinds, times or units not drawn: see "
                     f"{show}' or 'osteon validate'.")
    return parts


class Output:
    """One element of a variable, with its bands by (model, arm)."""

    def __init__(self, variable, element):
        self.variable, self.index, self.element = variable, element, in_words(variable.elements[element])
        self.key = f"{variable.name}[{variable.elements[element]}]" if variable.has_elements else variable.name
        self.name = SHORT.get(variable.name, variable.label)
        self.bands, self.n = {}, {}

    def title(self, unit):
        """A name of several parts keeps them, and the element comes after a colon."""
        text = capitalised(in_words(self.name))
        text += (": " if "," in text else ", ") + self.element if self.element else ""
        return f"{text} [{unit.strip()}]" if unit else text

    def largest(self, with_bands):
        """Of what is drawn: the medians, or the bands too."""
        values = np.abs(np.concatenate([np.ravel(b if with_bands else b[1]) for b in self.bands.values()]))
        return float(np.nanmax(values))


def elements_of(name, variable):
    """Indices of the elements of "bmd", all, or of "bmd[total_hip]", one."""
    element = name.rstrip("]").partition("[")[2]
    if not element:
        return range(len(variable.elements))
    if element not in variable.elements:
        raise Refused(f"{variable.name} has no element '{plain(element)}'; it has {', '.join(variable.elements)}")
    return [variable.elements.index(element)]


def read_outputs(results, names, arms, show, is_default):
    """([Output], what they show): values instead of changes by default where a subject is 0 at time 0."""
    variables = {name: results.variable(name.split("[")[0]) for name in names}
    results.check_size(variables.values(), len(arms))
    for variable in variables.values() if show == "value" else []:
        variable.kind = results.kind(variable)
    outputs = [Output(v, e) for name, v in variables.items() for e in elements_of(name, v)]
    if len(outputs) > MAX_PANELS:
        raise Refused(f"{results.path}: {len(outputs)} outputs and sites; a figure has at most {MAX_PANELS} panels "
                      "(--variables)")
    for output in outputs:
        for m in range(len(results.models)):
            for a in arms:
                found = results.bands(output.variable, m, a, output.index, show)
                if found is None and is_default:
                    return read_outputs(results, names, arms, "value", False)
                if found is None:
                    raise Refused(f"{output.key} is 0 at time 0 in some subjects, so that it has no {show}; "
                                  "--show value")
                if found[1].any():
                    output.bands[m, a], output.n[m, a] = found
    kept = [o for o in outputs if o.bands]
    if not kept:
        raise Refused(f"{results.path}: {', '.join(names)}: no subject has a value (all are NaN); 'osteon show' prints "
                      "why")
    return kept, show


class Scene:
    """What the figures of one file have in common."""

    def __init__(self, results, options):
        self.results = results
        names, show, self.panels, unit = chosen(options, results)
        self.arms = chosen_arms(options.arms, results)
        is_default = not (options.show or results.experiment.tree.get("plot"))
        self.observations, self.left = read_observations(results, options.evidence)
        if not options.variables and not (results.has_models and results.lacks("scanned_bmd")):
            names = [as_scanned(name, results.names()) for name in names]
        self.outputs, self.show = read_outputs(results, names, self.arms, show, is_default)
        self.styles = arm_styles(results)
        length = np.ptp(results.days)
        self.unit = unit or ("day" if length < 125 else "month" if length < 30.5 * MONTH else "year")
        self.day = UNITS[self.unit]
        self.x = results.days / self.day
        treated = [results.arms[a] for a in self.arms]
        self.x_label = f"{capitalised(self.unit)}s since {results.experiment.since(treated)}"
        self.windows = {a: results.experiment.windows(results.arms[a]) for a in self.arms}
        self.lanes = self.lanes_of()
        self.trials, self.roles, self.shown = [], set(), set()  # shown: what legend and footnote explain
        largest = [o.largest(self.draws_bands(o)) for o in self.outputs]
        if self.shares_axis() or self.panels == "arms":
            largest = [max(largest)] * len(largest)
        self.scales = {o.key: power_of_ten(x) for o, x in zip(self.outputs, largest)}

    def lanes_of(self):
        """{arm: Lane on the time axis}; none if all that is given lasts from its beginning to its end."""
        begin, end = self.results.days[[0, -1]]
        lanes = {a: self.results.experiment.lane(self.results.arms[a], begin, end) for a in self.arms}
        if all(lane in (NO_LANE, Lane([(begin, end)], [], [])) for lane in lanes.values()):
            return {}
        return {a: Lane([tuple(np.divide(bar, self.day)) for bar in lane.bars], [day / self.day for day in lane.doses],
                        [tuple(np.divide(bar, self.day)) for bar in lane.may_be]) for a, lane in lanes.items()}

    def best(self, seen):
        """The output of the file that an observation is compared with: the first that answers it; of several models, which
        may lack it, any."""
        return seen.outputs if self.results.has_models else answering(seen, self.results.names())

    def n_subjects(self):
        return self.results.n_subjects(self.outputs[0].variable)

    def draws_bands(self, output):
        """Whether some panel of an output has them."""
        n_models = [sum((m, a) in output.bands for m in range(len(self.results.models))) for a in self.arms]
        if self.results.has_models:
            return self.n_subjects() > 1 and min(n_models) == 1
        n_lines = len(self.arms)
        if self.panels == "arms":
            n_lines = len(self.outputs)
        return self.n_subjects() > 1 and (n_lines <= MAX_BANDS or self.has_rows())

    def has_rows(self):
        """Whether each arm has a row, or a panel, of its own, as there are too many bands for one panel."""
        return self.panels == "variables" and not self.results.has_models and len(self.arms) > MAX_BANDS and \
            self.n_subjects() > 1 and len(self.arms) * len(self.outputs) <= MAX_PANELS

    def label(self, a):
        return in_words(self.results.labels[a])

    def panel_unit(self, output):
        zero = self.results.days[self.results.zero]
        since = "baseline" if abs(zero) < 0.5 else f"{self.unit} {number(zero / self.day, 1)}"
        return {"change": f"% change from {since}", "ratio": f"relative to {since}",
                "value": WHOLE.get(output.variable.kind, output.variable.unit)}[self.show]

    def shares_axis(self):
        return len({o.variable.name for o in self.outputs}) == 1

    def y_label(self):
        """Of figures of one variable, and of those with the same unit for all."""
        if not self.shares_axis():
            return ""
        output = self.outputs[0]
        name, unit, ten = in_words(output.name), self.panel_unit(output), self.scales[output.key][1]
        if len(self.outputs) == 1 and output.element:
            name += f", {output.element}"
        name += "," * ("," in name)
        if self.show == "change":
            return f"Change in {name} {unit[len('% change '):]} [{ten}%]"
        if self.show == "ratio":
            return capitalised(f"{name.rstrip(',')}, {ten}{unit}")
        return capitalised(name.rstrip(",") + (f" [{(ten + unit).strip()}]" if ten + unit else ""))

    def panel(self, title, output, **more):
        return Panel(title, [], factor=self.scales[output.key][0], **more)

    def curve(self, output, m, a, look, **more):
        key = f"{self.results.models[m] or self.results.arms[a]}: {output.key}"
        return Curve(look, output.bands[m, a], is_mean=bool(output.variable.kind), key=key, **more)

    def give_bands(self, panel):
        """Bands of up to three lines, or of one model alone; the others have medians."""
        strong = [c for c in panel.curves if not c.is_faint]
        for curve in strong:
            curve.has_band = len(strong) <= (1 if self.results.has_models else MAX_BANDS) and self.n_subjects() > 1 and not curve.is_mean
            self.shown |= {"bands"} if curve.has_band else set()

    def add_points(self, panel, output, a, m, colour):
        """Observations of an arm; changes begin on the median of model m."""
        if (m, a) not in output.bands:
            return
        for seen in self.observations:
            if seen.arm != self.results.arms[a] or output.key not in self.best(seen):
                continue
            point = point_of(seen, self.show, output.variable.unit, self.results.days, self.results.zero,
                             output.bands[m, a][1])
            if point is None or not np.isfinite(point.y) or self.results.has_models and point.start:
                self.left.append(None)
                continue
            if seen.kind != "value" and self.show == "value":
                self.shown.add("percent")
            point.x /= self.day
            if point.start:
                point.start = (point.start[0] / self.day, point.start[1])
                self.shown.add("start")
            if point.trial not in self.trials:
                self.trials.append(point.trial)
            self.roles.add(point.role)
            if np.isfinite(point.lower) and np.isfinite(point.upper):
                self.shown.add("bars")
            panel.points.append((point, colour))

    def add_lanes(self, panel, arms, colours):
        """What the treated arms of a panel are given, each in a lane above it."""
        for a in arms:
            lane = self.lanes.get(a, NO_LANE)
            found = {"bar": lane.bars, "may_be": lane.may_be, "dose": lane.doses,
                     "cut": len(lane.bars) > len({x for x, _ in lane.bars} - {x for _, x in lane.bars})}
            self.shown |= {kind for kind, has in found.items() if has}
            if lane != NO_LANE:
                panel.lanes.append((colours[a], lane))

    def legend(self, lines):
        """Lines, trials and marks that the panels show."""
        legend = [(label, "line", look) for label, look in lines]
        words = {"bar": "treatment" + " (gap: a change)" * ("cut" in self.shown), "may_be": "treatment on a condition",
                 "dose": "dose"}
        legend += [(text, kind, "0.35") for kind, text in words.items() if kind in self.shown]
        return legend + [(in_words(t), "marker", self.markers()[t]) for t in self.trials]

    def markers(self):
        return {t: MARKERS[i % len(MARKERS)] for i, t in enumerate(self.trials)}

    def x_step(self):
        """Between ticks of the time axis: at most nine steps."""
        decades = (c * 10.0 ** e for e in range(-12, 13) for c in (1, 2, 5))
        own = STEPS[self.unit]
        return next(s for s in (*own, *(d for d in decades if not own or d > own[-1])) if np.ptp(self.x) <= 9 * s)

    def page(self, rows, lines, more=()):
        """The page, once its panels are complete."""
        title = self.results.text("title") or scalar(self.results.experiment.tree.get("title")) or self.results.path
        return Page(plain(title), self.changes(), self.x, self.x_label, rows, self.legend(lines), self.foot(more), self.y_label(),
                    self.shares_axis(), x_step=self.x_step(), markers=self.markers())

    def foot(self, more):
        """What lines and points are, and which run they come from."""
        first = [self.foot_lines(), *more]
        if self.trials:
            of_groups = " in groups of people, not in this subject" if self.is_one_of_a_cohort() else ""
            first.append(f"Points: observed{of_groups}; " + ", ".join(ROLES[r] for r in ROLES if r in self.roles) +
                         ("; bars: 95 % confidence interval." if "bars" in self.shown else "."))
        simulated = "simulated median" if self.n_subjects() > 1 else "simulated value"
        if "percent" in self.shown:
            first.append(f"Changes observed in percent are drawn from the {simulated} at their start.")
        if "start" in self.shown:
            first.append(f"Dotted: change observed from a later visit, drawn from the {simulated} there.")
        if self.is_held():
            first.append("Periodic dosing: while a drug is in steady state, its concentration is the one just before a "
                         "dose, and its effects are means over the interval; the last dose is given as it is, and a "
                         "value soon after it differs.")
        return [" ".join(first + foot_left(self.left, self.results.path)), *self.foot_run()]

    def is_one_of_a_cohort(self):
        return self.n_subjects() == 1 and not self.results.experiment.is_typical()

    def is_held(self):
        """Whether values stand still while regular doses are given."""
        r = self.results
        for a in self.arms if r.text("dosing") == "periodic" else []:
            if not any("interval" in line for line in r.experiment.lines(r.arms[a])):
                continue
            given = [(r.days[1:] < stop) & (r.days[:-1] > start) for start, stop in self.windows[a]]
            for median in [o.bands[key][1] for o in self.outputs for key in o.bands if key[1] == a]:
                if any((g & (np.diff(median) == 0) & (median[1:] != 0)).any() for g in given):
                    return True
        return False

    def foot_lines(self):
        n = self.n_subjects()
        if n == 1:
            first, experiment = self.results.count("first_subject"), self.results.experiment
            is_chosen = first > 0 or "cohort" in mapping(experiment.tree.get("population"))
            return "One subject with the typical values." if experiment.is_typical() else \
                plain(f"Subject {experiment.subject or f'{first} of the cohort'}.") if is_chosen else "One subject."
        counts = np.concatenate([x for o in self.outputs for x in o.n.values()])
        kinds = {bool(o.variable.kind) for o in self.outputs}
        what = "medians (of whole numbers: means)" if len(kinds) > 1 else "means" if True in kinds else "medians"
        n_eligible = self.results.count("n_eligible", n)
        of = f"{number(n_eligible)} eligible of {number(n)}" if n_eligible < n else number(n)
        text = f"Lines: {what} of {of} simulated subjects"
        if counts.min() < n_eligible:
            text += f" ({' to '.join(map(number, sorted({counts.min(), counts.max()})))} have a value)"
        return text + ("; bands: 5th to 95th percentile." if "bands" in self.shown else ".")

    def foot_run(self):
        r = self.results
        text = f"{plain(r.text('name')) or 'Unnamed experiment'}: osteon {plain(r.text('osteon_version')) or '?'}, " \
            f"seed {r.count('seed')}"
        done, planned, failed = (r.count(k) for k in ("n_done", "n_subjects", "n_failed"))
        if done < planned:
            text += f"; interrupted: {number(done)} of {number(planned)} subjects"
        if failed:
            text += f"; {number(failed)} failed and are left out"
        return [plain(text) + "."]

    def changes(self):
        """What --set changed of the experiment, whose title and labels stay; "" if nothing that the figure shows."""
        own = r"(population\.(subjects|seed|cohort|first_subject)|outputs|results(\..*)?|times(\..*)?)="
        changes = [shortened(o) for o in self.results.experiment.overrides if not re.match(own, o)]
        return "Changed (--set): " + "; ".join(changes) if changes else ""


def by_outputs(scene):
    """A panel for each output with a line for each arm; with too many bands for one panel a row, or a panel, for each
    arm."""
    arms = [a for a in scene.arms if any((0, a) in o.bands for o in scene.outputs)]
    colours = {a: scene.styles[a].colour for a in arms}
    apart = scene.has_rows() and len(arms) > MAX_BANDS
    groups, rows = [[a] for a in arms] if apart else [arms], []
    for group in groups:
        panels = []
        for output in scene.outputs:
            panel = scene.panel(panel_title(scene, output), output)
            for a in sorted(arms, key=lambda a, g=group: a in g):
                if (0, a) in output.bands:
                    panel.curves.append(scene.curve(output, 0, a, scene.styles[a], is_faint=a not in group))
            for a in group:
                scene.add_points(panel, output, a, 0, colours[a])
            scene.give_bands(panel)
            scene.add_lanes(panel, group, colours)
            panels.append(panel)
        rows.append((scene.label(group[0]) if apart else "", colours[group[0]], panels))
    if apart and len(scene.outputs) == 1:
        for heading, colour, panels in rows:
            panels[0].title, panels[0].colour = heading, colour
        rows = in_columns([panels[0] for _, _, panels in rows])
    elif apart:
        without_titles(rows[1:])
    elif not apart:
        rows = in_columns(rows[0][2])
    more = ["Each row in colour: its own band and points." if len(scene.outputs) > 1 else
            "Each panel: its own band and points; thin: the medians of the others."] if apart else []
    if len(arms) > MAX_BANDS and scene.n_subjects() > 1 and not apart:
        more = ["No bands: too many arms (--arms A,B draws some)."]
    return scene.page(rows, [(scene.label(a), scene.styles[a]) for a in arms], more)


def without_titles(rows):
    """The panels below have the same titles."""
    for _, _, panels in rows:
        for panel in panels:
            panel.title = ""


def panel_title(scene, output):
    """Site, where the figure is of one variable, and on the y axis if of one site; else name and unit."""
    if len(scene.outputs) == 1:
        return ""
    if scene.shares_axis():
        return capitalised(output.element)
    return output.title(scene.scales[output.key][1] + scene.panel_unit(output))


def in_columns(panels):
    """Rows of up to three panels, or of two for four."""
    n = 2 if len(panels) == 4 else 3
    return [("", "black", panels[i:i + n]) for i in range(0, len(panels), n)]


def by_arms(scene):
    """A panel for each arm with a line for each output."""
    if len({scene.panel_unit(o) for o in scene.outputs}) > 1:
        raise Refused("outputs of several units do not fit into one panel; show their ratio or change (--show)")
    if len(scene.arms) > MAX_PANELS:
        raise Refused(f"{len(scene.arms)} arms; a figure has at most {MAX_PANELS} panels (--arms)")
    looks, panels = [style(i + 1) for i in range(len(scene.outputs))], []
    for a in scene.arms:
        panel = scene.panel(scene.label(a), scene.outputs[0])
        for output, look in zip(scene.outputs, looks):
            if (0, a) in output.bands:
                panel.curves.append(scene.curve(output, 0, a, look))
                scene.add_points(panel, output, a, 0, look.colour)
        scene.give_bands(panel)
        scene.add_lanes(panel, [a], {a: "0.35"})
        panels.append(panel)
    page = scene.page(in_columns(panels), [(o.title(""), look) for o, look in zip(scene.outputs, looks)])
    ten = scene.scales[scene.outputs[0].key][1]
    page.y_label = page.y_label or capitalised(ten + scene.panel_unit(scene.outputs[0]))
    page.from_zero = scene.show != "change"
    return page


def by_models(scene):
    """A file of `osteon compare`: a row for each arm, a panel for each output, a line for each model."""
    results = scene.results
    looks = [style(m) for m in range(len(results.models))]
    left_out, rows = {}, []
    for line in results.text("arms_left_out").splitlines():
        if match := re.match(r"([^:]+): arm '([^']+)'", line):
            left_out.setdefault(match[2], []).append(match[1])
    for a in scene.arms:
        panels = []
        for output in scene.outputs:
            panel = scene.panel(panel_title(scene, output), output, grey_range=True)
            panel.curves = [scene.curve(output, m, a, looks[m]) for m in range(len(looks)) if (m, a) in output.bands]
            if len(panel.curves) > 1:
                end = np.sort([c.bands[1][-1] for c in panel.curves])
                panel.note = f"medians at {scene.unit} {number(scene.x[-1], 0)}: {number(end[0], 2)} to " \
                    f"{number(end[-1], 2)}"
                without = [name for m, name in enumerate(results.models) if (m, a) not in output.bands and
                           name not in left_out.get(results.arms[a], [])]
                panel.note += f"; no such output in {', '.join(without)}" if without else ""
            first = next((m for m in range(len(looks)) if (m, a) in output.bands), 0)
            scene.add_points(panel, output, a, first, "black")
            scene.give_bands(panel)
            scene.add_lanes(panel, [a], {a: "0.35"})
            panels.append(panel)
        heading = scene.label(a)
        if results.arms[a] in left_out:
            heading += f" (no effect in {', '.join(left_out[results.arms[a]])})"
        rows.append((heading, "black", panels))
    if len(scene.outputs) == 1:
        for heading, _, panels in rows:
            panels[0].title = heading
        rows = in_columns([panels[0] for _, _, panels in rows])
    else:
        without_titles(rows[1:])
    more = ["Grey: from the lowest to the highest median."]
    if "bands" in scene.shown and any(len(p.curves) > 1 for _, _, panels in rows for p in panels):
        more.append("Panels with several models have no bands.")
    return scene.page(rows, [(m, look) for m, look in zip(results.models, looks)], more)


def figure_of(results, options):
    """The page of a result file."""
    scene = Scene(results, options)
    if results.has_models:
        return by_models(scene)
    return by_arms(scene) if scene.panels == "arms" else by_outputs(scene)
