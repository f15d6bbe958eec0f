// SPDX-License-Identifier: GPL-3.0-or-later
// Usual regimens of the drugs, {drug: {dose, unit, every, infusion}}, from the lines `dose` of models/drugs; the build puts the table
// where this module is imported.
import { readFileSync, readdirSync } from "node:fs";

const folder = new URL("../../models/drugs/", import.meta.url);
const line = /^dose \w+ usual ([\d.]+) \[(\w+)\].*? every (\d+ \[\w+\])(?: over (\d+ \[\w+\]))?/m;
const time = (text) => text?.replace(/[[\]]/g, "");
const regimen = (text) => {
    const [, dose, unit, every, infusion] = line.exec(text);
    return { dose: Number(dose), unit, every: time(every), infusion: time(infusion) };
};
export const usual = Object.fromEntries(readdirSync(folder).filter((name) => name.endsWith(".model")).sort()
    .map((name) => [name.replace(".model", ""), regimen(readFileSync(new URL(name, folder), "utf8"))]));
