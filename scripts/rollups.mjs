// @ts-check
import { runProgram } from './setup/run-program.mjs';

await runProgram({ entry: 'dist/insights.cli.js', args: process.argv.slice(2) });
