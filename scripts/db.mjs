// @ts-check
import { runProgram } from './setup/run-program.mjs';

await runProgram({ entry: 'dist/db.cli.js', args: process.argv.slice(2) });
