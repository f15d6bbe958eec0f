// SPDX-License-Identifier: GPL-3.0-or-later
// node controls.mjs WORK [mouse|touch|keyboard]: every control of the page, but for lessons and the line of a life (browser.mjs),
// by each of three ways: the state in the address follows, or what the control promises is there.
import { readFileSync } from "node:fs";
import assert from "node:assert";
import { accessible, browser, changes, faults, open } from "./chromium.mjs";

async function every_control(how) {
    const small = how === "touch";
    const page = await open("", { viewport: { width: small ? 360 : 1440, height: 900 }, hasTouch: small, isMobile: small });
    const press = async (one, key) => {
        await one.focus();
        await page.keyboard.press(key);
    };
    const act = { mouse: (one) => one.click(), touch: (one) => one.tap(), keyboard: (one) => press(one, "Enter") }[how];
    const said = (selector, part) => page.waitForFunction(([selector, part]) => document.querySelector(selector).textContent.includes(part), [selector, part], { timeout: 120000 });

    // Another value of a field: by arrow keys, or as it is chosen or typed after a click or a tap.
    async function set(one) {
        const { kind, index, n, value, step, max } = await one.evaluate((one) => ({ kind: one.type ?? one.tagName, index: one.selectedIndex, n: one.length, value: one.value, step: one.step, max: one.max }));
        if (kind === "select-one" && how === "keyboard") return press(one, index === n - 1 ? "ArrowUp" : "ArrowDown");
        if (kind === "select-one") return one.selectOption({ index: index === n - 1 ? 0 : index + 1 });
        if (kind === "checkbox") return how === "keyboard" ? press(one, " ") : act(one);
        const by = step === "any" ? 0.1 * value : Number(step), is_up = Number(value) + by <= Number(max);
        if (how === "keyboard" && step !== "any") return press(one, is_up ? "ArrowUp" : "ArrowDown");
        if (how !== "keyboard") await act(one);
        return one.fill(String(Number((Number(value) + (is_up ? by : -by)).toPrecision(6))));
    }
    const every = async (selector) => {
        const n = await page.locator(selector).count();
        assert(n > 0, selector);
        for (let k = 0; k < n; k++) await changes(page, () => set(page.locator(selector).nth(k)));
        return n;
    };

    await changes(page, () => act(page.locator("#add")));
    for (const name of ["drug", "scenario", "from", "to", "dose", "every", "taken"]) await changes(page, () => set(page.locator(`#card [name=${name}]`)));
    await act(page.locator("#card button", { hasText: "Close" }));
    assert.equal(await page.isVisible("#card"), false);
    await act(page.locator('[data-key="bar0"]'));
    await changes(page, () => act(page.locator("#card button", { hasText: "Delete" })));
    await act(page.locator("#more > summary"));
    const n = (await every("#fields input")) + (await every("#fields select")); // the sex last: a man has fewer fields and panels
    await changes(page, () => act(page.locator("#reset")));
    await act(page.locator("#numbers > summary"));
    await page.waitForFunction(() => document.querySelectorAll("#table td").length > 50); // the table of values
    await act(page.locator("#licences > summary"));
    await said("#licences pre", "GNU GENERAL PUBLIC LICENSE");

    await changes(page, () => act(page.locator("#loop > summary")));
    await act(page.locator(".arrow").first());
    await said(".equations", "param K_E");
    const age = page.locator("#loop input");
    if (how === "keyboard") await press(age, "ArrowRight");
    else await age[how === "touch" ? "tap" : "click"]({ position: { x: 60, y: 8 } });
    await page.waitForFunction(() => !/at 65:/.test(document.querySelector("#bone h3").textContent));
    await changes(page, () => set(page.locator("#loop select")));
    await act(page.locator("#loop button"));
    await said("#loop button", "Stop");
    await act(page.locator("#loop button"));
    await changes(page, () => act(page.locator("#loop > summary")));

    await changes(page, () => act(page.locator("#class > summary")));
    await said("#class p", "Of 200 women");
    await changes(page, () => set(page.locator("#class input")));
    if (how !== "keyboard") await changes(page, () => page.locator("#class canvas").first()[how === "touch" ? "tap" : "click"]({ position: { x: 120, y: 90 } }));
    const [of_class] = await Promise.all([page.waitForEvent("download"), act(page.locator("#class button"))]);
    assert.match(readFileSync(await of_class.path(), "utf8"), /subjects: 200\n/);
    await changes(page, () => act(page.locator("#class > summary")));

    await changes(page, () => act(page.locator("#trials > summary")));
    await said("#trials p", "Of 16 observations");
    await changes(page, () => set(page.locator("#trials select")));
    await said("#trials p", "Of 8 observations");
    await changes(page, () => act(page.locator("#trials > summary")));

    await changes(page, () => act(page.locator("#bench > summary")));
    await set(page.locator("#bench select"));
    const value = page.locator("#bench input");
    if (how !== "keyboard") await act(value);
    await value.fill("2");
    await said("#bench [role=status]", "of the changed model");
    await value.fill("-7");
    await said("#bench [role=status]", "outside its range");
    await act(page.locator("#bench button", { hasText: "Show the place" }));
    await act(page.locator("#bench button", { hasText: "As it was" }));
    await said("#bench [role=status]", "as it was fitted");
    const saves = [["#bench button", "Model file", /^model aibl/m], ["#keep button", "YAML", /^arms:/m], ["#keep button", "CSV", /^scenario,/], ["#keep button", "PNG", /PNG/], ["#keep button", "SVG", /^<svg /]];
    for (const [where, label, content] of saves) {
        const [download] = await Promise.all([page.waitForEvent("download"), act(page.locator(where, { hasText: label }))]);
        assert.match(readFileSync(await download.path(), "latin1"), content);
    }
    await act(page.locator("#keep button", { hasText: "link" }));
    await said("#keep [role=status]", "The link is in the address line");
    await accessible(page, `${how}, at the end`);
    await page.close();
    return n;
}

for (const how of process.argv[3] ? [process.argv[3]] : ["mouse", "touch", "keyboard"]) console.log(`every control by ${how}: ${await every_control(how)} fields, and all that is opened`);
await browser.close();
assert.deepEqual(faults, []);
