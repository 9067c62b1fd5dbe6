import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import * as millrace from '../../src';
import * as testing from '../../src/testing';
import { root } from './examples';

const blocks = [...readFileSync(path.join(root, 'README.md'), 'utf8').matchAll(/```ts\n(.*?)```/gs)].map(
  ([, code]) => code!,
);

function transpiled(code: string): string {
  return ts.transpileModule(code, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  }).outputText;
}

test('the test of a topology in the README logs what it says', async () => {
  const topology = blocks.find((code) => code.includes('export default function spending'))!;
  const itsTest = blocks.find((code) => code.includes('TopologyTestDriver.open'))!;
  const spending: { default?: unknown } = {};
  const logged: unknown[] = [];
  const known: Record<string, unknown> = { millrace, 'millrace/testing': testing, './spending': spending };
  const run = async (code: string, exported: object): Promise<void> => {
    const parameters = ['require', 'exports', 'console'];
    const write = `return (async () => {${transpiled(code)}})()`;
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the code is that of the documentation
    const evaluate = new Function(...parameters, write) as (...known: unknown[]) => Promise<void>;
    await evaluate((name: string) => known[name], exported, { log: (value: unknown) => logged.push(value) });
  };
  await run(topology, spending);
  await run(itsTest, {});
  const [, comment] = /console\.log\(.*\); \/\/ (.*)/.exec(itsTest)!;
  expect(JSON.stringify(logged)).toBe(`[${comment!.replaceAll("'", '"').replaceAll(' ', '')}]`);
});
