/** Which member of which generation of a consumer group acts. A broker refuses offsets from a stale one. */
export interface GroupGeneration {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId?: string | undefined;
}
