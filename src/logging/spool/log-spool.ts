import { open, readFile, rename, statfs, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { Database } from '../../storage/database.js';
import type { LogEntry } from '../log-entry.js';
import type { LogLane, Taken } from '../log-lane.js';
import { installationName } from './installation-name.js';
import { LaneFullError } from './lane-full.error.js';
import { removeIfEmpty, type SegmentFile, SpoolFolder, syncFolderOf } from './spool-folder.js';
import { entryOf, lineOf } from './spool-line.js';
import { SpoolSegment } from './spool-segment.js';

/** Read as a whole when it is drained. */
const SEGMENT_BYTES = 8 * 1_048_576;
const BATCH = 500;
/** Of what it may hold: from here on it says that it is filling up, and once more after it was below the second. */
const ALERT_SHARE = 0.8;
const CALM_SHARE = 0.5;
const FULL = 1;
const OWNER_ONLY = 0o600;

/** A segment that is being drained: its lines, and how many of them are written. */
interface Draining extends SegmentFile {
  readonly entries: readonly LogEntry[];
  readonly isDamaged: boolean;
  written: number;
}

/**
 * Log entries in files of this machine, on the disk when `write` resolves. A segment is written, then sealed, then drained
 * and deleted; what another process of this machine left behind is drained with it.
 */
@Injectable()
export class LogSpool implements LogLane {
  readonly name = 'spool';
  private readonly log = new Logger(LogSpool.name);
  private folder: SpoolFolder | null = null;
  private current: SpoolSegment | null = null;
  private sealed: SegmentFile[] = [];
  private draining: Draining | null = null;
  private alerted = false;
  private sizeBytes = 0;
  /** Of its disk, when it was last used. */
  private freeBytes = Number.POSITIVE_INFINITY;
  private queue: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly database: Database,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** On the disk and not drained yet. */
  bytes(): number {
    return this.sizeBytes;
  }

  /** What it may hold by its settings, or what its disk has room for where that is less. */
  maxBytes(): number {
    return Math.min(this.settings.spool.maxBytes, this.sizeBytes + this.freeBytes);
  }

  /** @throws LaneFullError, or what the disk says. */
  write(entries: readonly LogEntry[]): Promise<void> {
    const bytes = Buffer.from(entries.map(lineOf).join(''));
    return this.oneByOne(() => this.append(bytes));
  }

  /** Keeps entries that MongoDB will not have, out of the way of all others. Answers with the path of their file. */
  putAside(entries: readonly LogEntry[]): Promise<string> {
    return this.oneByOne(async () => {
      const path = await this.ownFolder().refusedPath();
      const file = await open(path, 'a', OWNER_ONLY);
      try {
        await file.appendFile(entries.map(lineOf).join(''));
        await file.datasync();
      } finally {
        await file.close();
      }
      await syncFolderOf(path);
      return path;
    });
  }

  take(): Promise<Taken> {
    return this.oneByOne(() => this.takeOldest());
  }

  /** Whether processes of this machine that have ended left anything, which `take` gives out from now on. */
  claimOrphans(): Promise<boolean> {
    return this.oneByOne(async () => {
      const claimed = await this.ownFolder().claimOrphans();
      if (claimed.length === 0) return false;
      this.sealed.unshift(...claimed);
      this.sizeBytes += claimed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      this.log.warn(`${claimed.length} spool files of processes that have ended are drained`);
      return true;
    });
  }

  /** Ends what is open and leaves what is not drained to the next process of this machine. */
  release(): Promise<void> {
    return this.oneByOne(async () => {
      await this.seal();
      const left = this.draining ? [this.draining, ...this.sealed] : this.sealed;
      this.sealed = [];
      this.draining = null;
      this.sizeBytes = 0;
      await this.folder?.release(left.map(({ path }) => path));
      this.folder = null;
    });
  }

  private async append(bytes: Buffer): Promise<void> {
    const { maxBytes } = this.settings.spool;
    if (this.sizeBytes + bytes.length > maxBytes) throw new LaneFullError(this.name, maxBytes);
    if (this.current && (this.current.isDamaged || this.current.sizeBytes >= SEGMENT_BYTES)) await this.seal();
    this.current ??= await this.createSegment();
    try {
      await this.current.append(bytes);
      this.sizeBytes += bytes.length;
    } catch (error) {
      // Others may have filled the disk, however little is in here.
      this.alertIfFilling(FULL);
      throw error;
    } finally {
      await this.lookAtDisk();
    }
    this.alertIfFilling();
  }

  private async createSegment(): Promise<SpoolSegment> {
    const segment = await SpoolSegment.create(await this.ownFolder().nextSegmentPath());
    await syncFolderOf(segment.path);
    return segment;
  }

  private async takeOldest(): Promise<Taken> {
    if (!this.draining && this.sealed.length === 0) await this.seal();
    const [next] = this.sealed;
    if (!this.draining && next) {
      this.draining = await this.read(next);
      this.sealed.shift();
    }
    const { draining } = this;
    if (!draining) return 'empty';
    const entries = draining.entries.slice(draining.written, draining.written + BATCH);
    return { entries, done: () => this.oneByOne(() => this.drained(draining, entries.length)) };
  }

  private async drained(draining: Draining, count: number): Promise<void> {
    draining.written += count;
    if (this.draining !== draining || draining.written < draining.entries.length) return;
    this.draining = null;
    this.sizeBytes -= draining.sizeBytes;
    // What a person may still make something of is kept out of the way.
    await (draining.isDamaged ? rename(draining.path, `${draining.path}.damaged`) : unlink(draining.path));
    await removeIfEmpty(dirname(draining.path));
    await this.lookAtDisk();
    this.alertIfFilling();
  }

  private async read(file: SegmentFile): Promise<Draining> {
    const lines = (await readFile(file.path, 'utf8')).split('\n');
    const torn = lines.pop() ?? '';
    if (torn !== '') this.log.warn(`The last line of ${file.path} is torn: its process died while writing it`);
    const read = lines.map(entryOf);
    const entries = read.flatMap((entry) => (entry ? [entry] : []));
    const damaged = read.length - entries.length;
    if (damaged > 0)
      this.log.error(`${damaged} of ${read.length} lines of ${file.path} are damaged; the file is kept as *.damaged`);
    return { ...file, entries, isDamaged: damaged > 0, written: 0 };
  }

  private async seal(): Promise<void> {
    const { current } = this;
    if (!current) return;
    this.current = null;
    await current.close();
    if (current.sizeBytes > 0) this.sealed.push({ path: current.path, sizeBytes: current.sizeBytes });
    else await unlink(current.path);
  }

  private async lookAtDisk(): Promise<void> {
    const disk = await statfs(this.settings.spool.dir).catch(() => null);
    this.freeBytes = disk ? disk.bavail * disk.bsize : Number.POSITIVE_INFINITY;
  }

  private alertIfFilling(share = this.sizeBytes / this.maxBytes()): void {
    if (share < CALM_SHARE) this.alerted = false;
    if (share < ALERT_SHARE || this.alerted) return;
    this.alerted = true;
    this.log.error(
      `The spool of log entries is ${Math.round(share * 100)} % full (${this.sizeBytes} of ${this.maxBytes()} bytes): bring MongoDB back`,
    );
  }

  private ownFolder(): SpoolFolder {
    this.folder ??= new SpoolFolder(
      join(this.settings.spool.dir, installationName(this.database.connection, this.settings.redis.prefix)),
    );
    return this.folder;
  }

  /** Appending, sealing and draining would otherwise meet in the middle of each other. */
  private oneByOne<T>(work: () => Promise<T>): Promise<T> {
    const result = this.queue.then(work);
    this.queue = result.catch(() => undefined);
    return result;
  }
}
