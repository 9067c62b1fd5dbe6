import type { Answer, CheckpointRequest } from './control-messages';

/** Answers are kept so long: a request that is sent again gets the same one. */
const KEPT_ANSWERS = 100;

/** Requests that nothing was begun for yet, in their order, and what became of those before. */
export class RequestQueue {
  private readonly waiting: CheckpointRequest[] = [];
  private readonly outcomes = new Map<string, Answer['outcome']>();

  add(request: CheckpointRequest): void {
    this.waiting.push(request);
  }

  has(request: string): boolean {
    return this.waiting.some((each) => each.request === request);
  }

  take(): CheckpointRequest | undefined {
    return this.waiting.shift();
  }

  /** Whoever still waits asks again. Outcomes stay. */
  clear(): void {
    this.waiting.length = 0;
  }

  /** How it ended; undefined while it has not. */
  outcomeOf(request: string): Answer['outcome'] | undefined {
    return this.outcomes.get(request);
  }

  answered({ request, outcome }: Answer): void {
    if (outcome.status !== 'completed' && outcome.status !== 'failed') return;
    this.outcomes.set(request, outcome);
    for (const oldest of this.outcomes.keys()) {
      if (this.outcomes.size <= KEPT_ANSWERS) break;
      this.outcomes.delete(oldest);
    }
  }
}
