// SPDX-License-Identifier: GPL-3.0-or-later
// node build.mjs WORK: WORK/osteon.html of the sources here, WORK/osteon.wasm and WORK/node_modules/uplot. Modules are
// joined in order: import lines go, and no two modules may have a name in common. Of a module .mjs the values that it exports
// are taken.
import { readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { trials } from "./trials.mjs";

const work = process.argv[2], here = dirname(fileURLToPath(import.meta.url)), root = join(here, "../..");
const read = (...path) => readFileSync(join(...path), "utf8");
const limit = 400_000; // bytes of the page

// Bytes as text of UTF-8, seven bits in the low bits of each character: those that HTML would not hand on as they are (NUL,
// CR, and < where it may begin a tag or a comment) have a higher bit set too, which takes a second byte.
function as_text(bytes) {
    let text = "", bits = 0, n = 0;
    const add = (code) => (text += String.fromCharCode(code));
    for (const byte of bytes) {
        bits = (bits << 8) | byte;
        for (n += 8; n >= 7; ) add((bits >> (n -= 7)) & 127);
    }
    if (n > 0) add((bits << (7 - n)) & 127);
    return text.replace(/[\0\r]|<(?![^/!])/g, (one) => String.fromCharCode(one.charCodeAt(0) + 256));
}
const gzip = (bytes) => gzipSync(bytes, { level: 9 });
function lzma(input) { // with the size in the head, which xz leaves open
    const bytes = execFileSync("xz", ["--format=lzma", "--lzma1=preset=9e,pb=0,lc=4", "--stdout"], { input, maxBuffer: 2 ** 24 });
    bytes.writeBigUInt64LE(BigInt(Buffer.byteLength(input)), 5);
    return bytes;
}

// In the order of their imports.
const modules = [];
function add(name) {
    if (modules.includes(name)) return;
    if (!name.endsWith(".mjs")) for (const [, other] of read(here, name).matchAll(/^import .* from "\.\/(.*)";$/gm)) add(other);
    modules.push(name);
}
add("workers.js");
const n_workers = modules.length;
add("desk.js");
const values = Object.fromEntries(await Promise.all(modules.filter((name) => name.endsWith(".mjs"))
    .map(async (name) => [name, Object.entries(await import(join(here, name))).map(([key, value]) => `const ${key} = ${JSON.stringify(value)};\n`).join("")])));
const plain = (name) => values[name] ?? read(here, name).replace(/^(import |\s*\/\/).*\n/gm, "").replace(/^\s*(export )?/gm, "");
// The list "Limits" of README.md, which the page shows, as plain texts: without the files and commands that only who has
// the program can open, and with names of outputs in words.
const of_files = /\s*\([^()]*`[^()]*\)|\s*`models\/\*\/`/g, of_program = /`(osteon|tests|scripts)\b/;
const in_words = [[/`bmd`/g, "The density that is drawn"], [/flagship/g, "model of bone"], [/, without loss to follow-up unless there is a `dropout`/g, ""],
    [/`measured_bmd` of the model `dxa`/g, "another, which the page can show"], [/^Fractures/, "Fractures of the class"], [/The sheets beside the models state the misfits: the/, "The"]];
const plainly = (item) => in_words.reduce((text, [from, to]) => text.replace(from, to), item.replace(/\s+/g, " ").replace(of_files, "").split(/(?<=\.) (?=[`A-Z])/).filter((one) => !of_program.test(one)).join(" "));
const limits = `\n${read(root, "README.md").split("\n## Limits\n")[1].split("\n## ")[0]}`.split("\n- ").slice(1)
    .map((item) => plainly(item).replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/[`*]/g, "").replace(/\s+/g, " ").trim());
if (limits.length < 3) throw new Error("README.md has no list of limits");
const style = read(work, "node_modules/uplot/dist/uPlot.min.css") + read(here, "page.css");
const script = read(work, "node_modules/uplot/dist/uPlot.iife.min.js") + `\nconst readme_limits = ${JSON.stringify(limits)};\n` + modules.slice(n_workers).map(plain).join("\n");
writeFileSync(join(work, "page.mjs"), modules.map(plain).join("\n"));
execFileSync(process.execPath, ["--check", join(work, "page.mjs")]); // also that no name is declared twice
const licences = [
    ["osteon, whose source is at the place you have this page from, under GPL-3.0-or-later", read(root, "LICENSE")],
    ["uPlot", read(work, "node_modules/uplot/LICENSE")],
    ["libyaml", read(work, "libyaml-0.2.5/License")],
    ["the C library: wasi-libc", read("/usr/share/doc/wasi-libc/copyright")],
    ["clang's runtime", read("/usr/share/doc/libclang-rt-14-dev-wasm32/copyright")],
].map(([name, text]) => `${name}\n${"=".repeat(name.length)}\n\n${text}`).join("\n\n");

const data = (id, bytes) => `<script type="text/plain" id="${id}">${as_text(bytes)}</script>`;
const parts = [
    ["workers", gzip(modules.slice(0, n_workers).map(plain).join("\n"))], ["script", gzip(script)],
    ["engine", lzma(readFileSync(join(work, "osteon.wasm")))], ["licence-text", lzma(licences)],
    ["trial-data", lzma(JSON.stringify(trials(root)))],
];
const page = read(here, "page.html").replace("/*STYLE*/", () => style)
    .replace("<!--DATA-->", () => parts.map(([id, bytes]) => data(id, bytes)).join("\n"));
writeFileSync(join(work, "osteon.html"), page);
const size = Buffer.byteLength(page);
console.log(`${join(work, "osteon.html")}: ${Math.ceil(size / 1000)} kB`);
if (size > limit) throw new Error(`the page is larger than ${limit / 1000} kB`);
