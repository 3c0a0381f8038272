import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { isRecord } from '../common/primitives.js';
import { JOB_HANDLER, type JobContext } from './job-handler.decorator.js';
import { JobHandlersError } from './job-handlers.error.js';
import { JOB_NAMES, type JobName } from './jobs.js';

type Handler = (payload: object, context: JobContext) => Promise<void>;

/** The handlers of this process, by job name. */
@Injectable()
export class JobHandlers {
  constructor(private readonly discovery: DiscoveryService) {}

  /** @throws JobHandlersError naming every job without a handler and every second one. */
  discover(): ReadonlyMap<JobName, Handler> {
    const handlers = new Map<JobName, Handler>();
    const faults: string[] = [];
    for (const { instance } of this.discovery.getProviders()) {
      const candidate: unknown = instance;
      if (!isRecord(candidate)) continue;
      const found: { name: JobName; key: string } | undefined = Reflect.getMetadata(JOB_HANDLER, candidate.constructor);
      if (!found) continue;
      if (handlers.has(found.name))
        faults.push(`job ${found.name} has a second handler: ${candidate.constructor.name}.${found.key}`);
      const method = candidate[found.key];
      if (typeof method === 'function')
        handlers.set(found.name, (payload, context) => Reflect.apply(method, candidate, [payload, context]));
    }
    for (const name of JOB_NAMES) {
      if (!handlers.has(name)) faults.push(`job ${name} has no handler`);
    }
    if (faults.length > 0) throw new JobHandlersError(faults);
    return handlers;
  }
}
