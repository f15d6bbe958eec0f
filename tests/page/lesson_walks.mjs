// SPDX-License-Identifier: GPL-3.0-or-later
// node lesson_walks.mjs WORK TEXTS.json [WALK]: every lesson of WORK/osteon.html to its end by mouse, lesson 2 by keyboard
// and accessibility tree alone, sheets, links, large type, Reset; what the page says is TEXTS.json of test_lessons.py, which is
// of `osteon run`. Leaves pictures WORK/lesson-LESSON-STEP.png.
import { readFileSync } from "node:fs";
import assert from "node:assert";
import { work, url, browser, faults, accessible, open, settings_of } from "./chromium.mjs";

const texts = JSON.parse(readFileSync(process.argv[3], "utf8")), only = process.argv[4] ?? "", names = Object.keys(texts);
const viewport = { width: 1280, height: 900 };
const lesson_text = (page) => page.textContent("#lesson");
const choose = (page, text) => page.locator("#lesson button:visible", { hasText: text }).first().click();
const says = (page, selector, part) => page.waitForFunction(([one, words]) => document.querySelector(one).textContent.includes(words), [selector, part], { timeout: 60000 });
const at_step = (page, step) => page.waitForFunction((one) => document.body.dataset.step === one, step);
async function looked(page, name, step) {
    await page.waitForTimeout(600);
    await accessible(page, `${name}, ${step}`);
    await page.screenshot({ path: `${work}/lesson-${name}-${step}.png`, fullPage: true });
}
async function start(page, name) {
    await page.evaluate(() => (document.getElementById("lessons").open = true));
    await page.locator("#lessons li").nth(names.indexOf(name)).locator("button").first().click();
    await at_step(page, "guess");
    await says(page, "#sentence", "hidden until you have guessed");
}
// The line that is drawn goes down to the right; the last point is moved by a key as well.
async function draw(page) {
    const box = await page.locator(".sketch").boundingBox(), point = page.locator(".sketch [role=slider]").last();
    const before = Number(await point.getAttribute("aria-valuenow"));
    await page.mouse.move(box.x + box.width * 0.06, box.y + box.height * 0.4);
    await page.mouse.down();
    for (let k = 1; k <= 20; k++) await page.mouse.move(box.x + box.width * (0.06 + 0.045 * k), box.y + box.height * (0.4 + 0.02 * k));
    await page.mouse.up();
    const drawn = Number(await point.getAttribute("aria-valuenow"));
    assert(drawn < before, "a point follows the pointer");
    await point.focus();
    await page.keyboard.press("ArrowDown");
    assert.equal(Number(await point.getAttribute("aria-valuenow")), drawn - 1);
    await choose(page, "That is my guess");
}

async function by_mouse(page, name) {
    const { seen, reply, checked, right, answer, looked: looked_for } = texts[name];
    await start(page, name);
    assert.equal(await page.isVisible("#why"), false, "what explains is not shown before a guess");
    await looked(page, name, "guess");
    right === null ? await draw(page) : await choose(page, right);
    await at_step(page, "seen");
    await says(page, "#lesson", `${right === null ? "" : "Yes. "}${seen}`);
    await says(page, "#sentence", "At ");
    if (right === null) assert.match(await lesson_text(page), /points from the curve on average/);
    await looked(page, name, "seen");
    await choose(page, "Why?");
    await says(page, "#lesson", reply);
    await looked(page, name, "why");
    await page.evaluate(() => (document.getElementById("numbers").open = true));
    await says(page, "#table", "Osteoblasts"); // every curve can be read without a picture
    await page.evaluate(() => (document.getElementById("numbers").open = false));
    await choose(page, answer);
    await says(page, "#lesson", `Yes. ${checked}`);
    await looked(page, name, "done");
    const said = await lesson_text(page), again = await open(page.url().slice(url.length), { viewport });
    await at_step(again, "done");
    assert.equal(await lesson_text(again), said, "a link brings the lesson back at its step");
    await again.close();
    await page.locator("#lesson button", { hasText: "Sheet" }).click();
    await says(page, "#view", "1. Guess");
    for (const part of [seen, reply, checked]) assert(!(await page.textContent("#view")).includes(part), "pupils get no answer with the sheet");
    await page.locator("#view button", { hasText: "With answers" }).click();
    for (const part of [seen, reply, checked, answer, ...looked_for]) await says(page, "#view", part);
    assert.equal(await page.isVisible("main > section.basic"), false);
    await looked(page, name, "sheet");
    await page.locator("#view button", { hasText: "Back" }).click();
    await page.click("#reset");
    await page.waitForFunction(() => !location.hash.includes("&l=") && /^At 65/.test(document.getElementById("sentence").textContent));
    assert.equal(await page.isVisible("#lesson"), false);
    assert.equal((await settings_of(page)).bars[0].drug, "anastrozole");
}

