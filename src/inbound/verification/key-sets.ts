import { Injectable } from '@nestjs/common';
import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose';
import { LRUCache } from 'lru-cache';
import { OutboundHttpClient } from '../../security/outbound-http/outbound-http.client.js';
import { KeySetAwayError } from './key-set-away.error.js';

/** A set of 100 keys of 4,096 bits is 80 KB. */
const MAX_SET_BYTES = 262_144;
const FETCH_TIMEOUT_MS = 5_000;
/** A key that a vendor withdrew is taken no longer than this. */
const FRESH_MS = 600_000;
/** Nobody can make us ask for a set more often, whatever key their token names. */
const COOLDOWN_MS = 30_000;
const FAILURE_COOLDOWN_MS = 5_000;
/** Vendors at the same time. What is forgotten is fetched again. */
const MAX_SETS = 1_000;

interface KeptSet {
  readonly find: JWTVerifyGetKey;
  failure: { readonly error: KeySetAwayError; readonly at: number } | null;
}

/** The public keys that vendors publish (RFC 7517): fetched when first needed, kept for a while, shared by all that name the same URL. */
@Injectable()
export class KeySets {
  private readonly sets = new LRUCache<string, KeptSet>({ max: MAX_SETS });

  constructor(private readonly http: OutboundHttpClient) {}

  /** Finds the key of a token in the set at this URL; it throws KeySetAwayError where the set cannot be had. */
  of(url: string): JWTVerifyGetKey {
    const kept = this.sets.get(url);
    if (kept) return kept.find;
    const set: KeptSet = { find: this.remote(url, () => set), failure: null };
    this.sets.set(url, set);
    return set.find;
  }

  private remote(url: string, set: () => KeptSet): JWTVerifyGetKey {
    return createRemoteJWKSet(new URL(url), {
      timeoutDuration: FETCH_TIMEOUT_MS,
      cacheMaxAge: FRESH_MS,
      cooldownDuration: COOLDOWN_MS,
      [customFetch]: async () => {
        const { failure } = set();
        if (failure && Date.now() - failure.at < FAILURE_COOLDOWN_MS) throw failure.error;
        try {
          const json = await this.fetch(url);
          set().failure = null;
          return json;
        } catch (cause) {
          const error = cause instanceof KeySetAwayError ? cause : new KeySetAwayError(new URL(url).host, cause);
          set().failure = { error, at: Date.now() };
          throw error;
        }
      },
    });
  }

  private async fetch(url: string): Promise<Response> {
    const { host } = new URL(url);
    const { status, body, truncated } = await this.http.send({
      method: 'GET',
      url,
      headers: { accept: 'application/jwk-set+json, application/json' },
      timeoutMs: FETCH_TIMEOUT_MS,
      maxResponseBytes: MAX_SET_BYTES,
    });
    if (status !== 200) throw new KeySetAwayError(host, `it answered ${status}`);
    if (truncated) throw new KeySetAwayError(host, `it has more than ${MAX_SET_BYTES} bytes`);
    if (!isKeySet(body)) throw new KeySetAwayError(host, 'it is no JSON with keys');
    return new Response(new Uint8Array(body), { status });
  }
}

function isKeySet(body: Buffer): boolean {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'object' && value !== null && Array.isArray(Reflect.get(value, 'keys'));
  } catch {
    return false;
  }
}
