import { readdirSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import * as millrace from '../../src';
import * as testing from '../../src/testing';
import { examplesOf, root, type Example } from './examples';
import { resultsOf } from './results-of';

type Run = (builder: millrace.StreamsBuilder) => unknown;

const pages = [
  ...readdirSync(path.join(root, 'docs/dsl')).map((page) => `docs/dsl/${page}`),
  ...['docs/dsl.md', 'docs/testing.md', 'docs/topologies.md', 'docs/coming-from-kafka-streams.md'],
];
const examples = pages.flatMap(examplesOf);
const compiled = examples.filter(({ module }) => module !== undefined);

/** What the compiler says of all examples, as one program. */
function errors(): string[] {
  const files = new Map(compiled.map(({ module }, index) => [path.join(root, `docs/example-${index}.ts`), module!]));
  const { config } = ts.readConfigFile(path.join(root, 'tsconfig.json'), (file) => ts.sys.readFile(file)) as {
    readonly config: { readonly compilerOptions: Record<string, unknown> };
  };
  const { options } = ts.convertCompilerOptionsFromJson(
    {
      ...config.compilerOptions,
      noEmit: true,
      declaration: false,
      noUnusedLocals: false,
      noUnusedParameters: false,
      paths: { millrace: ['./src/index.ts'], 'millrace/testing': ['./src/testing/index.ts'] },
    },
    root,
  );
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (file) => files.has(file) || fileExists.call(host, file);
  host.readFile = (file) => files.get(file) ?? readFile.call(host, file);
  host.getSourceFile = (file, target, ...rest) => {
    const module = files.get(file);
    return module === undefined
      ? getSourceFile.call(host, file, target, ...rest)
      : ts.createSourceFile(file, module, target);
  };
  const program = ts.createProgram([...files.keys()], options, host);
  return [...files.keys()].flatMap((file, index) => {
    const source = program.getSourceFile(file)!;
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ messageText, start = 0 }) =>
        `${compiled[index]!.name} +${source.getLineAndCharacterOfPosition(start).line}: ` +
        ts.flattenDiagnosticMessageText(messageText, '\n'),
    );
  });
}

function load({ module }: Example): Run {
  const { outputText } = ts.transpileModule(module!, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  });
  const exported: { default?: Run } = {};
  const known: Record<string, unknown> = { millrace, 'millrace/testing': testing };
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the code is that of the documentation
  const evaluate = new Function('require', 'exports', outputText) as (...known: unknown[]) => void;
  evaluate((name: string) => known[name], exported);
  return exported.default!;
}

/** A line without the spaces that align it with the others of its block. */
function aligned(line: string): string {
  const [input, output] = line.split('->');
  return `${input!.trim()} -> ${output!.trim()}`.trim();
}

function cases(chosen: (example: Example) => boolean): [string, Example][] {
  return compiled.filter(chosen).map((example) => [example.name, example]);
}

test('every example of the documentation compiles', () => {
  expect(errors()).toEqual([]);
});

test.each(cases(({ runs, lines }) => runs && lines === undefined))(
  '%s runs, and its topology is built',
  async (_name, example) => {
    const builder = new millrace.StreamsBuilder();
    await load(example)(builder);
    if (example.builds) builder.build();
  },
);

test.each(cases(({ runs, lines }) => runs && lines !== undefined))(
  '%s emits what the page says',
  async (_name, example) => {
    expect(await resultsOf(load(example), example.lines!)).toEqual(example.lines!.map(aligned));
  },
);
