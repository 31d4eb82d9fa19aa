import { char, defineModels, many2one, one2many, reference } from '@ormolu/registry';
import type { RecordSet, Transaction } from '../src/index';
import { everywhere } from './support/everywhere';

const models = defineModels({
  company: { name: char() },
  team: { name: char(), members: one2many('member', 'team') },
  member: {
    name: char(), team: many2one('team'), parts: one2many('part', 'member'), about: reference(['team']), local: many2one('team', { companyDependent: true }),
    label: char({ store: true, readonly: false }),
  },
  part: { member: many2one('member'), label: char({ store: true, readonly: false }) },
})
  .compute('member', 'label', ['team.name'], (member) => `of ${member.team?.name ?? 'none'}`)
  .compute('part', 'label', ['member.team.name'], (part) => `in ${part.member?.team?.name ?? 'none'}`);

everywhere(models.registry(), ({ begin }) => {
  let tx: Transaction;
  let teams: RecordSet;

  beforeEach(async () => {
    tx = await begin({ companies: 'company' });
    await tx.env.model('company').create([{ name: 'one' }, { name: 'two' }]);
    teams = await tx.env.model('team').create([{ name: 'A' }, { name: 'B' }]);
    await tx.flush();
  });

  /** What the database holds. */
  const stored = async (records: RecordSet, fields: readonly string[]): Promise<readonly unknown[]> => {
    await tx.flush();
    tx.clear();
    return (await records.read(fields)).map((one) => fields.map((field) => one[field]));
  };

  test.each([['before', { label: 'own', team: 1 }], ['behind', { team: 1, label: 'own' }]])('a computed value that a draft is given %s what it is computed from stays', async (_, values) => {
    const draft = tx.env.model('member').new(values);
    expect(draft.get('label')).toBe('own');
    expect(await stored(await draft.save(), ['label', 'team'])).toEqual([['own', 1]]);
  });

  test('so do those of the members of its lists, and of theirs; what is not given follows the owner', async () => {
    const draft = tx.env.model('team').new({ name: 'new', members: [{ create: { label: 'own', parts: [{ create: { label: 'own, too' } }, { create: {} }] } }, { create: {} }] });
    const labels = await tx.run(() => [...(draft.get('members') as RecordSet)].map((member) => [member.get('label'), ...[...(member.get('parts') as RecordSet)].map((part) => part.get('label'))]));
    expect(labels).toEqual([['own', 'own, too', 'in new'], ['of new']]);
    await draft.save();
    expect(await stored(await tx.env.model('member').search({}), ['label'])).toEqual([['own'], ['of new']]);
    expect(await stored(await tx.env.model('part').search({}), ['label'])).toEqual([['own, too'], ['in new']]);
  });

  test.each(['new', 'write', 'with an origin'])('so do those of members when something else is given behind the list: %s', async (how) => {
    const values = { members: [{ create: { label: 'own', parts: [{ create: { label: 'own, too' } }] } }], name: 'last' };
    const draft = how === 'write' ? tx.env.model('team').new({}) : tx.env.model('team').new(how === 'new' ? values : {}, how === 'new' ? {} : { origin: 1 });
    await tx.run(() => [...(draft.get('members') as RecordSet)].length);
    if (how !== 'new') await draft.write(values);
    await draft.save();
    expect(await stored(await tx.env.model('member').search({}), ['label'])).toEqual([['own']]);
    expect(await stored(await tx.env.model('part').search({}), ['label'])).toEqual([['own, too']]);
  });

  test('what a draft is given later is computed anew when its cause changes after that', () => {
    const draft = tx.env.model('member').new({ team: 1, label: 'own' });
    draft.set('team', teams.at(1));
    expect(draft.get('label')).toBe('of B');
  });

  test('a value that is written along with the list its record comes into stays', async () => {
    const member = await tx.env.model('member').create({ team: 1 });
    await tx.flush();
    await teams.at(1)?.write({ members: [{ link: member }, { update: [member, { label: 'own' }] }] });
    expect(member.get('label')).toBe('own');
    expect(await stored(member, ['label', 'team'])).toEqual([['own', 2]]);
    await teams.at(0)?.write({ members: [{ link: member }] });
    expect(await stored(member, ['label', 'team'])).toEqual([['of A', 1]]);
  });

  test('a reference to a record that memory knows to be missing is refused', async () => {
    const member = await tx.env.model('member').create({ about: teams.at(0) });
    const gone = teams.browse(2);
    await gone.unlink();
    const calls = [() => member.write({ about: gone }), () => member.write({ about: 'team,2' }), () => tx.env.model('member').create({ about: gone }), async () => { await Promise.resolve(); member.set('about', gone); }];
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'TX_RECORD_MISSING' });
    expect(await stored(member, ['about'])).toEqual([['team,1']]);
  });

  test('the value of a company that is a draft is its record as soon as that is saved', async () => {
    const one = tx.env.withContext({ allowedCompanyIds: [1] });
    const two = tx.env.withContext({ allowedCompanyIds: [2] });
    const member = await tx.env.model('member').create({ name: 'x' });
    await member.withEnv(two).write({ local: 1 });
    const draft = tx.env.model('team').new({ name: 'new' });
    member.withEnv(one).set('local', draft);
    await draft.save();
    expect((member.withEnv(one).get('local') as RecordSet).id).toBe(3);
    expect(await stored(member.withEnv(one), ['local'])).toEqual([[3]]);
    expect(await stored(member.withEnv(two), ['local'])).toEqual([[1]]);
  });
});
