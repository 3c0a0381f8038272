import type { ContextData } from '../common/primitives.js';

/** What an intent is asked for, apart from the context. */
export interface RebuildRequest {
  readonly context: ContextData;
  /** Travels with the call to an intent URL, so that the host's log lines can be matched with ours. */
  readonly correlationId: string;
}

export interface ContextField {
  readonly name: string;
  readonly type: 'string' | 'number' | 'boolean';
  readonly required: boolean;
}

/** How an action came in over HTTP. Its signing secret is not in it. */
export interface Registration {
  readonly contextFields: readonly ContextField[];
  readonly intentUrl: string;
  readonly createdAt: Date;
  /** The key that registered it. */
  readonly createdBy: string;
}

/** An action as the dispatcher and the pipeline see it, wherever it was declared. */
export interface RegisteredAction {
  readonly id: number;
  readonly name: string;
  readonly description: string | null;
  /** `code`: declared by defineAction. `api`: registered over HTTP, rebuilt by calling its intent URL. */
  readonly source: 'code' | 'api';
  /** What its context may hold besides `tenantId`. */
  readonly contextFieldNames: readonly string[];
  /** `null` where code declared it. */
  readonly registration: Registration | null;

  /** @throws ContextInvalidError naming every faulty field. */
  parseContext(input: unknown): ContextData;

  /** @throws RecordGoneError, IntentRejectedError, or IntentUnavailableError (the only one worth another try). */
  rebuild(request: RebuildRequest): Promise<unknown>;
}
