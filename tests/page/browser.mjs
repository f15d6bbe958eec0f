// SPDX-License-Identifier: GPL-3.0-or-later
// node browser.mjs WORK [WALK]: WORK/osteon.html in Chromium, opened as a file, at three widths, light and dark: no error, no
// request, controls by mouse, keyboard and touch, each panel, a link, downloads; with WALK the walks of that name. Leaves pictures WORK/WIDTH-light.png and -dark.png.
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import assert from "node:assert";
import { work, url, browser, faults, accessible, open, changes, settings_of } from "./chromium.mjs";

async function by_mouse(page) {
    const drag = async (selector, dx) => {
        const box = await page.locator(selector).boundingBox();
        const [x, y] = [box.x + box.width / 2, box.y + box.height - 4];
        await page.mouse.move(x, y);
        await page.mouse.down();
        await page.mouse.move(x + dx / 2, y);
        await page.mouse.move(x + dx, y);
        await page.mouse.up();
    };
    await changes(page, () => drag(".handle", 40));
    const { menopause } = (await settings_of(page)).person;
    assert(menopause > 50, "the handle of menopause moves");
    assert.equal(Number(await page.inputValue("[name=menopause]")), menopause, "a field follows the handle");
    await changes(page, () => drag('[data-key="bar0"]', 60));
    const moved = (await settings_of(page)).bars[0];
    assert(moved.from > 60 && moved.to - moved.from === 5, "a bar moves");
    await changes(page, () => drag('[data-key="bar0to"]', 60));
    assert((await settings_of(page)).bars[0].to > moved.to, "a bar is stretched");
    await changes(page, () => page.click("#add"));
    assert.equal((await settings_of(page)).bars.length, 2);
    await changes(page, () => page.selectOption('#card [name="drug"]', "denosumab"));
    await changes(page, () => page.click("#card button:has-text('Delete')"));
    await page.click("summary:has-text('More')");
    await page.selectOption("#fields select", "t_score");
    for (const box of await page.locator("#fields input[type=checkbox]").all()) await box.check();
    await page.waitForFunction(() => location.hash.includes("t_score") && location.hash.includes("whole%22%3Afalse"));
    await page.locator("#bone .u-over").first().hover();
    await changes(page, () => page.click("#reset"));
    assert.equal((await settings_of(page)).bars[0].from, 60);
}

async function by_touch() {
    const page = await open("", { viewport: { width: 360, height: 800 }, hasTouch: true, isMobile: true });
    const touch = await page.context().newCDPSession(page);
    for (const selector of [".handle", '[data-key="bar0"]', '[data-key="bar0to"]']) {
        await changes(page, async () => {
            const box = await page.locator(selector).boundingBox(), [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
            await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [{ x, y }] });
            for (const dx of [10, 20, 30]) await touch.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: [{ x: x + dx, y }] });
            await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
        });
    }
    await page.waitForFunction(() => { // all three moves are in the address
        const { person, bars: [bar] } = JSON.parse(new URLSearchParams(location.hash.slice(1)).get("s"));
        return person.menopause > 50 && bar.from > 60 && bar.to - bar.from > 5;
    });
    const box = await page.locator("#bone .u-over").first().boundingBox(), y = box.y + 20; // a finger along a chart looks at ages
    await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [{ x: box.x + 20, y }] });
    await page.waitForFunction(() => /at 4\d/.test(document.querySelector("#bone h3").textContent));
    await touch.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: [{ x: box.x + box.width - 5, y }] });
    await page.waitForFunction(() => /at [89]\d/.test(document.querySelector("#bone h3").textContent));
    await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
    await page.close();
}

// The same file from a server: nothing but the file is asked for.
async function from_server() {
    const asked = [];
    const server = createServer((request, response) => {
        asked.push(request.url);
        response.setHeader("Content-Type", "text/html");
        response.end(readFileSync(`${work}/osteon.html`));
    }).listen(0, "127.0.0.1");
    await new Promise((ready) => server.on("listening", ready));
    const page = await browser.newPage();
    page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    await page.waitForFunction(() => /^At /.test(document.getElementById("sentence").textContent), null, { timeout: 60000 });
    assert.deepEqual(asked, ["/"]);
    await page.close();
    server.close();
}

