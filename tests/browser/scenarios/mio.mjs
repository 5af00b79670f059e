// The call of two people again, on the other driver.
import { run as two } from './two.mjs';

export const serverArgs = ['--driver', 'mio'];

export async function run(t) {
  t.report.check('the core says which driver it took', /driver: mio/.test(t.server.log()));
  await two(t);
}
