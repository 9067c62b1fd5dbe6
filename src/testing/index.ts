export { UnknownPartitionError, UnknownTopicError } from './memory-topics';
export { TestInputTopic, TestOutputTopic } from './test-topics';
export type { InputTopicOptions, OutputRecord, TestRecord, TopicSerdes } from './test-topics';
export { TestSessionStore, TestWindowStore } from './test-window-stores';
export type { WindowResult } from './test-window-stores';
export { TopologyTestDriver } from './topology-test-driver';
export type { TopologyTestDriverOptions } from './topology-test-driver';