async function by_keyboard(page) {
    const press = (selector, key) => changes(page, async () => {
        await page.focus(selector);
        await page.keyboard.press(key);
    });
    await press(".handle", "ArrowRight");
    await press(".handle", "PageUp");
    assert.equal((await settings_of(page)).person.menopause, 55.25);
    assert.equal(await page.evaluate(() => document.activeElement.dataset.key), "menopause", "the focus stays");
    await press('[data-key="bar0"]', "ArrowRight");
    await press('[data-key="bar0from"]', "PageDown");
    assert.deepEqual(await settings_of(page).then(({ bars: [{ from, to }] }) => [from, to]), [55.25, 65.25]);
    await page.focus('[data-key="bar0"]');
    await page.keyboard.press("Enter");
    await page.waitForSelector("#card:not([hidden])");
    await changes(page, () => page.fill('#card [name="to"]', "58"));
    await page.keyboard.press("Escape");
    assert.deepEqual(await page.evaluate(() => [document.getElementById("card").hidden, document.activeElement.dataset.key]), [true, "bar0"], "Escape closes a card");
    await press('[data-key="bar0"]', "Delete");
    await page.waitForFunction(() => /bone at the spine than at 45/.test(document.getElementById("sentence").textContent));
    assert.equal(await page.evaluate(() => document.activeElement.id), "add", "the focus stays near a bar that is deleted");
    for (const [key, age] of [["Home", 45], ["PageUp", 55], ["ArrowRight", 55.25], ["ArrowLeft", 55], ["End", 90], ["PageDown", 80]]) {
        await page.focus("#bone canvas");
        await page.keyboard.press(key);
        const said = await page.getAttribute("#bone canvas", "aria-valuetext");
        assert(said.startsWith(`at ${age.toFixed(1).replace(".0", "")}:`), `${key}: ${said}`);
        assert((await page.textContent("#why h3")).includes(said.split(":")[0]), "all charts follow");
    }
    await changes(page, () => page.locator("#fields [name=impact]").last().evaluate((one) => {
        one.value = 7;
        one.dispatchEvent(new Event("input"));
    }));
    assert.match(await page.textContent("#legend"), /B: jumping or running/);
    await press("#reset", "Enter");
}

async function in_panel(page, name, walk) {
    await changes(page, async () => {
        await page.focus(`#${name} > summary`);
        await page.keyboard.press("Enter");
    });
    await walk(page.locator(`#${name}`));
    await accessible(page, name);
    await page.screenshot({ path: `${work}/${name}.png`, fullPage: true });
    await changes(page, () => page.click(`#${name} > summary`));
}
async function loop_of_bone(page) {
    const width = (key) => page.evaluate((name) => Number([...document.querySelectorAll(".arrow")].find((one) => one.getAttribute("aria-label").startsWith(name)).querySelector(".line").getAttribute("stroke-width")), key);
    await in_panel(page, "loop", async (panel) => {
        const arrow = panel.locator('.arrow[aria-label^="RANKL"]'), before = await width("RANKL");
        await arrow.focus();
        await page.keyboard.press("Enter");
        assert.match(await panel.locator("pre").first().textContent(), /param K_R = .*\n.*RANK"\n.*@ "/, "equations with their sources");
        await arrow.click({ force: true });
        assert.equal(await panel.locator("pre").count(), 0);
        await panel.locator(".arrow[aria-label^=Anastrozole]").click({ force: true });
        assert.match(await panel.textContent(), /drives aromatase_inhibition/);
        await panel.locator("input[type=range]").fill("50");
        assert(await width("RANKL") < before, "arrows follow the age");
        assert.match(await page.textContent("#bone h3"), /at 50:/, "charts follow the age");
        await changes(page, () => panel.locator("select").selectOption("a"));
        await page.waitForFunction(() => document.querySelectorAll(".arrow").length === 8);
        await panel.locator("button").click();
        await page.waitForFunction(() => Number(document.querySelector("#loop input").value) > 62, null, { timeout: 60000 });
        await panel.locator("button").click();
    });
    await page.emulateMedia({ reducedMotion: "reduce" });
    await in_panel(page, "loop", async (panel) => {
        await panel.locator("input").fill("50");
        await panel.locator("button").click();
        await page.waitForFunction(() => Number(document.querySelector("#loop input").value) >= 62, null, { timeout: 60000 });
        assert.equal(Number(await panel.locator("input").inputValue()) % 1, 0, "a year at a time");
        await panel.locator("button").click();
    });
    await page.emulateMedia({ reducedMotion: null });
    await page.click("#reset");
}
async function class_of_women(page) {
    await in_panel(page, "class", async (panel) => {
        const said = panel.locator("p").first();
        const says = (part) => page.waitForFunction((part) => document.querySelector("#class p").textContent.includes(part), part, { timeout: 120000 });
        await says("women like her, at 65");
        await says("Of 200 women");
        const [, a, b] = (await said.textContent()).match(/limit: (\d+) in A, (\d+) in B/);
        assert(Number(b) > Number(a), "more women cross the limit on anastrozole");
        await changes(page, () => panel.locator("input").fill("17"));
        await page.waitForFunction(() => /Woman 17, the same in both/.test(document.getElementById("class").textContent));
        await changes(page, () => panel.locator("canvas").first().click({ position: { x: 100, y: 120 } }));
        assert.notEqual((await settings_of(page)).one, 17, "a click highlights the nearest woman");
    });
}

