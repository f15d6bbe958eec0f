// SPDX-License-Identifier: GPL-3.0-or-later
// The texts of the lessons and their sheets, in English. A translation replaces this file and words.js. Numbers come from
// runs of the page (lessons.js).
const tenths = (value) => Math.abs(value).toFixed(1);
const whole = (value) => Math.abs(value).toFixed(0);
const either_side = (value) => `${tenths(value)} % ${value < 0 ? "less" : "more"}`;
const listed = (values) => `${values.slice(0, -1).map(tenths).join(", ")} and ${tenths(values[values.length - 1])}`;
const of_anastrozole = "In one trial of anastrozole (ATAC) women lost more bone than the model says of them, in another (SABRE) less: see Trials, below the charts.";

export const lesson_words = {
    index: "Lessons",
    heading: (n, of, title) => `Lesson ${n} of ${of}: ${title}`,
    hidden: "The rest of the curve is hidden until you have guessed.",
    how_to_draw: "Draw with the mouse or a finger on the chart of the spine, or move each point with the arrow keys.",
    draw_first: "Nothing is drawn yet. Draw a level line if you think that nothing changes.",
    point: (age) => `Your guess at ${age}`,
    percent: (value) => `${value} %`,
    guessed: "That is my guess",
    drawn: (gap, age, above) => `The dotted line is your guess. It is ${tenths(gap)} points from the curve on average` +
        `${Math.abs(above) < 0.5 ? "" : `, and most at ${age}: ${tenths(above)} points too ${above > 0 ? "high" : "low"}`}.`,
    right: "Yes.",
    wrong: "Not quite.",
    marked: { right: " \u2713 right", wrong: " \u2717 your choice" },
    look: "Look:",
    why: "Why?",
    says: (myth) => `Some people say: \u201c${myth}\u201d`,
    question: "Question:",
    attempt: "Then try:",
    changed: "You have changed what is simulated; the numbers in this lesson are of what it began with.",
    restore: "Back to what it began with",
    end: "End the lesson",
    next: "Next lesson",
    again: "Start again",
    sheet: "Worksheet",
    sheet_of: (title) => `Worksheet of the lesson ${title}`,
    large: "Large type",
    print: "Print",
    back: "Back",
    omits: "What this leaves out",
    omits_lead: "From the description of osteon, the program of which this page is a part. BMD is bone density.",
    sheets: {
        teacher: "For the teacher",
        with: "With answers",
        without: "Without answers",
        of_look: "What is to be seen (2):",
        aims: "Aims:",
        time: "15 minutes: guess 3, look 4, explain 4, question 4. Pupils work alone or in pairs, each with this page.",
        links: "Open at",
        states: { "": "the guess", "/-": "the curves", "/-/why": "the explanation and the question" },
        name: "Name",
        guess: "1. Guess",
        look: "2. Look",
        why: "3. Why? In your own words:",
        question: "4. Question",
        true_or_not: "True or not? Say why.",
        answers: "Answers, with the numbers of this page:",
        right: "Right guess:",
        right_answer: "Right answer:",
        caveat: "Where the model misses:",
    },
    lessons: {
        menopause: {
            title: "Menopause",
            aims: ["Bone is alive: it is broken down and built all the time.", "Estrogen restrains the cells that break bone down.",
                "Loss is fastest in the few years around menopause, and goes on more slowly after it."],
            ask: "Around 50 a woman\u2019s ovaries stop making estradiol, the strongest estrogen. What happens to the bone of her spine? " +
                "100 % is what she has at 45. Draw her spine up to 65.",
            seen: ({ around, afterwards, estradiol: [from, to] }) => `From 49 to 54 she loses ${tenths(around)} % of her spine, from 60 to ` +
                `65 another ${tenths(afterwards)} %. Her estradiol falls from ${whole(from)} pmol/L at 45 to ${whole(to)} at 55.`,
            look: ["Move along the curves: which changes first, estradiol, osteoclasts or bone?",
                "CTX in blood comes from bone that is broken down, P1NP from bone that is built. What do they do at menopause?"],
            looked: ({ ctx, p1np }) => ["Estradiol first, then osteoclasts, then bone.",
                `Both rise, CTX by ${whole(ctx)} % and P1NP by ${whole(p1np)} % from 45 to 55.`],
            why: "Osteoclasts break bone down and leave cavities; osteoblasts fill them. Estrogen restrains osteoclasts: with less of it " +
                "cells make more RANKL, a signal that calls osteoclasts, and less OPG, which catches RANKL. So more cavities are open at a " +
                "time, thin struts of bone are cut through, and each filling is a little too small.",
            myth: "Bone is dead, like stone.",
            reply: ({ renewed, ctx, p1np }) => `Even before menopause about ${whole(renewed)} % of the spine is renewed every year in this model. At 55 ` +
                `CTX is ${whole(ctx)} % and P1NP ${whole(p1np)} % higher than at 45: more is broken down, and more is built.`,
            question: "Note her spine at 65, the number above its chart. Then drag Menopause to 55 and read it again. How much more " +
                "bone has she than with menopause at 50?",
            answers: [0.5, 3, 10],
            answer: (n) => `About ${n} % more`,
            checked: ({ more }) => `With menopause at 55 she has ${tenths(more)} % more spine at 65.`,
            attempt: "Drag Menopause back to 50 and open More. Which habit in B keeps most bone at 65: jumping or running 7 times a week, strength " +
                "training 7 times, calcium (1500 mg a day) or vitamin D (100 \u00b5g)? Habits begin with menopause here.",
            tried: "Jumping or running keeps most, then strength training. Tablets of calcium keep less, those of vitamin D least.",
            caveat: "Women of one study (Michigan) lost bone already two years before their last period; the model shows hardly any loss then.",
        },
        anastrozole: {
            title: "Anastrozole",
            aims: ["After menopause a little estradiol is left, and it still protects bone.", "An aromatase inhibitor takes it away.",
                "More turnover is not more bone."],
            ask: "After menopause fat and other tissue still make a little estradiol, with aromatase, the enzyme with which " +
                "the ovaries made it. Anastrozole, a drug against breast cancer, blocks that enzyme. B takes it from 60 to 65, A does not. What happens to B\u2019s spine?",
            guesses: ["Nothing changes: there is hardly any estrogen left to lose.", "It is lost faster than A\u2019s.", "It is lost more slowly than A\u2019s."],
            seen: ({ a, b }) => `In the five years B loses ${tenths(b)} % of her spine, A ${tenths(a)} %: B\u2019s is lost ` +
                `${Math.abs(b - a) < 0.3 ? "as fast" : b < a ? "faster" : "more slowly"}.`,
            look: ["Estradiol is drawn on a scale where each line is ten times the one below. How far does B fall?",
                "CTX shows how much bone is broken down, P1NP how much is built. Compare B with A at 62."],
            looked: ({ estradiol: [a, b], ctx, p1np }) => [`To ${tenths(b)} pmol/L from ${tenths(a)}, by more than one line.`,
                `Both are higher in B, CTX by ${whole(ctx)} % and P1NP by ${whole(p1np)} %.`],
            why: "The little estradiol still restrained her osteoclasts. Without it RANKL, the signal that calls them, rises against OPG, " +
                "which catches it, and there are more osteoclasts. Osteoblasts follow them, so more bone is built, too. But each filling gives back a little less than was taken: the more " +
                "cavities, the more is lost.",
            myth: "More turnover is more bone: more is built, after all.",
            reply: ({ ctx, p1np }) => `Turnover is how much is broken down and built. At 62 B builds more than A: her P1NP is ${whole(p1np)} % higher. But her CTX is ${whole(ctx)} % higher, and ` +
                "she loses bone.",
            question: "Read estradiol in B and in A while B takes the drug. How much is left in B?",
            answers: [2, 10, 30],
            answer: (n) => `About 1 part in ${n}`,
            checked: ({ estradiol: [a, b] }) => `A has ${tenths(a)} pmol/L and B ${tenths(b)}: 1 part in ${whole(a / b)}.`,
            attempt: "Drag the drug to the years before menopause. Why does it do so little there?",
            tried: "Before menopause the ovaries make nearly all estradiol, with the same enzyme. As it falls, the brain sends more FSH and LH, " +
                "which drive the ovaries to make up for it: it falls by a few percent only.",
            caveat: of_anastrozole,
        },
        first_year: {
            title: "Why the first year?",
            aims: ["Building follows breaking down by months, and what is open in between is lost once.", "After that loss goes on more slowly.",
                "A scan has an error: a small change may be chance."],
            ask: "B takes anastrozole from 60 to 65, as in lesson 2. Does she lose as much in each of the five years? Draw her spine; A, " +
                "without the drug, is shown.",
            seen: ({ a, b }) => `In the five years B loses ${listed(b)} % of her spine: the first year is the steepest. A loses ${tenths(a[0])} % in ` +
                `the first and ${tenths(a[4])} % in the last.`,
            look: ["Which rises first in B, osteoclasts or osteoblasts (thin)?", "When do both run level? What does the spine do from then on?"],
            looked: ({ b }) => ["Osteoclasts; osteoblasts follow months later.",
                `From about 62 on. The spine falls on, but more slowly: by ${tenths(b[4])} % in the last year.`],
            why: "Osteoclasts become more within weeks and open more cavities. Osteoblasts come to fill them months later. What is open in " +
                "between is missing from the bone: it is lost once, at the start. From then on both work at the higher pace, and only what " +
                "each filling lacks is lost.",
            myth: "If a scan reads 2 % less, 2 % of the bone is gone.",
            reply: ({ error }) => `A scan of the spine is off by about ${tenths(error)} % (standard deviation), up or down. The shading holds ` +
                "95 of 100 readings, the line in it their mean: it lies higher than before, as worn joints of an older spine are scanned, too.",
            question: "A spine does not change, and is scanned twice. By how much may the two scans still differ, in 95 of 100 such pairs?",
            answers: [0.5, 6, 15],
            answer: (n) => `By up to ${n} %`,
            checked: ({ by_chance, b, total, scanned }) => `By up to ${tenths(by_chance)} %. So two scans cannot prove the ${tenths(b[0])} % that B loses in the ` +
                `first year. In five years she loses ${tenths(total)} %, of which scans read ${tenths(scanned)} % on average: of women like her about half ` +
                "would have two scans that differ by more than chance.",
            attempt: "End the drug at 61: drag the right end of its bar. What comes back in the year after, and why?",
            tried: "The cavities that were open are filled again, so most of the loss comes back within a year. What the fillings lacked comes " +
                "back slowly, over decades.",
            caveat: of_anastrozole,
        },
        tamoxifen: {
            title: "Tamoxifen before and after menopause",
            aims: ["A weak hormone can take the place of a strong one at the receptor.", "Tamoxifen costs bone before menopause and keeps it after.",
                "What a drug does depends on the body it meets."],
            ask: "Tamoxifen, a drug against breast cancer, binds to the estrogen receptor. In bone it acts there like a weak estrogen. B " +
                "takes it for three years before menopause, here at 54, and for three years after it. What does it do to her spine, against A?",
            guesses: ["It costs bone both times.", "It keeps bone both times.", "It costs bone before menopause and keeps it after.",
                "It keeps bone before menopause and costs it after."],
            seen: ({ before, a, b }) => `At 48, after the first course, B has ${either_side(before)} spine than A. In the second, from 62 to 65, ` +
                `B ${b > 0 ? "gains" : "loses"} ${tenths(b)} % while A ${a > 0 ? "gains" : "loses"} ${tenths(a)} %.`,
            look: ["CTX of B in the first and in the second course: above or below A?", "What does B\u2019s spine do in the year after each course?"],
            looked: () => ["Above in the first, below in the second.", "It rises a little after the first, and falls after the second."],
            why: "Before menopause there is much estradiol. Tamoxifen takes its place at the receptor and acts more weakly, so bone gets less " +
                "of the signal than before. After menopause most receptors are empty, and a weak signal is more than almost none.",
            myth: "A drug does the same in everybody.",
            reply: ({ up, down }) => `In the same woman the same tablet raises CTX by ${whole(up)} % in the first course, and lowers it by ` +
                `${whole(down)} % in the second.`,
            question: "Read estradiol at 47. How many times as much as A has B?",
            answers: [0.3, 1, 3],
            answer: (n) => (n === 1 ? "The same" : `About ${n} times as much`),
            checked: ({ estradiol }) => `${tenths(estradiol)} times: the brain\u2019s receptors are blocked, too, and it drives the ovaries harder. B loses ` +
                "bone all the same, as her receptors in bone are taken.",
            attempt: "Drag Menopause across the first course. When does the drug change sides?",
            tried: "With menopause at 48 the first course still costs bone; with menopause at 46, the earliest here, it keeps some: there is less " +
                "estradiol then whose place is taken.",
            caveat: "After tamoxifen was stopped, women of a trial (ATAC) lost less at the spine than here.",
        },
        stopping: {
            title: "Zoledronic acid or denosumab, and stopping",
            aims: ["Two drugs stop osteoclasts in different ways.", "One stays in bone for years, the other leaves within months.",
                "Stopping a drug can do something of its own."],
            ask: "From 65 to 70 A gets denosumab, an injection every six months, and B zoledronic acid, an infusion once a year. Both gain " +
                "bone, and both end at 70. What does A\u2019s spine do then? Draw it.",
            seen: ({ gain: [a, b], loss: [after_a, after_b] }) => `By 70 A has gained ${tenths(a)} % and B ${tenths(b)} %. In the year after, A loses ` +
                `${tenths(after_a)} % and B ${tenths(after_b)} %.`,
            look: ["CTX of A and of B in the year after 70.", "Osteoclasts of A half a year after the end, against those at 65."],
            looked: ({ ctx, osteoclasts }) => [`A\u2019s is ${tenths(ctx)} times that at 65 after half a year; B\u2019s stays low.`, `${tenths(osteoclasts)} times as many.`],
            why: "Denosumab catches RANKL, so that osteoclasts cannot mature; their precursors pile up. When the drug has gone, they mature " +
                "together and break down in a year what was gained in five. Zoledronic acid lies on the bone itself, for " +
                "years: osteoclasts that meet it are not fewer, but resorb less (CTX falls).",
            myth: "Stopping a drug is neutral: at worst all is as before.",
            reply: ({ ctx }) => `Half a year after the end A\u2019s CTX is ${tenths(ctx)} times what it was before she had the drug.`,
            question: "Add a treatment: zoledronic acid in A, from 70 to 71, when denosumab ends. How much of what A gained by 70 is left at 72?",
            answers: [0, 65, 100],
            answer: (n) => (n === 0 ? "Nothing" : n === 100 ? "All of it" : `About ${n} %`),
            checked: ({ kept, left: [without, followed] }) => `${whole(kept)} %. She has ${either_side(followed)} spine at 72 than at 65; without the ` +
                `infusion ${either_side(without)}.`,
            attempt: "End denosumab after one year, or after ten. Is the loss after it the same?",
            tried: "The longer it was given, the more is lost in the year after it; and each time it is about as much as was gained.",
            caveat: "Women of a trial (FREEDOM) went on gaining on denosumab after the fourth year, more than here.",
        },
        men: {
            title: "Men, testosterone and too much anastrozole",
            aims: ["Men make estradiol from testosterone, and their bone needs it.", "Blocking aromatase raises testosterone and lowers estradiol.",
                "Four times the dose is not four times the effect."],
            ask: "A man of 55 uses testosterone gel (A). Aromatase turns a part of testosterone into estradiol. In B he also takes " +
                "anastrozole to lower his estradiol, which leaves him more testosterone. What happens to his spine in B?",
            guesses: ["He has more bone than in A: he has more testosterone.", "The same as in A: estradiol matters in women only.", "He has less bone than in A."],
            seen: ({ testosterone: t, estradiol: e, less }) => `At 60 he has ${whole(t[1])} nmol/L of testosterone in B and ${whole(t[0])} in A, but ` +
                `${whole(e[1])} pmol/L of estradiol against ${whole(e[0])}. At 65 he has ${either_side(less)} spine in B than in A.`,
            look: ["Which does his bone follow, testosterone or estradiol?", "CTX in B and in A."],
            looked: ({ ctx }) => ["Estradiol: testosterone is higher in B, and bone is less.", `It is ${whole(ctx)} % higher in B at 60.`],
            why: "In men, too, estradiol restrains osteoclasts, and nearly all of it is made from testosterone by aromatase. With the enzyme " +
                "blocked, testosterone rises and estradiol falls, and bone follows estradiol.",
            myth: "Estrogen is for women; in a man, the less the better.",
            reply: ({ than_none }) => `At 65 he has ${either_side(than_none)} spine in B, with both drugs, than the same man without any drug.`,
            question: "Choose the bar Anastrozole and set its dose to 4 mg. How much lower is his estradiol than on 1 mg?",
            answers: [15, 50, 75],
            answer: (n) => `About ${n} % lower`,
            checked: ({ lower, lower_bone }) => `${whole(lower)} % lower: testosterone competes with the drug for the enzyme. His spine at 65 is ` +
                `another ${tenths(lower_bone)} % lower.`,
            attempt: "Find a dose at which his spine stays as it is without any drug.",
            tried: "Between 0.1 mg, on which he has no less bone than without any drug, and 0.2 mg.",
            caveat: "Men of a trial of anastrozole (Burnett-Bowie 2009) lost more bone than here, so the real harm may be larger. No trial of gel " +
                "with anastrozole was used.",
        },
    },
};
