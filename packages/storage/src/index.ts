export { StorageRung } from './storage-rung';
