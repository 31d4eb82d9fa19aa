import { createRequire } from 'node:module';
import { PrismaPg } from '@prisma/adapter-pg';

const LONG = { timeout: 600_000, maxWait: 600_000 };
let db;
const load = (n, on = db) => on.city.findMany({ where: { id: { lte: n } } });

export default {
  name: 'Prisma 7.10.0',
  async open(url) {
    // Written by `prisma generate` from prisma/schema.prisma.
    const { PrismaClient } = createRequire(import.meta.url)('../generated/prisma');
    db = new PrismaClient({ adapter: new PrismaPg({ connectionString: url, max: 4 }) });
    await db.$connect();
  },
  close: () => db.$disconnect(),
  load: (n) => load(n),
  async change(n, changed, clock) {
    const cities = await load(n);
    clock.start();
    await db.$transaction(async (tx) => {
      for (const city of cities) await tx.city.update({ where: { id: city.id }, data: changed(city.id) });
    }, LONG);
  },
  insert(rows, clock) {
    clock.start();
    return db.city.createManyAndReturn({ data: rows.map(({ state, country, ...row }) => ({ ...row, stateId: state, countryId: country })), select: { id: true } });
  },
  async walk(n) {
    let length = 0;
    for (const city of await load(n)) {
      const state = await db.state.findUniqueOrThrow({ where: { id: city.stateId } });
      length += city.name.length + state.name.length + (await db.country.findUniqueOrThrow({ where: { id: state.countryId } })).name.length;
    }
    return length;
  },
  reads: 2000,
  async read(n, clock) {
    await load(n);
    clock.start();
    let sum = 0;
    for (const id of clock.ids(n, this.reads)) sum += (await db.city.findUniqueOrThrow({ where: { id } })).population;
    return sum;
  },
  // Its extensions see no transaction: by hand.
  rename: (id, name) => db.$transaction(async (tx) => {
    await tx.country.update({ where: { id }, data: { name } });
    for (const city of await tx.city.findMany({ where: { countryId: id } })) await tx.city.update({ where: { id: city.id }, data: { display_name: `${city.name}, ${name}` } });
  }, LONG),
  undo: (n, changed, clock) => db.$transaction(async (tx) => {
    const cities = await load(n, tx);
    clock.start();
    await tx.$executeRawUnsafe('savepoint s');
    for (const city of cities) {
      city.population = changed(city.id).population;
      await tx.city.update({ where: { id: city.id }, data: { population: city.population } });
    }
    await tx.$executeRawUnsafe('rollback to savepoint s');
    clock.stop();
    return cities.map((city) => [city.id, city.population]);
  }, LONG),
};
