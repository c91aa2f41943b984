import { describe, expect, it } from 'vitest';
import { confirmAt } from '../src/prompt.ts';
import { fakeIo } from './streams.ts';

const question = 'Sign 3 inputs?';
const declined = { code: 'CONFIRM_DECLINED', kind: 'refused' };

describe('confirm', () => {
  it('says whether another answer was given, or none', async () => {
    const ask = (given: string) => confirmAt(fakeIo(), false)({ question, word: 'sign', given });
    await expect(ask('yes')).rejects.toThrow('The answer is "yes". ');
    await expect(ask(' ')).rejects.toThrow('No answer was given. ');
  });

  it('takes the word, and shows question and word on stderr alone', async () => {
    const io = fakeIo([], { terminal: true });
    const confirmed = confirmAt(io, false)({ question, word: 'sign' });
    io.stdin.write('sign\n');
    await confirmed;
    expect(io.stderr.text()).toContain(`${question}\n`);
    expect(io.stderr.text()).toContain('Type sign to go on: ');
    expect(io.stdout.text()).toBe('');
  });

  it.each(['', 'y', 'yes', 'SIGN', 'signs', 'sign it'])('declines at %j', async (answer) => {
    const io = fakeIo([], { terminal: true });
    const confirmed = confirmAt(io, false)({ question, word: 'sign' });
    io.stdin.write(`${answer}\n`);
    await expect(confirmed).rejects.toMatchObject(declined);
  });

  it('declines at Ctrl-C', async () => {
    const io = fakeIo([], { terminal: true });
    const confirmed = confirmAt(io, false)({ question, word: 'sign' });
    io.stdin.write('si\u0003');
    await expect(confirmed).rejects.toMatchObject(declined);
  });

  it('declines at the end of input', async () => {
    const io = fakeIo([], { terminal: true });
    const confirmed = confirmAt(io, false)({ question, word: 'sign' });
    io.stdin.end('sign');
    await expect(confirmed).rejects.toMatchObject(declined);
  });

  it('asks nobody when the answer was given, and judges it alike', async () => {
    const io = fakeIo();
    await confirmAt(io, false)({ question, word: 'sign', given: ' sign ' });
    await expect(
      confirmAt(io, false)({ question, word: 'sign', given: 'yes' }),
    ).rejects.toMatchObject(declined);
    expect(io.stderr.text()).toBe('');
  });

  it.each(['stdin', 'stdout', 'stderr'] as const)(
    'is refused where %s is no terminal',
    async (which) => {
      const io = fakeIo([], { terminal: true });
      io[which].isTTY = false;
      await expect(confirmAt(io, false)({ question, word: 'sign' })).rejects.toMatchObject({
        code: 'CONFIRM_NO_TERMINAL',
        kind: 'usage',
      });
    },
  );

  it('asks nobody with --json, who would see nothing of it, and does not tell the word', async () => {
    const io = fakeIo([], { terminal: true });
    const asked = confirmAt(io, true)({ question, word: 'a1b2c3d4' });
    await expect(asked).rejects.toMatchObject({
      code: 'CONFIRM_NO_TERMINAL',
      message: expect.not.stringContaining('a1b2c3d4'),
    });
    expect(io.stderr.text()).toBe('');
    await confirmAt(io, true)({ question, word: 'sign', given: 'sign' });
  });

  it('lets no foreign text move the cursor', async () => {
    const io = fakeIo([], { terminal: true });
    const confirmed = confirmAt(io, false)({ question: 'Pay \u001b[2Jmallory?', word: 'pay' });
    io.stdin.write('pay\n');
    await confirmed;
    expect(io.stderr.text()).toContain('Pay \\u{1b}[2Jmallory?');
  });
});
