// Requests to the appliance, whose certificate is its own and signed by nobody.
import { randomUUID } from 'node:crypto';
import https from 'node:https';
import { networkInterfaces } from 'node:os';

const DEADLINE_MS = 5_000;

export function request(origin, path, { method, json, headers = {}, body } = {}) {
  const content = json === undefined ? body : JSON.stringify(json);
  const typed = json === undefined ? {} : {
    'content-type': 'application/json',
    'idempotency-key': randomUUID(),
  };
  return new Promise((resolve, reject) => {
    const options = {
      method: method ?? (content === undefined ? 'GET' : 'POST'),
      headers: { ...typed, ...headers },
      rejectUnauthorized: false,
      agent: false,
      timeout: DEADLINE_MS,
    };
    const sent = https.request(new URL(path, origin), options, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => {
        const text = Buffer.concat(parts).toString();
        const { statusCode: status, headers: got } = answer;
        resolve({ status, headers: got, text: () => text, json: () => JSON.parse(text) });
      });
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${DEADLINE_MS} ms: ${path}`)));
    sent.on('error', reject);
    sent.end(content);
  });
}

/// An address of this host that others could reach, for runs without namespaces.
export function hostAddress() {
  const all = Object.values(networkInterfaces()).flat();
  return all.find((address) => address.family === 'IPv4' && !address.internal)?.address ?? '127.0.0.1';
}
