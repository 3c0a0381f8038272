// @ts-check
import { runProgram } from './setup/run-program.mjs';

const USAGE = `npm run demo -- [options]

Sets up what is missing (dependencies, build, MongoDB, Redis), then runs the laboratory demo: a host application with
its vendors. Ctrl-C ends it, and stops the services if it started them.

  --once          run the scenario to its end and exit, instead of staying up for a visit
  --json          the result as JSON on stdout; everything else goes to stderr
  --patients N    how many patients are registered
  --fhir DIR      take the patients from the FHIR bundles in this folder
  --port N        where the demo listens
  --help          this text

MONGODB_URI and REDIS_URL name servers of your own; otherwise embedded ones are used (see npm run services).`;

const args = process.argv.slice(2);
if (args.includes('--help') || args.includes('-h')) console.log(USAGE);
else await runProgram({ entry: '.build/demo/main.js', args });
