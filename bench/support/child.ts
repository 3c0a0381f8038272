import { type ChildProcess, fork } from 'node:child_process';
import { within } from './bounded.js';
import { BenchFailure } from './bench-failure.js';
import { type Fields, isFields, READY_ID } from './child-messages.js';

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;

interface Waiting {
  readonly resolve: (answer: Fields) => void;
  readonly reject: (error: Error) => void;
}

export interface ChildOptions {
  /** What messages call it. */
  readonly name: string;
  readonly file: URL;
  readonly env?: Record<string, string>;
  readonly execArgv?: readonly string[];
}

const living = new Set<ChildProcess>();
// Also where the bench itself ends by an error that nobody caught.
process.on('exit', () => living.forEach((child) => child.kill('SIGKILL')));

/** A process of the bench, driven by commands. */
export class Child {
  private readonly waiting = new Map<number, Waiting>();
  private lastId = READY_ID;
  private stopping = false;

  private constructor(
    readonly name: string,
    private readonly process: ChildProcess,
  ) {
    process.on('message', (message) => this.receive(message));
    process.on('error', (error) => this.failAll(error.message));
    process.on('exit', (code, signal) => {
      living.delete(process);
      this.failAll(`it ended (${signal ?? code})`);
    });
  }

  /** Resolves once the process says that it is up, with what it says of itself. */
  static async start({ name, file, env = {}, execArgv = process.execArgv }: ChildOptions): Promise<{
    child: Child;
    ready: Fields;
  }> {
    const forked = fork(file, {
      env: { ...process.env, ...env },
      execArgv: [...execArgv],
      // What a child prints must not mix with the last line of `--json`.
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    living.add(forked);
    const child = new Child(name, forked);
    const ready = await within(START_TIMEOUT_MS, `the start of ${name}`, child.answerTo(READY_ID));
    return { child, ready };
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  async call(command: string, args: Fields, timeoutMs: number): Promise<Fields> {
    this.lastId += 1;
    const id = this.lastId;
    const answer = this.answerTo(id);
    this.process.send({ id, command, args });
    return within(timeoutMs, `"${command}" of ${this.name}`, answer);
  }

  /** Ends it in order, or by force where that takes too long. Never throws. */
  async stop(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.stopping = true;
    const ended = new Promise<void>((resolve) => this.process.once('exit', () => resolve()));
    if (this.process.connected) this.process.send({ id: 1, command: 'stop' });
    const force = setTimeout(() => this.process.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(force);
  }

  private answerTo(id: number): Promise<Fields> {
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
  }

  private receive(message: unknown): void {
    if (!isFields(message) || typeof message['id'] !== 'number') return;
    const { id, error, ...answer } = message;
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    if (error === undefined) waiting?.resolve(answer);
    else
      waiting?.reject(
        new BenchFailure(`${this.name} failed: ${typeof error === 'string' ? error : 'for no reason given'}`),
      );
  }

  private failAll(why: string): void {
    const unanswered = [...this.waiting.values()];
    this.waiting.clear();
    if (this.stopping) return;
    for (const { reject } of unanswered) reject(new BenchFailure(`${this.name} cannot answer: ${why}`));
  }
}
