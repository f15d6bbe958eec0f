// SPDX-License-Identifier: GPL-3.0-or-later
// What a first lesson does not need: each panel is opened by its own control, and computed only while it is open. Which are
// open is a part of the settings.
import { panels, of_class } from "./settings.js";
import { class_experiment, age_at_start } from "./experiment.js";
import { make_class } from "./class.js";
import { make_loop } from "./loop.js";
import { make_trials } from "./trials.js";

// desk: {settings() and titles() of now; result() of the last run; age(), which is looked at, look_at(age); change(settings);
// engine, crew; trials(): those of the page, promised; problem(text)}.
// @return {more(settings): outputs they need; drawn(): curves were drawn anew; looked(): another age is looked at}
export function make_panels(desk) {
    const place = (name) => document.querySelector(`#${name} > div`);
    const show = (what) => desk.change({ ...desk.settings(), show: { ...desk.settings().show, ...what } });
    // The class is of women.
    const is_open = (name) => desk.settings().show[name] && (name !== "class" || desk.settings().sex === "woman");
    for (const name of panels) {
        const details = document.getElementById(name);
        details.addEventListener("toggle", () => {
            if (details.open !== is_open(name)) show({ [name]: details.open });
        });
    }

    // The class: a run in progress is given up as the settings change.
    let stop = () => {}, run_of = "";
    const women = make_class(place("class"), (one) => desk.change({ ...desk.settings(), one }));
    const loop = make_loop(place("loop"), { ...desk, follow: (scenario) => show({ follow: scenario }) });
    const simulate = (yaml, n, take) => desk.crew({ yaml }, n, (block, problem, first) => (problem ? desk.problem(problem) : take(block, first)));
    let trials = null; // once they are decoded
    const make = {
        async trials() {
            trials ??= make_trials(place("trials"), await desk.trials(), simulate, (trial) => show({ trial }));
            if (is_open("trials")) trials.show(desk.settings().show.trial);
        },
        loop() {
            loop.draw(desk.result(), age_at_start(desk.settings()));
            look.loop();
        },
        class() {
            const settings = desk.settings(), yaml = class_experiment(settings, desk.titles());
            if (yaml !== run_of) {
                stop();
                run_of = yaml;
                women.restart(age_at_start(settings));
                stop = simulate(yaml, of_class.max, women.add);
            }
            look.class();
        },
    };
    const look = {
        trials() {},
        loop: () => loop.show(desk.age()),
        class: () => women.show(desk.age(), desk.settings().one),
    };
    const close = {
        trials: () => trials?.stop(),
        loop: loop.stop,
        class() {
            stop();
            run_of = "";
        },
    };
    return {
        more: (settings) => (settings.show.loop ? loop.more(settings) : []),
        drawn() {
            for (const name of panels) {
                document.getElementById(name).open = is_open(name);
                (is_open(name) ? make : close)[name]();
            }
        },
        looked() {
            for (const name of panels) if (is_open(name)) look[name]();
        },
    };
}
