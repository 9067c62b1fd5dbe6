export { murmur2, partitionForKey } from '../serde/partition-for-key';
