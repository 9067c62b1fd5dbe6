import { MillraceError } from '../../errors/millrace-error';

/** Keyed state was used where there is no current key: in `init`, in a punctuator, or after the record was done. */
export class StateOutsideKeyError extends MillraceError {
  readonly code = 'STATE_OUTSIDE_KEY';

  constructor(what: string, node: string) {
    super(
      `Processor '${node}' used ${what} while there is no current key. Use it within process() or onTimer(), and return or await there whatever it has to wait for.`,
      { location: { node } },
    );
  }
}
