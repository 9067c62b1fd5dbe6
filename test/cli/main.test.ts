import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { version } from '../../package.json';
import { OPTIONS } from '../../src/config/option-list';
import { CompiledCli } from './compiled-cli';

/** Nothing listens there: a command that touched Kafka would fail in another way than with exit code 2. */
const BROKERS = 'localhost:1';
const REQUIRED = ['--application-id', 'cli-test', '--brokers', BROKERS];

/** Nothing is ever serialized here. */
const SERDE = "{ name: 'any', serialize: String, deserialize: String }";
const copyFrom = (topic: string) =>
  `builder.stream('${topic}', { key: ${SERDE}, value: ${SERDE} }).to('${topic}-copy');`;

describe('millrace', () => {
  let cli: CompiledCli;
  let directory: string;

  beforeAll(async () => {
    cli = await CompiledCli.compile();
    directory = mkdtempSync(join(tmpdir(), 'millrace-cli-'));
  });
  afterAll(() => {
    cli.remove();
    rmSync(directory, { recursive: true });
  });

  function file(name: string, content: string): string {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  describe('without a command, or with a wrong one', () => {
    it('shows its help and exits with 2', async () => {
      expect(await cli.run([])).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringContaining('Usage: millrace') as string,
      });
    });

    it('names the command that was meant', async () => {
      expect(await cli.run(['runn'])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('Did you mean run?') as string,
      });
    });

    it('says its version', async () => {
      expect(await cli.run(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
    });
  });

  describe('run --help', () => {
    it('lists every option with its flag and environment variable, and the exit codes', async () => {
      const { code, stdout } = await cli.run(['run', '--help']);
      expect(code).toBe(0);
      const words = new Set(stdout.split(/[\s();,]+/));
      const missing = OPTIONS.flatMap(({ flag, environmentVariable }) => [flag, environmentVariable]).filter(
        (name) => !words.has(name),
      );
      expect(missing).toEqual([]);
      expect(stdout).toContain('Exit codes: 0');
    });
  });

  describe('run, with something wrong, exits with 2 before it touches Kafka', () => {
    let module: string;
    beforeAll(() => {
      module = file('good.cjs', `module.exports = (builder) => { ${copyFrom('in')} };`);
    });

    it('and lists what is wrong with the configuration', async () => {
      const outcome = await cli.run(['run', module, '--session-timeout-ms', 'soon'], {
        env: { MILLRACE_LOG_LEVEL: 'loud' },
      });
      expect(outcome).toMatchObject({ code: 2, stdout: '' });
      const lines = outcome.stderr.trimEnd().split('\n');
      expect(lines[0]).toBe('The configuration is invalid:');
      expect(lines.slice(1)).toEqual([
        expect.stringContaining('applicationId (--application-id, MILLRACE_APPLICATION_ID)'),
        expect.stringContaining('brokers (--brokers, MILLRACE_BROKERS)'),
        expect.stringMatching(/sessionTimeoutMs.*found "soon", from the flag --session-timeout-ms$/),
        expect.stringMatching(/logLevel.*found "loud", from the environment variable MILLRACE_LOG_LEVEL$/),
      ]);
    });

    it('and names the flag that was meant', async () => {
      const outcome = await cli.run(['run', module, '--sesion-timeout-ms', '1']);
      expect(outcome).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('Did you mean --session-timeout-ms?') as string,
      });
    });

    it('and never shows a password', async () => {
      const configFile = file(
        'secret.yaml',
        'sasl: { mechanism: nonsense, username: u, password: hunter2 }\nsaslPassword: hunter2\n',
      );
      const outcome = await cli.run(['run', module, '--config', configFile, ...REQUIRED]);
      expect(outcome.code).toBe(2);
      expect(outcome.stderr).toContain('sasl.mechanism');
      expect(outcome.stderr + outcome.stdout).not.toContain('hunter2');
    });

    it.each<[string, string, string | undefined, string]>([
      [
        'the module is not there',
        'none.js',
        undefined,
        'Cannot load the topology module .*none.js: there is no such file',
      ],
      [
        'the module throws',
        'throws.cjs',
        "throw new Error('not today')",
        'Cannot load the topology module .*Error: not today',
      ],
      [
        'the module is not JavaScript',
        'broken.mjs',
        'export default (',
        'Cannot load the topology module .*SyntaxError',
      ],
      ['there is no default export', 'none.mjs', 'export const topology = 1', 'has no default export'],
      [
        'the default export is something else',
        'number.mjs',
        'export default 42',
        'has a default export of type number',
      ],
      [
        'the function throws',
        'fails.mjs',
        "export default () => { throw new Error('oh no') }",
        'Cannot build .*Error: oh no',
      ],
      [
        'the topology is empty',
        'empty.mjs',
        'export default () => undefined',
        'Cannot build the topology of .*empty.mjs: ',
      ],
    ])('when %s', async (_, name, content, message) => {
      const path = content === undefined ? join(directory, name) : file(name, content);
      const outcome = await cli.run(['run', path, ...REQUIRED]);
      expect(outcome).toMatchObject({ code: 2, stdout: '' });
      expect(outcome.stderr).toMatch(new RegExp(message, 's'));
    });

    it('when two modules read the same topic', async () => {
      const again = file('again.cjs', `module.exports = (builder) => { ${copyFrom('in')} };`);
      const outcome = await cli.run(['run', module, again, ...REQUIRED]);
      expect(outcome).toMatchObject({ code: 2, stdout: '' });
      expect(outcome.stderr).toMatch(/Cannot build the topology of .*'in'/);
    });
  });

  describe('describe', () => {
    it.each([
      ['CommonJS', 'module.cjs', `module.exports = (builder) => { ${copyFrom('in')} };`],
      ['an ES module', 'module.mjs', `export default (builder) => { ${copyFrom('in')} };`],
      [
        'CommonJS that a compiler made',
        'compiled.cjs',
        `exports.__esModule = true; exports.default = (builder) => { ${copyFrom('in')} };`,
      ],
      [
        'an ES module that awaits',
        'await.mjs',
        `await null; export default async (builder) => { await null; ${copyFrom('in')} };`,
      ],
    ])('shows the topology of %s', async (_, name, content) => {
      const outcome = await cli.run(['describe', file(name, content)]);
      expect(outcome).toMatchObject({ code: 0, stderr: '' });
      expect(outcome.stdout).toMatch(/Sub-topology: 0\n.*topics: \[in\].*topic: in-copy/s);
    });

    it('makes one topology of several modules', async () => {
      const one = file('one.mjs', `export default (builder) => { ${copyFrom('one')} };`);
      const two = file('two.mjs', `export default (builder) => { ${copyFrom('two')} };`);
      const { code, stdout } = await cli.run(['describe', one, two]);
      expect(code).toBe(0);
      expect(stdout).toMatch(/Sub-topology: 0.*\[one\].*Sub-topology: 1.*\[two\]/s);
    });

    it('draws it with Mermaid', async () => {
      const path = file('mermaid.mjs', `export default (builder) => { ${copyFrom('in')} };`);
      expect(await cli.run(['describe', path, '--mermaid'])).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^flowchart /) as string,
      });
    });

    it('takes a path from the current directory', async () => {
      file('here.mjs', `export default (builder) => { ${copyFrom('in')} };`);
      expect((await cli.run(['describe', 'here.mjs'], { cwd: directory })).code).toBe(0);
    });

    describe('of TypeScript', () => {
      const source = `import { topic } from './topic';
        const text: object = ${SERDE};
        export default (builder: any): void => builder.stream(topic, { key: text, value: text }).to('out');`;
      const topic = "export const topic: string = 'from-typescript';";

      it.each([
        ['in a CommonJS package', '{}'],
        ['in an ESM package', '{"type":"module"}'],
      ])('%s uses tsx', async (name, packageJson) => {
        const folder = name.replaceAll(' ', '-');
        file(`${folder}/package.json`, packageJson);
        file(`${folder}/topic.ts`, topic);
        const outcome = await cli.run(['describe', file(`${folder}/topology.ts`, source)]);
        expect(outcome).toMatchObject({ code: 0, stderr: '' });
        expect(outcome.stdout).toContain('[from-typescript]');
      });

      it('says what to do where tsx is not installed', async () => {
        const hideTsx = `const Module = require('node:module');
          const resolve = Module._resolveFilename;
          Module._resolveFilename = (name, ...rest) => { if (name === 'tsx') throw new Error('hidden'); return resolve(name, ...rest); };`;
        const env = { NODE_OPTIONS: `--require ${file('hide-tsx.cjs', hideTsx)}` };
        const outcome = await cli.run(['describe', file('topology.ts', source)], { env });
        expect(outcome).toMatchObject({ code: 2, stdout: '' });
        expect(outcome.stderr).toContain('tsx is not installed. Run `npm install tsx`, or compile it to JavaScript.');
      });
    });
  });
});
