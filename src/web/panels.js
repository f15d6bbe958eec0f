// SPDX-License-Identifier: GPL-3.0-or-later
// What a first lesson does not need: each panel is opened by its own control, and computed only while it is open. Which are
// open is a part of the settings.
import { panels, of_class } from "./settings.js";
import { class_experiment, age_at_start } from "./experiment.js";
import { make_class } from "./class.js";
import { make_loop } from "./loop.js";
import { make_trials } from "./trials.js";
import { make_bench } from "./bench.js";

// desk: {settings() and titles() of now; result() of the last run; age(), which is looked at, look_at(age); change(settings);
// bone(): {path, text} of an edited model of bone, or null, use_bone(text) to edit it; save(name, text); engine, crew; trials(): those of the page, promised; problem(text)}.
// @return {more(settings): outputs they need; drawn(): curves were drawn anew; looked(): another age is looked at;
// forget(): what is not a part of the settings}
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
    const of_now = () => class_experiment(desk.settings(), desk.titles(), { bone: desk.bone()?.path });
    const women = make_class(place("class"), (one) => desk.change({ ...desk.settings(), one }), () => desk.save("class.yaml", of_now()));
    const loop = make_loop(place("loop"), { ...desk, follow: (scenario) => show({ follow: scenario }) });
    const simulate = (yaml, n, take, bone = null) => desk.crew({ yaml, bone }, n, (block, problem, first) => (problem ? desk.problem(problem) : take(block, first)));
    let trials = null; // once they are decoded
    let bench = null;
    const make = {
        bench() {
            if (bench === null) bench = make_bench(place("bench"), desk.engine.models("bone").find(({ name }) => name === "aibl").text, { use: desk.use_bone, save: desk.save });
            bench.follow();
        },
        async trials() {
            trials ??= make_trials(place("trials"), await desk.trials(), simulate, (trial) => show({ trial }));
            if (is_open("trials")) trials.show(desk.settings().show.trial);
        },
        loop() {
            loop.draw(desk.result(), age_at_start(desk.settings()));
            look.loop();
        },
        class() {
            const settings = desk.settings(), yaml = of_now(), of = JSON.stringify([yaml, desk.bone()]);
            if (of !== run_of) {
                stop();
                run_of = of;
                women.restart(age_at_start(settings));
                stop = simulate(yaml, of_class.max, women.add, desk.bone());
            }
            look.class();
        },
    };
    const look = {
        trials() {},
        bench() {},
        loop: () => loop.show(desk.age()),
        class: () => women.show(desk.age(), desk.settings().one),
    };
    const close = {
        bench: () => desk.use_bone(null),
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
        forget: () => bench?.forget(),
        looked() {
            for (const name of panels) if (is_open(name)) look[name]();
        },
    };
}
