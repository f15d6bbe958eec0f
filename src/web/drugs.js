// SPDX-License-Identifier: GPL-3.0-or-later
// Usual regimens of the drugs, from their US labels unless a reason is given: dose [unit], days or months between doses,
// minutes of an infusion, usual years, and the sex it is for if it is not for both. Which of them the page offers is asked of the models.
export const usual = {
    alendronate: { dose: 70, unit: "mg", every: "7 day", years: 5 },
    anastrozole: { dose: 1, unit: "mg", every: "1 day", years: 5 },
    denosumab: { dose: 60, unit: "mg", every: "6 month", years: 5 },
    estradiol_oral: { dose: 1, unit: "mg", every: "1 day", years: 5 },
    estradiol_patch: { dose: 98, unit: "ug", every: "7 day", infusion: "7 day", years: 5 }, // 14 ug a day: the ultra-low patch
    exemestane: { dose: 25, unit: "mg", every: "1 day", years: 5 },
    goserelin: { dose: 3.6, unit: "mg", every: "28 day", years: 3 },
    ibandronate_iv: { dose: 3, unit: "mg", every: "3 month", years: 5 },
    ibandronate_oral: { dose: 150, unit: "mg", every: "1 month", years: 5 },
    letrozole: { dose: 2.5, unit: "mg", every: "1 day", years: 5 },
    raloxifene: { dose: 60, unit: "mg", every: "1 day", years: 5 },
    risedronate: { dose: 35, unit: "mg", every: "7 day", years: 5 },
    romosozumab: { dose: 210, unit: "mg", every: "1 month", years: 1 },
    tamoxifen: { dose: 20, unit: "mg", every: "1 day", years: 5 },
    teriparatide: { dose: 20, unit: "ug", every: "1 day", years: 2 },
    testosterone_gel: { dose: 50, unit: "mg", every: "1 day", years: 10, only: "man" },
    zoledronic_acid: { dose: 5, unit: "mg", every: "1 year", infusion: "15 min", years: 3 },
};
export const is_for = (drug, sex) => (usual[drug].only ?? sex) === sex;
export const intervals = ["1 day", "7 day", "28 day", "1 month", "3 month", "6 month", "1 year"];
