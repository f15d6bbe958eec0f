# SPDX-License-Identifier: GPL-3.0-or-later
"""The functions of osteon/session.h, called in the installed shared library by ctypes."""
from __future__ import annotations

import ctypes
import ctypes.util
import os
from ctypes import POINTER, c_char_p, c_double, c_int, c_size_t, c_ubyte, c_uint64, c_void_p
from pathlib import Path
from typing import Iterator

VERSION = 1  # OST_SESSION_VERSION
ARM, OUTPUT, TIME, PARAM, COVARIATE, SUBJECT = range(6)  # ost_axis_t
NO_MEMORY, ARGUMENT = b"OST_ERR_NO_MEMORY", b"OST_ERR_ARGUMENT"

Sink = ctypes.CFUNCTYPE(c_int, c_void_p, c_uint64, c_size_t, POINTER(c_double), POINTER(c_double), POINTER(c_double),
                        POINTER(c_ubyte))

FUNCTIONS = {
    "ost_session_version": (c_int, []),
    "ost_call_new": (c_void_p, []),
    "ost_call_free": (None, [c_void_p]),
    "ost_call_threads": (c_int, [c_void_p, c_int]),
    "ost_call_stop": (c_int, [c_void_p]),
    "ost_call_error": (c_char_p, [c_void_p, POINTER(c_int), POINTER(c_int)]),
    "ost_call_code": (c_int, [c_void_p]),
    "ost_session_new": (c_void_p, [c_void_p]),
    "ost_session_free": (None, [c_void_p]),
    "ost_session_add_model": (c_int, [c_void_p, c_char_p, c_char_p, c_void_p]),
    "ost_study_new": (c_void_p, [c_void_p, c_char_p, c_char_p, POINTER(c_char_p), c_size_t, c_void_p]),
    "ost_study_free": (None, [c_void_p]),
    "ost_study_size": (c_size_t, [c_void_p, c_int]),
    "ost_study_text": (c_char_p, [c_void_p, c_int, c_size_t, c_char_p]),
    "ost_study_values": (c_int, [c_void_p, c_int, POINTER(c_double)]),
    "ost_study_yaml": (c_size_t, [c_void_p, c_char_p, c_size_t]),
    "ost_study_run": (c_int, [c_void_p, c_uint64, c_uint64, Sink, c_void_p, c_void_p]),
}


def _candidates() -> Iterator[str]:
    """Paths of the library: OSTEON_LIBRARY, those beside this package in its prefix, in a build tree, the system's."""
    name = f"libosteon.so.{VERSION}"
    if "OSTEON_LIBRARY" in os.environ:
        yield os.environ["OSTEON_LIBRARY"]
        return
    for folder in Path(__file__).resolve().parents:
        for place in ("", "lib", "lib64", *(str(p.relative_to(folder)) for p in folder.glob("lib/*-linux-gnu*")), "build/release"):
            if (folder / place / name).is_file():
                yield str(folder / place / name)
    yield name


def _load() -> tuple[ctypes.CDLL, str]:
    tried = []
    for path in _candidates():
        try:
            library = ctypes.CDLL(path)  # its calls release the interpreter's lock
        except OSError as error:
            tried.append(str(error))
            continue
        for name, (result, arguments) in FUNCTIONS.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
        if library.ost_session_version() == VERSION:
            return library, path
        tried.append(f"{path}: version {library.ost_session_version()} of osteon/session.h; expected {VERSION}")
    raise ImportError("the library of osteon cannot be loaded; install osteon, or set OSTEON_LIBRARY to the path of "
                      f"libosteon.so.{VERSION}: " + "; ".join(tried))


library, path = _load()


def data_folders() -> Iterator[Path]:
    """Folders with `configs`: the current one, that of the build tree or of the prefix that the library is in."""
    yield Path("configs")
    for folder in Path(os.path.realpath(path)).parents:
        for place in ("configs", "share/osteon/configs"):
            if (folder / place / "evidence").is_dir():
                yield folder / place
