import { mkdir, open, readdir, rename, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isOrphaned, ownFolderName, releasedFolderName, suffixOf } from './spool-owner.js';

const SEGMENT = /^\d{8}\.jsonl$/;
const REFUSED = 'refused.jsonl';
const NUMBER_CHARS = 8;

export interface SegmentFile {
  readonly path: string;
  readonly sizeBytes: number;
}

/** The folder of one process in the spool of its installation. It is there only while it has files in it. */
export class SpoolFolder {
  private readonly name = ownFolderName();
  private lastNumber = 0;

  constructor(private readonly root: string) {}

  /** The path of the next segment, in a folder that exists. */
  async nextSegmentPath(): Promise<string> {
    const folder = join(this.root, this.name);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    this.lastNumber += 1;
    return join(folder, `${String(this.lastNumber).padStart(NUMBER_CHARS, '0')}.jsonl`);
  }

  /** Beside the folders of all processes, in a folder that exists. */
  async refusedPath(): Promise<string> {
    await mkdir(this.root, { recursive: true, mode: 0o700 });
    return join(this.root, REFUSED);
  }

  /** Takes over what processes of this machine left behind when they ended, and answers with their segments in order. */
  async claimOrphans(): Promise<SegmentFile[]> {
    const names = await readdir(this.root).catch(() => []);
    const claimed: SegmentFile[] = [];
    for (const name of names.filter(isOrphaned)) claimed.push(...(await this.claim(name)));
    return claimed;
  }

  /** Leaves what is not drained to whoever comes next. */
  async release(paths: readonly string[]): Promise<void> {
    const folders = new Set([join(this.root, this.name), ...paths.map((path) => dirname(path))]);
    for (const folder of folders) {
      await removeIfEmpty(folder);
      await rename(folder, join(this.root, releasedFolderName(folder.slice(this.root.length + 1)))).catch(
        () => undefined,
      );
    }
    await removeIfEmpty(this.root);
  }

  private async claim(name: string): Promise<SegmentFile[]> {
    const folder = join(this.root, ownFolderName(suffixOf(name)));
    try {
      await rename(join(this.root, name), folder);
    } catch {
      // Another process was faster.
      return [];
    }
    const files = (await readdir(folder)).filter((file) => SEGMENT.test(file)).toSorted();
    if (files.length === 0) await removeIfEmpty(folder);
    return Promise.all(
      files.map(async (file) => {
        const path = join(folder, file);
        return { path, sizeBytes: (await stat(path)).size };
      }),
    );
  }
}

/** A file is as durable as its name is. */
export async function syncFolderOf(path: string): Promise<void> {
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

export const removeIfEmpty = (folder: string): Promise<void> => rmdir(folder).catch(() => undefined);