async function trials_and_misfits(page) {
    await in_panel(page, "trials", async (panel) => {
        for (const [name, n] of [["ATAC", 16], ["SABRE", 8], ["ABCSG-18", 2]]) {
            const option = panel.locator("option", { hasText: name });
            if (name !== "ATAC") await changes(page, async () => panel.locator("select").selectOption(await option.getAttribute("value")));
            await page.waitForFunction((n) => document.querySelector("#trials p").textContent.startsWith(`Of ${n} observations`), n, { timeout: 120000 });
            assert.equal(await panel.locator("tbody tr").count(), n);
            assert.equal(await panel.locator("svg circle").count(), n, "a point for each observation");
            const rows = (await panel.locator("tbody tr").allInnerTexts()).map((row) => row.replaceAll("\u2212", "-").split("\t"));
            for (const [, , , seen, , said, off] of rows) assert(Math.abs(Number(said) - Number(seen) - Number(off)) < 0.01, "a misfit is the difference of what is printed");
            const spines = rows.filter(([arm, site, months]) => arm.startsWith("Anastrozole 1 mg") && site === "Spine" && !months.includes("to"));
            for (const [, , , seen, , said] of spines) assert(name === "ATAC" ? Number(seen) < Number(said) : Number(seen) > Number(said), `${name}: lessons say otherwise`);
        }
    });
    await page.click("#reset");
}

