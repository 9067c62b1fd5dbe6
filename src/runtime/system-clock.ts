/** The wall clock of this machine, in milliseconds since 1970: the only place where the runtime asks for it. */
export function systemClock(): number {
  return Date.now();
}
