import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, statfs, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const REMEDY =
  'Run the tests on Linux, as root or where user namespaces are allowed ' +
  '(sysctl kernel.apparmor_restrict_unprivileged_userns=0; in Docker --cap-add SYS_ADMIN --security-opt apparmor=unconfined)';

/** A disk that a test can fill, which other processes find under the same path. */
export interface SmallDisk {
  readonly path: string;
  freeBytes(): Promise<number>;
  /** Something else that takes so much of it. Answers with what removes it again. */
  occupy(sizeBytes: number): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/**
 * Mounts a tmpfs where nothing else sees it: in a mount namespace that a process keeps, and that is gone with it.
 * @throws where the system lets nobody mount anything, with what to do about it
 */
export async function mountSmallDisk(sizeBytes: number): Promise<SmallDisk> {
  const folder = await mkdtemp(join(tmpdir(), 'waybill-disk-'));
  const namespaces = process.getuid?.() === 0 ? ['--mount'] : ['--user', '--map-root-user', '--mount'];
  const mount = `mount -t tmpfs -o size=${sizeBytes},mode=700 waybill-test "$0" && echo mounted && exec cat`;
  const keeper = spawn('unshare', [...namespaces, 'sh', '-c', mount, folder]);
  let said = '';
  keeper.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = once(keeper, 'close').catch((error: unknown) => (said += String(error)));
  const isMounted = await Promise.race([once(keeper.stdout, 'data').then(() => true), ended.then(() => false)]);
  if (!isMounted) {
    await rm(folder, { recursive: true });
    throw new Error(`A test needs a small disk and cannot mount one: ${said.trim()}. ${REMEDY}.`);
  }
  const path = `/proc/${keeper.pid}/root${folder}`;
  return {
    path,
    freeBytes: async () => {
      const { bavail, bsize } = await statfs(path);
      return bavail * bsize;
    },
    occupy: async (occupiedBytes) => {
      await writeFile(join(path, 'occupied'), Buffer.alloc(occupiedBytes));
      return () => unlink(join(path, 'occupied'));
    },
    close: async () => {
      keeper.stdin.end();
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}
