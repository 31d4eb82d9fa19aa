import { memory } from '@ormolu/storage/memory';
import { onBothSides } from '../support/both-sides';
import { geo } from '../support/geo';
test('a mark behind two relations survives a search that is about something else', async () => {
  const homes = { through: memory(), beside: memory() };
  for (const storage of Object.values(homes)) await storage.migrate(geo.registry().schema);
  await onBothSides(homes, {"before":[],"script":[{"op":"create","model":"city","picks":[0,0,3,0,0]},{"op":"savepoint","flush":false,"end":"release","steps":[{"op":"unlink","model":"country","which":0}]},{"op":"create","model":"country","picks":[0,0,0,0,0]},{"op":"assign","model":"country","which":0,"field":0,"pick":1},{"op":"search"},{"op":"create","model":"country","picks":[0,0,0,0,0]}],"isWarm":false});
});