// As a reader without a picture and without a mouse: what has the focus, and what the tree of the page says.
async function by_tree(page) {
    const tree = await page.context().newCDPSession(page);
    await tree.send("Accessibility.enable");
    const nodes = async () => (await tree.send("Accessibility.getFullAXTree")).nodes.filter(({ ignored }) => !ignored);
    const name_of = (node) => node.name?.value ?? "";
    const heard = async () => (await nodes()).filter(({ role }) => ["StaticText", "heading"].includes(role?.value)).map(name_of).join("\n");
    const focused = async () => name_of((await nodes()).find(({ role, properties }) => role?.value !== "RootWebArea" && properties?.some((one) => one.name === "focused" && one.value.value)) ?? {});
    async function tab_to(part) {
        for (let k = 0; k < 60; k++) {
            if ((await focused()).includes(part)) return;
            await page.keyboard.press("Tab");
        }
        assert.fail(`no way to "${part}" by Tab; the focus is on "${await focused()}"`);
    }
    async function press(part) {
        await tab_to(part);
        await page.keyboard.press("Enter");
        await page.waitForTimeout(800);
    }
    await press("Lessons");
    await press("Anastrozole");
    assert.match(await focused(), /^Lesson 2 of 6: Anastrozole/, "the focus is on the lesson");
    assert.match(await heard(), /blocks that enzyme/);
    await press("Nothing changes");
    assert.match(await heard(), /Not quite\./);
    assert((await heard()).includes(texts.anastrozole.seen));
    await press("Why?");
    // The estradiol of both, from the heading of its chart, gives the answer.
    const [, a, b] = (await heard()).replaceAll("\n", " ").match(/Estradiol, pmol\/L\..*?A ([\d.]+), B ([\d.]+)/);
    const parts = [2, 10, 30].reduce((best, n) => (Math.abs(n - a / b) < Math.abs(best - a / b) ? n : best));
    await press(`About 1 part in ${parts}`);
    assert((await heard()).includes(texts.anastrozole.checked));
    assert.match(await heard(), /Yes\./);
    await press("Next lesson");
    assert.match(await focused(), /^Lesson 3/);
    await press("End the lesson");
    assert.match(await focused(), /Lessons/);
}

async function for_the_teacher(page) {
    await page.evaluate(() => (document.getElementById("lessons").open = true));
    await page.click("#lessons button:has-text('What this leaves out')");
    const limits = readFileSync(new URL("../../README.md", import.meta.url), "utf8").split("\n## Limits\n")[1].split("\n## ")[0].match(/^- /gm).length;
    assert.equal(await page.locator("#view li").count(), limits, "the list of README.md");
    assert.doesNotMatch(await page.textContent("#view ul"), /\/|`|_|osteon |\.py/, "a reader of the page has no files");
    await looked(page, "all", "omits");
    await page.click("#view button:has-text('Back')");
    const size = () => page.evaluate(() => parseFloat(getComputedStyle(document.body).fontSize)), before = await size();
    await page.click("#large");
    assert((await size()) > 1.3 * before, "large type is large");
    await start(page, "menopause");
    assert((await size()) > 1.3 * before, "a lesson keeps the type");
    for (const width of [360, 1280]) {
        await page.setViewportSize({ width, height: 900 });
        await looked(page, "menopause", `large-${width}`);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, `${width}: wider than the window`);
    }
    await page.click("#reset");
    await page.waitForFunction(() => !document.body.dataset.step && /^At 65/.test(document.getElementById("sentence").textContent));
    await page.evaluate(() => (document.getElementById("lessons").open = true));
    await page.click("#large");
    const wrong = await open("#l=nothing", { viewport });
    assert.match(await wrong.textContent("#problem"), /nothing/);
    await wrong.close();
    const seen = await open("#v=1&l=tamoxifen/-/why", { viewport }); // a link of the sheet
    await says(seen, "#lesson", texts.tamoxifen.reply);
    await seen.close();
}

// A sheet, or what is left out, opened at any step: it is there, also after loading again, and the lesson comes back as it was.
async function sheets_at_every_step() {
    for (const [step, given] of [["guess", ""], ["seen", "/1"], ["why", "/1/why"], ["done", "/1/why/1"]]) {
        const page = await open("", { viewport });
        await page.evaluate((hash) => (location.hash = hash), `#v=1&l=anastrozole${given}`);
        await at_step(page, step);
        const said = await lesson_text(page);
        for (const opened of ["Worksheet", "What this leaves out"]) {
            await page.evaluate(() => (document.getElementById("lessons").open = true));
            await page.locator(`${opened === "Worksheet" ? "#lesson" : "#lessons"} button`, { hasText: opened }).click();
            for (const again of [false, true]) {
                if (again) await page.waitForFunction(() => location.hash.includes("view=")).then(() => page.reload());
                await page.waitForSelector("#view h1");
                assert(await page.isVisible("#view h1"), `${opened} at ${step}${again ? ", loaded again" : ""}: nothing is shown`);
                assert.equal(await page.isVisible("#lesson"), false);
            }
            await (opened === "Worksheet" ? page.keyboard.press("Escape") : page.click("#view button:has-text('Back')"));
            await page.waitForSelector("#view", { state: "hidden" });
            assert(await page.isVisible("#lesson"), `${opened} at ${step}: the lesson does not come back`);
            assert.deepEqual([await lesson_text(page), await page.evaluate(() => document.body.dataset.step)], [said, step]);
        }
        await page.close();
    }
}

