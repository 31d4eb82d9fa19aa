import type { GroupQuery, Query, Session } from '@ormolu/kernel';
import { lawRuns } from '@ormolu/test-support';
import * as fc from 'fast-check';
import { countTags, groupTags, searchTags, type QueryTag } from '../../src/local/query-tags';
import { change, changes, groupings, rows, searches, SMALL, worldOf, type Change } from '../support/small-world';

const isConcerned = (tags: readonly QueryTag[], { model, ...one }: Change): boolean => tags.some((tag) => tag.model === model && (one.what !== 'update' || tag.fields.includes(one.field)));
const isUnderstood = async (session: Session, query: Query): Promise<boolean> => session.query(query).then(() => true, () => false);

test('law: for all rows, questions and changes, an answer that a change alters is tagged with what was changed', async () => {
  let altered = 0;
  let unconcerned = 0;
  const law = fc.asyncProperty(rows, searches, groupings, fc.array(changes, { minLength: 1, maxLength: 12 }), async (given, search, grouping, script) => {
    const { session } = await worldOf(given);
    const tags = { ids: searchTags(SMALL, search), count: countTags(SMALL, search), groups: groupTags(SMALL, grouping) };
    const answers = async (): Promise<Record<keyof typeof tags, unknown>> => ({ ids: (await session.query(search)).ids, count: await session.count(search), groups: await session.group(grouping) });
    let before = await answers();
    for (const [serial, one] of script.entries()) {
      await change(session, one, serial);
      const after = await answers();
      for (const question of ['ids', 'count', 'groups'] as const) {
        const isSame = JSON.stringify(before[question]) === JSON.stringify(after[question]);
        const concerned = isConcerned(tags[question], one);
        if (!isSame) altered += 1;
        if (!concerned) unconcerned += 1;
        // A row that goes takes away what refers to it: changes of other models, which leave rows of their own in the log.
        if (!isSame && one.what !== 'delete') expect({ question, one, concerned }).toEqual({ question, one, concerned: true });
      }
      before = after;
    }
  });
  await fc.assert(law, { numRuns: lawRuns(150) });
  // The law would hold of tags that name everything, and of changes that alter nothing.
  expect(altered).toBeGreaterThan(0);
  expect(unconcerned).toBeGreaterThan(altered / 4);
}, 120_000);

test('a path that leads nowhere is refused or left to whom it is asked', async () => {
  const { session } = await worldOf({ item: [], group: [], tag: [], pair: [] });
  const wrong = (path: string): Query => ({ model: 'item', filter: { kind: 'condition', path: path.split('.'), operator: 'eq', value: 1 } });
  expect(await isUnderstood(session, wrong('name.size'))).toBe(false);
  expect(searchTags(SMALL, wrong('name.size'))).toEqual([{ model: 'item', fields: ['name', 'group'] }, { model: 'group', fields: ['size'] }]);
  expect(() => searchTags(SMALL, wrong('nobody'))).toThrow("Model 'item' has no field 'nobody'.");
});

test.each<[string, GroupQuery | Query, readonly QueryTag[]]>([
  ['a field of the record', { model: 'item', filter: { kind: 'condition', path: ['name'], operator: 'eq', value: 'a' }, order: [] }, [{ model: 'item', fields: ['name'] }]],
  ['the model\'s own order', { model: 'item', filter: { kind: 'and', all: [] } }, [{ model: 'item', fields: ['group'] }, { model: 'group', fields: ['size'] }]],
  ['a relation table', { model: 'item', filter: { kind: 'condition', path: ['tags', 'name'], operator: 'eq', value: 'a' }, order: [] }, [{ model: 'item', fields: [] }, { model: 'pair', fields: ['item', 'tag'] }, { model: 'tag', fields: ['name'] }]],
  ['a hierarchy', { model: 'item', filter: { kind: 'condition', path: ['id'], operator: 'childOf', value: 1 }, order: [] }, [{ model: 'item', fields: ['parent'] }]],
])('what a question depends on: %s', (_, query, tags) => {
  expect(searchTags(SMALL, query as Query)).toEqual(tags);
});
