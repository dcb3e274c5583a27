// What a row of the table is, and how an area of it (connecting, sending, …) is written down: calls, the states in which they
// are made, what happens while they wait, and what they come to.
import { isWindows } from '../support/system.ts';

/** What a call comes to: a PipeError, or a rejection with the very reason that was given, or a result. */
export type Comes =
  | {
      code: string;
      /** What follows `syscall CODE path: ` in the message, or the whole message of an error that has no syscall. */
      says?: string | RegExp;
      /** Absent: the error is about an argument and has none. */
      syscall?: string;
      cause?: object;
    }
  | { rejects: unknown }
  | { gives: unknown };

/** One outcome for both systems, unless there is a reason why not; undefined: there is no such case on that system. */
export type Outcome = Comes | { linux: Comes | undefined; windows: Comes | undefined; because: string };

/** Each of these calls, in each of these states. A call is an operation, or "operation: with what". */
export type Row<Call, State, Cause> = {
  call: Call | Call[];
  when: State | State[];
  /** What happens while the call waits. */
  meanwhile?: Cause;
  /** Whether this process may do what it takes, such as acting as somebody else. */
  tried?: boolean;
} & Outcome;

export interface Case {
  operation: string;
  /** State, argument and cause, in words. */
  when: string;
  /** The end of the connection that the call is made on. */
  side: Side | undefined;
  setUp(): Promise<unknown>;
  make(state: unknown): unknown;
  /** What happens while the call waits. */
  cause: ((state: unknown) => unknown) | undefined;
  outcome: Outcome;
  /** On this system; undefined: nothing, or it cannot be tried. */
  comes: Comes | undefined;
}

export type Side = 'server' | 'client' | 'server of messages' | 'client of messages';

export interface Area<S, Call extends string, State extends string, Cause extends string> {
  /** Absent: it is no matter of ends. */
  sides?: readonly Side[];
  /** Whether a side can come to be in this state. */
  possible?: (state: State, side: Side) => boolean;
  states: Record<State, (side: Side) => S | Promise<S>>;
  calls: Record<Call, (state: S) => unknown>;
  causes?: Record<Cause, (state: S) => unknown>;
  rows: NoInfer<Row<Call, State, Cause>>[];
}

/** The error that somebody gives as a reason: it comes back as it is. */
export const REASON: Error = new Error('the reason that was given');

export function area<S, Call extends string, State extends string, Cause extends string = never>({
  sides = [],
  possible = () => true,
  states,
  calls,
  causes,
  rows,
}: Area<S, Call, State, Cause>): Case[] {
  const cases: Case[] = [];
  for (const { call: which, when, meanwhile, tried = true, ...rest } of rows) {
    const outcome = rest as Outcome;
    for (const call of [which].flat() as Call[])
      for (const state of [when].flat() as State[])
        for (const side of sides.length > 0 ? sides.filter((one) => possible(state, one)) : [undefined])
          cases.push({
            ...inWords(call, state, meanwhile),
            side,
            setUp: async () => states[state](side ?? 'client'),
            make: (at) => calls[call](at as S),
            cause: meanwhile && ((at) => causes![meanwhile](at as S)),
            outcome,
            comes: tried ? onThisSystem(outcome) : undefined,
          });
  }
  return cases;
}

/** What is said of an end that nothing has happened to. */
export const OPEN = 'open';

function inWords(call: string, state: string, meanwhile: string | undefined): { operation: string; when: string } {
  const [, operation, argument] = /^(.*?)(?:: (.*))?$/.exec(call) as unknown as [string, string, string?];
  const before = [argument, state === OPEN && (argument ?? meanwhile) ? undefined : state];
  const when = before.filter((part) => part !== undefined).join('; ');
  return { operation, when: meanwhile ? [when, `meanwhile ${meanwhile}`].filter(Boolean).join(', and ') : when };
}

function onThisSystem(outcome: Outcome): Comes | undefined {
  if (!('because' in outcome)) return outcome;
  return isWindows ? outcome.windows : outcome.linux;
}
