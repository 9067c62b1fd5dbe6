import { MillraceError } from '../errors/millrace-error';
import type { ProcessOperator } from '../topology/operators';
import type { Processor } from '../topology/processor-api';

/** A processor could not be made, or its `init` threw. There is no record that a handler could skip: the task cannot run. */
export class ProcessorInitError extends MillraceError {
  readonly code = 'PROCESSOR_INIT_FAILED';

  constructor(node: string, problem: string, cause?: unknown) {
    super(`Processor '${node}' cannot begin: ${problem}`, { cause, location: { node } });
  }
}

/** The processor of one task, from the user's supplier. */
export function supplied(
  node: string,
  { supplier }: Pick<ProcessOperator, 'supplier'>,
): Processor<unknown, unknown, unknown, unknown> {
  let processor: Processor<unknown, unknown, unknown, unknown> | undefined;
  try {
    processor = supplier();
  } catch (error) {
    throw new ProcessorInitError(node, `its supplier threw: ${reason(error)}. Correct that function.`, error);
  }
  if (typeof (processor as Partial<typeof processor> | undefined)?.process !== 'function')
    throw new ProcessorInitError(node, 'its supplier returned no object with a process method. Return one each time.');
  return processor;
}

/** What a throwing `init` leads to. Millrace's own errors name the node already. */
export function initFailure(node: string, error: unknown): Error {
  if (error instanceof MillraceError) return error;
  return new ProcessorInitError(node, `its init threw: ${reason(error)}. Correct that function.`, error);
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));
