// SPDX-License-Identifier: GPL-3.0-or-later
// Debian's Chromium for tests of WORK/osteon.html, WORK being the first argument: pages, what goes wrong in them (faults),
// and how to wait for curves.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

export const work = resolve(process.argv[2]), url = `file://${work}/osteon.html`;
const { chromium } = createRequire(`${work}/`)("playwright-core");
export const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
export const faults = [];
const axe = readFileSync(`${work}/node_modules/axe-core/axe.min.js`, "utf8");

// axe-core finds nothing in this state of the page.
export async function accessible(page, state) {
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => axe.run());
    for (const { id, help, nodes } of violations) faults.push(`${state}: ${id}: ${help}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`);
}

export async function open(fragment, options) {
    const page = await browser.newPage(options);
    page.on("console", (message) => message.type() === "error" && faults.push(`console: ${message.text()}`));
    page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
    page.on("request", (request) => !/^(file|data|blob):/.test(request.url()) && faults.push(`request: ${request.url()}`));
    await page.goto(url + fragment);
    await page.waitForFunction(() => /^At /.test(document.getElementById("sentence").textContent), null, { timeout: 60000 });
    return page;
}
// Curves of other settings are drawn after `act`: the state in the address follows them.
export async function changes(page, act) {
    const before = page.url();
    await act();
    await page.waitForFunction((url) => location.href !== url, before, { timeout: 30000 });
}
export const settings_of = (page) => page.evaluate(() => JSON.parse(new URLSearchParams(location.hash.slice(1)).get("s")));
