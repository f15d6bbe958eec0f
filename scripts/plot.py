#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw a result file: median and 5th to 95th percentile of the simulated subjects by arm, beside the trials that the
experiment names; a panel for each output or site (`plot:` in the experiment, or the options, choose outputs and
panels); of a file of `osteon compare`, a line for each model; of a sweep, its endpoints over one to three varied
entries, or points over each; of a sensitivity analysis, bars of its inputs. Installed as osteon-plot. Needs numpy,
h5py, matplotlib and PyYAML (Debian: python3-numpy python3-h5py python3-matplotlib python3-yaml)."""
import argparse
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

EXIT_CODES = """exit codes:
  0  the figure is written
  1  nothing to draw: no such file, output or arm, no values, one output time
  2  wrong usage: an option or its value
  4  input or output failure: a damaged file, or one that is not a result; the figure cannot be written
"""
ENDINGS = (".png", ".svg", ".pdf")


class Once(argparse.Action):
    """Keep a value; a second one is refused, as by osteon."""

    def __call__(self, parser, namespace, values, option_string=None):
        if self.dest in namespace.given:
            parser.error(f"{option_string} is given twice; commas separate what belongs to one")
        namespace.given.add(self.dest)
        setattr(namespace, self.dest, values)


def read_options(words):
    parser = argparse.ArgumentParser(prog="osteon-plot", description=__doc__, epilog=EXIT_CODES,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.register("action", None, Once)
    parser.set_defaults(given=set())
    parser.add_argument("results", metavar="RESULT.h5")
    parser.add_argument("-o", "--output", metavar="FIGURE.png|svg|pdf",
                        help="default: RESULT.png in the current folder")
    parser.add_argument("--variables", metavar="A,B,C", help="outputs to draw, as ctx or bmd[total_hip] (default: "
                        "those that the experiment's plot names, or bmd, or the first of a file without it; bmd as scanned "
                        "where the file has scanned_bmd); of a sweep, "
                        "endpoints")
    parser.add_argument("--arms", metavar="A,B,C", help="arms to draw, in their colours (default: all); not of a sweep")
    parser.add_argument("--show", choices=["value", "change", "ratio"], help="values, or against time 0")
    parser.add_argument("--panels", choices=["variables", "arms"], help="what has a panel of its own")
    parser.add_argument("--time", choices=["day", "month", "year"], help="unit of the axis (default: by its length)")
    parser.add_argument("--evidence", metavar="FILE.csv", help="evidence table, if not where the experiment says")
    parser.add_argument("--dpi", type=int, default=130, metavar="N", help="pixels per inch of a PNG (default: 130)")
    options = parser.parse_args(words)
    options.output = options.output or os.path.splitext(os.path.basename(options.results))[0] + ".png"
    if not options.output.endswith(ENDINGS):
        parser.error(f"argument -o/--output: '{options.output}' must end in {', '.join(ENDINGS)}")
    if not 20 <= options.dpi <= 600:
        parser.error("argument --dpi: must be 20 to 600")
    return options


def verify(path):
    """Refuse what `osteon verify` refuses; the program stands beside osteon-plot, is in the build tree, or on PATH."""
    from plotting.words import WRONG_FILE, Refused, plain
    beside = (os.path.dirname(os.path.abspath(__file__)),
              os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "build", "release"), None)
    program = next(filter(None, (shutil.which("osteon", path=folder) for folder in beside)), None)
    if program is None:
        print(f"osteon-plot: {path}: not verified, as osteon is neither beside osteon-plot nor on PATH", file=sys.stderr)
        return
    done = subprocess.run([program, "verify", "--", path], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise Refused(plain(done.stderr).removeprefix("osteon: ") or f"{path}: osteon verify failed", WRONG_FILE)


def refuse(options, *names):
    """Options without a meaning for the file's figure."""
    from plotting.words import Refused
    for name in names:
        if getattr(options, name):
            raise Refused(f"--{name}: not for {options.results}, whose figure is of endpoints or draws; see --help", 2)


def draw(options):
    """Read, arrange and write."""
    from plotting.draws import figure_of_draws, is_of_draws
    from plotting.figures import Options, figure_of
    from plotting.page import draw as draw_page
    from plotting.page import save
    from plotting.results import Results
    from plotting.sweep import figure_of_sweep, is_sweep
    from plotting.tornado import figure_of_analysis, is_analysis
    variables, arms = (v.split(",") if v else None for v in (options.variables, options.arms))
    if is_analysis(options.results):
        refuse(options, "arms", "show", "panels", "time", "evidence")
        verify(options.results)
        save(figure_of_analysis(options.results, variables), options.output, options.dpi)
        return
    if is_sweep(options.results):
        is_draws = is_of_draws(options.results)
        refuse(options, "show", "panels", "time", *([] if is_draws else ["arms", "evidence"]))
        figure = figure_of_draws(options.results, variables, arms, options.evidence) if is_draws else None
        verify(options.results)
        save(figure or figure_of_sweep(options.results, variables), options.output, options.dpi)
        return
    wanted = Options(variables, arms, options.show, options.panels, options.time, options.evidence)
    page = figure_of(Results(options.results), wanted)
    verify(options.results)  # after the refusals that say what a figure needs
    save(draw_page(page), options.output, options.dpi)


def main(words=None):
    options = read_options(words)
    try:
        from plotting.words import WRONG_FILE, Refused
        draw(options)
    except ImportError as error:
        print(f"osteon-plot: {error}; Debian: python3-numpy python3-h5py python3-matplotlib python3-yaml",
              file=sys.stderr)
        return 4
    except Refused as reason:
        print(f"osteon-plot: {reason}", file=sys.stderr)
        return reason.code
    except OSError as error:
        said = f"{error.filename or options.results}: {error.strerror or error}"
        if error.errno is None:  # of HDF5, where osteon says it in words
            try:
                verify(options.results)
            except Refused as reason:
                said = reason
        print(f"osteon-plot: {said}", file=sys.stderr)
        return WRONG_FILE
    except (MemoryError, RuntimeError, ValueError, TypeError, KeyError, OverflowError) as error:  # what h5py raises
        print(f"osteon-plot: {options.results}: damaged, or not a result file of osteon: {error}", file=sys.stderr)
        return WRONG_FILE
    return 0


if __name__ == "__main__":
    sys.exit(main())
