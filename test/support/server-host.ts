import { setUpOpenApi } from '../../src/openapi.js';
import { SETTINGS, type Settings } from '../../src/config/settings.js';
import type { TrustedProxies } from '../../src/config/trusted-proxies.js';
import { setUpServer } from '../../src/server.js';
import { startTestHost, type TestHostOptions } from './test-host.js';

interface ServerHostOptions extends Omit<TestHostOptions, 'prepare'> {
  readonly trustProxy?: TrustedProxies;
}

/** A test host that meets HTTP as the standalone server does: filter, correlation id and body limit everywhere. */
export const startServerHost = ({ trustProxy, ...options }: ServerHostOptions = {}) =>
  startTestHost({
    ...options,
    prepare: (app) => {
      setUpServer(app, app.get<Settings>(SETTINGS), undefined, trustProxy);
      setUpOpenApi(app);
    },
  });
