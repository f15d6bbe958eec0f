# SPDX-License-Identifier: GPL-3.0-or-later
"""A result file, read with a bound on memory. Whatever it holds instead of results is refused with a message: a link to
another file is not followed, and no more is read than a figure can show."""
import os

import h5py
import numpy as np

from .experiment import Experiment
from .words import NOTHING_TO_DRAW, WRONG_FILE, Refused, plain

MAX_TIMES, MAX_NAMES, MAX_TEXT = 100_000, 1000, 2_000_000
BLOCK = 2 ** 24          # values in memory at a time: 128 MiB
BANDS = (0.05, 0.5, 0.95)  # of subjects, in figures
MAX_COUNT = 10           # of small whole numbers, whose mean a figure shows
MAX_VALUES = 4_000_000_000  # values of one figure


def means(y):
    """The mean of the finite values of each column, three times as if it were percentiles, and their number."""
    is_there = np.isfinite(y)
    n = is_there.sum(axis=0)
    mean = np.where(n > 0, np.where(is_there, y, 0).sum(axis=0) / np.maximum(n, 1), np.nan)
    return np.tile(mean, (3, 1)), n


def quantiles(y):
    """5th, 50th and 95th percentile of the finite values of each column, and their number."""
    y = np.sort(np.where(np.isfinite(y), y, np.nan), axis=0)  # NaN last
    n = np.isfinite(y).sum(axis=0)
    out = np.full((3, y.shape[1]), np.nan)
    for i, q in enumerate(BANDS):
        place = q * np.maximum(n - 1, 0)
        low = place.astype(int)
        high = np.minimum(low + 1, np.maximum(n - 1, 0))
        a, b = (np.take_along_axis(y, k[None], axis=0)[0] for k in (low, high))
        out[i] = a + (place - low) * (b - a)
    return out, n


class Variable:
    """An output: name, what it is, unit, elements ([""] without such a dimension); kind: "share" of 0 and 1, "count" of
    other small whole numbers, else ""; of a file that keeps quantiles, these instead of subjects."""

    def __init__(self, name, data, elements=None):
        attribute = {k: plain(data.attrs[k]) if k in data.attrs else "" for k in ("units", "long_name")}
        self.name, self.data, self.elements = name, data, elements or [""]
        self.has_elements, self.kind = elements is not None, ""
        self.label = attribute["long_name"] or name
        self.unit = "" if attribute["units"] == "1" else attribute["units"]


