# SPDX-License-Identifier: GPL-3.0-or-later
"""A small reader of SBML that shares nothing with osteon: libsbml reads the file, its MathML becomes functions of Python,
scipy's LSODA integrates. Rules, initial assignments, function definitions and events without delay; states are parameters."""
import math

import libsbml
import numpy as np
from scipy.integrate import LSODA

BINARY = {libsbml.AST_RELATIONAL_GEQ: ">=", libsbml.AST_RELATIONAL_GT: ">", libsbml.AST_RELATIONAL_LEQ: "<=",
          libsbml.AST_RELATIONAL_LT: "<", libsbml.AST_RELATIONAL_NEQ: "!=", libsbml.AST_RELATIONAL_EQ: "==",
          libsbml.AST_PLUS: "+", libsbml.AST_TIMES: "*", libsbml.AST_DIVIDE: "/", libsbml.AST_MINUS: "-",
          libsbml.AST_POWER: "**", libsbml.AST_FUNCTION_POWER: "**", libsbml.AST_LOGICAL_AND: "and",
          libsbml.AST_LOGICAL_OR: "or"}
CALLS = {libsbml.AST_FUNCTION_EXP: "exp", libsbml.AST_FUNCTION_LN: "log", libsbml.AST_FUNCTION_ROOT: "sqrt",
         libsbml.AST_FUNCTION_MIN: "min", libsbml.AST_FUNCTION_MAX: "max"}
SCOPE = {"exp": math.exp, "log": math.log, "sqrt": math.sqrt, "min": min, "max": max, "inf": math.inf, "nan": math.nan}


def code_of(node):
    """Python of an expression."""
    kind = node.getType()
    args = [code_of(node.getChild(i)) for i in range(node.getNumChildren())]
    if kind == libsbml.AST_FUNCTION_ROOT:
        args = args[-1:]  # libsbml adds the degree, which is 2
    if node.isNumber():
        return repr(node.getValue())
    if kind == libsbml.AST_NAME:
        return node.getName()
    if kind == libsbml.AST_NAME_TIME:
        return "_t"
    if kind == libsbml.AST_MINUS and len(args) == 1:
        return f"(-{args[0]})"
    if kind in BINARY:
        return "(" + f" {BINARY[kind]} ".join(args) + ")"
    if kind in CALLS:
        return f"{CALLS[kind]}({', '.join(args)})"
    if kind == libsbml.AST_FUNCTION:
        return f"{node.getName()}({', '.join(args)})"
    if kind == libsbml.AST_FUNCTION_PIECEWISE:
        text = args[-1]
        for value, condition in reversed(list(zip(args[:-1:2], args[1:-1:2]))):
            text = f"({value} if {condition} else {text})"
        return text
    raise ValueError(f"no code for {libsbml.formulaToL3String(node)}")


def names_in(node):
    """Symbols of an expression."""
    found = {node.getName()} if node.getType() == libsbml.AST_NAME else set()
    return found.union(*(names_in(node.getChild(i)) for i in range(node.getNumChildren())))


