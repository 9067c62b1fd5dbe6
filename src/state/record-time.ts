/** The timestamp of the record that is being processed: what a store stamps its writes with. */
export interface RecordTime {
  readonly timestamp: number;
}
