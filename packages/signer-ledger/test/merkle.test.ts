import {
  byteWriter,
  concatBytes,
  equalBytes,
  formatHex,
  sha256,
  writtenBytes,
} from '@qoima/primitives';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientCommands } from '../src/client-commands.ts';
import { type MerkleTree, merkleTree } from '../src/merkle.ts';

const element = (i: number): Uint8Array => Uint8Array.of(i, i >> 8);
const list = (size: number): readonly Uint8Array[] =>
  Array.from({ length: size }, (_, i) => element(i));

const proofOf = (tree: MerkleTree, place: number): Uint8Array[] => {
  const writer = byteWriter();
  const length = tree.proofLength(place);
  for (let i = 0; i < length; i++) tree.writeProof(writer, place, i, i + 1);
  const bytes = writtenBytes(writer);
  return Array.from({ length }, (_, i) => bytes.subarray(i * 32, (i + 1) * 32));
};

/** The tree in the words of the app's documentation: the left half is the greatest power of two below n. */
const rootOf = (elements: readonly Uint8Array[]): Uint8Array => {
  const [only = new Uint8Array()] = elements;
  if (elements.length === 0) return new Uint8Array(32);
  if (elements.length === 1) return sha256(concatBytes(Uint8Array.of(0), only));
  let left = 1;
  while (left * 2 < elements.length) left *= 2;
  const halves = [rootOf(elements.slice(0, left)), rootOf(elements.slice(left))];
  return sha256(concatBytes(Uint8Array.of(1), ...halves));
};

describe('merkleTree', () => {
  it('is the documented one, for every size', () => {
    for (let size = 0; size <= 70; size++) {
      expect(formatHex(merkleTree(list(size)).root)).toBe(formatHex(rootOf(list(size))));
    }
  });

  it('proves each leaf, from below', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 600 }), fc.nat(), (size, any) => {
        const place = any % size;
        const tree = merkleTree(list(size));
        const proof = proofOf(tree, place);
        // Down from the root the halves are known; up again the proof has to fit them.
        const climb = (first: number, count: number): Uint8Array => {
          if (count === 1) return tree.leaf(first);
          let left = 1;
          while (left * 2 < count) left *= 2;
          const isLeft = place < first + left;
          const below = isLeft ? climb(first, left) : climb(first + left, count - left);
          const sibling = proof.shift() ?? new Uint8Array();
          const pair = isLeft ? [below, sibling] : [sibling, below];
          return sha256(concatBytes(Uint8Array.of(1), ...pair));
        };
        return equalBytes(climb(0, size), tree.root) && proof.length === 0;
      }),
      { numRuns: 40 },
    );
  });
});

describe('client commands', () => {
  const commands = () => {
    const known = clientCommands(() => {});
    return {
      ...known,
      answer: (request: Uint8Array): Uint8Array => {
        const writer = byteWriter();
        known.answer(request, writer);
        return writtenBytes(writer);
      },
    };
  };

  it('sends six hashes of a long proof and the others on request', () => {
    const known = commands();
    const tree = known.addList(list(512));
    const first = known.answer(
      concatBytes(Uint8Array.of(0x41), tree.root, Uint8Array.of(0xfd, 0, 2, 0)),
    );
    expect([...first.subarray(32, 34)]).toEqual([9, 6]);
    const rest = known.answer(Uint8Array.of(0xa0));
    expect([...rest.subarray(0, 2)]).toEqual([3, 32]);
    const proof = concatBytes(first.subarray(34), rest.subarray(2));
    expect(formatHex(proof)).toBe(formatHex(concatBytes(...proofOf(tree, 0))));
    expect(() => known.answer(Uint8Array.of(0xa0))).toThrow('more');
  });

  it('sends a preimage of any length in full', () => {
    for (const length of [0, 1, 251, 252, 253, 254, 255, 505, 506, 1000, 100_000]) {
      const known = commands();
      const bytes = Uint8Array.from({ length }, (_, i) => i);
      known.addPreimage(bytes);
      const first = known.answer(concatBytes(Uint8Array.of(0x40, 0), sha256(bytes)));
      const head = length < 0xfd ? 1 : length <= 0xffff ? 3 : 5;
      const parts = [first.subarray(head + 1)];
      expect(first.length).toBeLessThanOrEqual(255);
      let read = parts[0]?.length ?? 0;
      expect(first[head]).toBe(read);
      while (read < length) {
        const more = known.answer(Uint8Array.of(0xa0));
        expect(more[0]).toBe(more.length - 2);
        expect(more[1]).toBe(1);
        parts.push(more.subarray(2));
        read += more.length - 2;
      }
      expect(equalBytes(concatBytes(...parts), bytes)).toBe(true);
    }
  });

  it('finds the first of equal leaves, and says when there is none', () => {
    const known = commands();
    const tree = known.addList([element(1), element(2), element(2)]);
    const place = (leaf: Uint8Array) => [
      ...known.answer(concatBytes(Uint8Array.of(0x42), tree.root, leaf)),
    ];
    expect(place(tree.leaf(2))).toEqual([1, 1]);
    expect(place(new Uint8Array(32))).toEqual([0, 0]);
  });

  it('forgets what was left when something else is asked', () => {
    const known = commands();
    const bytes = new Uint8Array(1000);
    known.addPreimage(bytes);
    known.addPreimage(element(1));
    const ask = (wanted: Uint8Array) =>
      known.answer(concatBytes(Uint8Array.of(0x40, 0), sha256(wanted)));
    ask(bytes);
    ask(element(1));
    expect(() => known.answer(Uint8Array.of(0xa0))).toThrow('more');
  });
});
