import { generate } from 'selfsigned';
import { UnreachableError } from '@ormolu/remote';
import { Served } from './support/served';

test('an encrypted server is reached by who trusts its certificate, and by nobody else', async () => {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], { keyType: 'ec', extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }] });
  const served = await Served.begin({ tls: { key, cert } });
  expect(served.server.url).toMatch(/^tls:/);
  await served.add(served.client({ tls: { ca: cert } }), 'Ghent');
  await expect(served.client().connect()).rejects.toThrow(/Its certificate is not trusted: give the option 'tls' of remote\(\)/);
  await expect(served.client({}, served.server.url.replace('tls:', 'tcp:')).connect()).rejects.toThrow(UnreachableError);
  expect(await served.names()).toEqual(['Ghent']);
  await served.end();
});

test('a server that asks for certificates lets in who has one of its own, and nobody else', async () => {
  const make = (value: string): ReturnType<typeof generate> => generate([{ name: 'commonName', value }], { keyType: 'ec', extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }] });
  const [{ private: key, cert }, known, other] = await Promise.all([make('localhost'), make('known'), make('other')]);
  const served = await Served.begin({ tls: { key, cert, ca: [known.cert], requestCert: true, rejectUnauthorized: true } });
  await served.add(served.client({ tls: { ca: cert, cert: known.cert, key: known.private } }), 'Ghent');
  await expect(served.client({ tls: { ca: cert } }).connect()).rejects.toMatchObject({ code: 'REMOTE_UNREACHABLE', message: expect.stringMatching(/a certificate of this client's that it trusts: .* 'cert' and 'key'|ECONNRESET/) as string });
  await expect(served.client({ tls: { ca: cert, cert: other.cert, key: other.private } }).connect()).rejects.toThrow(UnreachableError);
  expect([await served.names(), served.server.stats().connections]).toEqual([['Ghent'], 1]);
  await served.end();
});

test('who takes an encrypted server for a plain one, or the other way round, is told so', async () => {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], { keyType: 'ec' });
  const [encrypted, plain] = [await Served.begin({ tls: { key, cert } }), await Served.begin()];
  await expect(encrypted.client({}, encrypted.server.url.replace('tls:', 'tcp:')).connect()).rejects.toThrow('begins with tls://');
  await expect(plain.client({}, plain.server.url.replace('tcp:', 'tls:')).connect()).rejects.toThrow('begins with tcp://');
  await Promise.all([encrypted.end(), plain.end()]);
});
