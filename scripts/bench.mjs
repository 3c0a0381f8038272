// @ts-check
import { runProgram } from './setup/run-program.mjs';

await runProgram({ entry: '.build/bench/main.js', args: process.argv.slice(2) });
