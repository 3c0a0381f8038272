import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { TenantId } from '../../common/ids.js';
import { SecretCipher } from '../secrets/secret-cipher.js';
import { parseSealedToken, receiptOf, type SealedToken } from './sealed-token.js';
import { TokenBoard } from './token-board.js';
import { TokenBoardAwayError } from './token-board-away.error.js';

/** Whose token it is: `id` names the credentials that it is got with, and changes with them. */
export interface TokenOwner {
  readonly tenantId: TenantId;
  readonly id: string;
}

/** A token as a vendor gave it; `lifetimeMs` is `null` where the vendor did not say. */
export interface IssuedToken {
  readonly value: string;
  readonly lifetimeMs: number | null;
}

export interface SharedToken {
  readonly value: string;
  /** Names this token where it has to be told that the vendor refused it. */
  readonly receipt: string;
}

/** Asks the vendor. It has to end within {@link ISSUE_TIMEOUT_MS}. */
export type IssueToken = () => Promise<IssuedToken>;

/** For one request to a token endpoint, name resolution to the last byte. */
export const ISSUE_TIMEOUT_MS = 10_000;

/** Longer than any request takes, so that nobody asks twice; short enough that a claim whose process died is soon free. */
const CLAIM_MS = ISSUE_TIMEOUT_MS + 5_000;
/** Until then a claim has been fulfilled or has run out, once; after that a process helps itself. */
const WAIT_MS = CLAIM_MS + ISSUE_TIMEOUT_MS;
const LOOK_AGAIN_MS = { first: 10, last: 200 };

/** RFC 6749, section 5.1 leaves it open; one request in five minutes costs a vendor nothing. */
const DEFAULT_LIFETIME_MS = 300_000;
const MAX_LIFETIME_MS = 86_400_000;
/** A token is replaced when a fifth of its life is left, or a minute. */
const RENEW_SHARE = 0.2;
const MAX_RENEW_MS = 60_000;
/** A token that could not be renewed but is still good is used for so long before the next attempt. */
const RENEW_AGAIN_MS = 5_000;

const KEPT_TOKENS = 10_000;

/**
 * Tokens that vendors give for credentials: one for each credentials, got once and used by every process until shortly
 * before it expires. In Redis and in memory they are encrypted. Where Redis is away, each process gets a token of its own.
 */
@Injectable()
export class SharedTokens {
  private readonly kept = new LRUCache<string, SealedToken>({ max: KEPT_TOKENS });
  private readonly flights = new Map<string, Promise<SealedToken>>();

  constructor(
    private readonly board: TokenBoard,
    private readonly cipher: SecretCipher,
  ) {}

  /**
   * The token of these credentials. `refused` is the receipt of one that the vendor no longer takes: the answer is another,
   * which somebody else may already have got.
   * @throws what `issue` throws.
   */
  async get(owner: TokenOwner, issue: IssueToken, refused: string | null = null): Promise<SharedToken> {
    const kept = this.kept.get(owner.id);
    const token = kept && isFresh(kept, refused) ? kept : await this.join(owner, issue, refused);
    return { value: this.cipher.decrypt(token.sealed, additionalData(owner)), receipt: receiptOf(token) };
  }

  /** Deliveries that need the same token at the same time wait for one search. */
  private join(owner: TokenOwner, issue: IssueToken, refused: string | null): Promise<SealedToken> {
    const key = `${owner.id} ${refused ?? ''}`;
    const flight = this.flights.get(key);
    if (flight) return flight;
    const started = this.find(owner, issue, refused).finally(() => this.flights.delete(key));
    this.flights.set(key, started);
    return started;
  }

  private async find(owner: TokenOwner, issue: IssueToken, refused: string | null): Promise<SealedToken> {
    const token = await this.findShared(owner, issue, refused).catch((error: unknown) => {
      if (!(error instanceof TokenBoardAwayError)) throw error;
      return this.renew(owner, issue, usable(this.kept.get(owner.id) ?? null, refused));
    });
    this.kept.set(owner.id, token);
    return token;
  }

  private async findShared(owner: TokenOwner, issue: IssueToken, refused: string | null): Promise<SealedToken> {
    const deadline = Date.now() + WAIT_MS;
    for (let waitMs = LOOK_AGAIN_MS.first; ; waitMs = Math.min(2 * waitMs, LOOK_AGAIN_MS.last)) {
      const seen = usable(await this.read(owner), refused);
      if (seen && isFresh(seen, refused)) return seen;
      const claim = await this.board.claim(owner.id, CLAIM_MS);
      if (claim !== null) return this.renewForAll(owner, issue, refused, claim);
      // Somebody else is renewing it; until then it is as good as before.
      if (seen) return seen;
      if (Date.now() > deadline) return this.renew(owner, issue, null);
      await delay(waitMs);
    }
  }

  private async renewForAll(
    owner: TokenOwner,
    issue: IssueToken,
    refused: string | null,
    claim: string,
  ): Promise<SealedToken> {
    try {
      const seen = usable(await this.read(owner), refused);
      if (seen && isFresh(seen, refused)) return seen;
      const token = await this.renew(owner, issue, seen);
      // A token that the others do not get to see is still a token.
      if (token.expiresAt > Date.now())
        await this.board.publish(owner.id, JSON.stringify(token), token.expiresAt - Date.now()).catch(() => undefined);
      return token;
    } finally {
      await this.board.release(owner.id, claim).catch(() => undefined);
    }
  }

  /** A new token; where the vendor gives none and `current` is still good, `current` for a while. */
  private async renew(owner: TokenOwner, issue: IssueToken, current: SealedToken | null): Promise<SealedToken> {
    const askedAt = Date.now();
    try {
      const { value, lifetimeMs } = await issue();
      const lifeMs = Math.min(lifetimeMs ?? DEFAULT_LIFETIME_MS, MAX_LIFETIME_MS);
      const expiresAt = askedAt + lifeMs;
      const renewAt = expiresAt - Math.min(lifeMs * RENEW_SHARE, MAX_RENEW_MS);
      return { sealed: this.cipher.encrypt(value, additionalData(owner)), renewAt, expiresAt };
    } catch (error) {
      if (!current || current.expiresAt <= Date.now()) throw error;
      return { ...current, renewAt: Math.min(Date.now() + RENEW_AGAIN_MS, current.expiresAt) };
    }
  }

  /** A token that this process cannot open counts as none: its key may be one that only newer processes have. */
  private async read(owner: TokenOwner): Promise<SealedToken | null> {
    const token = parseSealedToken(await this.board.read(owner.id));
    if (!token) return null;
    try {
      this.cipher.decrypt(token.sealed, additionalData(owner));
      return token;
    } catch {
      return null;
    }
  }
}

/** Bound to tenant and credentials: moved to another key in Redis, it can no longer be read. */
const additionalData = ({ tenantId, id }: TokenOwner) => `${tenantId}\0${id}\0token`;

const isFresh = (token: SealedToken, refused: string | null) =>
  token.renewAt > Date.now() && receiptOf(token) !== refused;

const usable = (token: SealedToken | null, refused: string | null) =>
  token && token.expiresAt > Date.now() && receiptOf(token) !== refused ? token : null;
