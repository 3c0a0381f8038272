import { servicesUp } from '../../scripts/services/index.mjs';
import { keepRelease } from './services-release.mjs';

/** Jest calls this once per run, before its workers start: they inherit the environment. */
export default async function globalSetup() {
  // stdout may be jest's JSON
  const { mongodbUri, redisUrl, release } = await servicesUp({
    log: (/** @type {string} */ line) => process.stderr.write(`${line}\n`),
  });
  process.env['MONGODB_URI'] = mongodbUri;
  process.env['REDIS_URL'] = redisUrl;
  keepRelease(release);
}
