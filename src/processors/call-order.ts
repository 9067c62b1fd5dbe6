import type { AsyncOperator } from '../topology/async-operator';
import type { AsyncCall } from './async-call';

/** Says whose result is handed on next. */
export interface CallOrder {
  add(call: AsyncCall): void;
  /** The call's result is there. */
  ended(call: AsyncCall): void;
  /** Takes the next call whose result may be handed on. */
  take(): AsyncCall | undefined;
}

export function callOrder({ order, keySerde }: AsyncOperator): CallOrder {
  if (order === 'partition') return new InOrder();
  if (order === 'none') return new AsTheyEnd();
  return new InOrderOfKey((key) => {
    if (key === null || key === undefined) return undefined;
    return keySerde!.comparesByValue === true ? key : keySerde!.serialize(key).toString('latin1');
  });
}

class InOrder implements CallOrder {
  private readonly calls: AsyncCall[] = [];

  add(call: AsyncCall): void {
    this.calls.push(call);
  }

  ended(): void {}

  take(): AsyncCall | undefined {
    return this.calls[0]?.ended === true ? this.calls.shift() : undefined;
  }
}

class AsTheyEnd implements CallOrder {
  private readonly ready: AsyncCall[] = [];

  add(): void {}

  ended(call: AsyncCall): void {
    this.ready.push(call);
  }

  take(): AsyncCall | undefined {
    return this.ready.shift();
  }
}

class InOrderOfKey implements CallOrder {
  private readonly ofKey = new Map<unknown, AsyncCall[]>();
  private readonly keys = new Map<AsyncCall, unknown>();
  private readonly ready: AsyncCall[] = [];

  constructor(private readonly identity: (key: unknown) => unknown) {}

  add(call: AsyncCall): void {
    const key = this.identity(call.record.key);
    this.keys.set(call, key);
    const calls = this.ofKey.get(key);
    if (calls === undefined) this.ofKey.set(key, [call]);
    else calls.push(call);
  }

  ended(call: AsyncCall): void {
    if (this.ofKey.get(this.keys.get(call))![0] === call) this.ready.push(call);
  }

  take(): AsyncCall | undefined {
    const call = this.ready.shift();
    if (call === undefined) return undefined;
    const key = this.keys.get(call);
    this.keys.delete(call);
    const calls = this.ofKey.get(key)!;
    calls.shift();
    const next = calls[0];
    if (next === undefined) this.ofKey.delete(key);
    else if (next.ended) this.ready.push(next);
    return call;
  }
}
