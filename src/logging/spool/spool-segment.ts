import { type FileHandle, open } from 'node:fs/promises';

/** One file of the spool that is being written. What `append` has resolved for is on the disk. */
export class SpoolSegment {
  private size = 0;
  private damaged = false;

  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
  ) {}

  /** @throws where it exists already or cannot be made. */
  static async create(path: string): Promise<SpoolSegment> {
    return new SpoolSegment(path, await open(path, 'ax', 0o600));
  }

  get sizeBytes(): number {
    return this.size;
  }

  /** Its end may be torn: nothing more may be written behind it. */
  get isDamaged(): boolean {
    return this.damaged;
  }

  /** All of it or, as far as a reader can tell, nothing. @throws where the disk is full or gone. */
  async append(bytes: Buffer): Promise<void> {
    try {
      await this.file.appendFile(bytes);
      await this.file.datasync();
      this.size += bytes.length;
    } catch (error) {
      this.damaged = true;
      // Where this fails too, whole lines of it are written twice, which writes them once, and a torn one is recognised.
      await this.file.truncate(this.size).catch(() => undefined);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}
