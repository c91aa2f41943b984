import { describe, expect, it } from 'vitest';
import { encodeSignature, sharedNonces } from '../src/index.ts';

const signed = (key: number, r: number, s: number) => {
  const compact = new Uint8Array(64);
  new DataView(compact.buffer).setUint32(0, r);
  new DataView(compact.buffer).setUint32(32, s);
  const publicKey = new Uint8Array(33).fill(2);
  new DataView(publicKey.buffer).setUint32(29, key);
  return { publicKey, signature: encodeSignature({ compact, flag: 1 }) };
};

describe('sharedNonces', () => {
  it('groups what differs, and counts the same signature of the same key once', () => {
    const [a, b, c, d] = [signed(1, 7, 1), signed(1, 7, 2), signed(2, 7, 1), signed(1, 8, 1)];
    expect(sharedNonces([a, d, b, { ...a }, c])).toEqual([[a, b, c]]);
    expect(sharedNonces([a, { ...a }, d])).toEqual([]);
  });

  it('takes linear time, however many share one', () => {
    const many = Array.from({ length: 40_000 }, (_, i) => signed(i, 7, i + 1));
    const start = process.cpuUsage();
    expect(sharedNonces(many)[0]).toHaveLength(many.length);
    // Each against each took a minute.
    expect(process.cpuUsage(start).user / 1e6).toBeLessThan(10);
  });
});
