import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Collection } from 'mongoose';
import { newProcessId, type ProcessId } from '../../common/ids.js';
import { Rounds } from '../../common/rounds.js';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { Database } from '../../storage/database.js';
import { isDuplicateKey } from '../../storage/mongo-errors.js';
import { CALL_PROCESSES, type CallProcess } from './call-process.collection.js';

/** Signs of life that may fail to be seen before a process is taken for dead. */
const BEATS_TO_MISS = 4;

/**
 * Tells this process apart from all others that make calls, and shows that it lives. It is registered before it can make a
 * call, so whoever has a call of it and finds no process knows that there is none any more.
 */
@Injectable()
export class ProcessRegistry implements OnModuleInit, OnApplicationShutdown {
  readonly id = newProcessId();
  private readonly log = new Logger(ProcessRegistry.name);
  private readonly processes: Collection<CallProcess>;
  private readonly rounds: Rounds;
  private readonly startedAt = new Date();

  constructor(
    private readonly database: Database,
    @Inject(SETTINGS) settings: Settings,
  ) {
    this.processes = database.collection(CALL_PROCESSES);
    const parts = [{ what: 'Showing that this process lives', work: () => this.beat() }];
    this.rounds = new Rounds(settings.calls.lostAfterMs / BEATS_TO_MISS, parts, this.log);
  }

  async onModuleInit(): Promise<void> {
    await this.database.ready();
    await this.beat();
    this.rounds.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.rounds.stop();
  }

  /** Every process, with the beats that it has made. */
  async beatsOfAll(): Promise<ReadonlyMap<ProcessId, number>> {
    const found = await this.processes.find().project<CallProcess>({ beats: 1 }).toArray();
    return new Map(found.map(({ _id, beats }) => [_id, beats]));
  }

  /** Forgets a process that has made no beat since. */
  async forget(id: ProcessId, beats: number): Promise<void> {
    await this.processes.deleteOne({ _id: id, beats });
  }

  private async beat(): Promise<void> {
    const { matchedCount } = await this.processes.updateOne({ _id: this.id }, { $inc: { beats: 1 } });
    if (matchedCount > 0) return;
    try {
      await this.processes.insertOne({ _id: this.id, beats: 1, startedAt: this.startedAt });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  }
}
