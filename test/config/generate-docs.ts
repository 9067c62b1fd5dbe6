import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { createMetrics } from '../../src/metrics/metrics';
import { OPTIONS, type OptionDescription } from '../../src/config/option-list';

/*
 * Writes what follows from the code: docs/configuration.md and docs/metrics.md, and the types of the options with their documentation, for
 * editors to show. `npm run docs:config`; with --check it only says whether all are up to date.
 */

const ROOT = join(__dirname, '../..');

const INTRODUCTION = `# Configuration

<!-- Generated from src/config/schema.ts by \`npm run docs:config\`. -->

Every option has three spellings that follow from its name: \`sessionTimeoutMs\` in code and in a configuration file,
\`MILLRACE_SESSION_TIMEOUT_MS\` in the environment, \`--session-timeout-ms\` on the command line. An option with a dot lies inside an
object: \`sasl.username\` is \`{ sasl: { username: '...' } }\`, \`MILLRACE_SASL_USERNAME\`, \`--sasl-username\`.

Flags win over the environment, the environment over the configuration file (\`--config FILE\` or \`MILLRACE_CONFIG\`; YAML or JSON), and
the file over the defaults. An environment variable that is empty counts as not set. All problems are reported together, before
anything is opened or connected. Secrets (marked below) never appear in messages and logs.

Names follow Kafka Streams where it has the option; its name stands under ours.
`;

const METRICS_INTRODUCTION = `# Metrics

<!-- Generated from src/metrics/metrics.ts by \`npm run docs:config\`. -->

With \`httpPort\` set, \`GET /metrics\` serves these to Prometheus, and \`GET /health\` says with its status whether the application
is well: 200 while it is RUNNING or REBALANCING, else 503. A program of its own finds them in \`application.metrics.registry\`.
\`millrace run\` adds Node's process metrics (\`process_*\`, \`nodejs_*\`).
`;

function row(option: OptionDescription): string {
  const names = [`\`${option.name}\``, ...(option.kafkaName === undefined ? [] : [`(${option.kafkaName})`])].join(
    '<br>',
  );
  const type = option.type.replaceAll('|', '\\|');
  return `| ${names} | \`${type}\` | ${describeDefault(option)} | ${option.description}${option.secret === true ? ' **Secret.**' : ''} |`;
}

function describeDefault({ required, path, defaultText, defaultValue }: OptionDescription): string {
  if (required) return path.length > 1 ? `required with \`${path[0]}\`` : '**required**';
  if (defaultText !== undefined) return defaultText;
  return defaultValue === undefined ? '-' : `\`${defaultValue}\``;
}

function typesFile(): string {
  const nested = ['ssl', 'sasl'].map((parent) => {
    const members = OPTIONS.filter(({ path }) => path.length === 2 && path[0] === parent);
    return `/** The object \`${parent}\` of the options. */\nexport interface ${interfaceName(parent)} {\n${members.map(member).join('\n')}\n}\n`;
  });
  const top = OPTIONS.filter(({ path }) => path.length === 1).map(member);
  const sasl =
    '  /** How to log in at the brokers. Default: not at all. */\n  readonly sasl?: SaslOptions | undefined;';
  return [
    '// Generated from schema.ts by `npm run docs:config`.\n',
    ...nested,
    '/** What a user gives: `applicationId` and `brokers`, and whatever else should differ from its default. */',
    `export interface MillraceOptions {\n${[...top, sasl].join('\n')}\n}\n`,
  ].join('\n');
}

function member(option: OptionDescription): string {
  const { path, required, description, kafkaName, type, defaultText, defaultValue } = option;
  const name = path.at(-1) ?? '';
  const lines = [
    description,
    ...(kafkaName === undefined ? [] : [`In Kafka: \`${kafkaName}\`.`]),
    ...(defaultText === undefined && defaultValue === undefined
      ? []
      : [`@default ${defaultText ?? String(defaultValue)}`]),
  ];
  const declared =
    path.length === 1 && name === 'ssl' ? 'boolean | SslOptions' : type.replace('string[]', 'readonly string[]');
  const property = required ? `readonly ${name}: ${declared};` : `readonly ${name}?: ${declared} | undefined;`;
  return `  /**\n${lines.map((line) => `   * ${line}`).join('\n')}\n   */\n  ${property}`;
}

function metricsPage(): string {
  const metrics = createMetrics().registry.getMetricsAsArray() as unknown as {
    name: string;
    help: string;
    labelNames: readonly string[];
    constructor: { name: string };
  }[];
  const rows = metrics.map(({ name, help, labelNames, constructor }) => {
    const labels = labelNames.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${constructor.name.toLowerCase()} | ${labels || '-'} | ${help} |`;
  });
  return [METRICS_INTRODUCTION, '| Metric | Type | Labels | Meaning |', '| --- | --- | --- | --- |', ...rows, ''].join(
    '\n',
  );
}

function interfaceName(parent: string): string {
  return `${parent[0]?.toUpperCase()}${parent.slice(1)}Options`;
}

async function main(): Promise<void> {
  const table = ['| Option | Type | Default | Meaning |', '| --- | --- | --- | --- |', ...OPTIONS.map(row)].join('\n');
  await bringUpToDate('docs/configuration.md', 'markdown', `${INTRODUCTION}\n${table}\n`);
  await bringUpToDate('docs/metrics.md', 'markdown', metricsPage());
  await bringUpToDate('src/config/millrace-options.ts', 'typescript', typesFile());
}

async function bringUpToDate(file: string, parser: string, content: string): Promise<void> {
  const path = join(ROOT, file);
  const text = await format(content, { ...(await resolveConfig(path)), parser });
  if (!process.argv.includes('--check')) return writeFileSync(path, text);
  if (readFileSync(path, 'utf8') === text) return;
  process.stderr.write(`${file} is not what the schema says: run \`npm run docs:config\`.\n`);
  process.exitCode = 1;
}

void main();
