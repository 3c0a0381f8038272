import { setUpOpenApi } from '../../src/openapi.js';
import { SETTINGS, type Settings } from '../../src/config/settings.js';
import { setUpServer } from '../../src/server.js';
import { startTestHost, type TestHostOptions } from './test-host.js';

/** A test host that meets HTTP as the standalone server does: filter, correlation id and body limit everywhere. */
export const startServerHost = (options: Omit<TestHostOptions, 'prepare'> = {}) =>
  startTestHost({
    ...options,
    prepare: (app) => {
      setUpServer(app, app.get<Settings>(SETTINGS));
      setUpOpenApi(app);
    },
  });
