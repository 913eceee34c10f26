// Times run(n) of one module inside a JS engine; started by `parallax bench engine`.
//
//   node [--liftoff-only | --no-liftoff] bench-node.js MODULE [N REPEATS]
//
// With MODULE alone it prints just the processor time that compiling takes, of all threads, in nanoseconds.
// A fresh instance for each repetition, as the checksum depends on the state; the module is compiled once, before.
// Prints one line: the checksum as 16 hexadecimal digits, the least processor time of the repetitions in nanoseconds, and
// that of the compilation.
'use strict';
const fs = require('fs');
const [file, n, repeats] = process.argv.slice(2);
const bytes = fs.readFileSync(file);
const now = () => {
    const used = process.cpuUsage();
    return (used.user + used.system) * 1000;
};

let began = now();
const module_ = new WebAssembly.Module(bytes);
const compiled = now() - began;

if (n === undefined) {
    console.log(compiled);
    process.exit(0);
}

// Functions may be compiled when first called: not to be timed with the run.
new WebAssembly.Instance(module_).exports.run(1);
let least = null, checksum = null;
for (let k = 0; k < Number(repeats); k++) {
    const run = new WebAssembly.Instance(module_).exports.run;
    began = now();
    const result = BigInt.asUintN(64, run(Number(n)));
    const took = now() - began;
    if (checksum !== null && checksum !== result) throw new Error('two runs, two checksums');
    checksum = result;
    if (least === null || took < least) least = took;
}
console.log(checksum.toString(16).padStart(16, '0'), least, compiled);
