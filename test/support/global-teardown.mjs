import { releaseServices } from './services-release.mjs';

export default async function globalTeardown() {
  await releaseServices();
}
