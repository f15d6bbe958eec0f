// SPDX-License-Identifier: GPL-3.0-or-later
// node lessons.mjs DIR: every run of every lesson as an experiment file, DIR/LESSON-K.yaml. With results of them beside,
// DIR/LESSON-K.json {times, params, arms}, every statement of the lessons is compared with them, and what the page has to say
// is written, DIR/texts.json {LESSON: {seen, reply, checked, right, answer}}.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { ok, equal, deepEqual } from "node:assert";
import { experiment } from "../../src/web/experiment.js";
import { habits, initial, person } from "../../src/web/settings.js";
import { lessons, numbers_of, nearest_answer, reader } from "../../src/web/lessons.js";
import { lesson_words } from "../../src/web/lesson_words.js";

const spine = "bmd[lumbar_spine]", hip = "bmd[total_hip]";
const falls = (values) => values.every((value, i) => i === 0 || Math.abs(value) < Math.abs(values[i - 1]));
// The age at which an output has made half of its change between two ages.
function half_way({ value }, arm, output, from, to) {
    const middle = (value(arm, output, from) + value(arm, output, to)) / 2, up = value(arm, output, to) > middle;
    for (let age = from; ; age += 1 / 24) if (value(arm, output, age) >= middle === up) return age;
}

// What a lesson says in words: a part of its texts, and whether it is true of its numbers n and of its runs.
const statements = {
    menopause: [
        ["fastest in the few years around menopause", (n) => n.around < 2 * n.afterwards],
        ["goes on more slowly after it", (n, shown) => n.afterwards < -1 && shown.change("a", 75, 80) < -0.5],
        ["more is broken down, and more is built", (n) => n.ctx > 20 && n.p1np > 20],
        ["which changes first, estradiol, osteoclasts or bone", (n, shown) => {
            const [e, c, b] = ["estradiol", "osteoclasts", spine].map((name) => half_way(shown, "a", name, 45, 56));
            return e < c && c < b;
        }],
        ["Estradiol first, then osteoclasts, then bone", (n, shown) => half_way(shown, "a", "estradiol", 45, 56) < half_way(shown, "a", "osteoclasts", 45, 56)],
        ["7 times a week, strength training 7 times, calcium (1500 mg a day) or vitamin D (100 \u00b5g)", () => Object.values(habits).map(({ max }) => max).join() === "7,7,1500,100"],
        ["more RANKL", (n, shown) => shown.change("a", 45, 55, "rankl_opg_ratio") > 50],
        ["shows hardly any loss then", (n) => Math.abs(n.before) < 0.3],
        ["How much more bone has she", (n) => n.more > 0.5],
        ["Jumping or running keeps most, then strength training", (n, shown, later, ...by) => falls(by.map((one) => one.ratio("b", "a", spine, 65) - 1))],
        ["those of vitamin D least", (n, shown, later, ...by) => by.length === 4 && by[3].ratio("b", "a", spine, 65) > 1.001],
    ],
    anastrozole: [
        ["still protects bone", (n) => n.b < 1.5 * n.a && n.a < 0],
        ["More turnover is not more bone", (n) => n.p1np > 10 && n.ctx > 10 && n.b < n.a],
        ["B\u2019s is lost faster", (n) => n.b < n.a - 0.3],
        ["by more than one line", ({ estradiol: [a, b] }) => a > 10 * b],
        ["rises against OPG", (n, shown) => shown.ratio("b", "a", "rankl_opg_ratio", 62) > 1.1],
        ["there are more osteoclasts", (n, shown) => shown.ratio("b", "a", "osteoclasts", 62) > 1.1],
        ["Osteoblasts follow them", (n, shown) => shown.ratio("b", "a", "osteoblasts", 62) > 1.1],
        ["Why does it do so little there", (n, shown, before) => Math.abs(before.ratio("b", "a", spine, 48) - 1) < 0.005],
        ["it falls by a few percent only", (n, shown, { ratio }) => ratio("b", "a", "estradiol", 47) > 0.9 && ratio("b", "a", "estradiol", 47) < 0.99],
    ],
    first_year: [
        ["the first year is the steepest", ({ b }) => b[0] < 1.5 * Math.min(...b.slice(1))],
        ["After that loss goes on more slowly", ({ a, b }) => falls(b) && b[4] < a[4]],
        ["Osteoblasts come to fill them months later", (n, shown) => {
            const [c, b] = ["osteoclasts", "osteoblasts"].map((name) => half_way(shown, "b", name, 60, 62));
            return b - c > 1 / 12;
        }],
        ["Osteoclasts become more within weeks", (n, shown) => half_way(shown, "b", "osteoclasts", 60, 62) < 60.25],
        ["From then on both work at the higher pace", (n, shown) => ["osteoclasts", "osteoblasts"].every((cells) => shown.ratio("b", "a", cells, 64) > 1.1)],
        ["worn joints of an older spine are scanned, too", (n, shown) => ["a", "b"].every((arm) => 
            shown.value(arm, `scanned_${spine}`, 61) / shown.value(arm, `scanned_${spine}`, 45) > 1.003 * shown.value(arm, spine, 61) / shown.value(arm, spine, 45))],
        ["two scans cannot prove", ({ b, by_chance }) => -b[0] < by_chance],
        ["about half would have two scans", ({ scanned, by_chance }) => Math.abs(-scanned / by_chance - 1) < 0.1],
        ["What comes back in the year after", (n, shown, stopped) => stopped.change("b", 61, 62) > 0.2],
        ["most of the loss comes back within a year", (n, shown, stopped) => stopped.ratio("b", "a", spine, 62) - 1 > 0.5 * (stopped.ratio("b", "a", spine, 61) - 1)],
        ["back slowly, over decades", (n, shown, { ratio }) => ratio("b", "a", spine, 63) < 0.995 && ratio("b", "a", spine, 70) > 0.996 && ratio("b", "a", spine, 90) > 0.999],
        ["From about 62 on", (n, shown) => ["osteoclasts", "osteoblasts"].every((cells) => Math.abs(shown.change("b", 62, 65, cells)) < 1 && Math.abs(shown.change("b", 60, 61, cells)) > 20)],
        ["Osteoclasts; osteoblasts follow", ({ rise }) => rise.osteoclasts > 2 * rise.osteoblasts],
    ],
    tamoxifen: [
        ["Tamoxifen costs bone before menopause and keeps it after", (n) => n.before < -1 && n.b > n.a + 1],
        ["raises CTX", (n) => n.up > 5],
        ["lowers it", (n) => n.down < -5],
        ["Above in the first, below in the second", (n) => n.up > 5 && n.down < -5],
        ["It rises a little after the first, and falls after the second", (n, shown) => shown.change("b", 48, 49) > 0.2 && shown.change("b", 65, 66) < -0.5],
        ["drives the ovaries harder", (n) => n.estradiol > 1.5],
        ["B loses bone all the same", (n, shown) => shown.change("b", 45, 48) < -1],
        ["in the year after each course", (n, shown) => shown.change("b", 48, 49) > 0.2 && shown.change("b", 65, 66) < -0.5],
        ["With menopause at 48 the first course still costs bone", (n, shown, at_48) => at_48.ratio("b", "a", spine, 48) < 0.98],
        ["with menopause at 46, the earliest here, it keeps some", (n, shown, at_48, at_46) => person.menopause.min === 46 && at_46.ratio("b", "a", spine, 48) > 1.001],
    ],
    stopping: [
        ["Both gain bone", ({ gain }) => Math.min(...gain) > 2],
        ["stays low", (n, shown) => shown.change("b", 65, 70.5, "ctx") < -30 && shown.change("b", 65, 71, "ctx") < -30],
        ["precursors pile up", (n) => n.osteoclasts > 1.2],
        ["break down in a year what was gained in five", (n, shown) => shown.change("a", 65, 71) < 1],
        ["not fewer, but resorb less", (n, shown) => Math.abs(shown.change("b", 65, 68, "osteoclasts")) < 5 && shown.change("b", 65, 68, "ctx") < -30],
        ["lies on the bone itself, for years", (n, shown) => shown.ratio("b", "a", "ctx", 75) < 0.7 && shown.change("b", 65, 75) > 2],
        ["Stopping a drug can do something of its own", (n, shown) => n.ctx > 1.2 && n.loss[0] < 3 * shown.change("a", 75, 76)],
        ["when denosumab ends. How much of what A gained", (n) => n.left[1] > 1 && n.left[0] < 0.5],
        ["The longer it was given, the more is lost", (n, shown, followed, one, ten) => falls([ten.change("a", 75, 76), n.loss[0], one.change("a", 66, 67)])],
        ["about as much as was gained", (n, shown, followed, one, ten) => [one.change("a", 65, 67), shown.change("a", 65, 71), ten.change("a", 65, 76)].every((left) => Math.abs(left) < 1)],
    ],
    men: [
        ["raises testosterone and lowers estradiol", ({ testosterone: t, estradiol: e }) => t[1] > 1.2 * t[0] && e[1] < 0.8 * e[0]],
        ["bone follows estradiol", (n, shown) => n.less < -1 && shown.ratio("b", "a", "ctx", 60) > 1.05],
        ["testosterone is higher in B, and bone is less", ({ testosterone: t, less }) => t[1] > t[0] && less < 0],
        ["the less the better", (n) => n.than_none < -0.5],
        ["Four times the dose is not four times the effect", (n) => n.lower < 50 && n.lower_bone < -0.2],
        ["Find a dose at which his spine stays", (n, shown, none, more, tenth) => tenth.value("b", spine, 65) >= none.value("a", spine, 65)],
        ["no less bone than without any drug, and 0.2 mg", (n, shown, none, more, tenth, fifth) => fifth.value("b", spine, 65) < none.value("a", spine, 65)],
    ],
};
// Runs of what a lesson proposes to try.
const attempts = {
    menopause: ["impact", "resistance", "calcium", "vitamin_d"].map((name) => (shown) => ({ ...shown, habits: { ...shown.habits, b: { ...shown.habits.b, [name]: habits[name].max } } })),
    anastrozole: [(shown) => moved(shown, "anastrozole", { from: 45, to: 48 })],
    first_year: [(shown) => moved(shown, "anastrozole", { to: 61 })],
    tamoxifen: [48, 46].map((menopause) => (shown) => ({ ...shown, person: { ...shown.person, menopause } })),
    stopping: [66, 75].map((to) => (shown) => moved(shown, "denosumab", { to })),
    men: [0.1, 0.2].map((dose) => (shown) => moved(shown, "anastrozole", { dose })),
};
const moved = (settings, drug, values) => ({ ...settings, bars: settings.bars.map((bar) => (bar.drug === drug ? { ...bar, ...values } : bar)) });
const expected = { menopause: 1, anastrozole: [1, 2], first_year: 1, tamoxifen: [2, 2], stopping: 1, men: [2, 0] };

