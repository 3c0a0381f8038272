import type { ObservedCall } from './call-observer.js';
import type { CallSource } from './call-source.js';
import { httpSource } from './http-source.js';
import { isJob, jobSource } from './job-source.js';
import { plainSource } from './plain-source.js';

export function sourceOf(call: ObservedCall): CallSource {
  if (call.exchange) return httpSource(call.exchange);
  const [job] = call.args;
  return isJob(job) ? jobSource(job) : plainSource(call);
}
