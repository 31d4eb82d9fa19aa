import { conditionalRules, lifetimeRules, serverRules, valueRules } from './compliance/backend-rules';
import { busRules, type BusTarget } from './compliance/bus-rules';
import { BackendFixture, type BackendTarget, type ComplianceRunner } from './compliance/fixture';

export type { BusTarget } from './compliance/bus-rules';
export type { BackendTarget, ComplianceRunner } from './compliance/fixture';

/**
 * The rules that every cache backend keeps, as tests of whatever runner is at hand.
 *
 * @param runner - the functions of jest, vitest or `node:test`
 * @remarks Some seconds: it waits for values to expire. It leaves keys of its own behind, which expire within a minute, one within 90 days.
 * @example
 * backendCompliance({ describe, test, beforeAll, afterAll }, { name: 'mine', create: () => myBackend('host:port') });
 */
export function backendCompliance(runner: ComplianceRunner, target: BackendTarget): void {
  runner.describe(`backend '${target.name}' keeps the contract`, () => {
    const fixture = new BackendFixture(target);
    runner.beforeAll(() => fixture.open());
    runner.afterAll(() => fixture.close());
    for (const rules of [valueRules, conditionalRules, lifetimeRules, serverRules]) rules(runner, fixture);
  });
}

/**
 * The rules that every bus keeps, as tests of whatever runner is at hand. That a loss is told within two seconds they cannot try: nobody but you can take your bus away.
 *
 * @param runner - the functions of jest, vitest or `node:test`
 * @remarks About a second.
 * @example
 * busCompliance({ describe, test, beforeAll, afterAll }, { name: 'mine', create: () => myBus('host:port') });
 */
export function busCompliance(runner: ComplianceRunner, target: BusTarget): void {
  runner.describe(`bus '${target.name}' keeps the contract`, () => busRules(runner, target));
}
