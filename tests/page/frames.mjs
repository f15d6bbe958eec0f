// SPDX-License-Identifier: GPL-3.0-or-later
// node frames.mjs WORK [strict]: times of the page in Chromium, beside what is promised for an idle machine of two processors;
// with `strict` a broken promise is a fault. Busy: what the main thread does for one step of a slider, from its event until the
// frame is painted, without waiting for the screen. Latency: with that.
import { readFileSync } from "node:fs";
import assert from "node:assert";
import { browser, faults, open, work } from "./chromium.mjs";

const promises = { ready: 1000, "busy, median": 16, "busy, 95 %": 33, "first women": 300, "200 women": 2500, "longest task of the main thread": 50 };
const measured = {};
const quantile = (values, p) => [...values].sort((a, b) => a - b)[Math.floor(p * (values.length - 1))];

const page = await open("", { viewport: { width: 1440, height: 900 } });
measured.ready = await page.evaluate(() => performance.getEntriesByName("ready")[0].startTime);

const session = await page.context().newCDPSession(page);
await session.send("Performance.enable", { timeDomain: "threadTicks" });
const processor = async () => Object.fromEntries((await session.send("Performance.getMetrics")).metrics.map(({ name, value }) => [name, 1000 * value]));

// 300 steps across three controls, with two scenarios and all charts.
const before = await processor();
const steps = await page.evaluate(async () => {
    document.getElementById("more").open = true;
    document.querySelector('[data-key="bar0"]').click();
    const menopause = (k) => document.querySelector(".handle").dispatchEvent(new KeyboardEvent("keydown", { key: k % 40 < 20 ? "ArrowRight" : "ArrowLeft", bubbles: true }));
    const fill = (input, value) => {
        input.value = value;
        input.dispatchEvent(new Event("input", { bubbles: true }));
    };
    const dose = (k) => fill(document.querySelector('#card [name="dose"]'), 0.2 + 0.02 * (k % 50));
    const bmi = (k) => fill([...document.querySelectorAll("#fields input")].find((one) => one.max === "45"), 20 + 0.5 * (k % 30));
    const painted = new MessageChannel(), steps = [];
    for (let k = 0; k < 330; k++) {
        const [busy, latency] = await new Promise((done) => {
            let began = 0;
            const event = performance.now();
            requestAnimationFrame(() => (began = performance.now())); // before the page's own of this frame
            [menopause, dose, bmi][k % 3](Math.floor(k / 3));
            const handled = performance.now() - event;
            requestAnimationFrame(() => painted.port2.postMessage(0));
            painted.port1.onmessage = () => done([handled + performance.now() - began, performance.now() - event]);
        });
        if (k >= 30) steps.push({ busy, latency }); // after the compiler has done its work
    }
    return steps;
});
const after = await processor();
for (const name of ["TaskDuration", "ScriptDuration", "LayoutDuration", "RecalcStyleDuration"])
    measured[`processor time, mean, ${name.replace("Duration", "").toLowerCase()}`] = (after[name] - before[name]) / (steps.length + 30);
for (const what of ["busy", "latency"]) {
    measured[`${what}, median`] = quantile(steps.map((one) => one[what]), 0.5);
    measured[`${what}, 95 %`] = quantile(steps.map((one) => one[what]), 0.95);
}
await page.click("#reset");

// The class, and whether the page answers meanwhile.
const of_class = await page.evaluate(() => new Promise((done) => {
    const began = performance.now(), result = { longest: 0 };
    new PerformanceObserver((list) => list.getEntries().forEach(({ duration }) => (result.longest = Math.max(result.longest, duration)))).observe({ type: "longtask" });
    document.querySelector("#class > summary").click();
    const watch = setInterval(() => {
        const { n } = document.querySelector("#class p").dataset;
        if (n > 0) result.first ??= performance.now() - began;
        if (Number(n) === 200) {
            clearInterval(watch);
            setTimeout(() => done({ ...result, all: performance.now() - began }), 200);
        }
    }, 5);
}));
Object.assign(measured, { "first women": of_class.first, "200 women": of_class.all - 200, "longest task of the main thread": of_class.longest });
await browser.close();
assert.deepEqual(faults, []);

const broken = Object.keys(promises).filter((name) => measured[name] > promises[name]);
for (const [name, ms] of Object.entries(measured)) console.log(`${name.padEnd(37)}${ms.toFixed(ms < 20 ? 1 : 0).padStart(6)} ms${promises[name] ? `  (${promises[name]} when idle)` : ""}`);
console.log(`${"file".padEnd(37)}${(readFileSync(`${work}/osteon.html`).length / 1000).toFixed(0).padStart(6)} kB  (400)`);
if (process.argv[3] === "strict") assert.deepEqual(broken, []);
