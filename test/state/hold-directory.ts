// A process of its own for tests: locks the state directory of `app`, says so, and waits to be killed.
import { StateDirectory } from '../../src/state/state-directory';

void StateDirectory.open(process.argv[2]!, 'app').then(
  () => {
    console.log('locked');
    setInterval(() => undefined, 1000);
  },
  (error: { code: string; message: string }) => {
    console.error(error.code, error.message);
    process.exit(1);
  },
);
