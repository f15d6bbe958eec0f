// SPDX-License-Identifier: GPL-3.0-or-later
// What the page draws, of the arrays of a run.
import { scenarios } from "./settings.js";
import { sites, age_at_start } from "./experiment.js";

export const year = 365.25; // d
const readings = 1.96; // standard deviations that 95 % of scans are within

// {ages, start, bone {site: {a, b, error}}, why {name: {a, b}}} with bone as settings.show says; error: half of the width
// within which 95 % of scans read, null for the density itself.
export function curves(result, settings) {
    const { measure, scans } = settings.show, start = age_at_start(settings);
    const variable = scans ? "scanned_bmd" : "bmd", params = result.params;
    const bone = {};
    for (const site of sites) {
        const of = (arm) => result.arms[arm][`${variable}[${site}]`];
        const young = settings.sex === "man" ? "young_men" : "young";
        const scale = measure === "percent" ? of("a")[0] / 100 : params[`dxa.${young}_sd[${site}]`];
        const zero = measure === "percent" ? 0 : params[`dxa.${young}[${site}]`];
        const cv = Math.hypot(params[`dxa.scan_cv[${site}]`], params["dxa.visit_cv"]) / 100;
        bone[site] = Object.fromEntries(scenarios.map((arm) => [arm, of(arm).map((y) => (y - zero) / scale)]));
        bone[site].error = scans ? Object.fromEntries(scenarios.map((arm) => [arm, of(arm).map((y) => readings * cv * y / scale)])) : null;
    }
    const percent = (values) => values.map((y) => (100 * y) / values[0]);
    const both = (name, change = (values) => values) =>
        Object.fromEntries(scenarios.map((arm) => [arm, change(result.arms[arm][name])]));
    return {
        ages: result.times.map((t) => start + t / year), start, bone,
        why: {
            estradiol: both("estradiol"), ...(settings.sex === "man" ? { testosterone: both("testosterone") } : {}),
            rankl_opg_ratio: both("rankl_opg_ratio"), osteoclasts: both("osteoclasts"),
            osteoblasts: both("osteoblasts"), ctx: both("ctx", percent), p1np: both("p1np", percent),
        },
    };
}

// The same without the bone of some scenarios after an age.
export function veiled(drawn, veil) {
    if (!veil) return drawn;
    const hide = (of) => of && { ...of, ...Object.fromEntries(veil.arms.map((arm) => [arm, of[arm].map((y, i) => (drawn.ages[i] > veil.age + 1e-6 ? null : y))])) };
    return { ...drawn, bone: Object.fromEntries(sites.map((site) => [site, { ...hide(drawn.bone[site]), error: hide(drawn.bone[site].error) }])) };
}

export function index_at(ages, age) {
    const step = (ages[ages.length - 1] - ages[0]) / (ages.length - 1);
    return Math.min(ages.length - 1, Math.max(0, Math.round((age - ages[0]) / step)));
}

// Percent of bone: B against A at an age, the change of each since the first age at the spine, and of A at the hip.
export function compared(result, i) {
    const of = (arm, site) => result.arms[arm][`bmd[${site}]`];
    const difference = Object.fromEntries(sites.map((site) => [site, 100 * (of("b", site)[i] / of("a", site)[i] - 1)]));
    const loss = Object.fromEntries(scenarios.map((arm) => [arm, 100 * (of(arm, sites[0])[i] / of(arm, sites[0])[0] - 1)]));
    return { difference, loss, hip: 100 * (of("a", sites[1])[i] / of("a", sites[1])[0] - 1) };
}

export function csv(result, settings) {
    const names = Object.keys(result.units), start = age_at_start(settings);
    const rows = [["scenario", "age [y]", ...names.map((name) => `${name} [${result.units[name]}]`)]];
    for (const arm of scenarios)
        result.times.forEach((t, i) => rows.push([arm.toUpperCase(), start + t / year, ...names.map((name) => result.arms[arm][name][i])]));
    return rows.map((row) => row.join(",")).join("\n") + "\n";
}
