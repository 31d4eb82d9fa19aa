import type { ComplianceRunner, ComplianceTarget } from './compliance/fixture';
import { Fixture } from './compliance/fixture';
import { changeLogRules } from './compliance/change-log-rules';
import { constraintRules } from './compliance/constraint-rules';
import { filterRules } from './compliance/filter-rules';
import { groupRules } from './compliance/group-rules';
import { inputRules } from './compliance/input-rules';
import { keyedRules } from './compliance/keyed-rules';
import { migrationRules } from './compliance/migration-rules';
import { recordRules } from './compliance/record-rules';
import { sqlRules } from './compliance/sql-rules';
import { streamRules } from './compliance/stream-rules';
import { transactionRules } from './compliance/transaction-rules';
import { valueRules } from './compliance/value-rules';
import { versionRules } from './compliance/version-rules';

export type { ComplianceRunner, ComplianceTarget } from './compliance/fixture';

/**
 * The rules that every storage keeps, as tests of whatever runner is at hand.
 *
 * What a storage cannot do (`capabilities`) is not demanded of it, but what it does instead is.
 * @param runner - the functions of jest, vitest or `node:test`
 * @example
 * storageCompliance({ describe, test, beforeAll, afterAll }, { name: 'mine', create: () => Promise.resolve(myStorage()) });
 */
export function storageCompliance(runner: ComplianceRunner, target: ComplianceTarget): void {
  runner.describe(`storage '${target.name}' keeps the contract`, () => {
    const fixture = new Fixture(target);
    runner.beforeAll(() => fixture.open());
    runner.afterAll(() => fixture.close());
    for (const rules of [
      recordRules, valueRules, filterRules, groupRules, keyedRules, streamRules, constraintRules, transactionRules, migrationRules, versionRules, changeLogRules, sqlRules, inputRules,
    ]) rules(runner, fixture);
  });
}
