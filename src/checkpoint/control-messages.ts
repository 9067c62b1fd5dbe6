import { z } from 'zod';
import {
  availability,
  checkpointKind,
  count,
  milliseconds,
  producerId,
  recordPosition,
  recovery,
  taskSnapshot,
} from './metadata-schema';

/* What the members of an application tell each other through its control topic, as JSON. Every member reads all of it. */

/** Which checkpoint: numbers count up, and a number of another generation of the group is another checkpoint. */
const which = { generation: z.number(), number: count };

/** A member, and the producer that it writes with. */
const participantSchema = z.object({ member: z.string(), producer: z.string() });

/** All tasks of a thread are open, and it writes with this producer. From then on it takes part. */
const readySchema = z.object({
  type: z.literal('ready'),
  generation: z.number(),
  member: z.string(),
  /** Another one after each failure: what the one before wrote is settled when this is sent. */
  producer: z.string(),
  tasks: z.array(z.string()),
  /** The process that it is a thread of. */
  process: z.string().optional(),
});

/** A checkpoint begins. Who takes part cuts at its next commit. */
const beginSchema = z.object({
  type: z.literal('begin'),
  ...which,
  /** All of them; a member that writes with another producer by now declines. */
  participants: z.array(participantSchema),
  /** The last complete checkpoint: its files may be shared. Missing where none may be. */
  base: z.string().optional(),
  /** Nothing is processed behind the cut until the checkpoint has ended: the application stops with it. */
  thenStop: z.boolean(),
});

/** A thread cut: where its barriers are. */
const cutSchema = z.object({
  type: z.literal('cut'),
  ...which,
  member: z.string(),
  producer: z.string(),
  /** As Kafka numbers producers. */
  producerId,
  tasks: z.array(z.string()),
  barriers: z.array(recordPosition),
});

/** A task's snapshot is in the snapshot store. */
const storedSchema = z.object({
  type: z.literal('stored'),
  ...which,
  member: z.string(),
  snapshot: taskSnapshot,
  storedBytes: count,
  /** Since the thread heard of the checkpoint. */
  milliseconds,
});

/** A member cannot take part. */
const declinedSchema = z.object({
  type: z.literal('declined'),
  ...which,
  member: z.string(),
  reason: z.string(),
  /** Its snapshot failed; else its tasks only went, or were opened again. */
  failed: z.boolean(),
});

const completedSchema = z.object({
  type: z.literal('completed'),
  ...which,
  id: z.string(),
  thenStop: z.boolean(),
  /** As far as the coordinator knew. */
  availability: availability.optional(),
});

const abortedSchema = z.object({ type: z.literal('aborted'), ...which, reason: z.string() });

/** Records of repartition partitions below these offsets are needed by no checkpoint. */
const floorsSchema = z.object({
  type: z.literal('floors'),
  generation: z.number(),
  floors: z.array(recordPosition),
});

/** Somebody wants a checkpoint or savepoint now. Sent again until it is answered. */
const requestSchema = z.object({
  type: z.literal('request'),
  request: z.string(),
  kind: checkpointKind,
  /** The id of the savepoint; chosen by the coordinator where it is missing. */
  id: z.string().optional(),
  thenStop: z.boolean(),
  /** With `thenStop`: begun when nothing is on its way any more. */
  drain: z.boolean().optional(),
  /** It shares no file with those before. */
  full: z.boolean().optional(),
});

/** Input topics are not to be read any more, so that all that is on its way comes to its end. */
const drainSchema = z.object({
  type: z.literal('drain'),
  generation: z.number(),
  request: z.string(),
  participants: z.array(participantSchema),
});

/** A thread begins no record of an input topic any more, and those that it had begun are committed. */
const closedSchema = z.object({
  type: z.literal('closed'),
  generation: z.number(),
  request: z.string(),
  member: z.string(),
  producer: z.string(),
});

/** The application does not stop after all: input topics are read again. */
const drainEndedSchema = z.object({ type: z.literal('drain-ended'), generation: z.number(), request: z.string() });

