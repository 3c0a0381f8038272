/** The program of the expression threads, beside this file once built. Tests map this module to one that builds it. */
export const EXPRESSION_WORKER_URL = new URL('./expression.worker.js', import.meta.url).href;
