// SPDX-License-Identifier: GPL-3.0-or-later
// What the page adds to the usual regimens of the drugs: years of a bar that is put down, which labels limit for two of them; drugs
// for men alone; intervals to choose from.
const years = { romosozumab: 1, teriparatide: 2, goserelin: 3, zoledronic_acid: 3, testosterone_gel: 10, testosterone_injection: 10 };
export const years_of = (drug) => years[drug] ?? 5;
const for_men = ["testosterone_gel", "testosterone_injection"];
export const is_for = (drug, sex) => sex === "man" || !for_men.includes(drug);
export const intervals = ["1 day", "7 day", "14 day", "28 day", "1 month", "3 month", "6 month", "1 year"];