/** Something of the application failed, and work has to be done again. A rebalance alone is none. */
const failureSchema = z.object({
  type: z.literal('failure'),
  /**
   * A stream thread died; a commit failed, or state was damaged, and a thread opened its tasks again at the committed offsets; an instance came
   * back whose process before had not left the group, or others got its tasks: it was killed, or the machine failed.
   */
  kind: z.enum(['thread-died', 'tasks-dropped', 'instance-killed']),
  /** Who failed, where several may tell of the same. They were threads of one process. */
  members: z.array(z.string()).optional(),
  /** When that process was last seen alive, in milliseconds since 1970. */
  since: z.number().optional(),
});

/** A member is about to leave the group. */
const leftSchema = z.object({
  type: z.literal('left'),
  member: z.string(),
  /** Its thread died of an error. */
  failed: z.boolean(),
});

/** A thread has recovered from a failure, its own or that of a member whose tasks it got. */
const recoveredSchema = z.object({ type: z.literal('recovered'), recovery });

/** A thread dropped what it had processed and not committed: so many records are processed again. */
const replayedSchema = z.object({ type: z.literal('replayed'), records: z.number() });

/** How many records of input topics a thread has processed, where the schedule asks for that. Repartition topics do not count. */
const processedSchema = z.object({
  type: z.literal('processed'),
  /** Not its member id, which changes. */
  thread: z.string(),
  /** Since it heard of the beginning of this checkpoint; since it began itself where it is missing. */
  after: z.number().optional(),
  records: z.number(),
});

/** What became of a request. */
const answerSchema = z.object({
  type: z.literal('answer'),
  request: z.string(),
  outcome: z.discriminatedUnion('status', [
    z.object({ status: z.literal('draining') }),
    z.object({ status: z.literal('begun'), number: z.number() }),
    z.object({ status: z.literal('completed'), id: z.string() }),
    z.object({ status: z.literal('failed'), reason: z.string() }),
  ]),
});

const messageSchema = z.discriminatedUnion('type', [
  readySchema,
  beginSchema,
  cutSchema,
  storedSchema,
  declinedSchema,
  completedSchema,
  abortedSchema,
  floorsSchema,
  failureSchema,
  leftSchema,
  recoveredSchema,
  replayedSchema,
  processedSchema,
  requestSchema,
  drainSchema,
  closedSchema,
  drainEndedSchema,
  answerSchema,
]);

export type ControlMessage = z.infer<typeof messageSchema>;
export type Participant = z.infer<typeof participantSchema>;
export type Ready = z.infer<typeof readySchema>;
export type Begin = z.infer<typeof beginSchema>;
export type Cut = z.infer<typeof cutSchema>;
export type Stored = z.infer<typeof storedSchema>;
export type FailureKind = z.infer<typeof failureSchema>['kind'];
export type Processed = z.infer<typeof processedSchema>;
export type CheckpointRequest = z.infer<typeof requestSchema>;
export type DrainOrder = z.infer<typeof drainSchema>;
export type Closed = z.infer<typeof closedSchema>;
export type Answer = z.infer<typeof answerSchema>;
export type Floors = z.infer<typeof floorsSchema>['floors'];

/** Whether a member takes part, and still with the producer that it had then. */
export function takesPart({ member, producer }: Participant, participants: readonly Participant[]): boolean {
  return participants.some((each) => each.member === member && each.producer === producer);
}

export function encodeMessage(message: ControlMessage): Buffer {
  return Buffer.from(JSON.stringify(message));
}

/** What another version of Millrace said and this one does not understand. */
export interface UnknownMessage {
  readonly type: 'unknown';
  /** How it calls itself. */
  readonly given: string;
  readonly problem: string;
}

/** Members that a later version may have added to a message are left out. */
export function decodeMessage(bytes: Uint8Array): ControlMessage | UnknownMessage {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return { type: 'unknown', given: '', problem: 'it is not JSON' };
  }
  const read = messageSchema.safeParse(value);
  if (read.success) return read.data;
  const { type } = z.object({ type: z.string() }).catch({ type: '' }).parse(value);
  const [issue] = read.error.issues;
  return { type: 'unknown', given: type, problem: `${issue?.path.join('.')}: ${issue?.message}` };
}
