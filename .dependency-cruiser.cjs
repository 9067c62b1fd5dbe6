// The folders of src/, from the top of the structure to the bottom. A file may import from its own folder and from those below it.
const layers = [
  'cli',
  'server',
  'testing',
  'runtime',
  'checkpoint',
  'kafka',
  'task',
  'processors',
  'state',
  'topology',
  'serde',
  'config',
  'metrics',
  'logging',
  'errors',
];

const downOnly = layers.slice(1).map((layer, index) => ({
  name: `${layer}-imports-down-only`,
  severity: 'error',
  comment: `src/${layer} must not import from a folder above it`,
  from: { path: `^src/${layer}/` },
  to: { path: `^src/(${layers.slice(0, index + 1).join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...downOnly,
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'kafkajs-only-in-src-kafka',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/kafka/' },
      to: { path: 'node_modules/kafkajs' },
    },
    {
      name: 'rocksdb-only-in-src-state',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/state/' },
      to: { path: 'node_modules/rocksdb' },
    },
    {
      name: 'aws-sdk-is-loaded-when-used',
      severity: 'error',
      comment: 'it costs time and memory that only users of an S3 store should pay: import() it, or import types only',
      from: { path: '^src/' },
      to: { path: 'node_modules/@(aws-sdk|smithy)/', dynamic: false, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'src-does-not-import-the-public-surface',
      severity: 'error',
      from: { path: '^src/.+/' },
      to: { path: '^src/index.ts$' },
    },
    {
      name: 'src-imports-src-only',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench|topologies)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
