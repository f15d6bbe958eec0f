#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manual page and the completion in bash hold every command and option of --help; troff has nothing to warn of, and
bash completes commands, options, their values, experiments and models. Takes the path of osteon."""
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

OSTEON = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else "osteon"


def osteon(*words):
    return subprocess.run([OSTEON, *words], capture_output=True, text=True, check=True).stdout


def commands():
    return re.findall(r"(?m)^  (\w+) +\S", osteon("--help").split("Commands:")[1].split("\n\n")[0])


def options(command):
    """(letter or "", name) of every option."""
    return re.findall(r"(?m)^  (?:-(\w), |    )--([\w-]+)", osteon(command, "--help"))


class Manual(unittest.TestCase):
    def test_every_command_and_option(self):
        sections = dict(re.findall(r"(?ms)^\.SS osteon (\w+) (.*?)(?=^\.S)", osteon("list", "man")))
        self.assertEqual(list(sections), commands())
        self.assertGreaterEqual(len(sections), 9)
        for command, text in sections.items():
            text = text.replace("\\-", "-").replace("\\fB", "").replace("\\fR", "")
            found = re.findall(r"(?m)^\.TP\n(?:-(\w), )?--([\w-]+)", text)
            self.assertEqual(found + [("h", "help")], options(command))

    def test_exit_codes(self):
        text = osteon("list", "man")
        for code, meaning in re.findall(r"(?m)^  (\d+) +(.*)", osteon("--help").split("Exit codes:")[1]):
            self.assertIn(f"\n{code}\n{meaning}\n", text)

    @unittest.skipUnless(shutil.which("groff"), "groff is not installed")
    def test_troff_is_silent(self):
        done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-P-cbou", "-rLL=200n"], text=True, check=True,
                              input=osteon("list", "man"), capture_output=True)
        self.assertEqual(done.stderr, "")
        self.assertIn("EXPERIMENT|RESULT.h5", done.stdout)


class Completion(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        for name in "old.h5", "mine.yaml", "mine.model", "draws.csv", "notes.txt":
            open(os.path.join(self.folder.name, name), "w", encoding="utf-8").close()
        os.mkdir(os.path.join(self.folder.name, "data"))

    def complete(self, *words):
        """What bash proposes for the last of the words."""
        script = 'source <("$1" list bash); COMP_WORDS=("${@:2}"); COMP_CWORD=$(($# - 2)); _osteon; ' \
                 'printf "%s\\n" "${COMPREPLY[@]}"'
        done = subprocess.run(["bash", "--norc", "-c", script, "bash", OSTEON, OSTEON, *words], text=True, check=True,
                              cwd=self.folder.name, capture_output=True)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_commands_and_options(self):
        self.assertEqual(self.complete(""), commands() + ["help", "--help", "--version"])
        self.assertEqual(self.complete("va"), ["validate"])
        self.assertEqual(self.complete("help", "pl"), ["plot", "plan"])
        for command in commands():
            self.assertEqual(sorted(self.complete(command, "--")), sorted("--" + name for _, name in options(command)))

    def test_words_and_files(self):
        self.assertEqual(self.complete("run", "mine.yaml", "--dosing", "p"), ["periodic"])
        self.assertEqual(self.complete("run", "mine.yaml", "--isa", "avx"), ["avx2", "avx512"])
        self.assertEqual(self.complete("list", "d"), ["drugs"])
        for option in "-o", "--output":
            self.assertEqual(self.complete("run", option, ""), ["old.h5", "data"])
        self.assertEqual(self.complete("run", "--seed", ""), [])
        self.assertEqual(set(self.complete("validate", "--trials", "")), {"data", "mine.yaml"})
        self.assertEqual(set(self.complete("validate", "")), {"data", "mine.yaml"})
        self.assertEqual(self.complete("fit", "--from", ""), ["draws.csv", "data"])

    def test_experiments_and_models(self):
        found = self.complete("run", "")
        self.assertEqual(set(found), {line.split()[0] for line in osteon("list", "configs").splitlines()
                                      if re.match(r"  \S", line)} | {"mine.yaml", "old.h5", "data"})
        self.assertIn("atac", found)
        lines = osteon("list", "models").splitlines() + osteon("list", "drugs").splitlines()
        models = {line.split()[0] for line in lines if re.match(r"  \S", line)}
        self.assertLessEqual({"aibl", "anastrozole"}, models)
        self.assertEqual(set(self.complete("model", "")), models | {"mine.model", "data"})
        self.assertEqual(self.complete("compare", "atac", "--models", "aib"), ["aibl"])
        self.assertEqual(self.complete("compare", "atac", "--models", "aibl,jorg"), ["aibl,jorg2022"])

    def test_in_a_terminal(self):
        """The tabulator key in a real terminal."""
        def typed(keys):
            try:
                pid, terminal = pty.fork()
            except OSError as error:
                self.skipTest(f"no pseudo-terminal: {error}")
            if pid == 0:
                os.chdir(self.folder.name)
                os.environ.update(PATH=os.path.dirname(OSTEON) + ":" + os.environ["PATH"], TERM="dumb", PS1="> ",
                                  INPUTRC="/dev/null")
                os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
            os.write(terminal, b"source <(osteon list bash)\n" + keys + b"\nexit\n")
            text = b""
            try:
                while chunk := os.read(terminal, 4096):
                    text += chunk
            except OSError:  # the end of a terminal
                pass
            os.close(terminal)
            os.waitpid(pid, 0)
            return text.decode()
        self.assertIn("RESULT.h5|OUT.h5.part [OPTIONS]", typed(b"osteon sho\t --hel\t"))


if __name__ == "__main__":
    unittest.main()
