import { pathToFileURL } from 'node:url';
import { compiledProgram } from './compiled-program.js';

// Stands in for src/integrations/expressions/expression-worker.location.ts (moduleNameMapper in jest.config.js): a thread
// loads its program without jest.
export const EXPRESSION_WORKER_URL = pathToFileURL(
  compiledProgram('src/integrations/expressions/expression.worker.ts'),
).href;
