# SPDX-License-Identifier: GPL-3.0-or-later
"""osteon: bone remodelling of virtual patients under endocrine therapy and bone drugs.

    import osteon
    ds = osteon.run("atac", subjects=200, **{"arms.anastrozole.regimen.0.dose": "2 mg"})
    y = osteon.Model("typical", subjects=1).batch(theta, ["aibl.k_C", "aibl.K_E"])

`run` simulates an experiment, `Model` one experiment at many values of its entries. An error of osteon is an `Error`
with its place. Calls of the library release the interpreter's lock; Ctrl-C stops them."""
from __future__ import annotations

import ctypes
import difflib
import json
import os
import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Callable, Mapping, Sequence

import numpy as np

from . import _library
from ._library import ARM, COVARIATE, OUTPUT, PARAM, SUBJECT, TIME, library

__all__ = ["Error", "Model", "Result", "Variable", "run"]
SHORT = {"subjects": "population.subjects", "seed": "population.seed"}  # as the options of the command
ARGUMENT = -12  # OST_ERR_ARGUMENT
MAX_THREADS = 65536  # of ost_call_threads()
POLL = 0.1  # s between looks for Ctrl-C


class Error(Exception):
    """What osteon says of an experiment, a model or a value: "file:line:column: what, and the nearest valid name".

    code: negative, one of osteon/error.h; line, column: 1-based place in the text that was read, 0 where there is no
    such place."""

    def __init__(self, message: str, code: int = 0, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.code, self.line, self.column = code, line, column


@dataclass
class Variable:
    """An array with the names of its dimensions, its unit ("1": a number) and its meaning."""
    dims: tuple[str, ...]
    values: np.ndarray
    unit: str = "1"
    title: str = ""


@dataclass
class Result:
    """What `run` gives where xarray is not installed: arrays and coordinates by name, as in the result file.

    variables: outputs [arm, (index,) subject, time], `status` [arm, subject]: 0, or -code of the error that ended this
    subject; coords: arm, the elements of indices such as site, subject, time (d), and covariates over subject."""
    variables: dict[str, Variable] = field(default_factory=dict)
    coords: dict[str, Variable] = field(default_factory=dict)
    attrs: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> np.ndarray:
        return (self.variables if name in self.variables else self.coords)[name].values

    def to_xarray(self) -> Any:
        """The same as an xarray.Dataset; units and meanings are the attributes `units` and `long_name`."""
        import xarray

        def convert(of: Mapping[str, Variable]) -> dict[str, Any]:
            return {name: (v.dims, v.values, {"units": v.unit, "long_name": v.title}) for name, v in of.items()}
        return xarray.Dataset(convert(self.variables), convert(self.coords), self.attrs)


def _plain(value: Any) -> Any:
    """What numpy holds, as Python has it."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise Error(f"{value!r} is no value of an experiment; expected text, a number, a list or a dictionary")


def _text(value: Any) -> str:
    """A value of a setting as YAML has it; 1e4 is a whole number, as on the command line."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, default=_plain, ensure_ascii=False)


def _bytes(text: str, what: str) -> bytes:
    """A text as the library takes it, which would end at a zero byte."""
    if "\0" in text:
        raise Error(f"{what}: not a text: a zero byte at {len(text[:text.index(chr(0))].encode()) + 1}")
    return text.encode()


def _settings(changes: Mapping[str, Any]) -> list[str]:
    return [f"{SHORT.get(path, path)}={_text(value)}" for path, value in changes.items()]


def _letters(name: str) -> str:
    """What tells names apart: "ABCSG-18" is abcsg18."""
    return re.sub("[^a-z0-9]", "", name.lower())


def _find(experiment: str | os.PathLike[str]) -> str:
    """The path of an experiment: a file, or the name of one in configs/."""
    name = os.fspath(experiment)
    if os.path.exists(name) or name.endswith(".yaml"):
        return name
    known = {}
    for folder in _library.data_folders():
        for path in [*folder.glob("*.yaml"), *folder.glob("*/*.yaml")]:
            if path.parent.name != "fit":
                known.setdefault(path.stem, str(path))
    alike = {_letters(stem): stem for stem in known}
    if _letters(name) in alike:
        return known[alike[_letters(name)]]
    near = difflib.get_close_matches(name, known, 1)
    raise Error(f"{name}: there is no such file, and no experiment of that name"
                + (f" (did you mean '{near[0]}'?)" if near else "; 'osteon list configs' lists them"))


class _Call:
    """A call of session.h: the last error, the number of threads, and whether to stop."""

    def __init__(self, threads: int = 0) -> None:
        self.handle = library.ost_call_new()
        if not self.handle:
            raise MemoryError
        if not (isinstance(threads, (int, np.integer)) and 0 <= threads <= MAX_THREADS):
            raise Error(f"threads is {threads!r}; expected a whole number up to {MAX_THREADS}, 0: as many as the process may use",
                        ARGUMENT)
        self.check(library.ost_call_threads(self.handle, int(threads)))

    def __del__(self) -> None:
        library.ost_call_free(getattr(self, "handle", None))

    def check(self, code: int) -> int:
        if code >= 0:
            return code
        line, column = ctypes.c_int(), ctypes.c_int()
        said = library.ost_call_error(self.handle, ctypes.byref(line), ctypes.byref(column))
        raise Error(said.decode(), code, line.value, column.value)

    def made(self, handle: int | None) -> int:
        if not handle:
            self.check(library.ost_call_code(self.handle))
        assert handle
        return handle


class _Study:
    """A planned experiment with a session of its own: any thread may make one."""

    def __init__(self, path: str, yaml: bytes | None, settings: Sequence[str], models: Mapping[str, str]) -> None:
        self.session = self.handle = None
        call = _Call()
        self.session = call.made(library.ost_session_new(call.handle))
        for name, text in models.items():
            added = library.ost_session_add_model(self.session, _bytes(name, "a model's name"), _bytes(text, name), call.handle)
            call.check(added)
        self.plan(path, yaml, settings)

    def plan(self, path: str, yaml: bytes | None, settings: Sequence[str]) -> None:
        """Plan another experiment in the place of the one before, with the models that the session has."""
        call = _Call()
        library.ost_study_free(self.handle)
        self.handle = None
        texts = (ctypes.c_char_p * len(settings))(*(_bytes(text, "a setting") for text in settings))
        self.handle = call.made(library.ost_study_new(self.session, os.fsencode(path), yaml, texts, len(settings), call.handle))

    def __del__(self) -> None:
        library.ost_study_free(getattr(self, "handle", None))
        library.ost_session_free(getattr(self, "session", None))

    def size(self, axis: int) -> int:
        return library.ost_study_size(self.handle, axis)

    def texts(self, axis: int, what: str) -> list[str]:
        word = what.encode()
        return [library.ost_study_text(self.handle, axis, i, word).decode() for i in range(self.size(axis))]

    def values(self, axis: int) -> np.ndarray:
        values = np.empty(self.size(axis))
        library.ost_study_values(self.handle, axis, values.ctypes.data_as(ctypes.POINTER(ctypes.c_double)))
        return values

    def yaml(self) -> bytes:
        text = ctypes.create_string_buffer(library.ost_study_yaml(self.handle, None, 0) + 1)
        if library.ost_study_yaml(self.handle, text, len(text)) == 0:
            raise MemoryError
        return text.value

    def shape(self) -> tuple[int, int, int, int]:
        """Arms, subjects, outputs, times."""
        return self.size(ARM), self.size(SUBJECT), self.size(OUTPUT), self.size(TIME)

    def run(self, call: _Call, outputs: np.ndarray, covariates: np.ndarray | None = None, params: np.ndarray | None = None,
            status: np.ndarray | None = None, done: Callable[[int], None] | None = None) -> bool:
        """Simulate all subjects into outputs [arm, subject, output, time] and the other arrays.

        @return False if it was stopped"""
        n_arms, n_subjects, n_outputs, n_times = self.shape()
        raised: list[BaseException] = []

        def keep(_user: Any, first: int, n: int, y: Any, x: Any, p: Any, s: Any) -> int:
            try:
                at = slice(first, first + n)
                if n_outputs * n_times > 0:
                    outputs[:, at] = np.ctypeslib.as_array(y, (n_arms, n, n_outputs, n_times))
                if covariates is not None and covariates.shape[1] > 0:
                    covariates[at] = np.ctypeslib.as_array(x, (n, covariates.shape[1]))
                if params is not None and params.shape[1] > 0:
                    params[at] = np.ctypeslib.as_array(p, (n, params.shape[1]))
                if status is not None:
                    status[:, at] = np.ctypeslib.as_array(s, (n_arms, n))
                if done is not None:
                    done(n)
                return 0
            except BaseException as error:  # pylint: disable=broad-except
                raised.append(error)
                return 1
        code = call.check(library.ost_study_run(self.handle, 0, n_subjects, _library.Sink(keep), None, call.handle))
        if raised:
            raise raised[0]
        return code == 0


def _wait(work: Callable[[], Any], stop: Callable[[], None]) -> Any:
    """Do the work in a thread, so that Ctrl-C is seen here: it calls `stop`, and is raised once the work has ended."""
    with ThreadPoolExecutor(1) as pool:
        ended = threading.Event()
        future = pool.submit(work)
        future.add_done_callback(lambda _: ended.set())
        try:
            while not ended.wait(POLL):
                pass
        except KeyboardInterrupt:
            stop()
            raise
        return future.result()


class _Progress:
    """A line on standard error that is drawn again."""

    def __init__(self, n: int, what: str, wanted: bool) -> None:
        self.n, self.what, self.done, self.lock = n, what, 0, threading.Lock()
        self.shown = -1 if wanted else 101

    def __call__(self, n: int) -> None:
        with self.lock:
            self.done += n
            percent = 100 * self.done // max(self.n, 1)
            if percent > self.shown:
                self.shown = percent
                end = "\n" if self.done == self.n else ""
                print(f"\rosteon: {self.done:,} of {self.n:,} {self.what}", end=end, file=sys.stderr, flush=True)


def _check_names(study: _Study) -> None:
    """A name that the result has already would take the place of that."""
    taken = {"arm", "arm_label", "subject", "time", "status"}
    outputs = dict.fromkeys(name.partition("[")[0] for name in study.texts(OUTPUT, "name"))
    for name in [*study.texts(COVARIATE, "name"), *outputs]:
        if name in taken:
            raise Error(f"two things of the result are named '{name}'; rename that output or covariate, or list the outputs "
                        "to compute")
        taken.add(name)


def _split_outputs(study: _Study, values: np.ndarray) -> Result:
    """Outputs by variable: rows "bmd[lumbar_spine]" and "bmd[total_hip]" are one array with a dimension.

    values [..., arm, subject, output, time]"""
    result = Result()
    names, units, titles, sets = (study.texts(OUTPUT, what) for what in ("name", "unit", "title", "index"))
    elements: dict[str, list[str]] = {}
    rows: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        base, _, element = name.partition("[")
        rows.setdefault(base, []).append(i)
        elements.setdefault(base, []).append(element.rstrip("]"))
    for base, at in rows.items():
        set_name = sets[at[0]]
        array = values[..., at, :]
        if not set_name:
            result.variables[base] = Variable(("arm", "subject", "time"), array[..., 0, :], units[at[0]], titles[at[0]])
            continue
        dim, n = set_name, 1
        while dim in result.coords and list(result.coords[dim].values) != elements[base]:  # another set of this name
            n += 1
            dim = f"{set_name}_{n}"
        result.coords[dim] = Variable((dim,), np.array(elements[base]), "", set_name)
        result.variables[base] = Variable(("arm", dim, "subject", "time"), np.moveaxis(array, -2, -3), units[at[0]],
                                          titles[at[0]])
    result.coords["arm"] = Variable(("arm",), np.array(study.texts(ARM, "name")), "", "treatment arm")
    result.coords["arm_label"] = Variable(("arm",), np.array(study.texts(ARM, "title")), "", "treatment arm in words")
    result.coords["time"] = Variable(("time",), study.values(TIME), "d", "time since the start of treatment")
    return result


def run(experiment: str | os.PathLike[str], *, threads: int = 0, progress: bool | None = None, with_parameters: bool = False,
        model_texts: Mapping[str, str] | None = None, text: str | None = None, **changes: Any) -> Any:
    """Simulate an experiment; the values are those of `osteon run`, to the bit.

    experiment: path of a YAML file, or the name of a shipped one, such as "atac"
    threads: 0: as many as the process may use
    progress: draw a line on standard error; None: on a terminal only
    with_parameters: also the parameters of each subject, as variables over subject ("aibl.k_C")
    model_texts: texts of models by their paths, as {"./own.model": "model own ..."}; files are found without
    text: YAML to read in the place of the file `experiment`, which then names it in messages
    changes: values by the paths of entries, as **{"arms.anastrozole.regimen.0.dose": "2 mg"}; `subjects` and `seed`
        stand for population.subjects and population.seed; numbers need their unit, as on the command line

    Returns an xarray.Dataset, or a Result where xarray is not installed: outputs [arm, (index,) subject, time] as float64 in
    the units of their attributes, NaN where a subject failed; `status` [arm, subject], 0 or -code; coordinates arm,
    subject, time [d], elements of indices, covariates [subject].
    Raises Error with file, line, column and the nearest valid name; KeyboardInterrupt after Ctrl-C."""
    path = experiment if text is not None else _find(experiment)
    study = _Study(os.fspath(path), _bytes(text, os.fspath(path)) if text is not None else None, _settings(changes), model_texts or {})
    _check_names(study)
    call = _Call(threads)
    n_arms, n_subjects, n_outputs, n_times = study.shape()
    outputs = np.full((n_arms, n_subjects, n_outputs, n_times), np.nan)
    covariates = np.full((n_subjects, study.size(COVARIATE)), np.nan)
    params = np.full((n_subjects, study.size(PARAM)), np.nan) if with_parameters else None
    status = np.zeros((n_arms, n_subjects), np.uint8)
    shown = _Progress(n_subjects, "subjects", sys.stderr.isatty() if progress is None else progress)
    _wait(lambda: study.run(call, outputs, covariates, params, status, shown), lambda: library.ost_call_stop(call.handle))
    result = _split_outputs(study, outputs)
    result.variables["status"] = Variable(("arm", "subject"), status, "1", "0, or -code of the error that ended it")
    result.coords["subject"] = Variable(("subject",), study.values(SUBJECT).astype(np.int64), "1", "subject number")
    for axis, array, to in ((COVARIATE, covariates, result.coords), (PARAM, params, result.variables)):
        for i, (name, unit, title) in enumerate(zip(*(study.texts(axis, what) for what in ("name", "unit", "title")))):
            if array is not None:
                to[name] = Variable(("subject",), array[:, i], unit, title)
    result.attrs["experiment"] = study.yaml().decode()
    try:
        return result.to_xarray()
    except ImportError:
        return result


class Model:
    """An experiment as a function of some of its entries: y = model.batch(theta, names).

    experiment, model_texts, text, changes: as of `run`. Attributes:
    arms, outputs: names; times [d]; n_subjects: the axes of y;
    units: unit of each output; parameters: {name: (typical value, unit, meaning)} of all models."""

    def __init__(self, experiment: str | os.PathLike[str], *, model_texts: Mapping[str, str] | None = None,
                 text: str | None = None, **changes: Any) -> None:
        self._path = os.fspath(experiment if text is not None else _find(experiment))
        self._models = dict(model_texts or {})
        study = _Study(self._path, _bytes(text, self._path) if text is not None else None, _settings(changes), self._models)
        self._yaml = study.yaml()
        self.arms, self.outputs = study.texts(ARM, "name"), study.texts(OUTPUT, "name")
        self.times, self.n_subjects = study.values(TIME), study.size(SUBJECT)
        self.units = study.texts(OUTPUT, "unit")
        self.parameters = dict(zip(study.texts(PARAM, "name"), zip(
            study.values(PARAM).tolist(), study.texts(PARAM, "unit"), study.texts(PARAM, "title"))))

    def _entry(self, name: str) -> tuple[str, str]:
        """Path and unit of a name."""
        if name in self.parameters:
            return f"parameters.{name}", self.parameters[name][1]
        found = re.fullmatch(r"([^\s\[\]]+)(?:\s*\[([^\[\]]+)\])?", name.strip())
        blocks = {known.partition(".")[0] for known in self.parameters}
        if found is None or "." not in found[1] or found[1].partition(".")[0] in blocks:
            near = difflib.get_close_matches(name, self.parameters, 1)
            raise Error(f"'{name}' is neither a parameter nor an entry with its unit as 'arms.ARM.regimen.0.dose [mg]'"
                        + (f" (did you mean '{near[0]}'?)" if near else ""))
        return found[1], found[2] or "1"

    def batch(self, theta: Any, names: Sequence[str], *, threads: int = 0, progress: bool = False) -> np.ndarray:
        """Simulate the same subjects at each row of theta.

        theta: [n, p] or [p], numbers in the units of their names
        names: [p] parameters such as "aibl.k_C", in the units of `parameters`, or entries with their unit as the columns of
            a table of `osteon sweep --table`: "arms.anastrozole.regimen.0.dose [mg]"
        threads: 0: as many as the process may use

        Returns y [n, arm, output, subject, time] as float64, of theta [p] without n; NaN where a subject failed. Row i has
        the bits of `osteon run` with these values, on any number of threads.
        Raises Error with a wrong row, as "theta[3]: ..."; KeyboardInterrupt after Ctrl-C."""
        theta = np.asarray(theta, float)
        rows = np.atleast_2d(theta)
        if isinstance(names, str) or theta.ndim > 2 or rows.shape[1] != len(names):
            raise Error(f"theta has shape {theta.shape}; expected [n, {len(names)}], a column for each of the names")
        if len(set(names)) < len(names):
            raise Error(f"names has one twice: {', '.join(names)}")
        if not np.isfinite(rows).all():
            i, k = np.argwhere(~np.isfinite(rows))[0]
            raise Error(f"theta[{i}, {k}] is {rows[i, k]} for '{names[k]}'; expected a finite number")
        entries = [self._entry(name) for name in names]
        shape = len(self.arms), self.n_subjects, len(self.outputs), len(self.times)
        y = np.full((len(rows), *shape), np.nan)
        shown = _Progress(len(rows), "rows", progress)
        stop = threading.Event()
        calls: list[_Call] = []
        _Call(threads)
        workers = min(threads or len(os.sched_getaffinity(0)), max(len(rows), 1))

        def work(worker: int) -> None:
            study = None
            for i in range(worker, len(rows), workers):
                if stop.is_set():
                    return
                settings = [f"{path}={x:.17g}" + ("" if unit == "1" else f" {unit}")
                            for (path, unit), x in zip(entries, rows[i].tolist())]
                try:
                    if study is None:
                        study = _Study(self._path, self._yaml, settings, self._models)
                    else:
                        study.plan(self._path, self._yaml, settings)
                    if study.shape() != shape:
                        raise Error("gives other arms, outputs, times or subjects than the experiment")
                    study.run(calls[worker], y[i])
                except Error as error:
                    stop.set()
                    raise Error(f"theta[{i}]: {error}", error.code, error.line, error.column) from None
                shown(1)

        def stop_all() -> None:
            stop.set()
            for call in calls:
                library.ost_call_stop(call.handle)

        def all_rows() -> None:
            with ThreadPoolExecutor(workers) as pool:
                for done in [pool.submit(work, worker) for worker in range(workers)]:
                    done.result()
        calls.extend(_Call(1) for _ in range(workers))
        _wait(all_rows, stop_all)
        y = np.moveaxis(y, 2, 3)
        return y[0] if theta.ndim == 1 else y