// What lesson 3 shows at its end is scans: it says so at the chart, names both numbers, and gives back what it changed. A wrong
// choice is told from the right one in words.
async function back_from_scans(page) {
    await start(page, "first_year");
    await choose(page, "That is my guess");
    await says(page, "#lesson", "Nothing is drawn yet");
    assert.equal(await page.evaluate(() => document.body.dataset.step), "guess");
    await draw(page);
    await at_step(page, "seen");
    assert.match(await page.evaluate(() => document.activeElement.textContent), /points from the curve/, "the focus goes to what is said of a drawing");
    assert.equal(await page.isVisible("#reads"), false);
    await page.locator("#bone .u-over").first().hover({ position: { x: 30, y: 60 } });
    await says(page, "#bone h3", "at 60.");
    await choose(page, "Why?");
    assert(await page.isVisible("#reads"));
    await says(page, "#bone h3", "at 61:");
    const [read] = (await page.textContent("#bone h3 b")).match(/(?<=B )[\d.]+/);
    await says(page, "#sentence", "All this is of bone itself");
    assert((await page.textContent("#sentence")).includes(`${read} % in B`), "the sentence has the number that the chart has");
    await choose(page, "By up to 15 %");
    assert.match(await lesson_text(page), /By up to 6 % . right.*By up to 15 % . your choice/s);
    await choose(page, "End the lesson");
    await page.waitForFunction(() => !location.hash.includes("&l="));
    const { scans, whole } = (await settings_of(page)).show;
    assert.deepEqual([scans, whole, await page.isVisible("#reads")], [false, true, false]);
}

// The numbers of a lesson are of what it began with: it says so while something else is simulated, and gives it back.
async function other_settings(page) {
    const note = page.locator("#lesson .note"), hides = (state) => note.waitFor({ state });
    await start(page, "anastrozole");
    await choose(page, "Nothing changes");
    await at_step(page, "seen");
    await page.click('[data-key="bar0"]');
    await page.fill("#card [name=from]", "62");
    await hides("visible");
    assert.match(await note.textContent(), /numbers in this lesson are of what it began with/);
    await page.fill("#card [name=from]", "60");
    await hides("hidden");
    await page.fill("#card [name=dose]", "0.2");
    await hides("visible");
    await note.locator("button").click();
    await hides("hidden");
    assert.equal((await settings_of(page)).bars[0].dose, 1);
    await page.click("#add");
    await hides("visible");
    await choose(page, "Why?");
    await page.evaluate(() => (document.getElementById("lessons").open = true));
    await start(page, "first_year");
    await hides("hidden");
}

const page = await open("", { viewport });
for (const name of names) if (name.includes(only)) await by_mouse(page, name);
for (const walk of [for_the_teacher, sheets_at_every_step, back_from_scans, other_settings, by_tree]) if (walk.name.includes(only)) await walk(await open("", { viewport }));
await browser.close();
assert.deepEqual(faults, []);
console.log(`lessons in Chromium: ${names.filter((name) => name.includes(only)).join(", ")} by mouse${only ? "" : "; lesson 2 by keyboard and accessibility tree; sheets at every step, changed settings, links, large type, Reset"}`);
