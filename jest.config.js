// Nest 12 ships ES modules only, which jest can load natively on Node 24.9 or newer only. Before that swc turns our code
// and the dependencies into CommonJS; packages that already are CommonJS are left out, for speed.
const commonJsPackages = [
  '@bull-board',
  '@opentelemetry',
  '@swc',
  'ajv',
  'axe-core',
  'bson',
  'bullmq',
  'class-transformer',
  'class-validator',
  'cron-parser',
  'express',
  'ioredis',
  'ipaddr.js',
  'jest-[a-z-]+',
  '@jest',
  'libphonenumber-js',
  'lodash',
  'luxon',
  'mongodb',
  'mongoose',
  'pino',
  'pino-http',
  'playwright-core',
  'reflect-metadata',
  'rxjs',
  'superagent',
  'supertest',
  'swagger-ui-dist',
  'validator',
];

const swc = {
  swcrc: false,
  module: { type: 'commonjs' },
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    keepClassNames: true,
  },
};

/** @type {import('jest').Config} */
const shared = {
  testEnvironment: 'node',
  setupFiles: ['reflect-metadata'],
  moduleNameMapper: {
    '/expression-worker\\.location\\.js$': '<rootDir>/test/support/expression-worker.location.ts',
    // Declares its module for `import` only.
    '^canonicalize$': '<rootDir>/node_modules/canonicalize/lib/canonicalize.js',
    '^(\\.{1,2}/.*)\\.js$': ['$1.ts', '$1.js'],
  },
  transformIgnorePatterns: [`/node_modules/(${commonJsPackages.join('|')})/`],
  transform: { '^.+\\.m?[jt]s$': ['@swc/jest', swc] },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.build/'],
};

/** Real MongoDB and Redis: those of the environment, or embedded ones that the set-up starts and the teardown stops. */
const withServices = {
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
};

/** @type {import('jest').Config} */
export default {
  // What a file has loaded is never quite let go of (its hosts' drivers and caches are kept by Node's own registries): a
  // process that has grown is replaced before it collects garbage all the time.
  workerIdleMemoryLimit: '1GB',
  projects: [
    { ...shared, displayName: 'unit', testMatch: ['<rootDir>/src/**/*.spec.ts'] },
    {
      ...shared,
      ...withServices,
      displayName: 'medium',
      testMatch: ['<rootDir>/test/medium/**/*.spec.ts'],
      // jest reads `testTimeout` from its root only, so a project sets its own in a file.
      setupFilesAfterEnv: ['<rootDir>/test/support/timeout.medium.ts'],
    },
    {
      ...shared,
      ...withServices,
      displayName: 'e2e',
      testMatch: ['<rootDir>/test/e2e/**/*.spec.ts'],
      setupFilesAfterEnv: ['<rootDir>/test/support/timeout.e2e.ts'],
    },
    {
      ...shared,
      ...withServices,
      displayName: 'browser',
      testMatch: ['<rootDir>/test/browser/**/*.spec.ts'],
      setupFilesAfterEnv: ['<rootDir>/test/support/timeout.browser.ts'],
    },
    {
      ...shared,
      ...withServices,
      displayName: 'chaos',
      testMatch: ['<rootDir>/test/chaos/**/*.spec.ts'],
      setupFilesAfterEnv: ['<rootDir>/test/support/timeout.e2e.ts'],
    },
  ],
};
