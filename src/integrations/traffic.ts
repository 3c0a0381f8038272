/** Calls in a span of time: at most `burst` at once, then evenly spread. */
export interface RateLimit {
  calls: number;
  per: 'second' | 'minute';
  burst: number;
}

/** When calls to a vendor that keeps failing are stopped for a while. */
interface BreakerPolicy {
  /** Share of failed calls, above 0 and at most 1, that opens it. */
  failureRatio: number;
  /** Calls that must have been made in the window before it can open. */
  minCalls: number;
  windowMs: number;
  /** How long it stays open before the first probe; doubled with each probe that fails, up to 10 minutes. */
  openMs: number;
  /** Open for this long without a break: the integration is disabled. */
  disableAfterMs: number;
}

/** Deliveries of one integration that share a value of this context field are made in order, one at a time. */
interface Ordering {
  /** Name of a field of the action's context, such as `patientId`. */
  by: string;
  /** Whether a delivery that FAILed keeps those behind it waiting until it is retried with success. */
  afterFail: 'hold' | 'continue';
}

/** What a vendor bears, across all processes. */
export interface Traffic {
  /** Calls at the same time; `null`: as many as the workers' fair share allows. */
  concurrency: number | null;
  rate: RateLimit | null;
  breaker: BreakerPolicy;
  ordering: Ordering | null;
}

export const DEFAULT_TRAFFIC: Traffic = {
  concurrency: null,
  rate: null,
  breaker: { failureRatio: 0.5, minCalls: 20, windowMs: 60_000, openMs: 30_000, disableAfterMs: 86_400_000 },
  ordering: null,
};

const MS_PER = { second: 1_000, minute: 60_000 };

/** Milliseconds between two calls of a rate that is used to the full; 0 where there is none. */
export const intervalMsOf = (rate: RateLimit | null): number => (rate ? MS_PER[rate.per] / rate.calls : 0);
