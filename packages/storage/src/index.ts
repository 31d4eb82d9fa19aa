export { StorageRung, type StorageRungStats, type StoredCounts } from './storage-rung';
