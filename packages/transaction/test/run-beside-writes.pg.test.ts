import { defineModels, integer, many2one, one2many, type Registry } from '@ormolu/registry';
import type { RecordSet, Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { one, storedColumns } from './support/open';

/** Whom a task's chief concerns, nobody can tell before that is computed. */
const led = (leadsBack: boolean): Registry => defineModels({
  employee: { salary: integer(), manager: many2one('employee'), ...(leadsBack && { tasks: one2many('task', 'employee') }) },
  task: { employee: many2one('employee'), chief: many2one('employee', { store: true }), chiefSalary: integer({ store: true }) },
})
  .compute('task', 'chief', ['employee.manager'], (task) => task.employee?.manager ?? task.employee)
  .compute('task', 'chiefSalary', ['chief.salary'], (task) => task.chief?.salary ?? 0)
  .registry();

/** A list, what is computed from it, and an inverse that reads that. */
const firms = defineModels({
  company: { employees: one2many('employee', 'company'), headcount: integer({ store: true }), room: integer(), spare: integer() },
  employee: { company: many2one('company') },
})
  .compute('company', 'headcount', ['employees'], (company) => company.employees.length)
  .compute('company', 'spare', ['room', 'headcount'], (company) => (company.room ?? 0) - (company.headcount ?? 0))
  .inverse('company', 'spare', (company) => { company.room = (company.spare ?? 0) + (company.headcount ?? 0); })
  .registry();

/** How far into the wait somebody writes: from its beginning to behind its end. */
const TURNS = [0, 1, 3, 6, 10, 15, 20, 30];

async function turns(times: number): Promise<void> {
  for (let turn = 0; turn < times; turn += 1) await Promise.resolve();
}

/** What a function makes of what is in memory by now, twice: of somebody who writes meanwhile it may have seen nothing, but never half. */
async function beside<T>(tx: Transaction, { reading, times, writing }: { readonly reading: () => T; readonly times: number; readonly writing: () => void }): Promise<readonly [T, T]> {
  const waiting = tx.run(reading);
  await turns(times);
  writing();
  return [await waiting, await tx.run(reading)];
}

everywhere(firms, ({ open, counting }) => {
  let tx: Transaction;

  describe.each([['a list leads back', led(true)], ['nothing leads back', led(false)]])('somebody assigns what a computed relation follows from while a run waits; %s', (_, registry) => {
    const salary = (): unknown => one(tx, 'task', 1).get('chiefSalary');
    beforeEach(async () => {
      ({ tx } = await open(registry));
      await tx.env.model('employee').create([{ salary: 1 }, { salary: 2 }, { salary: 3 }]);
      await tx.env.model('task').create({ employee: 1 });
      await tx.flush();
      tx.clear();
    });

    test.each(TURNS)('%i turns later', async (times) => {
      const [before, after] = await beside(tx, { reading: salary, times, writing: () => { one(tx, 'employee', 1).set('manager', one(tx, 'employee', 2)); } });
      expect([1, 2]).toContain(before);
      expect(after).toBe(2);
      await tx.flush();
      expect(await storedColumns(tx, 'task', [1], ['chiefSalary'])).toEqual([[2]]);
    });

    test('once more as soon as the first is known', async () => {
      const write = async (manager: number): Promise<void> => {
        for (let turn = 0; turn < 10; turn += 1) {
          one(tx, 'employee', 1).set('manager', one(tx, 'employee', turn % 2 === 0 ? manager : 1));
          await turns(turn);
        }
        one(tx, 'employee', 1).set('manager', one(tx, 'employee', manager));
      };
      const [value] = await Promise.all([tx.run(salary), tx.run(salary), write(2), write(3)]);
      expect([1, 2, 3]).toContain(value);
      await tx.flush();
      expect(await tx.run(salary)).toBe((one(tx, 'employee', 1).get('manager') as RecordSet).get('salary'));
    });
  });

  test('what a run itself has written without a way back, it is told to read in the next', async () => {
    ({ tx } = await open(led(false)));
    await tx.env.model('employee').create([{ salary: 1 }, { salary: 2 }]);
    await tx.env.model('task').create({ employee: 1 });
    await tx.flush();
    tx.clear();
    const write = (): void => { one(tx, 'employee', 1).set('manager', one(tx, 'employee', 2)); };
    await expect(tx.run(() => {
      write();
      return one(tx, 'task', 1).get('chiefSalary');
    })).rejects.toMatchObject({ code: 'TX_TRIGGER_PENDING', message: expect.stringMatching(/what this very run has written to employee\.manager, .* End the run/) as unknown });
    await tx.run(write);
    expect(await tx.run(() => one(tx, 'task', 1).get('chiefSalary'))).toBe(2);
  });

  describe('somebody assigns a many2one of which the value before is not in memory,', () => {
    const heads = (): unknown => [...tx.env.model('company').browse([1, 2])].map((company) => company.get('headcount'));
    const move = (): void => { one(tx, 'employee', 2).set('company', one(tx, 'company', 1)); };
    beforeEach(async () => {
      ({ tx } = await open());
      await tx.env.model('company').create([{ employees: [{ create: {} }], room: 9 }, { employees: [{ create: {} }], room: 9 }]);
      await tx.flush();
      tx.clear();
    });

    test.each(TURNS)('while a run waits, %i turns later', async (times) => {
      const [before, after] = await beside(tx, { reading: heads, times, writing: move });
      expect([[1, 1], [2, 0]]).toContainEqual(before);
      expect(after).toEqual([2, 0]);
      await tx.flush();
      expect(await storedColumns(tx, 'company', [1, 2], ['headcount'])).toEqual([[2, 0]]);
    });

    test.each(TURNS)('while an inverse waits, %i turns later', async (times) => {
      const writing = tx.env.model('company').browse([1, 2]).write({ spare: 5 });
      await turns(times);
      move();
      await writing;
      await tx.flush();
      // The inverse ran on the list before or after it.
      expect([[[6, 6], [2, 0]], [[7, 5], [2, 0]]]).toContainEqual(await storedColumns(tx, 'company', [1, 2], ['room', 'headcount']));
    });

    test('a run that never ends is told so all the same', async () => {
      const endless = tx.run(() => {
        one(tx, 'company', 1).invalidate(['room']);
        return one(tx, 'company', 1).get('room');
      });
      move();
      await expect(endless).rejects.toMatchObject({ code: 'RUN_ENDLESS', details: { field: 'room' } });
    });

    test('a run pays one question for it: who held what was moved', async () => {
      const cost: number[] = [];
      for (const isBefore of [true, false]) {
        cost.push(await counting(tx, async () => {
          if (isBefore) move();
          const reading = tx.run(heads);
          if (!isBefore) move();
          await reading;
        }));
        tx.clear();
      }
      expect(cost).toEqual([2, 3]);
    });
  });
});
