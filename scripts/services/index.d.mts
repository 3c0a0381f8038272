type Log = (line: string) => void;

export interface Services {
  mongodbUri: string;
  redisUrl: string;
  /** Something was started by this call. */
  started: boolean;
  /** This process no longer needs them: the last user stops them, unless they were kept. True when it stopped them. */
  release: () => Promise<boolean>;
}

export interface PrivateRedis {
  url: string;
  port: number;
  pid: number;
  /** Ends it and waits until it is gone. Default SIGTERM. */
  stop: (signal?: NodeJS.Signals) => Promise<void>;
}

export interface PrivateMongodb {
  /** The same after each start. */
  uri: string;
  /** 0 while it does not run. */
  pid: () => number;
  /** Ends it by SIGKILL and waits until it is gone; what it acknowledged stays. */
  kill: () => Promise<void>;
  /** Starts it again. Resolves once it answers. */
  start: () => Promise<void>;
  /** Ends it for good. */
  stop: () => Promise<void>;
}

export interface ServicesStatus {
  stateFile: string;
  kept: boolean;
  users: number[];
  services: {
    name: string;
    uri: string | null;
    choice: string | null;
    /** Null when it is up and answers. */
    fault: string | null;
    processes: { name: string; pid: number; port: number; log: string }[];
  }[];
}

/** A message for a person: what was tried, and what can be done. */
export class SetupFailure extends Error {}

export function servicesUp(options?: { log?: Log; keep?: boolean }): Promise<Services>;
export function servicesDown(options?: { log?: Log }): Promise<void>;
export function servicesStatus(): Promise<ServicesStatus>;
export function startRedis(options?: { log?: Log; port?: number; args?: string[] }): Promise<PrivateRedis>;
/** Null where MONGODB_URI names a server that was not started here: nothing tells how to start another one like it. */
export function startMongodb(): Promise<PrivateMongodb | null>;