class Model:
    """A model of SBML; `values` are those of its parameters, after start() at time 0."""

    def __init__(self, text):
        self.document = libsbml.readSBMLFromString(text)
        self.model = self.document.getModel()
        scope = dict(SCOPE)
        for f in self.model.getListOfFunctionDefinitions():
            args = ", ".join(f.getArgument(i).getName() for i in range(f.getNumArguments()))
            scope[f.getId()] = eval(f"lambda {args}: {code_of(f.getBody())}", scope)  # pylint: disable=eval-used
        self.scope = scope
        rules = self.model.getListOfRules()
        self.rates = {r.getVariable(): r.getMath() for r in rules if r.isRate()}
        self.assigned = {r.getVariable(): r.getMath() for r in rules if r.isAssignment()}
        self.initials = {a.getSymbol(): a.getMath() for a in self.model.getListOfInitialAssignments()}
        self.values = {p.getId(): p.getValue() for p in self.model.getListOfParameters()}  # NaN where there is no value
        self.values["_t"] = 0.0
        self.states = list(self.rates)
        self.events = list(self.model.getListOfEvents())
        self.rhs = self.function([self.rates[x] for x in self.states])
        self.triggers = self.function([e.getTrigger().getMath() for e in self.events])
        self.met = [e.getTrigger().getInitialValue() for e in self.events]
        self.changes = [(self.function([a.getMath() for a in e.getListOfEventAssignments()]),
                         [a.getVariable() for a in e.getListOfEventAssignments()]) for e in self.events]

    def start(self):
        """Set initial values and what is assigned at time 0."""
        of = {**self.assigned, **self.initials}
        for name in self.sorted(of):
            self.values[name] = eval(code_of(of[name]), self.scope, self.values)  # pylint: disable=eval-used

    def sorted(self, of, wanted=None):
        """Names in an order in which each stands after those that it needs."""
        order, seen = [], set()

        def visit(name):
            if name in of and name not in seen:
                seen.add(name)
                for needed in sorted(names_in(of[name])):
                    visit(needed)
                order.append(name)
        for name in of if wanted is None else wanted:
            visit(name)
        return order

    def function(self, roots):
        """Of time, states and all other values: a list of the values of the roots."""
        needed = set().union(*(names_in(root) for root in roots)) if roots else set()
        lines = [f"    {name} = {code_of(self.assigned[name])}" for name in self.sorted(self.assigned, sorted(needed))]
        used = needed.union(*(names_in(self.assigned[name]) for name in self.sorted(self.assigned, sorted(needed))))
        free = [f"    {name} = _v[{name!r}]" for name in sorted(used - set(self.assigned) - set(self.rates))]
        taken = [f"    {name} = _x[{i}]" for i, name in enumerate(self.rates) if name in used]
        text = "\n".join(["def made(_t, _x, _v):", *free, *taken, *lines,
                          "    return [" + ", ".join(code_of(root) for root in roots) + "]"])
        space = dict(self.scope)
        exec(text, space)  # pylint: disable=exec-used
        return space["made"]

    def act(self, t, x):
        """Carry out the events whose triggers have become true, until none does."""
        for _ in range(100):
            met = self.triggers(t, x, self.values)
            due = [i for i, now in enumerate(met) if now and not self.met[i]]
            self.met = met
            if not due:
                return x
            for i in due:
                function, names = self.changes[i]
                for name, value in zip(names, function(t, x, self.values)):
                    if name in self.rates:
                        x[self.states.index(name)] = value
                    else:
                        self.values[name] = value
        raise ValueError("events without end")

    def run(self, times, names, rtol=1e-10, part=1.0):
        """Values of parameters [names][times], before what happens at a time."""
        self.start()
        outputs = self.function([libsbml.parseL3Formula(name) for name in names])
        x = np.array([self.values[name] for name in self.states])
        t, found, left = 0.0, [], list(times)
        while left and left[0] <= t:
            found.append(outputs(left.pop(0), x, self.values))
        x = self.act(t, x)
        while left:
            atol = rtol * np.maximum(part * np.abs(x), 1e-6 * part)
            solver = LSODA(lambda s, y: self.rhs(s, y, self.values), t, x, left[-1], rtol=rtol, atol=atol, max_step=40.0,
                           first_step=min(1e-4, left[-1] - t))
            while left and solver.status == "running":
                solver.step()
                if solver.status == "failed":
                    raise ValueError(f"LSODA fails at {solver.t}")
                dense, low, high = solver.dense_output(), solver.t_old, solver.t
                changed = self.triggers(high, solver.y, self.values) != self.met
                while changed and high - low > 1e-12 * max(1.0, high):
                    middle = 0.5 * (low + high)
                    if self.triggers(middle, dense(middle), self.values) != self.met:
                        high = middle
                    else:
                        low = middle
                while left and left[0] <= high:
                    found.append(outputs(left[0], dense(left[0]), self.values))
                    left.pop(0)
                if changed:
                    t, x = high, self.act(high, dense(high))
                    break
        return np.array(found).T
