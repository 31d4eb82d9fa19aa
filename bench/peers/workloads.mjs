// What is asked of every peer, and how the database is asked whether it was done. A peer's method starts the clock when what it needs is
// loaded; the clock stops when the method is over.

/** How the new values of a record follow from its id; another in each round. */
const changeOf = (salt) => (id) => ({ population: id * 7 + salt, code: `n${id}_${salt}` });

const holds = async (client, text, values, expected) => String((await client.query(text, values)).rows[0].n) === String(expected);

export const WORKLOADS = {
  W1: {
    title: 'load 100,000 × 8',
    sizes: [100_000],
    play: (peer, { n, clock }) => peer.load(n, clock),
  },
  W2: {
    title: 'change 2 fields, differing values, and flush',
    sizes: [10_000, 100_000],
    play: (peer, { n, salt, clock }) => peer.change(n, changeOf(salt), clock),
    check: (client, { n, salt }) => holds(client, "select count(*) n from city where id <= $1 and population = id * 7 + $2::int and code = 'n' || id || '_' || $2::int", [n, salt], n),
  },
  W3: {
    title: 'insert',
    sizes: [10_000, 100_000],
    before: (client) => client.query('truncate city'),
    play: (peer, { rows, clock }) => peer.insert(rows, clock),
    check: (client, { n }) => holds(client, 'select count(*) n from city where display_name is not null', [], n),
  },
  W4: {
    title: 'walk from cities to the country, cold, as first written',
    sizes: [20_000],
    play: (peer, { n, clock }) => peer.walk(n, clock),
    answer: async (client, { n }) => Number((await client.query('select sum(length(c.name) + length(s.name) + length(k.name)) n from city c join state s on s.id = c.state join country k on k.id = s.country where c.id <= $1', [n])).rows[0].n),
  },
  W5: {
    title: 'random read of a loaded record, by id',
    sizes: [100_000],
    play: (peer, { n, clock }) => peer.read(n, clock),
  },
  W6: {
    title: 'rename a country, stored names follow',
    sizes: [10_000],
    before: async (client, { n }) => {
      await client.query('update city set country = 1 where id > $1 and country = 2', [n]);
      await client.query('update city set country = 2 where id <= $1 and country <> 2', [n]);
      await client.query('vacuum city');
    },
    play: (peer, { salt, clock }) => peer.rename(2, `Freedonia ${salt}`, clock),
    check: (client, { n, salt }) => holds(client, "select count(*) n from city where country = 2 and display_name = name || ', Freedonia ' || $1::int", [salt], n),
  },
  W7: {
    title: 'change inside a savepoint, flush, roll back to it',
    sizes: [10_000],
    play: (peer, { n, salt, clock }) => peer.undo(n, changeOf(salt), clock),
    check: (client, { n }) => holds(client, 'select count(*) n from city c join city_seed s on s.id = c.id where c.id <= $1 and c.population = s.population', [n], n),
  },
};