async function equations(page) {
    const says = (part) => page.waitForFunction((part) => document.querySelector("#bench [role=status]").textContent.includes(part), part, { timeout: 30000 });
    const sentence = (is) => page.waitForFunction(is, await_sentence, { timeout: 30000 });
    const await_sentence = await page.textContent("#sentence");
    await in_panel(page, "bench", async (panel) => {
        await panel.locator("input").fill("60"); // K_E
        await says("of the changed model");
        await changes(page, () => page.click("#class > summary")); // the class is of the changed model too
        await page.waitForFunction(() => /Of 200/.test(document.querySelector("#class p").textContent), null, { timeout: 120000 });
        const changed = await page.textContent("#class p");
        await changes(page, () => page.click("#class > summary"));
        await sentence((before) => document.getElementById("sentence").textContent !== before);
        const text = panel.locator("textarea"), right = await text.inputValue();
        assert.match(right, /param K_E = 60 \[/);
        await text.fill(right.replace("let h = (estradiol/K_E)^n_E", "let h = (estradiol + n_E)^n_E"));
        await says("./aibl.model:27:");
        await panel.locator("button", { hasText: "Show the place" }).click();
        assert.match(await text.evaluate((one) => one.value.slice(0, one.selectionStart).split("\n").pop()), /^let h = /);
        await text.fill(right.replace("^n_E", "^(2*n_E)"));
        await says("of the changed model");
        await panel.locator("button", { hasText: "As it was" }).click();
        await says("as it was fitted");
        await changes(page, () => page.click("#class > summary"));
        await page.waitForFunction(() => /Of 200/.test(document.querySelector("#class p").textContent), null, { timeout: 120000 });
        assert.notEqual(await page.textContent("#class p"), changed);
        await changes(page, () => page.click("#class > summary"));
        await sentence((before) => document.getElementById("sentence").textContent === before);
        const [download] = await Promise.all([page.waitForEvent("download"), panel.locator("button", { hasText: "Model file" }).click()]);
        assert.match(readFileSync(await download.path(), "utf8"), /^model aibl /m);
    });
}

async function links_and_files(page) {
    await page.evaluate(() => (document.getElementById("more").open = true));
    const texts = {};
    for (const [name, label] of [["yaml", "YAML"], ["csv", "CSV"], ["png", "PNG"], ["svg", "SVG"]]) {
        const [download] = await Promise.all([page.waitForEvent("download"), page.click(`#keep button:has-text("${label}")`)]);
        texts[name] = readFileSync(await download.path());
    }
    assert.match(texts.yaml.toString(), /drug: anastrozole, dose: 1 mg, interval: 1 day/);
    assert.equal(texts.csv.toString().trim().split("\n").length, 1 + 2 * 541);
    assert.equal(texts.png.subarray(1, 4).toString(), "PNG");
    writeFileSync(`${work}/download.png`, texts.png);
    const lines = await page.evaluate((text) => { // the drawing is whole, and its lines have a point for each month
        const drawing = new DOMParser().parseFromString(text, "image/svg+xml");
        return drawing.querySelector("parsererror") ? null : [...drawing.querySelectorAll("polyline")].map((one) => one.getAttribute("points").split(" ").length);
    }, texts.svg.toString());
    assert.deepEqual(lines, [541, 541, 541, 541]);
    const wrong = await open("#v=9&s={}");
    assert.match(await wrong.textContent("#problem"), /version 9/);
    await wrong.close();
}

async function looks() {
    for (const width of [360, 768, 1440]) {
        for (const colorScheme of ["light", "dark"]) {
            const page = await open("", { viewport: { width, height: 900 }, colorScheme });
            await page.screenshot({ path: `${work}/${width}-${colorScheme}.png`, fullPage: true });
            assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, `${width}: wider than the window`);
            if (width !== 768) await accessible(page, `${width} ${colorScheme}`);
            await page.click("#add");
            for (const one of ["#more", "#numbers"]) await page.evaluate((id) => (document.querySelector(id).open = true), one);
            await page.selectOption("#fields select", "t_score");
            await page.locator("#fields input[type=checkbox]").first().check();
            await page.waitForTimeout(1500);
            await page.screenshot({ path: `${work}/${width}-${colorScheme}-all.png`, fullPage: true });
            assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, `${width}: all open, wider than the window`);
            if (width !== 768) await accessible(page, `${width} ${colorScheme}, all open`);
            const shared = page.url(), state = await settings_of(page), again = await open(shared.slice(url.length));
            assert.deepEqual(await settings_of(again), state, "a link brings the state back");
            await again.close();
            const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
            for (const panel of ["loop", "class", "trials", "bench"]) await changes(page, () => page.click(`#${panel} > summary`));
            await page.waitForFunction(() => /Of 200/.test(document.querySelector("#class p").textContent) && /Of 16/.test(document.querySelector("#trials p").textContent), null, { timeout: 120000 });
            await page.locator(".arrow").nth(3).dispatchEvent("click");
            await page.waitForTimeout(500);
            await page.screenshot({ path: `${work}/${width}-${colorScheme}-panels.png`, fullPage: true });
            assert(await fits(), `${width}: panels, wider than the window`);
            await accessible(page, `${width} ${colorScheme}, panels`);
            await page.close();
        }
    }
}
const walks = { looks, by_mouse, by_keyboard, by_touch, from_server, loop_of_bone, class_of_women, trials_and_misfits, equations, links_and_files };
const only = process.argv[3] ?? "", page = await open("", { viewport: { width: 1440, height: 900 } });
for (const [name, walk] of Object.entries(walks)) if (name.includes(only)) await walk(page);
await browser.close();
assert.deepEqual(faults, []);
console.log(`the page in Chromium: ${Object.keys(walks).filter((name) => name.includes(only)).join(", ")}; no error, no request`);
