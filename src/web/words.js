// SPDX-License-Identifier: GPL-3.0-or-later
// Every text of the page, in English. A translation replaces this file.
const one = (value) => Math.abs(value).toFixed(1);
export const words = {
    title: "What losing estrogen does to bone",
    lead: "One woman, twice: A and B. Drag her menopause, or a treatment or its ends, and see her bones follow. Choose a treatment to change it.",
    notice: "For teaching and research. Not medical advice.",
    wait: "Starting the simulation…",
    life: "Line of a life",
    age: "Age, years",
    years: (value) => `${Number(value.toFixed(2))} years`,
    menopause: "Menopause",
    before: "ovaries",
    after: "only fat and other tissue make estradiol",
    man: "testes make testosterone, and a little of it becomes estradiol",
    scenario: { a: "A", b: "B" },
    scenario_long: { a: "Scenario A", b: "Scenario B" },
    add: "Add a treatment",
    more: "More",
    reset: "Reset",
    card: "Treatment",
    close: "Close",
    drug: "Drug",
    of_scenario: "Scenario",
    from: "From age",
    to: "To age",
    dose: "Dose",
    every: "Every",
    taken: "Doses taken, %",
    remove: "Delete",
    intervals: {
        "1 day": "day", "7 day": "week", "14 day": "2 weeks", "28 day": "28 days", "1 month": "month", "3 month": "3 months", "6 month": "6 months",
        "1 year": "year",
    },
    drugs: {
        alendronate: "Alendronate", anastrozole: "Anastrozole", denosumab: "Denosumab", estradiol_oral: "Estradiol, tablets",
        estradiol_patch: "Estradiol, patch", exemestane: "Exemestane", goserelin: "Goserelin", ibandronate_iv: "Ibandronate, injection",
        ibandronate_oral: "Ibandronate, tablets", letrozole: "Letrozole", raloxifene: "Raloxifene", risedronate: "Risedronate",
        romosozumab: "Romosozumab", tamoxifen: "Tamoxifen", teriparatide: "Teriparatide", testosterone_gel: "Testosterone gel", testosterone_injection: "Testosterone, injection",
        zoledronic_acid: "Zoledronic acid",
    },
    bar: (drug, scenario, from, to) => `${drug} in scenario ${scenario}, from age ${from} to ${to}`,
    starts: (drug) => `${drug}: age at start`,
    ends: (drug) => `${drug}: age at end`,
    no_treatment: "no treatment",
    bone: "Bone",
    site: { lumbar_spine: "Spine", total_hip: "Hip" },
    percent: (age) => `Bone density, % of that at ${age}`,
    t_score: "T-score",
    scanned: { percent: (age) => `What scans read, not bone itself, % of that at ${age}`, t_score: "T-score that scans read, not of bone itself" },
    reads: "The charts show what scans read of bone: the line is their mean, the shading holds 95 of 100 scans.",
    density: "Bone density: mineral per area of the bone\u2019s picture.",
    t_of: "T-score: by how many standard deviations a density is above or below the mean of young women (of men, young men). Below \u22121: osteopenia (low density); \u22122.5 or lower: osteoporosis.",
    units: "pmol/L: 10\u207b\u00b9\u00b2 mole in a litre of blood. Turnover: how much bone is broken down and built.",
    read_as: { percent: (text) => `${text} %`, t_score: (text) => `a T-score of ${text}` },
    read_by_scans: (arms) => ` All this is of bone itself; scans of the spine read ${arms.map(([arm, text]) => `${text}${arm ? ` in ${arm}` : ""}`).join(" and ")} on average, as drawn.`,
    at: (age) => `at ${age.toFixed(1).replace(".0", "")}:`,
    bands: { normal: "normal", osteopenia: "osteopenia", osteoporosis: "osteoporosis" },
    measure: { percent: "Percent", t_score: "T-score" },
    show_as: "Show bone as",
    scans: "Show what scans would read; 95 % of them are in the shading",
    zoom: "Show only ten years from the first treatment",
    why: "Why",
    chart: {
        estradiol: "Estradiol, pmol/L",
        testosterone: "; testosterone (thin), nmol/L",
        balance: "Osteoclasts (break bone down), osteoblasts (thin: build it) and RANKL/OPG (dotted: calls osteoclasts), each as a multiple of its own level before menopause",
        markers: "In blood: CTX (of bone broken down) and P1NP (thin: of bone built), % of that at 45",
    },
    // Which lines the numbers above a chart are of, and what they are called there.
    read_of: { estradiol: "", testosterone: "testosterone", rankl_opg_ratio: "RANKL/OPG", osteoclasts: "osteoclasts", osteoblasts: "osteoblasts", ctx: "CTX", p1np: "P1NP" },
    of_loop: "The loop: what acts on what",
    loop: {
        picture: "What acts on what in bone. Each arrow is a button.",
        help: "Thick arrows act strongly. A point adds, a bar takes away. Choose an arrow to read its equations.",
        play: "Play ten years",
        stop: "Stop",
        nodes: {
            drug: "Drug", estradiol: "Estradiol", rankl: "RANKL", opg: "OPG", osteoclast: "Osteoclasts", osteoblast: "Osteoblasts", bone: "Bone",
        },
        said: {
            "estradiol rankl": "With less estradiol, cells make more RANKL, the signal that calls osteoclasts.",
            "estradiol opg": "With less estradiol, cells make less OPG, which catches RANKL.",
            "opg rankl": "OPG binds RANKL: what is bound calls no osteoclast.",
            "rankl osteoclast": "Free RANKL turns precursors into osteoclasts, and makes each of them resorb more.",
            "estradiol osteoclast": "With less estradiol, osteoclasts live longer.",
            "osteoclast bone": "Osteoclasts resorb bone.",
            "osteoclast osteoblast": "Where bone was resorbed, osteoblasts arrive weeks later to fill the cavity.",
            "osteoblast bone": "Osteoblasts form bone. With less estradiol each filling is a little too small.",
        },
        drug: (drug, node) => `${drug} acts on: ${node}.`,
        from: (model) => `From the model ${model}, with the source of each number after the @:`,
        level: (estradiol) => `${estradiol.toPrecision(2)} pmol/L`,
        times: (level) => `\u00d7 ${level.toFixed(2)}`,
        percent: (level) => `${(100 * level).toFixed(0)} %`,
    },
    of_class: "A class of 200 women",
    class: {
        wait: "Simulating the first women\u2026",
        chart: (scenario) => `${scenario}: lower T-score of spine and hip, against age`,
        one: "Highlight woman number",
        broke: "broke a bone",
        file: "Experiment file of the class (YAML)",
        sentence(n, age, start, { a, b }) {
            const pair = (name) => `${a[name]} in A, ${b[name]} in B`;
            const most = Math.max(a.broke, b.broke), half = 1.96 * Math.sqrt(most * (1 - most / n));
            return `Of ${n} women like her, at ${age}: osteoporosis (T-score \u22122.5 or lower) ${pair("porous")}; since ${start} they ` +
                `have crossed that limit: ${pair("crossed")}; broken a bone: ${pair("broke")}.${most === 0 ? "" : ` Chance has a part in who breaks a bone: in another ${n} women these numbers may be ` +
                `${Math.max(1, Math.round(half))} more or fewer, so equal numbers do not show that the risk is the same.`}`;
        },
        sentence_of_one(woman, { a, b }) {
            const one_of = ({ t, broke }) => `T-score ${t.toFixed(1).replace("-", "\u2212")}${broke === null ? "" : `, a bone broken at ${broke.toFixed(1)}`}`;
            return `Woman ${woman}, the same in both: ${one_of(a)} in A; ${one_of(b)} in B.`;
        },
    },
    of_bench: "Equation bench: change the model",
    bench: {
        help: "The text of the model of bone. Change a number or an equation: units are checked, and the curves follow while this bench is open.",
        parameter: "Parameter",
        value: "Value",
        back: "As it was",
        file: "Model file",
        text: "Model aibl",
        there: "Show the place",
        same: "This is the model as it was fitted.",
        right: "Nothing is wrong with this text: the curves are those of the changed model. An experiment file needs the model file beside it.",
    },
    of_trials: "Trials, and how far the model is from them",
    trials: {
        choose: "Trial",
        wait: "Simulating women of this trial\u2026",
        against: " against ",
        chart: (site) => `${site}: change, %, against months`,
        help: "Lines: the model. Points: the trial, with 95 % intervals where the source gives them. A change from a later month is drawn from the line.",
        columns: ["Arm", "Site", "Months", "Observed, %", "95 % interval", "Simulated, %", "Simulated \u2212 observed", "In the fit", "Source"],
        caption: (n) => `${n} women as in the trial's file, who are eligible; osteon validate takes more of them and gives intervals of prediction`,
        months: (from, to) => (from > 0 ? `${from} to ${to}` : String(to)),
        no_interval: "not given",
        role: { calibrate: "yes", validate: "no", context: "no" },
        sentence: (n, half, most, { arm, site, to }) => `Of ${n} observations, half are missed by more than ${half.toFixed(1)} points; the largest misfit is ` +
            `${most.toFixed(1)} points (${arm}, ${site === "lumbar_spine" ? "spine" : "hip"}, month ${to}).`,
    },
    person: "The person",
    sex: "Sex",
    sexes: { woman: "Woman", man: "Man" },
    person_fields: { menopause: "Age at menopause", bmi: "Body mass index, kg/m²" },
    habits: (scenario, age, is_treated, sex) => `Habits in ${scenario} from ${Number(age.toFixed(2))} on${is_treated ? ", the first treatment" : sex === "woman" ? ", menopause" : ""}`,
    habit_names: { impact: "jumping or running", resistance: "strength training", calcium: "calcium", vitamin_d: "vitamin D" },
    habit_fields: {
        impact: "Jumping or running, times a week", resistance: "Strength training, times a week",
        calcium: "Calcium tablets, mg a day", vitamin_d: "Vitamin D, µg a day",
    },
    display: "Display",
    keep: "Keep and share",
    link: "Copy a link to this state",
    linked: "The link is in the address line and on the clipboard.",
    linked_only: "The link is in the address line.",
    csv: "Numbers (CSV)",
    png: "Picture (PNG)",
    svg: "Drawing (SVG)",
    file: "Experiment file (YAML)",
    file_help: "osteon run osteon.yaml gives the same curves on the command line.",
    table: "Table of values",
    table_caption: "Values",
    columns: {
        estradiol: "Estradiol, pmol/L", testosterone: "Testosterone, nmol/L", rankl_opg_ratio: "RANKL/OPG", osteoclasts: "Osteoclasts",
        osteoblasts: "Osteoblasts", ctx: "CTX, %", p1np: "P1NP, %",
    },
    licences: "Licences",
    bad_link: (why) => `The link cannot be read (${why}); this is the first state.`,
    limits: "One typical person of the model: others differ. The curves are the model's, which was fitted to trials; its fits " +
        "and misfits are reported with osteon.",
    alone(age, spine, hip) {
        const side = (value) => `${one(value)} % ${value < 0 ? "less" : "more"}`;
        return `At ${age} there is ${side(spine)} bone at the spine than at 45, and ${side(hip)} at the hip.`;
    },
    // The sentence below the bone: numbers are losses in percent of the bone at the first age.
    same: (age) => `At ${age}, A and B have the same bone.`,
    sentence(age, difference, loss) {
        const side = (value) => `${one(value)} % ${value < 0 ? "less" : "more"}`;
        const first = Math.max(Math.abs(difference.lumbar_spine), Math.abs(difference.total_hip)) < 0.05
            ? this.same(age)
            : `At ${age}, B has ${side(difference.lumbar_spine)} bone at the spine and ${side(difference.total_hip)} at the hip than A (in % of A\u2019s).`;
        const change = (value) => `${value < 0 ? "lost" : "gained"} ${one(value)} %`, of_b = loss.a < 0 === loss.b < 0 ? `${one(loss.b)} %` : `has ${change(loss.b)}`;
        return `${first} Since 45, A has ${change(loss.a)} at the spine, B ${of_b}.`;
    },
    steepest: (year, loss) => ` B loses fastest in year ${year} of treatment: ${one(loss)} % at the spine.`,
};
