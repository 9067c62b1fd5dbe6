// Prints what jest counted as the plain line 'N passed, N failed', and exits non-zero unless every test that ran passed and one did.
import { readFileSync } from 'node:fs';

const [, , file, jestStatus] = process.argv;

function counts() {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined; // jest did not come to its end
  }
}

const run = counts();
const passed = run?.numPassedTests ?? 0;
// A test file that cannot even be loaded holds tests that nobody counted: it is one failure at least.
const failed = run === undefined ? 1 : run.numFailedTests + run.numRuntimeErrorTestSuites;
if (run === undefined) console.error(`The tests ended with status ${jestStatus} and without a result.`);
else if (passed + failed === 0) console.error('No test ran.');

process.exitCode = jestStatus === '0' && failed === 0 && passed > 0 ? 0 : 1;
console.log(`${passed} passed, ${failed} failed`);
