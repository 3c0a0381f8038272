import { createHash } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Collection } from 'mongoose';
import { type ErasureId, newErasureId, type TenantId } from '../common/ids.js';
import { Database } from '../storage/database.js';
import { ERASURES, type Erasure, type ErasureCounts } from './erasure.collection.js';
import { ErasureUnknownError } from './erasure-unknown.error.js';

/** A worker that died has an erasure for no longer than this. */
const LEASE_MS = 60_000;

/** A person, as the contexts of a tenant name one. */
export interface Subject extends Pick<Erasure, 'tenantId' | 'field'> {
  readonly value: string;
}

export interface ErasureRequest extends Subject, Pick<Erasure, 'reason' | 'requestedBy'> {}

const NOTHING: ErasureCounts = { logs: 0, attempts: 0, payloads: 0, failed: 0, events: 0 };

@Injectable()
export class ErasureStore implements OnModuleInit {
  private readonly erasures: Collection<Erasure>;

  constructor(private readonly database: Database) {
    this.erasures = database.collection(ERASURES);
  }

  async onModuleInit(): Promise<void> {
    await this.database.ensureIndexes(ERASURES);
  }

  /** It is carried out once it has begun. */
  async create(request: ErasureRequest): Promise<Erasure> {
    const now = new Date();
    const erasure: Erasure = {
      _id: newErasureId(),
      ...request,
      subjectHash: subjectHashOf(request),
      requestedAt: now,
      step: 'logs',
      eventId: null,
      payloadIds: [],
      counts: NOTHING,
      finishedAt: null,
      dueAt: null,
    };
    await this.erasures.insertOne(erasure);
    return erasure;
  }

  async begin({ _id }: Erasure): Promise<void> {
    await this.erasures.updateOne({ _id }, { $set: { dueAt: new Date() } });
  }

  /** @throws ErasureUnknownError also where it belongs to another tenant. */
  async get(tenantId: TenantId, id: ErasureId): Promise<Erasure> {
    const erasure = await this.erasures.findOne({ _id: id, tenantId });
    if (!erasure) throw new ErasureUnknownError(id);
    return erasure;
  }

  /** One that is due; it is the caller's for a minute, and for a minute more with each progress. */
  async claim(now = new Date()): Promise<Erasure | null> {
    return this.erasures.findOneAndUpdate(
      { dueAt: { $gt: new Date(0), $lte: now } },
      { $set: { dueAt: leaseFrom(now) } },
      { sort: { dueAt: 1 }, returnDocument: 'after' },
    );
  }

  /** Writes how far it has come, before more is done. */
  async progress(
    { _id }: Erasure,
    {
      counted = {},
      payloadIds = [],
      failureGroupIds = [],
      ...fields
    }: Partial<Omit<Erasure, 'counts'>> & { counted?: Partial<ErasureCounts> },
  ): Promise<void> {
    const added = Object.entries(counted).map(([name, count]): [string, number] => [`counts.${name}`, count]);
    const ids = { payloadIds: { $each: payloadIds }, failureGroupIds: { $each: failureGroupIds } };
    await this.erasures.updateOne(
      { _id },
      {
        $set: { dueAt: leaseFrom(new Date()), ...fields },
        ...(added.length > 0 ? { $inc: Object.fromEntries(added) } : {}),
        ...(payloadIds.length + failureGroupIds.length > 0 ? { $addToSet: ids } : {}),
      },
    );
  }

  /** Nothing is left to look for, and nobody knows any more for whom. */
  async end({ _id }: Erasure): Promise<void> {
    await this.erasures.updateOne({ _id }, { $set: { value: null, dueAt: null, failureGroupIds: [] } });
  }

  async payloadIdsOf({ _id }: Erasure): Promise<string[]> {
    return (await this.erasures.findOne({ _id }))?.payloadIds ?? [];
  }

  /** Has erasures that have ended look again for whom they were about, where a log of theirs that came late is older. */
  async lookAgain(late: readonly (Subject & { readonly madeAt: Date })[]): Promise<void> {
    const ofHash = new Map(
      late.toSorted((a, b) => b.madeAt.getTime() - a.madeAt.getTime()).map((one) => [subjectHashOf(one), one]),
    );
    const ended = await this.erasures
      .find({ subjectHash: { $in: [...ofHash.keys()] }, finishedAt: { $ne: null } })
      .hint('of_subject')
      .toArray();
    for (const { _id, subjectHash, requestedAt } of ended) {
      const subject = ofHash.get(subjectHash);
      if (!subject || subject.madeAt > requestedAt) continue;
      await this.erasures.updateOne({ _id }, { $set: { value: subject.value, dueAt: new Date() } });
    }
  }

  async failureGroupIdsOf({ _id }: Erasure): Promise<string[]> {
    return (await this.erasures.findOne({ _id }))?.failureGroupIds ?? [];
  }

  async forgetPayloadIds({ _id }: Erasure): Promise<void> {
    await this.erasures.updateOne({ _id }, { $set: { payloadIds: [] } });
  }
}

const leaseFrom = (now: Date) => new Date(now.getTime() + LEASE_MS);

const subjectHashOf = ({ tenantId, field, value }: Subject) =>
  createHash('sha256').update([tenantId, field, value].join('\0')).digest('hex');
