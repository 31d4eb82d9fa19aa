// A program that holds servers, to be killed by supervisor.pg.test.ts.
import { startServices } from '@ormolu/test-support';

void startServices().then(({ servers, supervisorPid }) => {
  console.log(JSON.stringify({ servers, supervisorPid }));
  setInterval(() => undefined, 1_000);
});
