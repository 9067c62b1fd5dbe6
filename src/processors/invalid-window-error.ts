import { MillraceError } from '../errors/millrace-error';

/** A processor asked a window or session store for what it cannot have. */
export class InvalidWindowError extends MillraceError {
  readonly code = 'INVALID_WINDOW';

  constructor(store: string, problem: string) {
    super(`The store '${store}' ${problem}.`, { location: { store } });
  }
}