const dir = process.argv[2], texts = {};
let missing = 0;
for (const [name, lesson] of Object.entries(lessons)) {
    const text = lesson_words.lessons[name];
    const runs = [lesson.settings, ...(lesson.others ?? [])].map((make) => make());
    runs.push(...(attempts[name] ?? []).map((make) => make(runs[0])));
    const results = new Map(runs.map((settings, k) => {
        const yaml = experiment(settings, { title: name, a: "A", b: "B" }), file = `${dir}/${name}-${k}`;
        writeFileSync(`${file}.yaml`, yaml);
        if (!existsSync(`${file}.json`)) missing++;
        return [yaml, existsSync(`${file}.json`) ? JSON.parse(readFileSync(`${file}.json`, "utf8")) : null];
    }));
    if (missing > 0) continue;
    const result_of = (settings) => results.get(experiment(settings, { title: name, a: "A", b: "B" }));
    const numbers = numbers_of(name, result_of), readers = runs.map((settings) => reader(result_of(settings)));
    const said = {
        seen: text.seen(numbers), looked: text.looked(numbers), reply: text.reply(numbers), checked: text.checked(numbers),
        right: lesson.draw ? null : text.guesses[lesson.right(numbers)], answer: text.answer(text.answers[nearest_answer(name, numbers, text.answers)]),
    };
    texts[name] = said;
    const all = JSON.stringify([text, said]);
    for (const [part, is_true] of statements[name]) {
        ok(all.includes(part), `${name}: no text says "${part}"`);
        ok(is_true(numbers, ...readers), `${name}: "${part}" is not true: ${JSON.stringify(numbers)}`);
    }
    // One of the answers agrees with the number that the page finds, within a fifth of it; the others are far from it.
    const value = lesson.answer(numbers), off = text.answers.map((one) => Math.abs(one / value - 1));
    const agreeing = off.filter((one) => one < 0.2).length, near = off.filter((one) => one < 0.4).length;
    ok(agreeing === 1 && near === 1, `${name}: of the answers ${text.answers} not just one agrees with ${value}`);
    equal(text.look.length, text.looked(numbers).length, `${name}: a task without an answer`);
    const found = nearest_answer(name, numbers, text.answers);
    deepEqual(lesson.draw ? found : [lesson.right(numbers), found], expected[name], `${name}: another answer is right`);
    for (const written of Object.values(said)) ok(!/NaN|undefined|Infinity/.test(written), `${name}: ${written}`);
}
deepEqual(Object.keys(lesson_words.lessons), Object.keys(lessons));
deepEqual(Object.keys(statements), Object.keys(lessons));
equal(initial().bars.length, 1);
if (missing === 0) writeFileSync(`${dir}/texts.json`, JSON.stringify(texts));
