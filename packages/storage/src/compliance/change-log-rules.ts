import { ConflictError, EVERYTHING, SameValue, whyStale, type CachedRead, type Columns, type EntryStamp, type Isolation, type MissReason, type Schema, type Session, type Sight, type StoredId, type Tag } from '@ormolu/kernel';
import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { column, insertRows, reference, type ComplianceRunner, type Fixture } from './fixture';
import { withCode } from './with-code';

/** What caches are told, so that nothing they keep is ever taken for true when it is not. */
export function changeLogRules({ describe, test, beforeAll }: ComplianceRunner, fixture: Fixture): void {
  describe('the change log', () => {
    let schema: Schema;
    beforeAll(async () => {
      schema = await fixture.migrated(fixture.tables()
        .add('country', [column('name', 'text')])
        .add('city', [column('name', 'text'), column('size', 'int4'), reference('country', 'country', 'cascade')])
        .add('street', [column('name', 'text'), reference('city', 'city', 'set null')]));
    });

    /** Does nothing where there is no log, and says so by what it looks at. */
    const logged = (name: string, run: () => Promise<void>): void => test(name, async () => {
      if (fixture.storage.changeLog) await run();
      else await fixture.undone(schema, async (session) => ok(await session.sight?.() === undefined), { sight: true });
    });

    const inSight = <T>(work: (session: Session, sight: Sight) => Promise<T>, isolation: Isolation = 'repeatable read'): Promise<T> => fixture.undone(schema, async (session) => work(session, await sightOf(session)), { sight: true, isolation });
    const committed = <T>(work: (session: Session) => Promise<T>): Promise<T> => fixture.committed(schema, work);
    const city = (name: string): Promise<number> => committed(async (session) => Number((await insertRows(session, 'city', [{ name, size: 1 }]))[0]));
    const stampOf = (isolation?: Isolation): Promise<EntryStamp> => inSight(async (session) => {
      const { stamp } = await session.query({ model: 'city', filter: EVERYTHING, stamped: true });
      return stamp ?? fail('no stamp');
    }, isolation);
    const judged = (stamp: EntryStamp, tags: readonly Tag[], isolation?: Isolation): Promise<MissReason | undefined> => inSight((_, sight) => Promise.resolve(whyStale(sight, stamp, tags)), isolation);

    logged('a session that does not ask for it has no sight and no stamps', () => fixture.undone(schema, async (session) => {
      strictEqual(await session.sight?.(), undefined);
      strictEqual((await session.query({ model: 'city', filter: EVERYTHING, stamped: true })).stamp, undefined);
      deepStrictEqual(session.takeTouched?.(), []);
    }));

    logged('tables that were migrated can be kept', () => inSight((_, sight) => {
      for (const { model } of schema.tables) strictEqual(sight.whyUncachable(model), undefined);
      deepStrictEqual([...fixture.storage.changeLog?.uncachable ?? []], []);
      return Promise.resolve();
    }));

    for (const isolation of ['read committed', 'repeatable read', 'serializable'] as const) {
      logged(`an answer holds until what it depends on changes, at ${isolation}`, async () => {
        const [id, other] = [await city('a'), await city('b')];
        const stamp = await stampOf(isolation);
        const [record, name, size, list] = [{ model: 'city', id }, { model: 'city', id, fields: ['name'] }, { model: 'city', fields: ['size'] }, { model: 'city' }];
        const all = (): Promise<readonly (MissReason | undefined)[]> => inSight((_, sight) => Promise.resolve([record, name, size, list].map((tag) => whyStale(sight, stamp, [tag]))), isolation);
        deepStrictEqual(await all(), [undefined, undefined, undefined, undefined]);
        await committed((session) => session.update({ model: 'city', ids: [other], fields: ['name'], columns: [['c']] }));
        deepStrictEqual(await all(), [undefined, undefined, undefined, 'changed between']);
        await committed((session) => session.update({ model: 'city', ids: [id, other], fields: ['size'], columns: [[2, 1]] }));
        deepStrictEqual(await all(), ['changed between', undefined, 'changed between', 'changed between']);
        await committed((session) => session.delete('city', [id]));
        deepStrictEqual(await all(), ['changed between', 'changed between', 'changed between', 'changed between']);
      });

      logged(`every answer bears the stamp of its snapshot, also one without records, at ${isolation}`, () => inSight(async (session, sight) => {
        const none = { kind: 'condition', path: ['name'], operator: 'eq', value: 'nobody is called so' } as const;
        const [id = 0] = (await session.query({ model: 'city', filter: EVERYTHING })).ids;
        const answers = [
          await session.read({ model: 'city', ids: [id], fields: ['name', 'size'], stamped: true }),
          await session.read({ model: 'city', ids: [2_000_000_000], fields: ['name'], stamped: true }),
          await session.query({ model: 'city', filter: EVERYTHING, fields: ['name'], order: [{ path: ['name'], direction: 'desc' }], limit: 3, stamped: true }),
          await session.query({ model: 'city', filter: none, stamped: true }),
          await session.group({ model: 'city', filter: EVERYTHING, by: [['name']], aggregates: [{ function: 'sum', path: ['size'] }], stamped: true }),
          await session.group({ model: 'city', filter: none, by: [['name']], aggregates: [{ function: 'count' }], stamped: true }),
          await session.group({ model: 'city', filter: none, by: [], aggregates: [{ function: 'count' }], stamped: true }),
        ];
        const plain = [
          await session.read({ model: 'city', ids: [id], fields: ['name', 'size'] }),
          { ids: [], columns: [[]] },
          await session.query({ model: 'city', filter: EVERYTHING, fields: ['name'], order: [{ path: ['name'], direction: 'desc' }], limit: 3 }),
          { ids: [], columns: [] },
          await session.group({ model: 'city', filter: EVERYTHING, by: [['name']], aggregates: [{ function: 'sum', path: ['size'] }] }),
          { count: 0, keys: [[]], aggregates: [[]] },
          { count: 1, keys: [], aggregates: [[0]] },
        ];
        answers.forEach(({ stamp, ...answer }, n) => {
          deepStrictEqual(answer, plain[n]);
          ok(stamp, `answer ${String(n)} has no stamp`);
          strictEqual(stamp.epoch, sight.epoch);
        });
      }, isolation));
    }

    logged('what is rolled back, altogether or to a savepoint, changes nothing', async () => {
      const id = await city('kept');
      const stamp = await stampOf();
      await fixture.undone(schema, (session) => session.update({ model: 'city', ids: [id], fields: ['name'], columns: [['lost']] }));
      await committed(async (session) => {
        const savepoint = await session.savepoint();
        await session.update({ model: 'city', ids: [id], fields: ['name'], columns: [['lost']] });
        await session.rollbackTo(savepoint);
        await insertRows(session, 'country', [{ name: 'x' }]);
      });
      strictEqual(await judged(stamp, [{ model: 'city' }]), undefined);
      strictEqual(await judged(stamp, [{ model: 'city', id }, { model: 'country' }]), 'changed between');
    });

    logged('what a transaction changed itself it does not take from caches, and its reads bear no stamp', async () => {
      const id = await city('a');
      const stamp = await stampOf();
      await inSight(async (session, sight) => {
        const mine = (tag: Tag): MissReason | undefined => whyStale(sight, stamp, [tag]);
        await session.update({ model: 'city', ids: [id], fields: ['name'], columns: [new SameValue('b')] });
        deepStrictEqual([mine({ model: 'city', id }), mine({ model: 'city', id, fields: ['name'] }), mine({ model: 'city', fields: ['name'] }), mine({ model: 'city' })], Array.from({ length: 4 }, () => 'changed here'));
        deepStrictEqual([mine({ model: 'city', id, fields: ['size'] }), mine({ model: 'city', fields: ['size'] }), mine({ model: 'street' })], [undefined, undefined, undefined]);
        strictEqual((await session.query({ model: 'street', filter: EVERYTHING, stamped: true })).stamp, undefined);
        await insertRows(session, 'street', [{ name: 's' }]);
        strictEqual(mine({ model: 'street', fields: ['name'] }), 'changed here');
      });
    });

    logged('a deletion tells what it took along', async () => {
      const [country, cities, streets] = await committed(async (session) => {
        const [one] = await insertRows(session, 'country', [{ name: 'c' }]);
        const two = await insertRows(session, 'city', [{ name: 'a', country: one }, { name: 'b' }]);
        return [one, two, await insertRows(session, 'street', [{ name: 's', city: two[0] }, { name: 't', city: two[1] }])] as const;
      });
      const stamp = await stampOf();
      const deleted = fixture.storage.open({ schema, sight: true });
      const session = await deleted;
      await session.delete('country', [country ?? 0]);
      const touched = session.takeTouched?.() ?? [];
      const concernsCity = (id: unknown): boolean => touched.some((tag) => tag.model === 'city' && (tag.id === undefined || String(tag.id) === String(id)));
      ok(concernsCity(cities[0]) && touched.some((tag) => tag.model === 'street' && (tag.id === undefined || String(tag.id) === String(streets[0]))));
      ok(!touched.some((tag) => tag.model === 'country'), 'the records it was told to delete are no news');
      deepStrictEqual(session.takeTouched?.(), []);
      const sight = await sightOf(session);
      strictEqual(whyStale(sight, stamp, [{ model: 'city', id: cities[0] }]), 'changed here');
      strictEqual(whyStale(sight, stamp, [{ model: 'street', id: streets[0] }]), 'changed here');
      await session.commit();
      strictEqual(await judged(stamp, [{ model: 'city', id: cities[0] }]), 'changed between');
      strictEqual(await judged(stamp, [{ model: 'street', id: streets[0] }]), 'changed between');
      strictEqual(await judged(stamp, [{ model: 'street', id: streets[0], fields: ['name'] }]), undefined);
      strictEqual(await judged(stamp, [{ model: 'city', id: cities[1] }]), undefined);
    });

    logged('what a transaction wrote is true for those who see it, and for nobody else', async () => {
      const id = await city('a');
      const before = fixture.storage.capabilities.concurrentSessions ? await fixture.storage.open({ schema, sight: true }) : undefined;
      const old = before && await sightOf(before);
      const session = await fixture.storage.open({ schema, sight: true });
      await session.update({ model: 'city', ids: [id], fields: ['name'], columns: [['b']] });
      await session.commit();
      const stamp = session.committed?.stamp ?? fail('no stamp of what was committed');
      strictEqual(await judged(stamp, [{ model: 'city', id }]), undefined);
      if (before && old) {
        ok(['changed between', 'not yet known'].includes(whyStale(old, stamp, [{ model: 'city', id }]) ?? ''));
        await before.rollback();
      }
      await committed((next) => next.update({ model: 'city', ids: [id], fields: ['name'], columns: [['c']] }));
      strictEqual(await judged(stamp, [{ model: 'city', id }]), 'changed between');
      const reading = await fixture.storage.open({ schema, sight: true });
      await reading.count({ model: 'city', filter: EVERYTHING });
      await reading.commit();
      strictEqual(reading.committed, undefined);
    });

    logged('what a transaction wrote is told as it left it, from its isolation level on that has one snapshot', async () => {
      const [kept, gone] = [await city('a'), await city('b')];
      const session = await fixture.storage.open({ schema, sight: true });
      await session.update({ model: 'city', ids: [kept, gone], fields: ['name'], columns: [['c', 'd']] });
      const savepoint = await session.savepoint();
      await session.update({ model: 'city', ids: [kept], fields: ['name', 'size'], columns: [['taken back'], [9]] });
      await session.rollbackTo(savepoint);
      const [made] = await session.insert({ model: 'city', count: 1, fields: ['name'], columns: [['new']] });
      await session.delete('city', [gone]);
      await session.commit();
      const { fields, rows } = session.committed?.written.find(({ model }) => model === 'city') ?? fail('no rows of what was committed');
      const told = (id: StoredId | undefined): unknown => id !== undefined && rows.get(id)?.[fields.indexOf('name')];
      deepStrictEqual([rows.has(gone), told(kept), told(made), told(gone)], [true, 'c', 'new', undefined]);
      const found = await committed((next) => next.read({ model: 'city', ids: [kept], fields }));
      deepStrictEqual(rows.get(kept), found.columns.map(([value]) => value));
      if (!fixture.storage.capabilities.concurrentSessions) return;
      const committing = await fixture.storage.open({ schema, sight: true, isolation: 'read committed' });
      await committing.update({ model: 'city', ids: [kept], fields: ['name'], columns: [['e']] });
      await committing.commit();
      strictEqual(committing.committed, undefined);
    });

    logged('a statement that changes very many records tells of the whole model', async () => {
      const ids = await committed((session) => insertRows(session, 'city', Array.from({ length: 1500 }, (_, n) => ({ name: `m${String(n)}` }))));
      const stamp = await stampOf();
      await committed((session) => session.update({ model: 'city', ids, fields: ['size'], columns: [new SameValue(7)] }));
      strictEqual(await judged(stamp, [{ model: 'city', id: ids[3] }]), 'changed between');
      strictEqual(await judged(stamp, [{ model: 'country' }]), undefined);
      const [, after] = [await committed((session) => session.delete('city', ids)), await stampOf()];
      strictEqual(await judged(stamp, [{ model: 'city', id: ids[1499] }]), 'changed between');
      strictEqual(await judged(after, [{ model: 'city' }]), undefined);
    });

    logged('signals tell of what has no table, with the commit', async () => {
      const stamp = await stampOf();
      await fixture.undone(schema, (session) => session.signal?.(['$geo']) ?? Promise.resolve());
      strictEqual(await judged(stamp, [{ model: '$geo' }]), undefined);
      await fixture.committed(schema, async (session) => {
        await session.signal?.(['$geo', '$other']);
        strictEqual(whyStale(await sightOf(session), stamp, [{ model: '$geo' }]), 'changed here');
      }, { sight: true });
      strictEqual(await judged(stamp, [{ model: '$geo' }]), 'changed between');
      strictEqual(await judged(stamp, [{ model: '$third' }, { model: 'city' }]), undefined);
      await fixture.undone(schema, (session) => rejects(session.signal?.(['geo']) ?? Promise.resolve(), withCode('STORAGE_SIGNAL')));
    });

    logged('what was trimmed cannot be judged any more', async () => {
      const stamp = await stampOf();
      strictEqual(await judged(stamp, [{ model: 'city' }]), undefined);
      for (const name of ['a', 'b', 'c']) await city(name);
      const trimming = async (): Promise<MissReason | undefined> => {
        await fixture.storage.changeLog?.trim({ keep: 1 });
        return judged(stamp, [{ model: 'country' }]);
      };
      // No row goes that is younger than a transaction in progress, and one of another database on the same server counts.
      let why = await trimming();
      for (let tries = 0; tries < 200 && why === undefined; tries += 1) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        why = await trimming();
      }
      strictEqual(why, 'trimmed');
      const fresh = await stampOf();
      strictEqual(await judged(fresh, [{ model: 'city' }]), undefined);
      await city('d');
      strictEqual(await judged(fresh, [{ model: 'city' }]), 'changed between');
    });

    logged('a serializable transaction is refused when a cache has told it anything else than the database does', async () => {
      const [id, other] = [await city('a'), await city('b')];
      const question = { model: 'city', ids: [id, other], fields: ['name'] };
      const query = { model: 'city', filter: { kind: 'condition', path: ['id'], operator: 'in', value: [id, other] }, fields: ['name'], order: [{ path: ['name'], direction: 'asc' }] } as const;
      const group = { model: 'city', filter: query.filter, by: [], aggregates: [{ function: 'count' }] } as const;
      const tags: readonly Tag[] = [{ model: 'city' }];
      const { read, found, groups } = await inSight(async (session) => ({ read: await session.read(question), found: await session.query(query), groups: await session.group(group) }));
      const lie = (answer: Columns): Columns => ({ ...answer, columns: [answer.columns[0]?.map(() => 'a lie') ?? []] });
      const outcome = (reads: readonly CachedRead[], work: (session: Session) => Promise<unknown> = () => Promise.resolve(), isolation: Isolation = 'serializable'): Promise<unknown> => (
        fixture.committed(schema, async (session) => {
          await sightOf(session);
          session.noteCached?.(reads);
          await work(session);
        }, { sight: true, isolation }));
      const honest: readonly CachedRead[] = [{ kind: 'read', question, answer: read }, { kind: 'query', question: query, answer: found, tags }, { kind: 'group', question: group, answer: groups, tags }];
      await outcome(honest);
      await outcome([{ kind: 'read', question: { ...question, fields: ['name', 'size'] }, answer: { ids: [other, id], columns: [['b', 'a'], [1, 1]] } }, ...honest]);
      const lies: readonly CachedRead[] = [
        { kind: 'read', question, answer: lie(read) }, { kind: 'read', question, answer: { ids: [id], columns: [['a']] } },
        { kind: 'query', question: query, answer: lie(found), tags }, { kind: 'group', question: group, answer: { ...groups, aggregates: [[3]] }, tags },
      ];
      for (const one of lies) {
        await rejects(outcome([...honest, one]), ConflictError);
        await outcome([one], undefined, 'repeatable read');
      }
      // What the transaction changed itself rightly differs.
      await outcome(honest, async (session) => {
        await session.update({ model: 'city', ids: [id], fields: ['name'], columns: [['c']] });
        await session.delete('city', [other]);
      });
    });
  });
}

async function sightOf(session: Session): Promise<Sight> {
  return await session.sight?.() ?? fail('the session has no sight');
}

function fail(message: string): never {
  throw new Error(message);
}
