/** The import order of the capabilities: nothing imports from its right. */
const ORDER = [
  ['common'],
  ['config'],
  ['storage', 'security'],
  ['audit'],
  ['http'],
  ['actions'],
  ['integrations', 'logging', 'queues'],
  ['scheduling'],
  ['retries', 'insights'],
  ['dispatch', 'callbacks'],
  ['erasure'],
  ['inbound'],
  ['dashboard', 'health', 'metrics'],
  ['testing'],
];

/** Capabilities of one rank may use each other only where this says so. */
const SAME_RANK_ALLOWED = { security: ['storage'] };

const layerRules = ORDER.flatMap((rank, index) =>
  rank.map((name) => {
    const allowed = SAME_RANK_ALLOWED[name] ?? [];
    const right = [
      ...ORDER.slice(index + 1).flat(),
      ...rank.filter((other) => other !== name && !allowed.includes(other)),
    ];
    return {
      name: `layers-${name}`,
      comment: `src/${name} must not import from what stands right of it in the import order`,
      severity: 'error',
      from: { path: `^src/${name}/` },
      to: { path: `^src/(${[...right, '[^/]+\\.ts$'].join('|')})` },
    };
  }),
);

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...layerRules,
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'steps-never-call-each-other',
      severity: 'error',
      from: { path: '^src/dispatch/pipeline/[^/]+\\.step\\.ts$', pathNot: 'pipeline-step\\.ts$' },
      to: { path: '^src/dispatch/pipeline/[^/]+\\.step\\.ts$', pathNot: 'pipeline-step\\.ts$' },
    },
    {
      name: 'demo-uses-the-public-api',
      comment: 'The demo is a host: it imports the package by its name, or its API is incomplete',
      severity: 'error',
      from: { path: '^demo/' },
      to: { path: '^src/' },
    },
    {
      name: 'no-dev-dependencies-in-src',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: {
        dependencyTypes: ['npm-dev'],
        pathNot: 'node_modules/(@nestjs/(common|core)|class-|mongoose|reflect-metadata|rxjs)',
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
};
