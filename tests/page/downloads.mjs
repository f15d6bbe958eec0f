// SPDX-License-Identifier: GPL-3.0-or-later
// node downloads.mjs WORK DIR N SEED: the page in Chromium at N random settings, opened by their links; what its buttons save
// is DIR/K.yaml, and DIR/K.json from its table: {arm: {output: [times]}}.
import { readFileSync, writeFileSync } from "node:fs";
import { deepStrictEqual } from "node:assert";
import { to_fragment } from "../../src/web/settings.js";
import { settings_from } from "./random.mjs";
import { browser, faults, open, settings_of } from "./chromium.mjs";

const [dir, n, seed] = process.argv.slice(3), all = settings_from(seed);
let page;
async function saved(label) {
    const [download] = await Promise.all([page.waitForEvent("download"), page.evaluate((text) => [...document.querySelectorAll("#keep button")].find((one) => one.textContent.includes(text)).click(), label)]);
    return readFileSync(await download.path(), "utf8");
}
for (let k = 0; k < Number(n); k++) {
    if (k % 4 === 0) page = await open("", {}); // Chromium saves ten files of a page
    const settings = all.next().value;
    for (const panel of ["class", "trials", "bench"]) settings.show[panel] = false; // they change neither file
    const fragment = `#${to_fragment(settings)}`;
    await page.evaluate((hash) => (location.hash = hash), fragment);
    await page.waitForTimeout(100);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))); // curves are drawn
    deepStrictEqual(await settings_of(page), settings);
    writeFileSync(`${dir}/${k}.yaml`, await saved("YAML"));
    const [head, ...rows] = (await saved("CSV")).trim().split("\n").map((row) => row.split(","));
    const arms = {};
    for (const [arm, , ...values] of rows)
        values.forEach((value, i) => ((arms[arm.toLowerCase()] ??= {})[head[i + 2].replace(/ \[[^\]]*\]$/, "")] ??= []).push(Number(value)));
    writeFileSync(`${dir}/${k}.json`, JSON.stringify(arms));
}
await browser.close();
deepStrictEqual(faults, []);
