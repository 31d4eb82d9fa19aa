import type { Field } from '@ormolu/registry';
import type { Environment } from './environment';
import { AccessError } from '../errors';

/**
 * Refuses a user fields that only members of certain groups may see. Superusers see all; who is in which group, `groupsOf` says.
 *
 * Asked where a program speaks for a user: by `read`, `write`, `create` and searches. Properties are for the program's own use.
 * @throws {AccessError} TX_ACCESS naming model and field
 * @remarks `groupsOf` is asked once in an environment's life, and only when a field has groups.
 */
export async function checkAccess(env: Environment, fields: Iterable<Field>, doing: 'read' | 'write' | 'search'): Promise<void> {
  if (env.su) return;
  for (const field of fields) {
    if (!field.groups) continue;
    const groups = await env.groups();
    if (!field.groups.some((group) => groups.has(group))) throw new AccessError(field, doing);
  }
}