class Results:
    """path; arms, labels, models ([""] unless of `osteon compare`); days [n_times]; experiment; names of variables."""

    def __init__(self, path):
        self.path = path
        with_type = f"{path}: it is not a regular file" if os.path.exists(path) else f"{path}: no such file"
        if not os.path.isfile(path):
            raise Refused(with_type, WRONG_FILE if os.path.exists(path) else NOTHING_TO_DRAW)
        with open(path, "rb") as raw:
            if raw.read(4) == b"OSJ1":
                raise Refused(f"{path}: finished blocks of a run or of a shard; 'osteon run ... --resume', or 'osteon merge' "
                              "of all shards, writes the result file")
        try:
            self.file = h5py.File(path, "r")
        except BlockingIOError as error:
            raise Refused(f"{path}: another process is writing it", WRONG_FILE) from error
        self.arms = self.texts("arm")
        self.labels = self.texts("arm_label") if "arm_label" in self.file else self.arms
        self.models = self.texts("model") if "model" in self.file else [""]
        self.has_models = "model" in self.file
        keep = self.text("sweep_keep") or self.text("results_keep")
        self.levels = self.read_levels() if keep == "quantiles" else None
        if len(self.labels) != len(self.arms) or not self.arms:
            raise self.damaged(f"it has {len(self.arms)} arms and {len(self.labels)} labels")
        self.days = self.read_times()
        self.zero = int(np.argmin(np.abs(self.days)))
        gaps = np.diff(self.days)[max(self.zero - 1, 0):self.zero + 1] / 2
        self.has_zero = bool(abs(self.days[self.zero]) <= min([0.5, *gaps]) + 1e-6)  # a visit at time 0, as of osteon show
        self.experiment = Experiment(self.text("experiment"), self.text("overrides"))

    def damaged(self, what):
        return Refused(f"{self.path}: damaged, or not a result file of osteon: {what}", WRONG_FILE)

    def text(self, name):
        """An attribute as text, "" without it."""
        value = self.file.attrs.get(name, "")
        return (value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value))[:MAX_TEXT]

    def count(self, name, without=0):
        value = self.file.attrs.get(name, without)
        return int(value) if np.ndim(value) == 0 and np.isfinite(value) else without

    def dataset(self, name):
        """A dataset of this very file."""
        if name not in self.file:
            raise self.damaged(f"it has no '{name}'")
        is_hard = isinstance(self.file.get(name, getlink=True), h5py.HardLink)
        data = self.file[name] if is_hard else None
        if not isinstance(data, h5py.Dataset):
            raise self.damaged(f"'{name}' is not a dataset of it")
        return self.checked(data, name)

    def checked(self, data, name):
        if data.external or data.is_virtual:
            raise self.damaged(f"the values of '{name}' are in another file")
        if data.chunks and np.prod(data.chunks, dtype=float) > BLOCK:
            raise self.damaged(f"'{name}' has chunks of {np.prod(data.chunks, dtype=float):.0f} values")
        return data

    def texts(self, name, data=None):
        data = self.dataset(name) if data is None else data
        if data.ndim != 1 or data.size > MAX_NAMES or data.dtype.itemsize * data.size > MAX_TEXT or \
                h5py.check_string_dtype(data.dtype) is None:
            raise self.damaged(f"'{name}' is not a list of at most {MAX_NAMES} texts")
        return [plain(text) for text in data[:]]

    def read_times(self):
        data = self.dataset("time")
        if data.ndim != 1 or data.dtype.kind not in "fiu" or data.size > MAX_TIMES:
            raise self.damaged(f"'time' is not a list of at most {MAX_TIMES} numbers")
        days = data[:].astype(float)
        if not np.isfinite(days).all() or (np.diff(days) <= 0).any():
            raise self.damaged("'time' does not increase")
        if len(days) < 2:
            raise Refused(f"{self.path}: it has {len(days)} output time{'s' * (len(days) != 1)}; a figure needs two or "
                          f"more ('osteon show' prints one)")
        return days

    def read_levels(self):
        """The levels of the quantiles, among which are those of the bands."""
        data = self.dataset("quantile")
        levels = data[:].astype(float) if data.ndim == 1 and data.dtype.kind == "f" and data.size <= MAX_NAMES else np.array([])
        if not np.isin(BANDS, levels).all():
            raise self.damaged("'quantile' does not have the levels 0.05, 0.5 and 0.95")
        return levels

    def band_rows(self):
        return [list(self.levels).index(level) for level in BANDS]

    def shape_fits(self, data):
        """[model] arm [element] subject time, or a quantile instead of the subject"""
        if self.levels is not None and (data.ndim < 2 or data.shape[-2] != len(self.levels) or "summary_of" in data.attrs):
            return False
        head = ([len(self.models)] if self.has_models else []) + [len(self.arms)]
        return data.dtype.kind in "fiu" and data.ndim - len(head) in (2, 3) and \
            list(data.shape[:len(head)]) == head and data.shape[-1] == len(self.days) and 0 not in data.shape

    def names(self):
        """Variables in the order of the file."""
        names = []
        try:
            self.file.id.links.iterate(lambda k: names.append(k.decode("utf-8", "replace")),
                                       idx_type=h5py.h5.INDEX_CRT_ORDER)
        except (RuntimeError, ValueError):  # a file without that order
            names = list(self.file)
        hard = [k for k in names if isinstance(self.file.get(k, getlink=True), h5py.HardLink)]
        return [k for k in hard if isinstance(self.file[k], h5py.Dataset) and self.shape_fits(self.file[k])]

    def variable(self, name):
        if name not in self.file:
            raise Refused(f"{self.path} has no variable '{plain(name)}'; it has {', '.join(self.names()) or 'none'}")
        data = self.dataset(name)
        if not self.shape_fits(data):
            raise self.damaged(f"'{name}' has shape {data.shape}, not {'models x ' * self.has_models}"
                               f"{len(self.arms)} arms (x sites) x subjects x {len(self.days)} times")
        axis = 1 + self.has_models
        elements = None
        if data.ndim == axis + 3:
            elements = [str(i + 1) for i in range(data.shape[axis])]
            if len(data.dims[axis]) > 0:
                scale = self.checked(data.dims[axis][0], data.dims[axis].label or "its dimension")
                elements = self.texts(scale.name or "its dimension", scale)
            if len(elements) != data.shape[axis] or len(elements) > MAX_NAMES:
                raise self.damaged(f"'{name}' has {data.shape[axis]} elements with {len(elements)} names")
        return Variable(name, data, elements)

    def check_size(self, variables, n_arms):
        n = sum(float(np.prod(v.data.shape, dtype=float)) for v in variables) * n_arms / len(self.arms)
        if n > MAX_VALUES or any(v.data.shape[-2] > BLOCK for v in variables):
            raise Refused(f"{self.path}: the outputs have {n:,.0f} values, a figure reads at most {MAX_VALUES:,}; "
                          "choose some with --variables, --arms")

    def lacks(self, name):
        """Whether one of several models has no value of a variable, which is NaN there."""
        if name not in self.names():
            return True
        data = self.dataset(name)
        return data.shape[-2] <= BLOCK and not all(np.isfinite(data[m, ..., 0]).any() for m in range(len(self.models)))

    def kind(self, variable):
        """Of whole numbers, whose percentiles say little, as 0 and 1 of "fractured"; "" of one subject."""
        data, seen = variable.data, set()
        if self.levels is not None:
            return ""
        n_subjects, n_times = data.shape[-2:]
        per = max(1, BLOCK // n_subjects)
        for where in np.ndindex(data.shape[:-2]) if n_subjects > 1 else []:
            for i in range(0, n_times, per):
                y = data[where + (slice(None), slice(i, i + per))]
                found = np.unique(y[np.isfinite(y)])
                if (found != np.round(found)).any() or (found < 0).any() or (found > MAX_COUNT).any():
                    return ""
                seen |= set(found)
        return "" if len(seen) < 2 else "share" if seen == {0, 1} else "count"

    def n_subjects(self, variable):
        return self.count("n_subjects") if self.levels is not None else variable.data.shape[-2]

    def kept_bands(self, variable, where, show):
        """As bands(), of a file that keeps quantiles."""
        ending = "" if show == "value" else "_change"
        data, n = (self.dataset(variable.name + ending + more) for more in ("", "_n"))
        if data.shape != variable.data.shape or n.shape != data.shape[:-2] + data.shape[-1:]:
            raise self.damaged(f"'{variable.name}{ending}' has shape {data.shape}")
        bands, n = data[where][self.band_rows()], n[where].astype(int)
        if show != "value" and n[self.zero] < self.dataset(variable.name + "_n")[where][self.zero]:
            return None
        return (1 + bands / 100 if show == "ratio" else bands), n

    def bands(self, variable, model, arm, element, show):
        """([3, n_times] percentiles over the subjects of the change in percent or ratio to time 0, or of the values,
        or, of whole numbers, their means, of 0 and 1 in percent;
        their number [n_times]). None if a subject is 0 at time 0, and so has no change."""
        where = ((model,) if self.has_models else ()) + (arm,) + ((element,) if variable.has_elements else ())
        if self.levels is not None:
            return self.kept_bands(variable, where, show)
        where += (slice(None),)
        n_subjects, n_times = variable.data.shape[-2:]
        base = None
        if show != "value":
            base = variable.data[where + (self.zero,)].astype(float)[:, None]
            if (base == 0).any():
                return None
        per = max(1, BLOCK // n_subjects)
        bands, n = np.empty((3, n_times)), np.empty(n_times, int)
        for i in range(0, n_times, per):
            y = variable.data[where + (slice(i, i + per),)].astype(float)
            if base is not None:
                with np.errstate(invalid="ignore", over="ignore"):
                    y = y / base if show == "ratio" else 100 * (y / base - 1)
            bands[:, i:i + per], n[i:i + per] = means(y) if variable.kind else quantiles(y)
        bands *= 100 if variable.kind == "share" else 1
        return bands, n
