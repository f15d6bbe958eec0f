#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`osteon verify`: a file that is as it was written, one that was damaged, changed, or made elsewhere. Takes the path of
osteon as its first argument."""
import os
import random
import shutil
import sys
import unittest
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import test_shards  # noqa: E402  its cohort
from test_shards import contents  # noqa: E402

import h5py  # noqa: E402
import numpy as np  # noqa: E402

FLIPS = 150
CHUNKS = 100 # of 8 MB each


class Verify(test_shards.Program):
    def setUp(self):
        super().setUp()
        self.osteon("run", "e.yaml", "-o", "a.h5", "-q")

    def flip(self, data, at, bit):
        data = bytearray(data)
        data[at] ^= 1 << bit
        with open(self.path("b.h5"), "wb") as file:
            file.write(data)

    def test_as_written(self):
        self.assertEqual(self.osteon("verify", "a.h5").strip(), "a.h5: as it was written (CRC-32C of all bytes)")
        said = self.osteon("verify", "a.h5", "--share", "all")
        self.assertIn("recomputed: 8 blocks of 64 subjects: equal\n", said)
        self.assertIn("recomputed: 1 block of 64 subjects: equal\n", self.osteon("verify", "a.h5", "--share", "1 %"))
        self.assertIn("recomputed: 4 blocks", self.osteon("verify", "a.h5", "--share", "50%"))

    def test_other_kinds(self):
        for words in ("--set", "results.compression=0"), ("--set", "results.precision=float64"), ("--set", "results.digits=4"):
            self.osteon("run", "e.yaml", *words, "-o", "b.h5", "-q")
            self.assertIn("subjects: equal\n", self.osteon("verify", "b.h5", "--share", "all"))
        self.osteon("compare", "e.yaml", "--models", "one.model,two.model", "-o", "b.h5", "-q")
        said = self.osteon("verify", "b.h5", "--share", "all")
        self.assertIn("recomputed: one, 8 blocks of 64 subjects: equal\nrecomputed: two, 8 blocks", said)

    def test_every_flip_is_found(self):
        """Damaged, or, where it lies in the seal itself, without one."""
        with open(self.path("a.h5"), "rb") as file:
            data = file.read()
        draws = random.Random(1)
        for _ in range(FLIPS):
            self.flip(data, draws.randrange(len(data) - 24), draws.randrange(8))
            said = self.osteon("verify", "b.h5", code=4)
            self.assertIn("b.h5: damaged: its bytes are not those that were written", said)
        for at in range(1, 25):
            self.flip(data, len(data) - at, draws.randrange(8))
            self.assertIn("without the seal", self.osteon("verify", "b.h5"))
        self.flip(data, len(data) // 2, 0)
        said = self.osteon("run", "e.yaml", "-o", "b.h5", "--resume", code=4) # what --resume builds on is looked at
        self.assertIn("damaged", said)

    def test_each_chunk_has_a_check(self):
        with h5py.File(self.path("a.h5")) as file:
            chunked = [file["bmd"], file["shifted"], file["age"], file["status"], file["parameters/one.loss"]]
            self.assertTrue(all(dataset.fletcher32 for dataset in chunked))
            place = file["bmd"].id.get_chunk_info(2)
        with open(self.path("a.h5"), "rb") as file:
            data = file.read()[:-24] # without the seal
        self.flip(data, place.byte_offset + place.size // 2, 3)
        self.assertIn("'bmd' cannot be read", self.osteon("verify", "b.h5", code=4))

    def test_changed_by_another_program(self):
        shutil.copy(self.path("a.h5"), self.path("b.h5"))
        with h5py.File(self.path("b.h5"), "r+") as file:
            file.attrs["note"] = "mine"
        said = self.osteon("verify", "b.h5", "--share", "all")
        self.assertIn("without the seal that osteon writes", said)
        self.assertIn("its values may have been changed: --share all compares them", said)
        self.assertIn("0 where it is sound, with or", self.osteon("verify", "--help"))
        self.assertIn("subjects: equal\n", said)
        with h5py.File(self.path("b.h5"), "r+") as file:
            file["bmd"][1, 1, 300, 3] *= 1.001
        said = self.osteon("verify", "b.h5", "--share", "all", code=4)
        self.assertIn("different\n  1 of ", said)
        self.assertIn("first: bmd[total_hip], arm 'again', subject 300, day 547.875", said)

    def test_large_files(self):
        """The time that reading may take grows with what a file unpacks to, not with its bytes, and also of datasets of
        another program."""
        chunk = np.zeros(1 << 21, dtype="f4")
        packed = zlib.compress(chunk.tobytes(), 9)
        with h5py.File(self.path("a.h5"), "r+") as file:
            more = file["parameters"].create_dataset("more", (CHUNKS * chunk.size,), "f4", chunks=chunk.shape,
                                                     compression="gzip", shuffle=True)
            for i in range(CHUNKS):
                more.id.write_direct_chunk((i * chunk.size,), packed)
        self.assertLess(os.path.getsize(self.path("a.h5")), 4 << 20)
        self.assertIn("without the seal", self.osteon("verify", "a.h5"))
        few = ("bash", "-c", 'ulimit -S -t 1 && exec "$0" "$@"', test_shards.OSTEON)
        self.assertIn("to read it took longer than a result of its size takes", self.osteon("verify", "a.h5", program=few, code=4))

    def test_another_build(self):
        other = self.another_build()
        self.assertIn("8 blocks of 64 subjects: equal\n", self.osteon("verify", "a.h5", "--share", "all", program=other))
        with h5py.File(self.path("a.h5"), "r+") as file:
            file["bmd"][1, 1, 300, 3] *= 1.001
        said = self.osteon("verify", "a.h5", "--share", "all", program=other, code=4)
        self.assertIn("subjects: another build of osteon wrote other values\n  1 of ", said)
        self.assertNotIn("different", said)

    def test_values_near_zero(self):
        """They are as exact as the subject's others: relative to themselves they differ with the instruction set."""
        self.write("one.model", test_shards.MODEL + "output fallen [1] = B - 1 \"change\"\n")
        self.osteon("run", "e.yaml", "--set", "results.precision=float64", "-o", "b.h5", "-q")
        for change, code, words in (1e-13, 0, "equal to 1e-9, but not the same bits"), (1e-8, 4, "different\n  1 of"):
            with h5py.File(self.path("b.h5"), "r+") as file:
                file["fallen"][1, 300, 0] = change
            self.assertIn(words, self.osteon("verify", "b.h5", "--share", "all", code=code))

    def test_files_of_strangers(self):
        """No link is followed, no data are read elsewhere, and a terminal is not given orders."""
        for kind in "external", "soft", "virtual":
            shutil.copy(self.path("a.h5"), self.path("b.h5"))
            with h5py.File(self.path("b.h5"), "r+") as file:
                shape = file["bmd"].shape
                del file["bmd"]
                if kind == "external":
                    file["bmd"] = h5py.ExternalLink("a.h5", "/bmd")
                elif kind == "soft":
                    file["hidden"] = 1.0
                    file["bmd"] = h5py.SoftLink("/shifted")
                else:
                    layout = h5py.VirtualLayout(shape=shape, dtype="f4")
                    layout[...] = h5py.VirtualSource("a.h5", "bmd", shape=shape)
                    file.create_virtual_dataset("bmd", layout)
            for words in ("show", "b.h5", "--variable", "bmd"), ("verify", "b.h5"):
                self.assertRegex(self.osteon(*words, code=4), "'bmd' (is a link to another place|cannot be read)", kind)
        shutil.copy(self.path("a.h5"), self.path("b.h5"))
        with h5py.File(self.path("b.h5"), "r+") as file:
            file["arm"][0] = "\x1b[2Jevil\x07"
            file.attrs["title"] = "\x1b]0;title\x07"
        said = self.osteon("show", "b.h5")
        self.assertNotRegex(said, "[\x00-\x08\x0b-\x1f\x7f]")
        self.assertIn("?[2Jevil?", said)

    def test_merged_and_interrupted(self):
        for i in (1, 2):
            self.osteon("run", "e.yaml", "--shard", f"{i}/2", "-o", f"s{i}.h5", "-q")
        self.osteon("merge", "s1.h5", "s2.h5", "-o", "b.h5", "-q")
        self.assertIn("8 blocks of 64 subjects: equal\n", self.osteon("verify", "b.h5", "--share", "all"))
        self.assertEqual(set(contents(self.path("a.h5"))), set(contents(self.path("b.h5"))))

    def test_usage(self):
        for share in "0", "0 %", "101 %", "some", "5", "-1 %", "":
            self.assertIn("is no share of a cohort", self.osteon("verify", "a.h5", f"--share={share}", code=2))
        self.assertIn("not HDF5", self.osteon("verify", "e.yaml", code=4))
        self.osteon("run", "e.yaml", "--shard", "1/2", "-o", "s.h5", "-q")
        self.assertIn("of a shard", self.osteon("verify", "s.h5", code=4))


if __name__ == "__main__":
    unittest.main()
