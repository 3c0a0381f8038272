import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Model } from 'mongoose';
import { FreshCache } from '../common/fresh-cache.js';
import { PLATFORM } from '../security/secrets/secret.collection.js';
import { SecretVault } from '../security/secrets/secret-vault.js';
import { V1_SCHEME } from '../security/signatures/v1.scheme.js';
import { Database } from '../storage/database.js';
import { isDuplicateKey } from '../storage/mongo-errors.js';
import { ActionExistsError } from './action-exists.error.js';
import { ApiAction } from './api-action.js';
import { API_ACTIONS, type ApiActionDocument } from './api-action.collection.js';
import { IntentCaller } from './intent-caller.js';
import type { RegisteredAction } from './registered-action.js';

/** A newly registered action can be emitted in every process within this time. */
const CACHE_MS = 800;

export type NewApiAction = Omit<ApiActionDocument, '_id' | 'createdAt' | 'signingSecretId'> & { readonly id: number };

/** Actions that were registered over HTTP, by hosts in any language. */
@Injectable()
export class ApiActionStore implements OnModuleInit {
  private readonly actions: Model<ApiActionDocument>;
  /** Also remembers that there is none (`null`), so that a misspelt action does not cost a query each time. */
  private readonly cache = new FreshCache<number | string, RegisteredAction | null>({
    what: 'an action',
    max: 10_000,
    ttlMs: CACHE_MS,
    load: (reference) => this.read(reference),
  });

  constructor(
    private readonly database: Database,
    private readonly vault: SecretVault,
    private readonly caller: IntentCaller,
  ) {
    this.actions = database.model(API_ACTIONS);
  }

  async onModuleInit(): Promise<void> {
    await this.database.ensureIndexes(API_ACTIONS);
  }

  async find(reference: number | string): Promise<RegisteredAction | null> {
    return this.cache.get(reference);
  }

  /** In the order of their ids; `after` is the last id of the page before. */
  async list(after: number, limit: number): Promise<RegisteredAction[]> {
    const documents = await this.actions
      .find({ _id: { $gt: after } })
      .sort({ _id: 1 })
      .limit(limit)
      .lean<ApiActionDocument[]>();
    return documents.map((document) => new ApiAction(document, this.caller));
  }

  /** Those that have the id or the name of one of these. */
  async findSame(actions: readonly { readonly id: number; readonly name: string }[]): Promise<RegisteredAction[]> {
    await this.database.ready();
    const documents = await this.actions
      .find({
        $or: [{ _id: { $in: actions.map(({ id }) => id) } }, { name: { $in: actions.map(({ name }) => name) } }],
      })
      .sort({ _id: 1 })
      .lean<ApiActionDocument[]>();
    return documents.map((document) => new ApiAction(document, this.caller));
  }

  /**
   * Registers an action. Answers with the secret its intent URL verifies our calls by, which is shown only now.
   * @throws ActionExistsError
   */
  async register({ id, ...action }: NewApiAction): Promise<{ action: RegisteredAction; signingSecret: string }> {
    const { secret, shared: signingSecret } = V1_SCHEME.newKey();
    const signingSecretId = await this.vault.store(PLATFORM, secret);
    const document: ApiActionDocument = { _id: id, ...action, signingSecretId, createdAt: new Date() };
    try {
      await this.actions.create(document);
    } catch (error) {
      // After any other failure the action may be there all the same, and would need its secret.
      if (!isDuplicateKey(error)) throw error;
      await this.vault.forget(PLATFORM, signingSecretId);
      throw new ActionExistsError(id, action.name);
    }
    this.cache.clear();
    return { action: new ApiAction(document, this.caller), signingSecret };
  }

  private async read(reference: number | string): Promise<RegisteredAction | null> {
    const filter = typeof reference === 'number' ? { _id: reference } : { name: reference };
    const document = await this.actions.findOne(filter).lean<ApiActionDocument>();
    return document ? new ApiAction(document, this.caller) : null;
  }
}
