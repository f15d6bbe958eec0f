// SPDX-License-Identifier: GPL-3.0-or-later
// node lzma.mjs FILE...: what `xz --format=lzma` makes of each file decodes to it.
import { readFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { deepStrictEqual } from "node:assert";
import { unlzma } from "../../src/web/lzma.js";

for (const path of process.argv.slice(2)) {
    const bytes = readFileSync(path);
    for (const how of ["preset=9e,pb=0", "preset=1", "preset=6,lc=1,lp=3,pb=4"]) {
        const packed = execFileSync("xz", ["--format=lzma", `--lzma1=${how}`, "--stdout", path], { maxBuffer: 2 ** 24 });
        packed.writeBigUInt64LE(BigInt(bytes.length), 5);
        deepStrictEqual(Buffer.from(unlzma(packed)), bytes, `${path}, ${how}`);
    }
}
