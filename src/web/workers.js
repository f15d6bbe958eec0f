// SPDX-License-Identifier: GPL-3.0-or-later
// Cohorts, simulated in workers so that the page keeps answering. This file and engine.js are also the script of a worker.
import { make_engine } from "./engine.js";

// In a worker: engines of the module it is sent first; then each task {id, yaml, bone, first, n} is answered by a block, or
// by what is wrong; bone: {path, text} of a model that the experiment names by that path, or null.
export function serve() {
    let engine, bone;
    onmessage = async ({ data: { module, id, task } }) => {
        if (module) {
            engine = make_engine(module);
            return;
        }
        try {
            const made = await engine;
            if (task.bone?.text !== bone) {
                bone = task.bone?.text;
                made.edit(task.bone?.path, bone);
            }
            const block = made.cohort(task.yaml, task.first, task.n);
            postMessage({ id, block }, [block.values.buffer]);
        } catch (error) {
            postMessage({ id, problem: error.message });
        }
    };
}

// Workers of a script, with the compiled engine. They are made when they are first needed; more than two would not be faster
// on two processors.
export function make_crew(script, module) {
    let idle = null, queue = [], n_asked = 0;
    const asked = new Map();
    function begin() {
        const url = URL.createObjectURL(new Blob([script, "\nserve();"], { type: "text/javascript" }));
        idle = Array.from({ length: Math.min(2, navigator.hardwareConcurrency) }, () => new Worker(url));
        for (const worker of idle) {
            worker.postMessage({ module });
            worker.onmessage = ({ data: { id, block, problem } }) => {
                const { take, job } = asked.get(id);
                asked.delete(id);
                idle.push(worker);
                if (!job.is_stopped) take(block, problem);
                next();
            };
        }
    }
    function next() {
        while (idle.length > 0 && queue.length > 0) {
            const one = queue.shift(), id = ++n_asked;
            if (one.job.is_stopped) continue;
            asked.set(id, one);
            idle.pop().postMessage({ id, task: one.task });
        }
    }
    // Subjects first to first + n - 1 of each task in parts of `size`; take(block, problem, first) is called for each.
    // @return a function that stops what is left of it
    return function run({ yaml, bone = null }, n, take) {
        if (idle === null) begin();
        const job = { is_stopped: false };
        for (let first = 0, size = 4; first < n; first += size, size = 16) { // a small one first, to show something at once
            const m = Math.min(size, n - first);
            queue.push({ job, task: { yaml, bone, first, n: m }, take: (block, problem) => take(block, problem, first) });
        }
        next();
        return () => (job.is_stopped = true);
    };
}
